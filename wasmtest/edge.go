package wasmtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
	"github.com/hookweir/hookweir/wasmtest/internal/workerd"
)

// maxAnswer is how much virtual time a request may take: past every limit the
// platform has for one.
const maxAnswer = time.Hour

// failureLines is how much of the trace a failed test prints.
const failureLines = 60

// TB is what New needs of a *testing.T, B or F.
type TB interface {
	Helper()
	Name() string
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Edge is the deployed Workers and their world. It is used by one goroutine.
type Edge struct {
	t        TB // nil: failures panic
	seed     uint64
	world    *workerd.World
	loop     *sched.Loop
	start    time.Time
	reported int  // leaks reported so far
	told     bool // what ended the test was told
}

// New deploys Workers for a test, and takes them down at its end. A failure
// prints the seed and how to replay it.
func New(t TB, c Config) *Edge {
	t.Helper()
	e, err := Open(c)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	e.t = t
	t.Cleanup(func() {
		e.checkLeaks()
		if err := e.world.Failure(); err != nil && !e.told {
			t.Errorf("%v", err) // Fatalf would end the clean-up, which has more to say
		}
		e.Close()
		if t.Failed() {
			lines := e.Trace()
			t.Logf("the end of the trace:\n%s", strings.Join(lines[max(0, len(lines)-failureLines):], "\n"))
			t.Logf("wasmtest: seed %d, %d faults, clock at %s; replay with: WASMTEST_SEED=%d go test -run '^%s$'",
				e.seed, len(e.Happened()), e.Now().Format(time.RFC3339Nano), e.seed, t.Name())
		}
	})
	return e
}

// Open deploys Workers outside a test: failures panic, and the caller calls
// Close.
func Open(c Config) (*Edge, error) {
	seed, err := c.seed()
	if err != nil {
		return nil, err
	}
	if len(c.Workers) == 0 {
		return nil, fmt.Errorf("wasmtest: no Workers")
	}
	if err := c.checkObjects(); err != nil {
		return nil, err
	}
	if c.Start.IsZero() {
		c.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	faults, err := platform.NewInjector(seed, c.Faults, c.Script, c.Without, c.Calm)
	if err != nil {
		return nil, err
	}
	e := &Edge{seed: seed, start: c.Start, loop: sched.New(c.Start, sched.NewRand(seed, sched.Ties))}
	e.world = workerd.NewWorld(&platform.World{
		Loop: e.loop, Trace: sched.NewTrace(c.Start), Latency: sched.NewRand(seed, sched.Latency), Faults: faults,
	}, sched.NewRand(seed, sched.Entropy))
	e.world.Servers, e.world.Limits, e.world.Seed = c.Servers, gojs.Limits{Hang: c.Hang}, seed
	if len(c.Locations) > 0 {
		e.world.Locations = c.Locations
	}
	compiler, err := engine()
	if err != nil {
		return nil, err
	}
	var configs []workerd.Config
	for _, w := range c.Workers {
		config, err := w.config(compiler)
		if err != nil {
			return nil, err
		}
		configs = append(configs, config)
	}
	return e, e.world.Deploy(configs)
}

// Close takes everything down.
func (e *Edge) Close() { e.world.Close() }

// Fetch sends a request to the first Worker and runs until its response is
// whole. What the event goes on to do (waitUntil) happens in the calls that
// follow. A Worker that throws or dies answers 500, as the platform does; a
// client that was made to hang up (ClientGone) gets 499.
func (e *Edge) Fetch(r *http.Request) *http.Response {
	e.helper()
	return e.Worker(e.world.Workers()[0].Name).Fetch(r)
}

// Send sends a request to the first Worker and returns at once; done, which may
// be nil, gets the response in one of the calls that follow.
func (e *Edge) Send(r *http.Request, done func(*http.Response)) {
	e.helper()
	e.Worker(e.world.Workers()[0].Name).Send(r, done)
}

// Advance runs d of virtual time.
func (e *Edge) Advance(d time.Duration) {
	e.helper()
	end := e.Now().Add(d)
	e.run(end, func() bool { return false })
	e.loop.Move(end)
}

// AdvanceTo runs until the clock shows t.
func (e *Edge) AdvanceTo(t time.Time) {
	e.helper()
	e.Advance(t.Sub(e.Now()))
}

// Cron fires every cron trigger now, beside the ticks that Advance brings.
func (e *Edge) Cron() {
	e.helper()
	for _, w := range e.world.Workers() {
		w.Cron()
	}
	e.check()
}

// PauseCron stops the ticks that Advance brings, or has them come again: days
// in which nothing is due then cost nothing. Cron fires all the same.
func (e *Edge) PauseCron(paused bool) {
	for _, w := range e.world.Workers() {
		w.Pause(paused)
	}
}

// After runs fn in d of virtual time: a part of the world that acts by itself.
// fn may use the Edge's methods that do not run the loop: Send, Queue, KV …
func (e *Edge) After(d time.Duration, fn func()) { e.loop.After(d, "test", fn) }

// Now is what the clock shows.
func (e *Edge) Now() time.Time { return e.loop.Now() }

// Start is what the clock showed first.
func (e *Edge) Start() time.Time { return e.start }

// Seed is the seed of this run.
func (e *Edge) Seed() uint64 { return e.seed }

// Rand is a source of randomness for the test's own workload, drawn from the
// seed but apart from everything else.
func (e *Edge) Rand() *sched.Rand { return sched.NewRand(e.seed, sched.Workload) }

// Trace is everything that happened, line by line, in virtual seconds.
func (e *Edge) Trace() []string { return e.world.Trace.Lines() }

// TraceSum is a digest of the trace.
func (e *Edge) TraceSum() uint64 { return e.world.Trace.Sum() }

// Happened are the faults that happened, in order.
func (e *Edge) Happened() []Happened { return e.world.Faults.Happened() }

// Leaks are what events left behind so far beyond what was allowed.
func (e *Edge) Leaks() []string {
	var list []string
	for _, l := range e.world.Leaks() {
		list = append(list, l.String())
	}
	return list
}

// LogLine is a line that a Worker logged.
type LogLine = workerd.Line

// Log is every line logged so far.
func (e *Edge) Log() []LogLine { return e.world.Log() }

func (e *Edge) helper() {
	if e.t != nil {
		e.t.Helper()
	}
}

// run runs the loop and then looks whether the test is over.
func (e *Edge) run(end time.Time, done func() bool) {
	e.helper()
	err := e.loop.Run(end, func() bool { return e.world.Failure() != nil || done() })
	if err != nil {
		e.world.Fail(err)
	}
	e.check()
}

// check fails the test by what no Worker could have caused and by leaks.
func (e *Edge) check() {
	e.helper()
	e.checkLeaks()
	if err := e.world.Failure(); err != nil {
		if e.t == nil {
			panic(err)
		}
		e.told = true
		e.t.Fatalf("%v", err)
	}
}

func (e *Edge) checkLeaks() {
	e.helper()
	leaks := e.world.Leaks()
	for _, l := range leaks[e.reported:] {
		e.failf("wasmtest: %s", l)
	}
	e.reported = len(leaks)
}

func (e *Edge) failf(format string, args ...any) {
	e.helper()
	if e.t == nil {
		panic(fmt.Sprintf(format, args...))
	}
	e.t.Errorf(format, args...)
}
