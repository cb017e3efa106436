package wasmtest

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/workerd"
)

// Config says what is deployed and what the world around it is like.
type Config struct {
	// Workers are deployed together; Fetch goes to the first.
	Workers []Worker
	// Servers are the outside world, by host name ("api.example.com",
	// "127.0.0.1:9000"). A handler runs in one instant of virtual time and
	// must not call the Edge. It sees the whole request. Late lets it answer
	// later; one that panics with http.ErrAbortHandler breaks the connection
	// there, one that panics with ErrSilent says nothing any more.
	Servers map[string]http.Handler
	// Locations are where in the world the Workers run ("fra", "nrt"); none
	// means one place. Each has its isolates and its copies of what was read
	// from KV. A request arrives where At says, or where the seed does.
	Locations []string
	// Seed decides everything that chance decides. Zero means the
	// environment's WASMTEST_SEED, or 1.
	Seed uint64
	// Start is what the clock shows first; zero means 2026-01-01.
	Start time.Time
	// Faults are the probabilities of faults; nil for none.
	Faults Faults
	// Script plans single faults: the Nth occasion of a kind, from 1.
	Script []Hit
	// Without holds faults back that Faults would let happen; see Shrink.
	Without []Hit
	// Calm is when Faults end, so that a run can come to rest; zero means
	// never. Script is not affected.
	Calm time.Time
	// Hang is how much real time a module may run without returning; zero
	// means 30 s.
	Hang time.Duration
}

// ErrSilent is what a handler of Config.Servers panics with to never answer,
// or to never end an answer it began.
var ErrSilent = workerd.ErrSilent

// Late makes what a handler of Config.Servers does from here on happen d of
// virtual time later: its head, if that is not out yet, the next piece of its
// body, or its end. w is the handler's own ResponseWriter.
//
//	func(w http.ResponseWriter, r *http.Request) {
//		act()                             // the server has acted
//		wasmtest.Late(w, 20*time.Second)  // and answers past every deadline
//	}
func Late(w http.ResponseWriter, d time.Duration) {
	w.(interface{ Late(time.Duration) }).Late(d)
}

// Worker is a Worker: what its wrangler.toml says.
type Worker struct {
	Name   string
	Module string // path of the .wasm file
	Glue   Glue   // zero: the stock glue of syumai/workers

	Vars      map[string]string // variables and secrets
	KV        map[string]string // binding → namespace id
	Buckets   map[string]string // binding → R2 bucket
	Databases map[string]string // binding → D1 database id
	Producers map[string]string // binding → queue
	Consumers []Consumer
	Objects   map[string]Class  // binding → Durable Object class
	Services  map[string]string // binding → Worker
	Crons     []string
	// Subrequests are what one event may ask of others; zeros are Workers
	// Paid's default, 10,000 of each kind. Workers Free has {50, 1_000}.
	Subrequests Subrequests

	// Env is what os.Getenv finds, NAME=value: nothing in production, where
	// settings are Vars. It is for modules built for a test.
	Env []string

	// Allow is how much of each kind one event may leave behind, by the
	// name that the failure gives it. Kinds that are absent keep the glue's
	// own allowance, which is for syumai's AwaitPromise only.
	Allow map[string]int
}

// Subrequests bounds fetches, the redirects they follow and calls of services
// (Outside), and operations of KV, R2, D1, queues and Durable Objects (Inside).
// https://developers.cloudflare.com/workers/platform/limits/#subrequests
type Subrequests struct{ Outside, Inside int }

// Consumer is a queue that a Worker consumes. Zero values are production's
// defaults. https://developers.cloudflare.com/queues/configuration/configure-queues/
type Consumer struct {
	Queue      string
	BatchSize  int           // zero: 10
	Timeout    time.Duration // zero: 5 s; negative: none
	Concurrent int           // batches at once; zero: as many as the platform scales to, 10 here
	Retries    int           // zero: 3; negative: none
	RetryDelay time.Duration
	DeadLetter string // queue; empty: dropped after the last retry
}

// Class is a Durable Object class; Script is the Worker that exports it, empty
// for the Worker itself.
type Class struct {
	Name, Script string
	// Fake stands in for a class that is JavaScript, which wasmtest does not
	// run: under the Syumai glue every class is. It is called once for each
	// object, by its name, and gives what answers the stub's fetch; what it
	// remembers is the object's state. Late, ErrSilent and http.ErrAbortHandler
	// do what they do in Config.Servers, FaultCatalogue's object.fail and
	// object.lost what they say.
	Fake func(name string) http.Handler
}

// Glue is the JavaScript around a module.
type Glue int

