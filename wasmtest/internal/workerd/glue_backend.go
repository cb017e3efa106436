package workerd

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// backend is shared/edge/backend/backend.mjs in Go: one shared instance, a
// goroutine per event, see that package's doc.go.
type backend struct {
	iso     *Isolate
	current *backendInstance
	all     []*backendInstance
	serial  int
}

// NewBackend is the glue of the private Worker.
func NewBackend(iso *Isolate) Glue {
	return &backend{iso: iso}
}

// Instances implements Glue.
func (g *backend) Instances() []*gojs.Instance {
	var list []*gojs.Instance
	for _, in := range g.all {
		if in.guest.Err() == nil {
			list = append(list, in.guest)
		}
	}
	return list
}

type backendInstance struct {
	iso     *Isolate
	guest   *gojs.Instance
	binding *jsobj.Record
	objects map[int]bool // serials of those that Go knows
	bridge  *bridge
	events  int
	dead    bool
	retired bool
	isReady bool

	goroutines int  // at rest
	counting   bool // they will be looked at
}

func (in *backendInstance) ready() { in.isReady = true }

// full says that new events need a fresh instance.
func (in *backendInstance) full() bool {
	if in.dead || in.retired {
		return true
	}
	memory := in.guest.Memory()
	limit := func(name string) float64 { return jsobj.ToNumber(in.binding.Own(name)) }
	if float64(in.events) < limit("maxEvents") && float64(memory) < limit("maxMemory") {
		return false
	}
	in.retired = true
	in.iso.Log("log", fmt.Sprintf(`{"level":"info","event":"backend.instance_recycled","events":%d,"memory":%d,"in_flight":%d}`, in.events, memory, len(in.bridge.events)))
	return true
}

// get is the instance for the next event.
func (g *backend) get() (*backendInstance, error) {
	if g.current != nil && !g.current.full() {
		return g.current, nil
	}
	// An instance that was replaced goes when its last event has ended.
	g.all = slices.DeleteFunc(g.all, func(in *backendInstance) bool {
		idle := len(in.bridge.events) == 0
		if idle {
			in.guest.Close()
		}
		return idle
	})
	r := g.iso.realm
	in := &backendInstance{iso: g.iso, binding: r.NewRecord(), objects: map[int]bool{}}
	in.bridge = newBridge(g, in)
	waitUntil := jsobj.NewFunction("waitUntil", func(c *jsobj.Call) (jsobj.Value, error) {
		g.iso.current.WaitUntil(c.Realm.Resolved(c.Arg(0)))
		return jsobj.Undefined{}, nil
	})
	retire := jsobj.NewFunction("retire", func(*jsobj.Call) (jsobj.Value, error) {
		in.retired = true
		return jsobj.Undefined{}, nil
	})
	r.Global.Define("context", r.NewRecord().
		With("env", g.iso.env).
		With("ctx", r.NewRecord().With("waitUntil", waitUntil)).
		With("binding", in.binding).
		With("host", in.bridge.host()).
		With("retire", retire))
	var err error
	if in.guest, err = g.iso.Boot(in, nil, true, in.die); err != nil {
		return nil, err
	}
	g.current, g.all = in, append(g.all, in)
	if err := in.guest.Run(); err == nil && !in.isReady {
		in.die(fmt.Errorf("main did not call ready"))
	}
	in.goroutines, _ = in.resting()
	in.guest.Made()
	return in, nil
}

func (in *backendInstance) die(why error) {
	if in.dead {
		return
	}
	in.dead = true
	in.iso.Log("error", fmt.Sprintf(`{"level":"error","event":"backend.instance_died","why":%q,"in_flight":%d}`, why, len(in.bridge.events)))
	for _, event := range slices.Sorted(maps.Keys(in.bridge.events)) {
		in.end(event, func(out *jsobj.Promise) {
			out.Reject(in.iso.realm.NewError("Error", "the instance ended before this event"))
		})
	}
}

// flight is an event in an instance.
type flight struct {
	out     *jsobj.Promise
	context *Context // that it came in
}

// Kinds of events, as in shared/edge/backend.
const (
	eventFetch       = 0
	eventObject      = 1
	eventAlarm       = 2
	eventObjectFetch = 3
)

// wake calls an export of Go's, and has it run until it waits.
func (in *backendInstance) wake(export string, numbers ...int) {
	if in.guest.Err() != nil { // nobody to tell
		return
	}
	args := make([]uint64, len(numbers))
	for i, n := range numbers {
		args[i] = uint64(uint32(int32(n)))
	}
	_, err := in.guest.Call(export, args...)
	if err == nil {
		err = in.guest.Resume()
	}
	if err != nil {
		in.die(err)
	}
}

// run has Go handle an event: enter says what it is. The promise is of the
// list of values that Go answers.
func (in *backendInstance) run(enter func(event int) error) *jsobj.Promise {
	out := in.iso.realm.NewPromise()
	in.events++
	if in.dead {
		out.Reject(in.iso.realm.NewError("Error", "the instance did not start"))
		return out
	}
	in.bridge.event++
	event := in.bridge.event
	in.bridge.events[event] = flight{out, in.iso.current}
	if err := enter(event); err != nil {
		in.die(err)
	}
	return out
}

