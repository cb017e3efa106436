package gojs

import "github.com/hookweir/hookweir/wasmtest/internal/jsobj"

// goObject is the instance of wasm_exec.js's class Go, as syscall/js sees it.
type goObject struct {
	in      *Instance
	pending jsobj.Value // the event that handleEvent takes
	wrapper *jsobj.Function
}

func newGoObject(in *Instance) *goObject {
	g := &goObject{in: in}
	g.wrapper = jsobj.NewFunction("Go._makeFuncWrapper", func(c *jsobj.Call) (jsobj.Value, error) {
		return g.callback(c.Arg(0)), nil
	})
	return g
}

// Class is a class by name only.
func (g *goObject) Class() *jsobj.Class { return &jsobj.Class{Name: "Go"} }

// Get reads a member.
func (g *goObject) Get(_ *jsobj.Realm, name string) (jsobj.Value, error) {
	switch name {
	case "_pendingEvent":
		return g.pending, nil
	case "_makeFuncWrapper":
		return g.wrapper, nil
	}
	return nil, &jsobj.Missing{Name: "Go." + name}
}

// Set writes a member.
func (g *goObject) Set(_ *jsobj.Realm, name string, v jsobj.Value) error {
	if name != "_pendingEvent" {
		return &jsobj.Missing{Name: "Go." + name + " (assignment)"}
	}
	g.pending = v
	return nil
}

// callback is a JavaScript function that calls the js.Func with this id. Once
// the program has ended it throws, as wasm_exec.js's does.
func (g *goObject) callback(id jsobj.Value) *jsobj.Function {
	in := g.in
	f := jsobj.NewFunction("Go callback", func(c *jsobj.Call) (jsobj.Value, error) {
		if in.err != nil && in.depth == 0 {
			if in.quiet {
				return jsobj.Undefined{}, nil
			}
			return nil, c.Realm.Fail("Go program has already exited")
		}
		event := c.Realm.NewRecord().
			With("id", id).
			With("this", c.This).
			With("args", c.Realm.NewArray(c.Args...))
		g.pending = event
		if err := in.Resume(); err != nil {
			if in.depth > 0 {
				return nil, err // the frames below are gone as well
			}
			if in.quiet {
				return jsobj.Undefined{}, nil
			}
			return nil, c.Realm.Fail(err.Error())
		}
		return event.Own("result"), nil
	})
	in.made = append(in.made, f)
	return f
}