// Glues.
const (
	// Syumai is what `workers-assets-gen` of github.com/syumai/workers
	// writes: a new Go instance for each event.
	Syumai Glue = iota
	// Ingress is Hookweir's public Worker: shared/edge/ingress.
	Ingress
	// Backend is Hookweir's private Worker: shared/edge/backend.
	Backend
)

// syumaiAwaits is how many callbacks one event may leave through syumai's
// AwaitPromise, which releases only the one of its two that was called
// (DESIGN §3 rule 3): more awaits in one event than any handler should need.
const syumaiAwaits = 2_000

// syumaiStreams is the same for the callbacks of its streams, which it never
// releases: two for each body.
const syumaiStreams = 200

func (g Glue) new() (func(*workerd.Isolate) workerd.Glue, map[string]int) {
	allow := map[string]int{"await callback": syumaiAwaits, "stream callback": syumaiStreams}
	switch g {
	case Ingress:
		return workerd.NewIngress, nil
	case Backend:
		return workerd.NewBackend, allow
	}
	return workerd.NewSyumai, allow
}

// exports are what the glue calls in a module beside what Go's own runtime has.
func (g Glue) exports() []string {
	if g == Ingress {
		return []string{"handle", "reserve", "complete"} // shared/edge/ingress/abi_js.go
	}
	return nil
}

// objects reports whether classes of Durable Objects can be written in the
// module.
func (g Glue) objects() bool { return g == Backend }

// checkObjects refuses a binding to a class that nobody would answer for.
func (c Config) checkObjects() error {
	for _, w := range c.Workers {
		for _, binding := range slices.Sorted(maps.Keys(w.Objects)) {
			class, script := w.Objects[binding], w
			if i := slices.IndexFunc(c.Workers, func(o Worker) bool { return o.Name == class.Script }); i >= 0 {
				script = c.Workers[i]
			}
			if class.Fake == nil && !script.Glue.objects() {
				return fmt.Errorf("wasmtest: %s: object binding %s: the class %s of %s is JavaScript, which wasmtest does not run: give it a Class.Fake", w.Name, binding, class.Name, script.Name)
			}
		}
	}
	return nil
}

func (w Worker) config(e *gojs.Engine) (workerd.Config, error) {
	module, err := e.Load(w.Module)
	if err != nil {
		return workerd.Config{}, err
	}
	for _, name := range w.Glue.exports() {
		if !module.Exports(name) {
			return workerd.Config{}, fmt.Errorf("for the Worker %s: %w", w.Name, &gojs.ExportError{Module: module.Name, Name: name})
		}
	}
	glue, allow := w.Glue.new()
	c := workerd.Config{
		Name: w.Name, Module: module, Glue: glue, Allow: map[string]int{},
		Vars: w.Vars, KV: w.KV, Buckets: w.Buckets, Databases: w.Databases, Producers: w.Producers, Services: w.Services,
		Crons: w.Crons, Env: w.Env, Objects: map[string]workerd.Class{}, Limits: platform.Subrequests(w.Subrequests),
	}
	for name, n := range allow {
		c.Allow[name] = n
	}
	for name, n := range w.Allow {
		c.Allow[name] = n
	}
	for binding, class := range w.Objects {
		c.Objects[binding] = workerd.Class{Name: class.Name, Script: class.Script, Fake: class.Fake}
	}
	for _, k := range w.Consumers {
		c.Consumers = append(c.Consumers, k.config())
	}
	return c, nil
}

func (k Consumer) config() workerd.Consumer {
	c := workerd.Consumer{Queue: k.Queue, Consumer: platform.Consumer{
		BatchSize: k.BatchSize, Timeout: k.Timeout, Retries: k.Retries, RetryDelay: k.RetryDelay, Dead: k.DeadLetter, Concurrent: k.Concurrent,
	}}
	if c.BatchSize == 0 {
		c.BatchSize = 10
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	c.Timeout = max(c.Timeout, 0)
	if c.Retries == 0 {
		c.Retries = 3
	}
	c.Retries = max(c.Retries, 0)
	return c
}

func (c Config) seed() (uint64, error) {
	text := os.Getenv("WASMTEST_SEED")
	switch {
	case c.Seed != 0:
		return c.Seed, nil
	case text == "":
		return 1, nil
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil || seed == 0 {
		return 0, fmt.Errorf("wasmtest: WASMTEST_SEED=%q is no seed", text)
	}
	return seed, nil
}

// engine is the process's one compiler: modules are compiled once, whatever
// number of tests deploys them. It is a constant that takes time to compute.
var engine = sync.OnceValues(func() (*gojs.Engine, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return gojs.NewEngine("", workerd.Imports())
	}
	return gojs.NewEngine(filepath.Join(dir, "hookweir-wasmtest"), workerd.Imports())
})
