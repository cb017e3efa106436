package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// agentPropagation is how long a change of the agent takes to be everywhere: a
// batch of the queue that began before goes on for the 70 s of its lease.
const agentPropagation = 2 * time.Minute

// slowest is how long an agent may take: within the 15 s that count.
const slowest = 12 * time.Second

// agents is every tenant's agent, one host with a path each, and its operator:
// outages, rotations of its secret, replays.
type agents struct {
	*simulation
	down map[string]time.Time  // until when a tenant's agent answers 503
	slow map[string]slowness   // until when it takes its time
	keys map[string][]agentKey // oldest first
}

// agentKey is a secret that signs for an agent. Between its times it may.
type agentKey struct {
	secret string
	must   time.Time // from then on it signs; zero: nobody knows yet
	keep   time.Time // until then at least, others or not; zero: while it is the newest
	end    time.Time // from then on it does not; zero: nobody knows yet
}

// slowness is how long an agent takes to answer, up to some time.
type slowness struct {
	until time.Time
	by    time.Duration
}

func newAgents(s *simulation) part {
	a := &agents{simulation: s, down: map[string]time.Time{}, slow: map[string]slowness{}, keys: map[string][]agentKey{}}
	return part{
		name: "agents", steps: 14,
		servers: map[string]http.Handler{"agent.example.com": a},
		setUp:   a.setUp,
		step:    a.step,
		settle:  a.settle,
		check: func(add adder) {
			s.events.Faults = s.edge.Happened()
			s.events.Check(add)
		},
		figures: func() []Figure {
			return []Figure{{"events", len(s.events.Promised())}, {"calls of an agent", len(s.events.Posts)}}
		},
	}
}

func (a *agents) setUp(tenant string) {
	k := agentKey{secret: a.secret(tenant)}
	a.must("PUT", tenant+"/agent", fmt.Sprintf(`{"url":"https://agent.example.com/events/%s","secret":%q}`, tenant, k.secret))
	k.must = a.edge.Now()
	a.keys[tenant] = []agentKey{k}
}

func (a *agents) secret(tenant string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "agent-secret-of-%s-%016x", tenant, a.rand.Uint64()))
}

func (a *agents) step(t string) string {
	switch n := a.rand.IntN(14); {
	case n < 7:
		k := a.anyEvent()
		if k == "" {
			return "nothing to replay"
		}
		a.replay(k)
		return "replay " + k
	case n < 9:
		a.rotate(t)
		return "rotate the agent's secret of " + t
	case n < 12:
		s := slowness{a.edge.Now().Add(a.rand.Between(time.Minute, 5*time.Minute)), a.rand.Between(time.Second, slowest)}
		a.slow[t] = s
		return fmt.Sprintf("agent of %s takes %v until %s", t, s.by, s.until.Format(time.TimeOnly))
	}
	d := a.rand.Between(time.Second, 3*time.Minute)
	a.down[t] = a.edge.Now().Add(d)
	return fmt.Sprintf("agent of %s down for %v", t, d)
}

// anyEvent is some genuine event; empty for none.
func (a *agents) anyEvent() string {
	var list []string
	for _, k := range sorted(a.events.Known) {
		if a.events.Known[k].Forged == "" {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return list[a.rand.IntN(len(list))]
}

// rotate changes the agent's secret. The agent takes both until the API has
// agreed, then for a while the old one too.
func (a *agents) rotate(t string) {
	secret, overlap := a.secret(t), a.overlap()
	keys := a.keys[t]
	for i := range keys {
		if keep := a.edge.Now().Add(overlap); keys[i].keep.IsZero() || keep.Before(keys[i].keep) {
			keys[i].keep = keep // at the earliest: whether or not the API takes it
		}
	}
	keys = append(keys, agentKey{secret: secret})
	a.keys[t] = keys
	status, _ := a.must("POST", t+"/agent/rotate", fmt.Sprintf(`{"secret":%q,"overlap":%q}`, secret, overlap.String()))
	if status < 200 || status >= 300 {
		return // nobody knows: any of them may sign
	}
	known := a.edge.Now().Add(agentPropagation)
	for i := range keys {
		if end := known.Add(overlap); i < len(keys)-1 && (keys[i].end.IsZero() || end.Before(keys[i].end)) {
			keys[i].end = end
		}
	}
	keys[len(keys)-1].must = known
}

// replay asks for an event once more. Whether or not the answer arrives, the
// event may be delivered again.
func (a *agents) replay(k string) {
	r := Replay{At: a.edge.Now(), Key: k}
	r.Status = a.edge.Fetch(api("POST", a.events.Known[k].Tenant+"/events/"+k+"/replay", "")).StatusCode
	r.Answered = a.edge.Now()
	a.events.Replays = append(a.events.Replays, r)
}

// settle asks the API for every promised event that no agent accepted, and
// replays it.
func (a *agents) settle() (again bool) {
	for _, k := range a.events.Promised() {
		if a.events.Accepted(k) {
			continue
		}
		again = true
		status, answer := a.must("GET", a.events.Known[k].Tenant+"/events/"+k, "")
		var entry struct {
			State string `json:"state"`
		}
		_ = json.Unmarshal(answer, &entry)
		a.events.Final[k] = Final{Status: status, State: entry.State}
		a.replay(k)
	}
	return again
}

// ServeHTTP takes an event, reads its signature by the Standard Webhooks
// specification, and notes it.
func (a *agents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tenant := strings.TrimPrefix(r.URL.Path, "/events/")
	body, _ := io.ReadAll(r.Body)
	p := &Post{At: a.edge.Now(), Tenant: tenant, Key: r.Header.Get("Webhook-Id"), Status: http.StatusNoContent}
	p.Signed = a.signed(tenant, r.Header, body)
	var event struct {
		ID   string          `json:"id"`
		Type string          `json:"type"`
		Time time.Time       `json:"time"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err == nil {
		p.Type, p.Time, p.Body = event.Type, event.Time, string(event.Data)
	}
	if event.ID != p.Key {
		p.Signed = false // the body is another event's
	}
	if a.edge.Now().Before(a.down[tenant]) {
		p.Status = http.StatusServiceUnavailable
	}
	if s := a.slow[tenant]; a.edge.Now().Before(s.until) {
		p.Took = s.by
		wasmtest.Late(w, s.by)
	}
	a.events.Posts = append(a.events.Posts, p)
	w.WriteHeader(p.Status)
}

// signed reports whether the right secrets signed: some secret did, none that
// was rotated out, the newest if its rotation is long enough ago, and those
// before it while their overlap lasts.
func (a *agents) signed(tenant string, h http.Header, body []byte) bool {
	now, some := a.edge.Now(), false
	for _, k := range a.keys[tenant] {
		by := signedBy(k.secret, h, body)
		ended := !k.end.IsZero() && !now.Before(k.end)
		needed := !k.must.IsZero() && !now.Before(k.must) && (k.keep.IsZero() || now.Before(k.keep))
		if by && ended || !by && needed {
			return false
		}
		some = some || by
	}
	return some
}

// signedBy checks webhook-signature: base64 of HMAC-SHA256 over
// id.timestamp.body, with the secret after whsec_ decoded.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func signedBy(secret string, h http.Header, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for one := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		if one == want {
			return true
		}
	}
	return false
}
