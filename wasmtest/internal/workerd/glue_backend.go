package workerd

import (
	"fmt"
	"slices"

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

// host is context.host for one instance.
func (g *backend) host(in *backendInstance) *jsobj.Namespace {
	sql := &sqlOf{instance: in}
	return g.iso.realm.NewNamespace("context.host", map[string]jsobj.Func{
		"start": hostStart, "fetch": g.hostFetch, "stream": g.hostStream, "invoke": g.hostInvoke, "sendBatch": g.hostSendBatch,
		"objectGet": g.hostObjectGet, "sleep": g.hostSleep, "setAlarm": hostSetAlarm, "transaction": g.hostTransaction,
		"sqlStatement": sql.statement, "sqlForget": sql.forget, "sql": sql.exec, "sqlRest": sql.takeRest,
	})
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
	objects map[float64]bool // serials of those that Go knows
	flight  []*flight
	events  int
	dead    bool
	retired bool
	isReady bool

	goroutines float64 // at rest
	counting   bool    // they will be looked at
}

// flight is an event in an instance.
type flight struct{ out *jsobj.Promise }

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
	in.iso.Log("log", fmt.Sprintf(`{"level":"info","event":"backend.instance_recycled","events":%d,"memory":%d,"in_flight":%d}`, in.events, memory, len(in.flight)))
	return true
}

// get is the instance for the next event.
func (g *backend) get() (*backendInstance, error) {
	if g.current != nil && !g.current.full() {
		return g.current, nil
	}
	// An instance that was replaced goes when its last event has ended.
	g.all = slices.DeleteFunc(g.all, func(in *backendInstance) bool {
		idle := len(in.flight) == 0
		if idle {
			in.guest.Close()
		}
		return idle
	})
	r := g.iso.realm
	in := &backendInstance{iso: g.iso, binding: r.NewRecord(), objects: map[float64]bool{}}
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
		With("host", g.host(in)).
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
	in.iso.Log("error", fmt.Sprintf(`{"level":"error","event":"backend.instance_died","why":%q,"in_flight":%d}`, why, len(in.flight)))
	for _, f := range in.flight {
		f.out.Reject(in.iso.realm.NewError("Error", "the instance ended before this event"))
	}
	in.flight = nil
}

// run enters Go with settle(ok, value or text of the error), before args, and
// gives what Go answers.
func (in *backendInstance) run(handler string, args ...jsobj.Value) *jsobj.Promise {
	r, f := in.iso.realm, &flight{in.iso.realm.NewPromise()}
	in.events++
	if in.dead {
		f.out.Reject(r.NewError("Error", "the instance did not start"))
		return f.out
	}
	in.flight = append(in.flight, f)
	c := in.iso.current
	end := func() {
		in.flight = slices.DeleteFunc(in.flight, func(o *flight) bool { return o == f })
		in.count(c)
	}
	settle := jsobj.NewFunction("settle", func(c *jsobj.Call) (jsobj.Value, error) {
		end()
		if jsobj.Truthy(c.Arg(0)) {
			f.out.Resolve(c.Arg(1))
		} else {
			f.out.Reject(r.NewError("Error", jsobj.Describe(c.Arg(1))))
		}
		return jsobj.Undefined{}, nil
	})
	if err := in.enter(handler, settle, args); err != nil {
		in.die(err)
		end()
		f.out.Settle(nil, err)
	}
	return f.out
}

// resting is how many goroutines the guest has; ok is false when it does not say.
func (in *backendInstance) resting() (n float64, ok bool) {
	fn, ok := in.binding.Own("goroutines").(jsobj.Callable)
	if !ok || in.guest.Err() != nil {
		return 0, false
	}
	v, err := fn.Call(in.iso.realm, jsobj.Undefined{}, nil)
	return jsobj.ToNumber(v), err == nil
}

