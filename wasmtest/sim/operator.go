package sim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// tries is how often an operator asks the API, with growing pauses: a
	// tenant that is not set up shows nothing.
	tries = 80
	// propagation is how long a published change takes to reach every edge:
	// the isolate's 30 s, KV's 60 s, and the way.
	propagation = 2 * time.Minute
	// agentPropagation is the same for the agent's secrets: a batch of the
	// queue that began before goes on for the 70 s of its lease.
	agentPropagation = 2 * time.Minute
)

// operate is a step of a tenant's operator, or of the platform's.
func (s *simulation) operate(t string) string {
	switch n := s.rand.IntN(17); {
	case n < 9:
		d := s.genuine()
		if d == nil {
			return "nothing to replay"
		}
		s.replay(key(d.Tenant, d.ID))
		return "replay " + key(d.Tenant, d.ID)
	case n < 12:
		s.rotate(t)
		return "rotate the provider's secret of " + t
	case n < 14:
		s.rotateAgent(t)
		return "rotate the agent's secret of " + t
	case n < 15:
		s.edge.Worker("hookweir-consumers").Recycle()
		return "recycle hookweir-consumers"
	}
	s.edge.Worker("hookweir").Recycle()
	return "recycle hookweir"
}

// must asks the API until it agrees or says 404; status is 0 if it never did.
func (s *simulation) must(method, path, body string) (status int, answer []byte) {
	for try := range tries {
		res := s.edge.Fetch(api(method, path, body))
		answer, _ = io.ReadAll(res.Body)
		if res.StatusCode < 300 || res.StatusCode == 404 {
			return res.StatusCode, answer
		}
		s.edge.Advance(time.Duration(1+try) * time.Second)
	}
	return 0, answer
}

func api(method, path, body string) *http.Request {
	r, _ := http.NewRequest(method, "https://hooks.example.com/v1/tenants/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// set configures a tenant, trying again as an operator would.
func (s *simulation) set(tenant string) {
	s.secrets[tenant] = fmt.Sprintf("provider-secret-of-%s-%d", tenant, s.rand.Uint32())
	k := agentKey{secret: s.agentSecret(tenant)}
	s.must("PUT", tenant+"/agent", fmt.Sprintf(`{"url":"https://agent.example.com/events/%s","secret":%q}`, tenant, k.secret))
	k.must = s.edge.Now()
	s.agents.keys[tenant] = []agentKey{k}
	s.must("PUT", tenant+"/sources/gh", fmt.Sprintf(`{"provider":"github","secrets":[%q]}`, s.secrets[tenant]))
}

func (s *simulation) agentSecret(tenant string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "agent-secret-of-%s-%016x", tenant, s.rand.Uint64()))
}

func (s *simulation) overlap() time.Duration {
	return s.rand.Between(time.Minute, 8*time.Minute).Truncate(time.Second)
}

// rotate changes the provider's secret. The provider signs with the new one
// once the API has said that it is stored.
func (s *simulation) rotate(t string) {
	secret, overlap := fmt.Sprintf("rotated-secret-of-%s-%d", t, s.rand.Uint32()), s.overlap()
	status, _ := s.must("POST", t+"/sources/gh/rotate", fmt.Sprintf(`{"secret":%q,"overlap":%q}`, secret, overlap.String()))
	if status < 200 || status >= 300 {
		return
	}
	old := retired{secret: s.secrets[t], end: s.edge.Now().Add(overlap)}
	s.secrets[t] = secret
	for range tries {
		_, answer := s.must("GET", t+"/sources/gh", "")
		var source struct {
			Published bool `json:"published"`
		}
		if json.Unmarshal(answer, &source) == nil && source.Published {
			old.gone = s.edge.Now()
			if old.gone.Before(old.end) {
				old.gone = old.end
			}
			old.gone = old.gone.Add(propagation)
			s.retired[t] = append(s.retired[t], old)
			return
		}
		s.edge.Advance(10 * time.Second)
	}
}

// rotateAgent changes the agent's secret. The agent takes both until the API
// has agreed, then for a while the old one too.
func (s *simulation) rotateAgent(t string) {
	secret, overlap := s.agentSecret(t), s.overlap()
	s.agents.keys[t] = append(s.agents.keys[t], agentKey{secret: secret})
	status, _ := s.must("POST", t+"/agent/rotate", fmt.Sprintf(`{"secret":%q,"overlap":%q}`, secret, overlap.String()))
	if status < 200 || status >= 300 {
		return // nobody knows: any of them may sign
	}
	known := s.edge.Now().Add(agentPropagation)
	keys := s.agents.keys[t]
	for i := range keys {
		if end := known.Add(overlap); i < len(keys)-1 && (keys[i].end.IsZero() || end.Before(keys[i].end)) {
			keys[i].end = end
		}
	}
	keys[len(keys)-1].must = known
}

// replay asks for an event once more. Whether or not the answer arrives, the
// event may be delivered again.
func (s *simulation) replay(k string) {
	r := Replay{At: s.edge.Now(), Key: k}
	tenant, _, _ := strings.Cut(k, "/")
	r.Status = s.edge.Fetch(api("POST", tenant+"/events/"+k+"/replay", "")).StatusCode
	r.Answered = s.edge.Now()
	s.history.Replays = append(s.history.Replays, r)
}

// settle asks the API for every accepted event that no agent accepted, and
// replays it. It reports whether there was one.
func (s *simulation) settle() (any bool) {
	delivered := map[string]bool{}
	for _, p := range s.history.Posts {
		if ok2xx(p) {
			delivered[p.Key] = true
		}
	}
	for _, d := range s.history.Deliveries {
		k := key(d.Tenant, d.ID)
		if d.Forged != "" || d.Status < 200 || d.Status >= 300 || delivered[k] {
			continue
		}
		delivered[k], any = true, true
		status, answer := s.must("GET", d.Tenant+"/events/"+k, "")
		var entry struct {
			State string `json:"state"`
		}
		_ = json.Unmarshal(answer, &entry)
		s.history.Final[k] = Final{Status: status, State: entry.State}
		s.replay(k)
	}
	return any
}
