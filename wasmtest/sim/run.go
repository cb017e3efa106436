package sim

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// A run. Every time is virtual.
const (
	tenants   = 2
	setup     = time.Minute      // before the first step
	span      = 20 * time.Minute // over which a part spreads its steps, about
	busy      = 40 * time.Minute // in which they happen, with faults
	ticking   = 5 * time.Minute  // of the calm, for which cron ticks
	calm      = 4 * 24 * time.Hour
	afterward = 48 * time.Hour // for what settling starts
)

// Config says what to run.
type Config struct {
	Root string // the repository's root
	Seed uint64
	// Parts are the parts of the product that take part, by name; nil for all.
	Parts []string
	// Only are the faults that happen, and no others; nil for what the seed
	// chooses. See Shrink.
	Only []wasmtest.Hit
	// Steps are the steps of the workload that happen, as Step.Name has them;
	// nil for all.
	Steps []string
	// Edit changes the deployment: other modules, for one. It may be nil.
	Edit func(workers []wasmtest.Worker)
}

// Report is the outcome of one run.
type Report struct {
	Seed       uint64
	Violations []Violation
	Faults     []wasmtest.Happened
	Steps      []Step // those that happened
	Figures    []Figure
	// Subrequests are the most that one event of either Worker made.
	Subrequests wasmtest.Subrequests
	Virtual     time.Duration
	TraceSum    uint64
	Trace       []string
}

// Step is one thing that happened.
type Step struct {
	Name string        // of the part, and which of its steps: webhooks.17
	At   time.Duration // since the start
	What string
}

func (s Step) String() string { return fmt.Sprintf("%s at %v: %s", s.Name, s.At, s.What) }

// locations are where in the world the Workers run.
func locations() []string { return []string{"fra", "nrt"} }

// start is what the clock shows first; it is a constant.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const adminToken = "simulation-only-admin-token"

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
	s, err := newSimulation(c)
	if err != nil {
		return nil, err
	}
	faults := s.swarm()
	if c.Only != nil {
		faults = nil
	}
	if s.takesPart("mcp") {
		bindKnowledge(workers)
	}
	servers := map[string]http.Handler{}
	for _, p := range s.parts {
		maps.Copy(servers, p.servers)
	}
	s.edge, err = wasmtest.Open(wasmtest.Config{
		Workers: workers, Seed: c.Seed, Start: start,
		Faults: faults, Script: c.Only, Calm: start.Add(busy),
		Servers: servers, Locations: locations(),
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
	return s.report(), nil
}

// simulation is what the parts of a run share.
type simulation struct {
	config Config
	parts  []part
	edge   *wasmtest.Edge
	rand   *sched.Rand // of the step
	events *Events     // what is to reach the agents, and what does
	steps  []Step
}

func newSimulation(c Config) (*simulation, error) {
	s := &simulation{config: c, events: newEvents()}
	names := []string{}
	for _, make := range parts() {
		p := make(s)
		names = append(names, p.name)
		if c.Parts == nil || slices.Contains(c.Parts, p.name) {
			s.parts = append(s.parts, p)
		}
	}
	for _, name := range c.Parts {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("sim: there is no part %q among %v", name, names)
		}
	}
	return s, nil
}

// takesPart reports whether a part is in this run.
func (s *simulation) takesPart(name string) bool {
	return slices.ContainsFunc(s.parts, func(p part) bool { return p.name == name })
}

// ticks reports whether the cron has something to do in this run.
func (s *simulation) ticks() bool {
	return slices.ContainsFunc(s.parts, func(p part) bool { return p.ticks })
}

// draw gives a step of a part a sequence of its own, so that one left out
// shifts nothing in the others. Step -1 is the setting up.
func (s *simulation) draw(part string, step int) {
	name := fnv.New64a()
	name.Write([]byte(part))
	s.rand = &sched.Rand{Rand: rand.New(rand.NewPCG(s.config.Seed^name.Sum64(), uint64(sched.Workload)<<32+uint64(step+1)))}
}

