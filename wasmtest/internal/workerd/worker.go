package workerd

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// Config is a Worker: what its wrangler.toml says.
type Config struct {
	Name      string
	Module    *gojs.Module
	Glue      func(*Isolate) Glue
	Vars      map[string]string
	KV        map[string]string // binding to namespace id
	Buckets   map[string]string // binding to bucket
	Databases map[string]string // binding to D1 database id
	Producers map[string]string // binding to queue
	Consumers []Consumer
	Objects   map[string]Class  // binding to class
	Services  map[string]string // binding to Worker
	Crons     []string
	Limits    platform.Subrequests // zeros: the platform's
	Env       []string             // NAME=value, for tests
	Allow     map[string]int       // leaks allowed in one event, by name
}

// Class names a Durable Object class; Script is the Worker that has it, empty
// for this one. Fake, if not nil, makes what stands in for an object of it.
type Class struct {
	Name, Script string
	Fake         func(name string) http.Handler
}

// Consumer is a queue this Worker consumes.
type Consumer struct {
	Queue string
	platform.Consumer
}

// Glue is what a Worker's JavaScript does, in Go: it turns events into calls
// of the guest. There is one per isolate. A promise's rejection is the event's
// failure; an error that is no exception kills the isolate.
type Glue interface {
	Fetch(c *Context, q *jsobj.Request) (*jsobj.Promise, error)
	Queue(c *Context, batch jsobj.Value) (*jsobj.Promise, error)
	Scheduled(c *Context, event jsobj.Value) (*jsobj.Promise, error)
	// Object constructs the JavaScript object of an actor.
	Object(a *Actor) (ObjectGlue, error)
	// Instances are the guests in the isolate, the dead ones apart.
	Instances() []*gojs.Instance
}

// ObjectGlue is a Durable Object's JavaScript object.
type ObjectGlue interface {
	Call(method string, args []jsobj.Value) (*jsobj.Promise, error)
	Fetch(q *jsobj.Request) (*jsobj.Promise, error)
	Alarm() (*jsobj.Promise, error)
}

// Worker is a deployed Worker.
type Worker struct {
	Config
	world    *World
	isolates map[string]*Isolate // by place: "front-fra", "objects-0" …
	objects  map[string]*Object  // by class and name
	fakes    map[string]http.Handler
	ids      []string // of objects, as they came
	crons    []*cronEntry
	still    bool // cron triggers are paused
	most     platform.Subrequests
}

// Deploy deploys Workers together, since their bindings name each other.
func (w *World) Deploy(configs []Config) error {
	for _, c := range configs {
		if w.workers[c.Name] != nil {
			return fmt.Errorf("wasmtest: two Workers are called %q", c.Name)
		}
		c.Limits = c.Limits.OrDefault()
		wk := &Worker{Config: c, world: w, isolates: map[string]*Isolate{}, objects: map[string]*Object{}, fakes: map[string]http.Handler{}}
		w.workers[c.Name] = wk
		w.order = append(w.order, wk)
	}
	for _, wk := range w.order {
		if err := wk.connect(); err != nil {
			return err
		}
	}
	return nil
}

func (wk *Worker) connect() error {
	for binding, service := range wk.Services {
		if wk.world.workers[service] == nil {
			return fmt.Errorf("wasmtest: %s: service binding %s: there is no Worker %q", wk.Name, binding, service)
		}
	}
	for binding, class := range wk.Config.Objects {
		if class.Script != "" && wk.world.workers[class.Script] == nil {
			return fmt.Errorf("wasmtest: %s: object binding %s: there is no Worker %q", wk.Name, binding, class.Script)
		}
	}
	for _, c := range wk.Consumers {
		consumer := c.Consumer
		consumer.Deliver = func(batch []*platform.Message, done func([]platform.Verdict)) {
			wk.deliver(c.Queue, consumer, batch, done)
		}
		wk.world.Queue(c.Queue).Consume(consumer)
	}
	return wk.startCrons()
}

// objectPlaces is over how many isolates the objects of one Worker are spread:
// more than one, so that two objects do not always share a fate; few, so that
// they often do.
const objectPlaces = 2

func (wk *Worker) objectIsolate(class, name string) *Isolate {
	h := fnv.New32a()
	h.Write([]byte(class + "/" + name))
	i := int(h.Sum32() % objectPlaces)
	return wk.isolate(fmt.Sprintf("objects-%d", i), wk.world.Locations[i%len(wk.world.Locations)])
}

// front is the isolate of the stateless part at a location.
func (wk *Worker) front(location string) *Isolate {
	if len(wk.world.Locations) == 1 {
		return wk.isolate("front", location)
	}
	return wk.isolate("front-"+location, location)
}

// isolate is the isolate of a place, a new one if the last one died.
func (wk *Worker) isolate(place, location string) *Isolate {
	if iso := wk.isolates[place]; iso != nil && !iso.dead {
		return iso
	}
	iso := newIsolate(wk, place, location)
	wk.isolates[place] = iso
	return iso
}

// Most is how many subrequests of each kind the busiest event made so far.
func (wk *Worker) Most() platform.Subrequests { return wk.most }

// Recycle replaces every isolate that has nothing to do, as a deployment or a
// quiet hour does.
func (wk *Worker) Recycle() {
	for _, iso := range wk.places() {
		if len(iso.contexts) == 0 {
			iso.retire()
		}
	}
}

func (wk *Worker) places() []*Isolate {
	var list []*Isolate
	for _, name := range sortedKeys(wk.isolates) {
		if iso := wk.isolates[name]; !iso.dead {
			list = append(list, iso)
		}
	}
	return list
}

// Kill kills every isolate.
func (wk *Worker) Kill() {
	for _, iso := range wk.places() {
		iso.kill()
	}
}

// handlerLimit is how long a queue, cron or alarm handler may take.
// https://developers.cloudflare.com/workers/platform/limits/#duration
const handlerLimit = 15 * time.Minute