// count looks at the guest's goroutines once no event is in flight: more than
// after the start were left behind, by c's event at the latest.
func (in *backendInstance) count(c *Context) {
	if in.counting || in.goroutines == 0 {
		return
	}
	in.counting = true
	in.iso.world.Loop.After(0, "goroutines", func() {
		in.counting = false
		if len(in.flight) > 0 {
			return
		}
		if n, ok := in.resting(); ok && n > in.goroutines {
			in.iso.leak(c, "goroutine", int(n-in.goroutines), "it still waits for something, and nothing is left that could wake it")
			in.goroutines = n
		}
	})
}

// enter calls a handler. syumai's own take one argument and give a promise.
func (in *backendInstance) enter(handler string, settle jsobj.Callable, args []jsobj.Value) error {
	r := in.iso.realm
	fn, ok := in.binding.Own(handler).(jsobj.Callable)
	if !ok {
		return r.TypeError("binding." + handler + " is not a function")
	}
	if handler == "handleQueueMessageBatch" || handler == "runScheduler" {
		v, err := fn.Call(r, in.binding, args)
		if err != nil {
			return err
		}
		p, ok := v.(*jsobj.Promise)
		if !ok {
			return r.TypeError("Cannot read properties of undefined (reading 'then')")
		}
		p.Then(func(v jsobj.Value, rejected bool) {
			text := jsobj.Value(jsobj.Undefined{})
			if e, ok := v.(*jsobj.Error); ok && rejected {
				text = e.Message
			} else if rejected {
				text = jsobj.Describe(v)
			}
			if _, err := settle.Call(r, jsobj.Undefined{}, []jsobj.Value{!rejected, text}); err != nil {
				r.Abort(err)
			}
		})
		return nil
	}
	_, err := fn.Call(r, in.binding, append([]jsobj.Value{settle}, args...))
	return err
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
		in.run("handleFetch", q.Method, q.URL, flat(r, q.Headers), body).Then(func(v jsobj.Value, rejected bool) {
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

// answer makes a Response of {status, headers, body}.
func (g *backend) answer(v jsobj.Value) (jsobj.Value, error) {
	r := g.iso.realm
	h := r.NewHeaders()
	if err := pairs(r, h, option(v, "headers")); err != nil {
		return nil, err
	}
	var body *jsobj.Stream
	if b, _ := jsobj.BytesOf(option(v, "body")); len(b) > 0 {
		body = r.StreamOf(append([]byte(nil), b...))
	}
	return r.NewResponse(int(jsobj.ToNumber(option(v, "status"))), h, body), nil
}

func flat(r *jsobj.Realm, h *jsobj.Headers) *jsobj.Array {
	var list []jsobj.Value
	for _, f := range h.Combined() {
		list = append(list, f.Name, f.Value)
	}
	return r.NewArray(list...)
}

func pairs(r *jsobj.Realm, h *jsobj.Headers, v jsobj.Value) error {
	list, err := r.Iterate(v)
	if err != nil {
		return err
	}
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

func (g *backend) enter(handler string, args ...jsobj.Value) (*jsobj.Promise, error) {
	in, err := g.get()
	if err != nil {
		return nil, err
	}
	return in.run(handler, args...), nil
}

// Object implements Glue.
func (g *backend) Object(a *Actor) (ObjectGlue, error) {
	g.serial++
	return &backendObject{glue: g, actor: a, serial: float64(g.serial)}, nil
}

// backendObject is backend.mjs's objectClass.
type backendObject struct {
	glue   *backend
	actor  *Actor
	serial float64
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
	return o.enter(in, "handleObject", args[0], args[1]), nil
}

// Alarm implements ObjectGlue.
func (o *backendObject) Alarm() (*jsobj.Promise, error) {
	in, err := o.instance()
	if err != nil {
		return nil, err
	}
	return o.enter(in, "handleAlarm"), nil
}

// enter calls a handler. Class and state cross until a call has succeeded: then
// Go knows them.
func (o *backendObject) enter(in *backendInstance, handler string, args ...jsobj.Value) *jsobj.Promise {
	class, state := jsobj.Value(o.actor.Object.Class), o.actor.state
	if in.objects[o.serial] {
		class, state = nil, nil
	}
	p := in.run(handler, append([]jsobj.Value{o.serial, class, state}, args...)...)
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
