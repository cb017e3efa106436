package sim

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// The standard workload. Every time is virtual.
const (
	tenants   = 2
	steps     = 50          // things that happen, most of them a delivery
	setup     = time.Minute // before the first of them
	busy      = time.Hour   // in which they happen, with faults
	calm      = 4 * 24 * time.Hour
	afterward = 48 * time.Hour // for what a last replay starts
	patience  = 8              // times a provider tries again
)

// Config says what to run.
type Config struct {
	Root string // the repository's root
	Seed uint64
	// Only are the faults that happen, and no others; nil for what the seed
	// chooses. See Shrink.
	Only []wasmtest.Hit
	// Steps are the steps of the workload that happen; nil for all.
	Steps []int
	// Edit changes the deployment: other modules, for one. It may be nil.
	Edit func(workers []wasmtest.Worker)
}

// Report is the outcome of one run.
type Report struct {
	Seed       uint64
	Violations []Violation
	Faults     []wasmtest.Happened
	Steps      []Step // those that happened
	Requests   int    // of providers, tries again included
	Accepted   int    // events
	Posts      int
	Virtual    time.Duration
	TraceSum   uint64
	Trace      []string
}

// Step is one thing that happened.
type Step struct {
	Index int
	At    time.Duration // since the start
	What  string
}

func (s Step) String() string { return fmt.Sprintf("step %d at %v: %s", s.Index, s.At, s.What) }

// start is what the clock shows first; it is a constant.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const adminToken = "simulation-admin-token"

func key32(text string) string { return "s1:" + base64.StdEncoding.EncodeToString([]byte(text)) }

// Run runs one seed. The error is the harness's own: a deployment that cannot
// be made, a member of JavaScript that wasmtest lacks, a leak. It is safe for
// concurrent use.
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
	s := newSimulation(c)
	faults := s.swarm()
	if c.Only != nil {
		faults = nil
	}
	s.edge, err = wasmtest.Open(wasmtest.Config{
		Workers: workers, Seed: c.Seed, Start: start,
		Faults: faults, Script: c.Only, Calm: start.Add(busy),
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
		Seed: c.Seed, Violations: Check(s.history), Faults: s.history.Faults, Steps: s.steps,
		Requests: len(s.history.Deliveries), Accepted: s.accepted(), Posts: len(s.history.Posts), Virtual: s.edge.Now().Sub(start),
		TraceSum: s.edge.TraceSum(), Trace: s.edge.Trace(),
	}, nil
}

type simulation struct {
	config  Config
	edge    *wasmtest.Edge
	rand    *sched.Rand // of the step
	agents  *agents
	secrets map[string]string    // by tenant: what the provider signs with
	retired map[string][]retired // what it signed with before
	history *History
	steps   []Step
}

func newSimulation(c Config) *simulation {
	s := &simulation{
		config: c, secrets: map[string]string{}, retired: map[string][]retired{},
		history: &History{Final: map[string]Final{}},
	}
	s.agents = &agents{
		now:  func() time.Time { return s.edge.Now() },
		down: map[string]time.Time{}, keys: map[string][]agentKey{}, history: s.history,
	}
	s.draw(-1)
	return s
}

// draw gives a step a sequence of its own, so that a step left out shifts
// nothing in the others.
func (s *simulation) draw(step int) {
	s.rand = &sched.Rand{Rand: rand.New(rand.NewPCG(s.config.Seed, uint64(sched.Workload)<<32+uint64(step+1)))}
}

// swarm picks the faults of this seed: each with even odds, at a rate of its
// own.
func (s *simulation) swarm() wasmtest.Faults {
	f := wasmtest.Faults{}
	for _, row := range platform.Catalogue() {
		on, rate := s.rand.IntN(2) == 0, 0.002+0.08*s.rand.Float64()
		switch row.Fault {
		case wasmtest.Crash:
			rate /= 10 // every host call is an occasion
		case wasmtest.QueueSendFail:
			rate *= 6 // few sends are anything but a provider's, which tries again
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
	end := s.edge.Start().Add(busy)
	next := s.edge.Start().Add(setup)
	for i := 0; i < steps && s.edge.Now().Before(end); i++ {
		// Each step has its instant, whatever those before it took.
		if next.After(s.edge.Now()) {
			s.edge.AdvanceTo(next)
		}
		s.draw(i)
		// A third of the pauses is so short that things overlap.
		pause := s.rand.Between(0, time.Minute)
		if s.rand.IntN(3) == 0 {
			pause = s.rand.Between(0, 300*time.Millisecond)
		}
		next = next.Add(pause)
		if s.config.Steps == nil || slices.Contains(s.config.Steps, i) {
			at := s.edge.Now().Sub(s.edge.Start())
			s.steps = append(s.steps, Step{i, at, s.step()})
		}
	}
	s.edge.AdvanceTo(end.Add(calm))
	if s.settle() {
		s.edge.Advance(afterward)
		s.settle()
	}
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
