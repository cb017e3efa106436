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
	to, err := route.Call(r, jsobj.Undefined{}, []jsobj.Value{float64(in.bridge.post([]jsobj.Value{q.URL}))})
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
			s.tell(1)
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
		s.in = in
		o.enter(in, eventObjectFetch, s, append([]jsobj.Value{q.Method, q.URL, body}, flat(q.Headers)...)...).Then(func(v jsobj.Value, rejected bool) {
			o.open = slices.DeleteFunc(o.open, func(other *sink) bool { return other == s })
			delete(in.bridge.sinks, s.event)
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

// sink is backend.mjs's Sink.
type sink struct {
	out     *jsobj.Promise
	in      *backendInstance // that writes
	event   int
	status  int
	headers *jsobj.Headers
	body    []byte
}

// tell has Go told what became of the answer.
func (s *sink) tell(what int) {
	if s.in.bridge.sinks[s.event] == s {
		s.in.wake("tell", s.event, what)
	}
}

func (s *sink) response(r *jsobj.Realm) *jsobj.Response {
	var body *jsobj.Stream
	if len(s.body) > 0 {
		body = r.StreamOf(s.body)
	}
	return r.NewResponse(s.status, s.headers, body)
}
