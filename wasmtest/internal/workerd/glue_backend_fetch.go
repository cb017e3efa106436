package workerd

import (
	"slices"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// routed hands a request to the object that Go names, if it names one.
func (g *backend) routed(in *backendInstance, q *jsobj.Request) (*jsobj.Promise, error) {
	route, ok := in.binding.Own("route").(jsobj.Callable)
	if !ok {
		return nil, nil
	}
	r := g.iso.realm
	to, err := route.Call(r, in.binding, []jsobj.Value{q.URL})
	if err != nil || to == nil {
		return nil, err
	}
	place, err := r.Iterate(to)
	if err != nil {
		return nil, err
	}
	namespace, ok := g.iso.env.Own(jsobj.Describe(place[0])).(jsobj.Object)
	if !ok {
		return nil, r.TypeError("Cannot read properties of undefined (reading 'get')")
	}
	stub, err := r.Invoke(namespace, "getByName", place[1])
	if err != nil {
		return nil, err
	}
	answer, err := r.Invoke(stub.(jsobj.Object), "fetch", q)
	if err != nil {
		return nil, err
	}
	return r.Resolved(answer), nil
}

// objectStreams is backend.mjs's Streams: the answers an object is writing,
// and the instance that writes them.
type objectStreams struct {
	open []*sink
	in   *backendInstance
}

func (o *backendObject) instance() (*backendInstance, error) {
	if len(o.open) > 0 && !o.in.dead {
		if !o.in.full() {
			return o.in, nil
		}
		for _, s := range slices.Clone(o.open) {
			s.tell(o.glue.iso.realm, 1)
		}
	}
	in, err := o.glue.get()
	o.in = in
	return in, err
}

// Fetch implements ObjectGlue. What Go writes is kept until it is whole:
// bodies cross so between isolates here.
func (o *backendObject) Fetch(q *jsobj.Request) (*jsobj.Promise, error) {
	current, err := o.glue.get()
	if err != nil {
		return nil, err
	}
	r := o.glue.iso.realm
	s := &sink{out: r.NewPromise()}
	enter := func(body jsobj.Value) {
		in, err := o.instance()
		if err != nil {
			s.out.Settle(nil, err)
			return
		}
		o.open = append(o.open, s)
		o.enter(in, "handleObjectFetch", s.object(o.glue.iso), q.Method, q.URL, flat(r, q.Headers), body).Then(func(v jsobj.Value, rejected bool) {
			o.open = slices.DeleteFunc(o.open, func(other *sink) bool { return other == s })
			s.told = nil
			if rejected {
				s.out.Reject(v)
				return
			}
			s.out.Resolve(s.response(r))
		})
	}
	if q.Stream() == nil {
		enter(r.NewBytes(nil))
		return s.out, nil
	}
	readLimited(q.Stream(), int(jsobj.ToNumber(current.binding.Own("objectBodyLimit"))), func(b []byte, tooLarge bool, failure jsobj.Value) {
		switch {
		case failure != nil:
			s.out.Reject(failure)
		case tooLarge:
			enter(nil)
		default:
			enter(r.NewBytes(b))
		}
	})
	return s.out, nil
}

// sink is backend.mjs's Sink. Nobody leaves before an answer is whole here, and
// nothing written in between would be read, so there is no pulse.
type sink struct {
	out     *jsobj.Promise
	status  int
	headers *jsobj.Headers
	body    []byte
	told    jsobj.Callable
}

func (s *sink) object(iso *Isolate) jsobj.Value {
	return iso.realm.NewNamespace("sink", map[string]jsobj.Func{
		"listen": func(c *jsobj.Call) (jsobj.Value, error) {
			s.told, _ = c.Arg(0).(jsobj.Callable)
			return jsobj.Undefined{}, nil
		},
		"keep": func(c *jsobj.Call) (jsobj.Value, error) {
			s.out.Resolve(s.response(c.Realm))
			return jsobj.Undefined{}, nil
		},
		"pulse": func(*jsobj.Call) (jsobj.Value, error) { return jsobj.Undefined{}, nil },
		"start": func(c *jsobj.Call) (jsobj.Value, error) {
			s.status, s.headers = int(jsobj.ToNumber(c.Arg(0))), c.Realm.NewHeaders()
			return jsobj.Undefined{}, pairs(c.Realm, s.headers, c.Arg(1))
		},
		"write": func(c *jsobj.Call) (jsobj.Value, error) {
			b, _ := jsobj.BytesOf(c.Arg(0))
			s.body = append(s.body, b...)
			return jsobj.Undefined{}, nil
		},
	})
}

func (s *sink) tell(r *jsobj.Realm, what int) {
	if s.told != nil {
		_, _ = s.told.Call(r, jsobj.Undefined{}, []jsobj.Value{float64(what)})
	}
}

func (s *sink) response(r *jsobj.Realm) *jsobj.Response {
	var body *jsobj.Stream
	if len(s.body) > 0 {
		body = r.StreamOf(s.body)
	}
	return r.NewResponse(s.status, s.headers, body)
}