// swarm picks the faults of this seed: each with even odds, at a rate of its
// own.
func (s *simulation) swarm() wasmtest.Faults {
	f := wasmtest.Faults{}
	for _, row := range platform.Catalogue() {
		s.draw("fault "+string(row.Fault), -1) // a fault more shifts nothing in the others
		on, rate := s.rand.IntN(2) == 0, 0.002+0.08*s.rand.Float64()
		switch row.Fault {
		case wasmtest.Crash:
			rate /= 10 // every host call is an occasion
		case wasmtest.KVStale:
			rate = 0.3 + 8*rate // asked once for a copy, and only when there is something newer
		case wasmtest.QueueSendFail:
			rate *= 6 // few sends are anything but a provider's, which tries again
		case wasmtest.R2Fail, wasmtest.R2PutLost, wasmtest.D1Fail, wasmtest.D1Lost, wasmtest.D1Slow:
			rate *= 6 // a bucket and a database are asked a few times in a run
		}
		if on {
			f[row.Fault] = rate
		}
	}
	return f
}

// planned is a step that is to happen.
type planned struct {
	part  part
	index int
	at    time.Duration // since the start
}

// plan gives each step its instant, whatever those before it will take.
func (s *simulation) plan() []planned {
	var list []planned
	for _, p := range s.parts {
		s.draw(p.name, -2)
		at := setup
		for i := range p.steps {
			// A third of the pauses is so short that things overlap.
			pause := s.rand.Between(0, 3*span/time.Duration(p.steps))
			if s.rand.IntN(3) == 0 {
				pause = s.rand.Between(0, 300*time.Millisecond)
			}
			at += pause
			list = append(list, planned{p, i, at})
		}
	}
	slices.SortStableFunc(list, func(a, b planned) int { return cmp.Compare(a.at, b.at) })
	return list
}

func (s *simulation) run() {
	for _, p := range s.parts {
		s.draw(p.name, -1)
		for i := range tenants {
			if p.setUp != nil {
				p.setUp(tenant(i))
			}
		}
	}
	end := start.Add(busy)
	s.edge.PauseCron(!s.ticks())
	for _, next := range s.plan() {
		name := fmt.Sprintf("%s.%d", next.part.name, next.index)
		if s.config.Steps != nil && !slices.Contains(s.config.Steps, name) {
			continue
		}
		if at := start.Add(next.at); at.After(s.edge.Now()) {
			s.edge.AdvanceTo(at)
		}
		if !s.edge.Now().Before(end) {
			break
		}
		s.draw(next.part.name, next.index)
		step := Step{Name: name, At: s.edge.Now().Sub(start)}
		step.What = next.part.step(tenant(s.rand.IntN(tenants)))
		s.steps = append(s.steps, step)
	}
	// The clock ticks for as long as anything can be left to it, and then rests:
	// four days of ticks would be most of the run.
	s.edge.AdvanceTo(end.Add(ticking))
	s.edge.PauseCron(true)
	for _, p := range s.parts {
		if p.rest != nil {
			p.rest()
		}
	}
	s.edge.AdvanceTo(end.Add(calm))
	if s.settle() {
		s.edge.Advance(afterward)
		s.settle()
	}
}

func (s *simulation) settle() (again bool) {
	for _, p := range s.parts {
		if p.settle != nil && p.settle() {
			again = true
		}
	}
	return again
}

func (s *simulation) report() *Report {
	r := &Report{
		Seed: s.config.Seed, Faults: s.edge.Happened(), Steps: s.steps, Virtual: s.edge.Now().Sub(start),
		TraceSum: s.edge.TraceSum(), Trace: s.edge.Trace(),
	}
	for _, p := range s.parts {
		if p.check != nil {
			r.Violations = append(r.Violations, violations(p.check)...)
		}
		if p.figures != nil {
			r.Figures = append(r.Figures, p.figures()...)
		}
	}
	for _, name := range []string{"hookweir", "hookweir-consumers"} {
		n := s.edge.Worker(name).Subrequests()
		r.Subrequests.Outside, r.Subrequests.Inside = max(r.Subrequests.Outside, n.Outside), max(r.Subrequests.Inside, n.Inside)
	}
	kills := 0
	for _, f := range r.Faults {
		if f.Fault == wasmtest.Crash {
			kills++
		}
	}
	r.Figures = append(r.Figures, Figure{"faults", len(r.Faults)}, Figure{"of these kills", kills})
	return r
}