// end settles an event; nothing, if it has been.
func (in *backendInstance) end(event int, settle func(out *jsobj.Promise)) {
	f, ok := in.bridge.events[event]
	if !ok {
		return
	}
	delete(in.bridge.events, event)
	in.count(f.context)
	settle(f.out)
}

// call has Go handle an event of a kind, with values, of an object by its
// serial number; a sink takes its answer.
func (in *backendInstance) call(kind int, values []jsobj.Value, serial int, s *sink) *jsobj.Promise {
	return in.run(func(event int) error {
		if s != nil {
			s.event = event
			in.bridge.sinks[event] = s
		}
		in.wake("enter", kind, event, in.bridge.post(values), serial)
		return nil
	})
}

// over has a handler of syumai's handle an event: it gives a promise.
func (in *backendInstance) over(handler string, argument jsobj.Value) *jsobj.Promise {
	r := in.iso.realm
	return in.run(func(event int) error {
		fn, ok := in.binding.Own(handler).(jsobj.Callable)
		if !ok {
			return r.TypeError("binding." + handler + " is not a function")
		}
		v, err := fn.Call(r, in.binding, []jsobj.Value{argument})
		if err != nil {
			return err
		}
		p, ok := v.(*jsobj.Promise)
		if !ok {
			return r.TypeError("Cannot read properties of undefined (reading 'then')")
		}
		p.Then(func(v jsobj.Value, rejected bool) {
			in.end(event, func(out *jsobj.Promise) {
				switch e, is := v.(*jsobj.Error); {
				case !rejected:
					out.Resolve(v)
				case is:
					out.Reject(r.NewError("Error", jsobj.Describe(e.Message)))
				default:
					out.Reject(r.NewError("Error", jsobj.Describe(v)))
				}
			})
		})
		return nil
	})
}

// resting is how many goroutines the guest has; ok is false when it does not say.
func (in *backendInstance) resting() (n int, ok bool) {
	const export = "goroutines"
	if !in.iso.worker.Module.Exports(export) || in.guest.Err() != nil {
		return 0, false
	}
	results, err := in.guest.Call(export)
	if err != nil || len(results) != 1 {
		return 0, false
	}
	return int(int32(results[0])), true
}

// count looks at the guest once no event is in flight: more goroutines than
// after the start were left behind, by c's event at the latest, and callbacks
// that no object's event has called (those of other events were looked at when
// each was over).
func (in *backendInstance) count(c *Context) {
	if in.counting || in.goroutines == 0 {
		return
	}
	in.counting = true
	in.iso.world.Loop.After(0, "goroutines", func() {
		in.counting = false
		if len(in.bridge.events) > 0 {
			return
		}
		for _, a := range in.iso.actors {
			if len(a.context.pending) == 0 { // else they may be its, such as those of a query nobody waits for
				a.context.leftCallbacks()
			}
		}
		if n, ok := in.resting(); ok && n > in.goroutines {
			in.iso.leak(c, "goroutine", n-in.goroutines, "it still waits for something, and nothing is left that could wake it")
			in.goroutines = n
		}
	})
}

// Fetch implements Glue.
func (g *backend) Fetch(_ *Context, q *jsobj.Request) (*jsobj.Promise, error) {
	in, err := g.get()
	if err != nil {
		return nil, err
	}
	if p, err := g.routed(in, q); p != nil || err != nil {
		return p, err
	}
	r, out := g.iso.realm, g.iso.realm.NewPromise()
	limit := int(jsobj.ToNumber(in.binding.Own("bodyLimit")))
	enter := func(body jsobj.Value) {
		in.call(eventFetch, append([]jsobj.Value{q.Method, q.URL, body}, flat(q.Headers)...), 0, nil).Then(func(v jsobj.Value, rejected bool) {
			if rejected {
				out.Reject(v)
				return
			}
			out.Settle(g.answer(v))
		})
	}
	if q.Stream() == nil {
		enter(r.NewBytes(nil))
		return out, nil
	}
	readLimited(q.Stream(), limit, func(b []byte, tooLarge bool, failure jsobj.Value) {
		switch {
		case failure != nil:
			out.Reject(failure)
		case tooLarge:
			enter(nil)
		default:
			enter(r.NewBytes(b))
		}
	})
	return out, nil
}

// answer makes a Response of a status, a body and headers.
func (g *backend) answer(v jsobj.Value) (jsobj.Value, error) {
	r := g.iso.realm
	list, err := r.Iterate(v)
	if err != nil || len(list) < 2 {
		return nil, err
	}
	h := r.NewHeaders()
	if err := pairs(r, h, list[2:]); err != nil {
		return nil, err
	}
	var body *jsobj.Stream
	if b, _ := jsobj.BytesOf(list[1]); len(b) > 0 {
		body = r.StreamOf(b)
	}
	return r.NewResponse(int(jsobj.ToNumber(list[0])), h, body), nil
}

