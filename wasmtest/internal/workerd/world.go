package workerd

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// World is everything that is deployed, and what it is deployed on.
type World struct {
	*platform.World
	Entropy *sched.Rand             // what guests see as random
	Servers map[string]http.Handler // outside servers, by host name
	Limits  gojs.Limits
	// Locations are where in the world the Workers run, one at least.
	Locations []string
	Seed      uint64 // decides which of them an event is at
	OnLog     func(Line)

	ops     map[string]platform.Op
	kvs     map[string]*platform.KV
	queues  map[string]*platform.Queue
	buckets map[string]*platform.Bucket
	bases   map[string]*platform.Database
	caches  map[cachePlace]map[string]cached
	workers map[string]*Worker
	order   []*Worker
	serial  int // of isolates, for their names
	lines   []Line
	leaks   []Leak
	failure error
}

// Line is one line of log.
type Line struct {
	At     time.Time
	Worker string
	Level  string // "log", "info", "warn", "error" or "debug"
	Text   string
}

// Leak is what an event left behind.
type Leak struct {
	Worker string
	Event  string
	What   string // the name to allow it by
	Count  int
	Detail string
}

func (l Leak) String() string {
	return fmt.Sprintf("%s left %d × %q behind after its %s event (%s)", l.Worker, l.Count, l.What, l.Event, l.Detail)
}

// NewWorld is a world without Workers.
func NewWorld(p *platform.World, entropy *sched.Rand) *World {
	return &World{
		World: p, Entropy: entropy, Locations: []string{"home"},
		ops:     platform.Ops(),
		kvs:     map[string]*platform.KV{},
		queues:  map[string]*platform.Queue{},
		buckets: map[string]*platform.Bucket{},
		bases:   map[string]*platform.Database{},
		caches:  map[cachePlace]map[string]cached{},
		workers: map[string]*Worker{},
	}
}

// somewhere is the location of an event: by chance, but the same for the same
// event at the same instant, whatever else happens in the run.
func (w *World) somewhere(event ...string) string {
	h := fnv.New64a()
	fmt.Fprint(h, w.Seed, w.Now().UnixNano(), event)
	return w.Locations[h.Sum64()%uint64(len(w.Locations))]
}

// KV is the namespace with this id.
func (w *World) KV(id string) *platform.KV {
	if w.kvs[id] == nil {
		w.kvs[id] = platform.NewKV(w.World, id)
	}
	return w.kvs[id]
}

// Queue is the queue of this name; nil for the empty name.
func (w *World) Queue(name string) *platform.Queue {
	if name == "" {
		return nil
	}
	if w.queues[name] == nil {
		w.queues[name] = platform.NewQueue(w.World, name, w.Queue)
	}
	return w.queues[name]
}

// Bucket is the bucket of this name.
func (w *World) Bucket(name string) *platform.Bucket {
	if w.buckets[name] == nil {
		w.buckets[name] = platform.NewBucket(w.World)
	}
	return w.buckets[name]
}

// Database is the D1 database with this id.
func (w *World) Database(id string) *platform.Database {
	if w.bases[id] == nil {
		db, err := platform.OpenDatabase()
		if err != nil {
			w.Fail(fmt.Errorf("wasmtest: database %s: %w", id, err))
			return nil
		}
		w.bases[id] = db
	}
	return w.bases[id]
}

// Close drops every Worker and every database.
func (w *World) Close() {
	for _, wk := range w.order {
		wk.Close()
	}
	for _, name := range sortedKeys(w.bases) {
		w.bases[name].Close()
	}
}

// Worker is the Worker of this name; nil for none.
func (w *World) Worker(name string) *Worker { return w.workers[name] }

// Workers are all Workers, as they were deployed.
func (w *World) Workers() []*Worker { return w.order }

// Fail records the first error that no Worker could have caused: a member that
// wasmtest lacks, an unknown host. It ends the test.
func (w *World) Fail(err error) {
	if w.failure == nil {
		w.failure = err
		w.Tracef("FAIL %v", err)
	}
}

// Failure is that error, if there was one.
func (w *World) Failure() error { return w.failure }

// Leaks are what events left behind so far.
func (w *World) Leaks() []Leak { return w.leaks }

// Log is every line logged so far.
func (w *World) Log() []Line { return w.lines }

func (w *World) logf(worker, level, text string) {
	l := Line{w.Now(), worker, level, text}
	w.lines = append(w.lines, l)
	w.Tracef("log %s %s: %s", worker, level, text)
	if w.OnLog != nil {
		w.OnLog(l)
	}
}

// Trip is platform's, by the name of the operation.
func (w *World) trip(op string, lane *sched.Lane, detail string, act func(answer func()), done func(error)) {
	o, ok := w.ops[op]
	if !ok {
		panic("workerd: no operation " + op)
	}
	w.World.Trip(o, lane, detail, act, done)
}
