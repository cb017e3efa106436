package workerd

import (
	"slices"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// syumai is the worker.mjs that github.com/syumai/workers generates: a new Go
// instance for every event.
type syumai struct {
	iso     *Isolate
	running []*syumaiInstance
}

// NewSyumai is the glue of a stock syumai/workers module.
func NewSyumai(iso *Isolate) Glue {
	g := &syumai{iso: iso}
	iso.realm.Global.Define("tryCatch", jsobj.NewFunction("tryCatch", tryCatch))
	return g
}

func tryCatch(c *jsobj.Call) (jsobj.Value, error) {
	fn, ok := c.Arg(0).(jsobj.Callable)
	if !ok {
		return nil, c.Realm.TypeError("tryCatch: not a function")
	}
	v, err := fn.Call(c.Realm, jsobj.Undefined{}, nil)
	thrown, isThrow := err.(*jsobj.Throw)
	switch {
	case isThrow:
		return c.Realm.NewRecord().With("error", thrown.Value), nil
	case err != nil:
		return nil, err
	}
	return c.Realm.NewRecord().With("result", v), nil
}

type syumaiInstance struct {
	guest   *gojs.Instance
	binding *jsobj.Record
	context *Context
	isReady bool
}

func (in *syumaiInstance) ready() { in.isReady = true }

// Instances implements Glue. Those whose event is over are closed.
func (g *syumai) Instances() []*gojs.Instance {
	g.running = slices.DeleteFunc(g.running, func(in *syumaiInstance) bool {
		if !in.context.alive && g.iso.current != in.context {
			in.guest.Close()
			return true
		}
		return in.guest.Err() != nil
	})
	list := make([]*gojs.Instance, len(g.running))
	for i, in := range g.running {
		list[i] = in.guest
	}
	return list
}

// run boots an instance and calls one of its handlers.
func (g *syumai) run(c *Context, handler string, arg jsobj.Value) (*jsobj.Promise, error) {
	r := g.iso.realm
	in := &syumaiInstance{binding: r.NewRecord(), context: c}
	context := r.NewRecord().With("env", g.iso.env).With("ctx", g.iso.executionContext(c)).With("binding", in.binding).
		With("connect", jsobj.NewFunction("connect", func(*jsobj.Call) (jsobj.Value, error) {
			return nil, &jsobj.Missing{Name: "cloudflare:sockets connect"}
		}))
	var err error
	in.guest, err = g.iso.Boot(in, &jsobj.Overlay{Global: r.Global, Name: "context", Value: context}, false, nil)
	if err != nil {
		return nil, err
	}
	g.running = append(g.running, in)
	if err := in.guest.Run(); err != nil {
		return nil, r.Fail(err.Error())
	}
	in.guest.Made()
	if !in.isReady { // readyPromise never settles: the event hangs
		return r.NewPromise(), nil
	}
	fn, ok := in.binding.Own(handler).(jsobj.Callable)
	if !ok {
		return nil, r.TypeError("binding." + handler + " is not a function")
	}
	v, err := fn.Call(r, in.binding, []jsobj.Value{arg})
	if err != nil {
		return nil, err
	}
	return r.Resolved(v), nil
}

// Fetch implements Glue.
func (g *syumai) Fetch(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
	return g.run(c, "handleRequest", q)
}

// Queue implements Glue.
func (g *syumai) Queue(c *Context, batch jsobj.Value) (*jsobj.Promise, error) {
	return g.run(c, "handleQueueMessageBatch", batch)
}

// Scheduled implements Glue.
func (g *syumai) Scheduled(c *Context, event jsobj.Value) (*jsobj.Promise, error) {
	return g.run(c, "runScheduler", event)
}

// Object implements Glue: the stock glue exports no classes.
func (g *syumai) Object(*Actor) (ObjectGlue, error) { return nil, errNoObjects }

// executionContext is the ctx that a handler gets.
func (iso *Isolate) executionContext(c *Context) jsobj.Value {
	return iso.realm.NewNamespace("ExecutionContext", map[string]jsobj.Func{
		"waitUntil": func(call *jsobj.Call) (jsobj.Value, error) {
			c.WaitUntil(call.Realm.Resolved(call.Arg(0)))
			return jsobj.Undefined{}, nil
		},
		"passThroughOnException": func(*jsobj.Call) (jsobj.Value, error) { return jsobj.Undefined{}, nil },
	})
}