func flat(h *jsobj.Headers) []jsobj.Value {
	var list []jsobj.Value
	for _, f := range h.Combined() {
		list = append(list, f.Name, f.Value)
	}
	return list
}

func pairs(r *jsobj.Realm, h *jsobj.Headers, list []jsobj.Value) error {
	for i := 0; i+1 < len(list); i += 2 {
		if err := h.Add(r, jsobj.Describe(list[i]), jsobj.Describe(list[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// Queue implements Glue.
func (g *backend) Queue(_ *Context, batch jsobj.Value) (*jsobj.Promise, error) {
	return g.enter("handleQueueMessageBatch", batch)
}

// Scheduled implements Glue.
func (g *backend) Scheduled(_ *Context, event jsobj.Value) (*jsobj.Promise, error) {
	return g.enter("runScheduler", event)
}

func (g *backend) enter(handler string, argument jsobj.Value) (*jsobj.Promise, error) {
	in, err := g.get()
	if err != nil {
		return nil, err
	}
	return in.over(handler, argument), nil
}

// Object implements Glue.
func (g *backend) Object(a *Actor) (ObjectGlue, error) {
	g.serial++
	return &backendObject{glue: g, actor: a, serial: g.serial}, nil
}

// backendObject is backend.mjs's objectClass.
type backendObject struct {
	glue   *backend
	actor  *Actor
	serial int
	objectStreams
}

// Call implements ObjectGlue: there is one method, invoke(method, payload).
func (o *backendObject) Call(method string, args []jsobj.Value) (*jsobj.Promise, error) {
	if method != "invoke" || len(args) != 2 {
		return nil, o.glue.iso.realm.TypeError("The RPC receiver does not implement the method \"" + method + "\".")
	}
	in, err := o.instance()
	if err != nil {
		return nil, err
	}
	answer, out := o.enter(in, eventObject, nil, args[0], args[1]), o.glue.iso.realm.NewPromise()
	answer.Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			out.Reject(v)
			return
		}
		reply, err := o.glue.iso.realm.Iterate(v)
		if err == nil && len(reply) == 1 {
			v = reply[0]
		}
		out.Settle(v, err)
	})
	return out, nil
}

// Alarm implements ObjectGlue.
func (o *backendObject) Alarm(retries int) (*jsobj.Promise, error) {
	in, err := o.instance()
	if err != nil {
		return nil, err
	}
	ended, r := o.enter(in, eventAlarm, nil), o.glue.iso.realm
	if retries < lastRetry {
		return ended, nil
	}
	out := r.NewPromise()
	ended.Then(func(v jsobj.Value, rejected bool) {
		if !rejected {
			out.Resolve(v)
			return
		}
		out.Settle(o.ring(v))
	})
	return out, nil
}

// lastRetry and ringAgain are backend.mjs's LAST_RETRY and RING_AGAIN.
const (
	lastRetry = 5
	ringAgain = time.Minute
)

// ring sets an alarm that failed anew, unless another one is set.
func (o *backendObject) ring(reason jsobj.Value) (jsobj.Value, error) {
	iso := o.glue.iso
	iso.Log("error", fmt.Sprintf(`{"level":"error","event":"backend.alarm_failed","class":%q,"why":%q}`, o.actor.Object.Class, jsobj.Describe(text(iso.realm, reason, "message"))))
	state, ok := o.actor.state.(jsobj.Object)
	if !ok {
		return nil, iso.realm.TypeError("Cannot read properties of undefined (reading 'storage')")
	}
	v, err := state.Get(iso.realm, "storage")
	if err != nil {
		return nil, err
	}
	storage, out := v.(jsobj.Object), iso.realm.NewPromise()
	set, err := iso.realm.Invoke(storage, "getAlarm")
	if err != nil {
		return nil, err
	}
	iso.realm.Resolved(set).Then(func(at jsobj.Value, rejected bool) {
		switch {
		case rejected:
			out.Reject(at)
		case at != nil:
			out.Resolve(jsobj.Undefined{})
		default:
			out.Settle(iso.realm.Invoke(storage, "setAlarm", float64(iso.Now().Add(ringAgain).UnixMilli())))
		}
	})
	return out, nil
}

// enter begins an event. Class and state cross until a call has succeeded: then
// Go knows them.
func (o *backendObject) enter(in *backendInstance, kind int, s *sink, values ...jsobj.Value) *jsobj.Promise {
	class, state := jsobj.Value(o.actor.Object.Class), o.actor.state
	if in.objects[o.serial] {
		class, state = nil, jsobj.Undefined{}
	}
	in.bridge.state = state
	p := in.call(kind, append([]jsobj.Value{class}, values...), o.serial, s)
	out := o.glue.iso.realm.NewPromise()
	p.Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			out.Reject(v)
			return
		}
		in.objects[o.serial] = true
		out.Resolve(v)
	})
	return out
}
