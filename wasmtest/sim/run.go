package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// The shape of one run. Every figure is virtual.
const (
	tenants   = 2
	events    = 24               // genuine events
	busy      = 10 * time.Minute // in which they are sent, with faults
	calm      = 4 * 24 * time.Hour
	afterward = 48 * time.Hour // for what a last replay starts
	patience  = 8              // times a provider or operator tries again
)

// Config says what to run.
type Config struct {
	Root    string // the repository's root
	Seed    uint64
	Without []wasmtest.Hit // faults to hold back, see Shrink
	// Faults replaces the seed's own choice of faults; nil for that.
	Faults wasmtest.Faults
	// Edit changes the deployment: other modules, for one. It may be nil.
	Edit func(workers []wasmtest.Worker)
}

// Report is the outcome of one run.
type Report struct {
	Seed       uint64
	Violations []Violation
	Faults     []wasmtest.Happened
	Accepted   int
	Posts      int
	Virtual    time.Duration
	TraceSum   uint64
	Trace      []string
}

const adminToken = "simulation-admin-token"

func key32(text string) string { return "s1:" + base64.StdEncoding.EncodeToString([]byte(text)) }

// Run runs one seed. The error is the harness's own: a deployment that cannot
// be made, a member of JavaScript that wasmtest lacks, a leak.
func Run(c Config) (report *Report, err error) {
	workers, err := wasmtest.Hookweir(c.Root, map[string]string{
		"SOURCE_KEYS": key32("simulation-only-source-key-00001"),
		"VAULT_KEYS":  key32("simulation-only-vault-key-000001"),
		"ADMIN_TOKEN": adminToken,
		"PUBLIC_URL":  "https://hooks.example.com",
	})
	if err != nil {
		return nil, err
	}
	if c.Edit != nil {
		c.Edit(workers)
	}
	s := &simulation{rand: sched.NewRand(c.Seed, sched.Workload), secrets: map[string]string{}, history: &History{Final: map[string]Final{}}}
	if c.Faults == nil {
		c.Faults = s.swarm()
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s.agents = &agents{now: func() time.Time { return s.edge.Now() }, down: map[string]time.Time{}, secrets: map[string]string{}, history: s.history}
	s.edge, err = wasmtest.Open(wasmtest.Config{
		Workers: workers, Seed: c.Seed, Start: start, Without: c.Without,
		Faults: c.Faults, Calm: start.Add(busy),
		Servers: map[string]http.Handler{"agent.example.com": s.agents},
	})
	if err != nil {
		return nil, err
	}
	defer s.edge.Close()
	defer func() { // outside a test the Edge panics with what ends a test
		if v := recover(); v != nil {
			report, err = nil, fmt.Errorf("seed %d: %v", c.Seed, v)
		}
	}()
	s.run()
	s.history.Faults = s.edge.Happened()
	return &Report{
		Seed: c.Seed, Violations: Check(s.history), Faults: s.history.Faults,
		Accepted: s.accepted(), Posts: len(s.history.Posts), Virtual: s.edge.Now().Sub(start),
		TraceSum: s.edge.TraceSum(), Trace: s.edge.Trace(),
	}, nil
}

type simulation struct {
	edge    *wasmtest.Edge
	rand    *sched.Rand
	agents  *agents
	secrets map[string]string // by tenant: what the provider signs with
	history *History
}

// swarm picks the faults of this seed: each with even odds, at a rate of its
// own.
func (s *simulation) swarm() wasmtest.Faults {
	f := wasmtest.Faults{}
	for _, row := range platform.Catalogue() {
		on, rate := s.rand.IntN(2) == 0, 0.002+0.08*s.rand.Float64()
		if row.Fault == wasmtest.Crash {
			rate /= 10 // every host call is an occasion
		}
		if on {
			f[row.Fault] = rate
		}
	}
	return f
}

func tenant(i int) string { return fmt.Sprintf("tenant-%d", i) }

func (s *simulation) run() {
	for i := range tenants {
		s.set(tenant(i))
	}
	for s.edge.Now().Before(s.edge.Start().Add(busy)) && len(s.history.Deliveries) < events*4 {
		s.step()
	}
	s.edge.AdvanceTo(s.edge.Start().Add(busy + calm))
	if s.settle() {
		s.edge.Advance(afterward)
		s.settle()
	}
}

// set configures a tenant, trying again as an operator would.
func (s *simulation) set(tenant string) {
	secret := fmt.Sprintf("provider-secret-of-%s-%d", tenant, s.rand.Uint32())
	agentSecret := "whsec_" + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "agent-secret-of-%s-000000", tenant))
	s.secrets[tenant], s.agents.secrets[tenant] = secret, agentSecret
	s.must("PUT", tenant+"/agent", fmt.Sprintf(`{"url":"https://agent.example.com/events/%s","secret":%q}`, tenant, agentSecret))
	s.must("PUT", tenant+"/sources/gh", fmt.Sprintf(`{"provider":"github","secrets":[%q]}`, secret))
}

