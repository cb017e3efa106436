package workerd

import (
	"net/http"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// objectBinding is a DurableObjectNamespace.
// https://developers.cloudflare.com/durable-objects/api/namespace/
func (iso *Isolate) objectBinding(class Class) jsobj.Value {
	wk := iso.worker
	if class.Script != "" {
		wk = iso.world.Worker(class.Script)
	}
	get := func(c *jsobj.Call) (jsobj.Value, error) {
		id, ok := c.Arg(0).(*ObjectID)
		if !ok {
			return nil, c.Realm.TypeError("DurableObjectNamespace.get: not an id of this namespace")
		}
		return &Stub{iso: iso, worker: wk, class: class.Name, fake: class.Fake, id: id}, nil
	}
	idFromName := func(c *jsobj.Call) (jsobj.Value, error) {
		name, err := c.Text(0)
		if err != nil {
			return nil, err
		}
		return &ObjectID{name: name, text: objectID(class.Name, name)}, nil
	}
	return iso.realm.NewNamespace("DurableObjectNamespace", map[string]jsobj.Func{
		"idFromName": idFromName,
		"get":        get,
		"getByName": func(c *jsobj.Call) (jsobj.Value, error) {
			id, err := idFromName(c)
			if err != nil {
				return nil, err
			}
			return get(&jsobj.Call{Realm: c.Realm, Args: []jsobj.Value{id}})
		},
	})
}

// ObjectID is a DurableObjectId.
type ObjectID struct{ name, text string }

// Class is a class by name only.
func (id *ObjectID) Class() *jsobj.Class { return &jsobj.Class{Name: "DurableObjectId"} }

// Get reads a member.
func (id *ObjectID) Get(_ *jsobj.Realm, name string) (jsobj.Value, error) {
	switch name {
	case "name":
		return id.name, nil
	case "toString":
		return jsobj.NewFunction("DurableObjectId.toString", func(*jsobj.Call) (jsobj.Value, error) { return id.text, nil }), nil
	case "equals":
		return jsobj.NewFunction("DurableObjectId.equals", func(c *jsobj.Call) (jsobj.Value, error) {
			other, ok := c.Arg(0).(*ObjectID)
			return ok && other.text == id.text, nil
		}), nil
	}
	return nil, &jsobj.Missing{Name: "DurableObjectId." + name}
}

// Set writes a member: there is none to write.
func (id *ObjectID) Set(_ *jsobj.Realm, name string, _ jsobj.Value) error {
	return &jsobj.Missing{Name: "DurableObjectId." + name + " (assignment)"}
}

// Stub is a DurableObjectStub: every member but a few is a method of the far
// object.
type Stub struct {
	iso    *Isolate
	worker *Worker
	class  string
	fake   func(name string) http.Handler
	id     *ObjectID
}

// Class is a class by name only.
func (s *Stub) Class() *jsobj.Class { return &jsobj.Class{Name: "DurableObjectStub"} }

// Set writes a member: there is none to write.
func (s *Stub) Set(_ *jsobj.Realm, name string, _ jsobj.Value) error {
	return &jsobj.Missing{Name: "DurableObjectStub." + name + " (assignment)"}
}

// Get reads a member.
func (s *Stub) Get(_ *jsobj.Realm, name string) (jsobj.Value, error) {
	switch name {
	case "id":
		return s.id, nil
	case "name":
		return s.id.name, nil
	case "then": // a stub is no promise
		return jsobj.Undefined{}, nil
	case "fetch":
		return jsobj.NewFunction("DurableObjectStub.fetch", s.fetch), nil
	}
	if s.fake != nil {
		return nil, &jsobj.Missing{Name: "DurableObjectStub." + name + " of a Class with a Fake"}
	}
	return jsobj.NewFunction("DurableObjectStub."+name, func(c *jsobj.Call) (jsobj.Value, error) {
		return s.call(name, c.Args)
	}), nil
}

func (s *Stub) detail() string { return s.class + " " + s.id.name }

// call is a remote procedure call. Arguments and result are cloned.
func (s *Stub) call(method string, args []jsobj.Value) (jsobj.Value, error) {
	// The clone of the arguments is taken now; the far realm clones it again.
	sent := make([]jsobj.Value, len(args))
	for i, a := range args {
		var err error
		if sent[i], err = s.iso.realm.Clone(a); err != nil {
			return nil, err
		}
	}
	var result jsobj.Value
	var failed error
	return s.iso.promise("object.call", s.detail(), func(answer func()) {
		o := s.worker.Object(s.class, s.id.name)
		o.event(method, func(g ObjectGlue) (*jsobj.Promise, error) {
			there := make([]jsobj.Value, len(sent))
			for i, a := range sent {
				var err error
				if there[i], err = o.actor.iso.realm.Clone(a); err != nil {
					return nil, err
				}
			}
			return g.Call(method, there)
		}, func(_ *Actor, v jsobj.Value, err error) {
			result, failed = v, err
			answer()
		})
	}, func() (jsobj.Value, error) {
		if failed != nil {
			e := s.iso.realm.NewError("Error", remote(failed))
			if Killed(failed) {
				_ = e.Set(s.iso.realm, "retryable", true)
			}
			_ = e.Set(s.iso.realm, "remote", !Killed(failed))
			return nil, &jsobj.Throw{Value: e}
		}
		return s.iso.realm.Clone(result)
	})
}

func (s *Stub) fetch(c *jsobj.Call) (jsobj.Value, error) {
	return s.iso.call("object.call", s.detail(), c, func(q Request, done func(Response, error)) {
		if s.fake != nil {
			s.iso.world.stand(s.standIn(), q, done)
			return
		}
		o := s.worker.Object(s.class, s.id.name)
		o.event("fetch", func(g ObjectGlue) (*jsobj.Promise, error) {
			return g.Fetch(o.actor.iso.incoming(q))
		}, func(a *Actor, v jsobj.Value, err error) {
			p, ok := v.(*jsobj.Response)
			if err != nil || !ok {
				done(Response{}, err)
				return
			}
			a.iso.outgoing(p, done)
		})
	})
}

// standIn is the handler in place of the object; it lives as long as the world.
func (s *Stub) standIn() http.Handler {
	h := s.worker.fakes[s.id.text]
	if h == nil {
		h = s.fake(s.id.name)
		s.worker.fakes[s.id.text] = h
	}
	return h
}

// stand has a handler answer other code of the platform: its body is taken
// whole, Late delays all of it, and a connection it breaks is lost.
func (w *World) stand(h http.Handler, q Request, done func(Response, error)) {
	a := serve(h, q)
	late := a.late
	for _, p := range a.pieces {
		a.Body = append(a.Body, p.Data...)
		late = a.late + p.At
	}
	var err error
	switch a.fate {
	case ErrSilent:
		return
	case http.ErrAbortHandler:
		err = platform.ErrLost
	}
	if late == 0 {
		done(a.Response, err)
		return
	}
	w.Loop.After(late, "object late", func() { done(a.Response, err) })
}
