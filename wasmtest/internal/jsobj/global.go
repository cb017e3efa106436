package jsobj

import (
	"slices"
	"strings"
	"time"
)

// Global is globalThis.
type Global struct {
	own    Props
	absent []string
}

// Class is a class by name only.
func (g *Global) Class() *Class { return &Class{Name: "globalThis"} }

// Get reads a global. One that neither this table nor the guest defined, and
// that workerd would not lack, is missing.
func (g *Global) Get(_ *Realm, name string) (Value, error) {
	if v, ok := g.own.Get(name); ok {
		return v, nil
	}
	if slices.Contains(g.absent, name) {
		return Undefined{}, nil
	}
	return nil, &Missing{"globalThis." + name}
}

// Set writes a global.
func (g *Global) Set(_ *Realm, name string, v Value) error {
	g.own.Set(name, v)
	return nil
}

// Define writes a global.
func (g *Global) Define(name string, v Value) { g.own.Set(name, v) }

// Overlay is a global object that differs from another in one name: what the
// proxy of syumai's wasm_exec.js gives each of its instances.
type Overlay struct {
	Global *Global
	Name   string
	Value  Value
}

// Class is a class by name only.
func (o *Overlay) Class() *Class { return o.Global.Class() }

// Get reads a global.
func (o *Overlay) Get(r *Realm, name string) (Value, error) {
	if name == o.Name {
		return o.Value, nil
	}
	return o.Global.Get(r, name)
}

// Set writes a global.
func (o *Overlay) Set(r *Realm, name string, v Value) error { return o.Global.Set(r, name, v) }

func (r *Realm) newGlobal() *Global {
	k := &r.classes
	g := &Global{absent: []string{
		"window", "document", "Deno", "Bun", "importScripts", // no browser, no other server
		"__wasmtest__", // never defined; a guest may look
	}}
	for _, c := range []*Class{
		k.object, k.array, k.promise, k.err, k.typeError, k.rangeError, k.domException,
		k.arrayBuffer, k.uint8Array, k.uint8Clamped, k.date, k.headers, k.request, k.response,
		k.stream, k.fixedLength, k.abortController, k.abortSignal,
	} {
		g.Define(c.Name, c)
	}
	g.Define("globalThis", g)
	g.Define("console", r.console())
	g.Define("crypto", r.crypto())
	g.Define("performance", r.performance())
	g.Define("fs", r.fs())
	g.Define("process", r.process())
	g.Define("path", r.record("path", map[string]Func{"resolve": pathResolve}))
	r.defineTimers(g)
	return g
}

// record is a plain object of functions whose lack of a member is an error.
func (r *Realm) record(name string, methods map[string]Func) *Namespace {
	return &Namespace{Instance(&Class{Name: name, Methods: methods})}
}

// Namespace is an object of functions such as console or crypto.
type Namespace struct{ Base }

// NewNamespace is an object with the given functions; any other member is
// missing.
func (r *Realm) NewNamespace(name string, methods map[string]Func) *Namespace {
	return r.record(name, methods)
}

// Get reads a member.
func (n *Namespace) Get(r *Realm, name string) (Value, error) { return n.getOf(r, n, name) }

// Set writes a member.
func (n *Namespace) Set(r *Realm, name string, v Value) error { return n.setOf(r, n, name, v) }

func (r *Realm) console() *Namespace {
	line := func(level string) Func {
		return func(c *Call) (Value, error) {
			parts := make([]string, len(c.Args))
			for i, a := range c.Args {
				parts[i] = Describe(a)
			}
			c.Realm.host.Log(level, strings.Join(parts, " "))
			return Undefined{}, nil
		}
	}
	methods := map[string]Func{}
	for _, level := range []string{"log", "info", "warn", "error", "debug"} {
		methods[level] = line(level)
	}
	return r.record("console", methods)
}

func (r *Realm) performance() *Namespace {
	n := r.record("performance", map[string]Func{
		"now": func(c *Call) (Value, error) { return float64(c.Realm.host.Now().UnixMilli()), nil },
	})
	n.class.Getters = map[string]Func{"timeOrigin": func(*Call) (Value, error) { return 0.0, nil }}
	return n
}

func (r *Realm) defineTimers(g *Global) {
	type timer struct {
		fn     Callable
		cancel func()
	}
	timers, next := map[float64]timer{}, 0.0
	g.Define("setTimeout", NewFunction("setTimeout", func(c *Call) (Value, error) {
		fn, ok := c.Arg(0).(Callable)
		if !ok {
			return nil, c.Realm.TypeError("setTimeout: the callback is not a function")
		}
		next++
		id, args := next, c.Args[min(2, len(c.Args)):]
		ms := ToNumber(c.Arg(1))
		if !(ms > 0) {
			ms = 0
		}
		timers[id] = timer{fn, c.Realm.host.After(time.Duration(ms*float64(time.Millisecond)), "setTimeout", func() {
			delete(timers, id)
			if _, err := fn.Call(c.Realm, Undefined{}, args); err != nil {
				c.Realm.Rejected(c.Realm.Caught(err)) // an uncaught exception
			}
		})}
		return id, nil
	}))
	g.Define("clearTimeout", NewFunction("clearTimeout", func(c *Call) (Value, error) {
		id, _ := c.Arg(0).(float64)
		if t, ok := timers[id]; ok {
			delete(timers, id)
			t.cancel()
			if f, ok := t.fn.(*Function); ok && f.Fate == Unused {
				f.Fate = Cleared
			}
		}
		return Undefined{}, nil
	}))
	g.Define("queueMicrotask", NewFunction("queueMicrotask", func(c *Call) (Value, error) {
		c.Realm.Resolved(Undefined{}).then(c.Arg(0), Undefined{})
		return Undefined{}, nil
	}))
}

// Define gives the object a property that is no function.
func (n *Namespace) Define(name string, v Value) { n.own.Set(name, v) }