// must asks the API until it agrees; past patience, calmly and for ever: a
// tenant that is not set up shows nothing.
func (s *simulation) must(method, path, body string) (status int, answer []byte) {
	for try := range patience * 10 {
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

// step is one thing that happens, and the pause after it.
func (s *simulation) step() {
	t := tenant(s.rand.IntN(tenants))
	switch n := s.rand.IntN(100); {
	case n < 55:
		s.send(&Delivery{Tenant: t, ID: s.id(), Body: s.body()}, 0)
	case n < 70: // a provider's redelivery, perhaps under another tenant's source
		if d := s.genuine(); d != nil {
			s.send(&Delivery{Tenant: d.Tenant, ID: d.ID, Body: d.Body}, 0)
		}
	case n < 76: // the same id at the other tenant is another event
		if d := s.genuine(); d != nil {
			s.send(&Delivery{Tenant: t, ID: d.ID, Body: d.Body}, 0)
		}
	case n < 86:
		s.send(&Delivery{Tenant: t, ID: s.id(), Body: s.body(), Forged: []string{"wrong secret", "no signature", "other body", "two signatures"}[s.rand.IntN(4)]}, 0)
	case n < 91:
		s.agents.down[t] = s.edge.Now().Add(s.rand.Between(time.Second, 3*time.Minute))
	case n < 94:
		if d := s.genuine(); d != nil {
			s.replay(key(d.Tenant, d.ID))
		}
	case n < 97:
		s.rotate(t)
	case n < 98:
		s.edge.Worker("hookweir-consumers").Recycle()
	default:
		s.edge.Worker("hookweir").Recycle()
	}
	s.edge.Advance(s.rand.Between(0, 15*time.Second))
}

func (s *simulation) id() string {
	return fmt.Sprintf("%08x-cc78-11e3-81ab-%012x", s.rand.Uint32(), s.rand.Uint64()&0xffffffffffff)
}

func (s *simulation) body() string {
	return fmt.Sprintf(`{"ref":"refs/heads/%d","pad":"%s"}`, s.rand.Uint32(), strings.Repeat("x", s.rand.IntN(200)))
}

func (s *simulation) genuine() *Delivery {
	var list []*Delivery
	for _, d := range s.history.Deliveries {
		if d.Forged == "" {
			list = append(list, d)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[s.rand.IntN(len(list))]
}

// send sends a delivery; a genuine one that is not answered 2xx is sent again
// as providers do, with growing pauses.
func (s *simulation) send(d *Delivery, try int) {
	d.At = s.edge.Now()
	s.history.Deliveries = append(s.history.Deliveries, d)
	s.edge.Send(s.request(d), func(res *http.Response) {
		if res.StatusCode != 499 { // the client left: it heard nothing
			d.Status = res.StatusCode
		}
		d.Settled = s.edge.Now()
		ok := d.Status >= 200 && d.Status < 300
		if !ok && d.Forged == "" && try < patience {
			again := &Delivery{Tenant: d.Tenant, ID: d.ID, Body: d.Body}
			s.edge.After(time.Duration(10<<try)*time.Second, func() { s.send(again, try+1) })
		}
	})
}

func (s *simulation) request(d *Delivery) *http.Request {
	r, _ := http.NewRequest("POST", "https://hooks.example.com/webhooks/"+d.Tenant+"/gh", strings.NewReader(d.Body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Github-Event", "push")
	r.Header.Set("X-Github-Delivery", d.ID)
	sign := func(secret, body string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		return "sha256=" + hex.EncodeToString(mac.Sum(nil))
	}
	good := sign(s.secrets[d.Tenant], d.Body)
	switch d.Forged {
	case "":
		r.Header.Set("X-Hub-Signature-256", good)
	case "wrong secret":
		r.Header.Set("X-Hub-Signature-256", sign("guess", d.Body))
	case "other body":
		r.Header.Set("X-Hub-Signature-256", sign(s.secrets[d.Tenant], d.Body+" "))
	case "two signatures":
		r.Header["X-Hub-Signature-256"] = []string{good, sign("guess", d.Body)}
	}
	return r
}

// replay asks for an event once more. Whether or not the answer arrives, the
// event may be delivered again.
func (s *simulation) replay(k string) {
	s.history.Replays = append(s.history.Replays, Replay{At: s.edge.Now(), Key: k})
	tenant, _, _ := strings.Cut(k, "/")
	s.edge.Fetch(api("POST", tenant+"/events/"+k+"/replay", ""))
	// The replayed delivery comes later: from now on one more call is asked for.
	s.history.Replays = append(s.history.Replays, Replay{At: s.edge.Now(), Key: k})
}

// rotate changes the provider's secret. The provider signs with the new one
// once the API has said that it is stored.
func (s *simulation) rotate(t string) {
	secret := fmt.Sprintf("rotated-secret-of-%s-%d", t, s.rand.Uint32())
	for range patience {
		res := s.edge.Fetch(api("POST", t+"/sources/gh/rotate", fmt.Sprintf(`{"secret":%q,"overlap":"1h"}`, secret)))
		if res.StatusCode < 300 {
			s.secrets[t] = secret
			return
		}
		s.edge.Advance(time.Second)
	}
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

func (s *simulation) accepted() int {
	keys := map[string]bool{}
	for _, d := range s.history.Deliveries {
		if d.Forged == "" && d.Status >= 200 && d.Status < 300 {
			keys[key(d.Tenant, d.ID)] = true
		}
	}
	return len(keys)
}
