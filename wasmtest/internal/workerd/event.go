package workerd

import (
	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// Request is an HTTP request between isolates, or from outside.
type Request struct {
	Method string
	URL    string
	Header []jsobj.Field
	Body   []byte // nil: none
	// Location is where it arrives, one of World.Locations; empty: anywhere.
	Location string

	places *platform.Connections // the caller's, of a call of a service
}

// Response is an HTTP response between isolates, or to outside.
type Response struct {
	Status int
	Header []jsobj.Field
	Body   []byte
}

// event runs an event in a new context of the stateless part. done is called
// once, in the turn that settles the event's promise (then it says by calling
// answered that the event was answered) or with the error that ended it.
func (wk *Worker) event(location, name string, start func(c *Context) (*jsobj.Promise, error), done func(c *Context, v jsobj.Value, err error)) *Context {
	iso := wk.front(location)
	c := newContext(iso, name)
	c.failed = func(err error) { done(c, nil, err) }
	iso.world.Tracef("%s %s", iso.name, name)
	iso.turn(c, name, func() {
		p, err := start(c)
		if err != nil {
			p = iso.realm.Rejected(iso.realm.Caught(err))
		}
		p.Then(func(v jsobj.Value, rejected bool) {
			if rejected {
				done(c, nil, &jsobj.Throw{Value: v})
				return
			}
			done(c, v, nil)
		})
	})
	return c
}

// Fetch delivers a request. done is called once.
func (wk *Worker) Fetch(q Request, done func(Response, error)) *Context {
	once := false
	end := func(c *Context, p Response, err error) {
		if !once {
			once = true
			c.answered = true
			done(p, err)
		}
	}
	if q.Location == "" {
		q.Location = wk.world.somewhere(q.Method, q.URL)
	}
	c := wk.event(q.Location, "fetch", func(c *Context) (*jsobj.Promise, error) {
		if q.places != nil {
			c.places = q.places
		}
		return c.iso.glue.Fetch(c, c.iso.incoming(q))
	}, func(c *Context, v jsobj.Value, err error) {
		if err != nil {
			if thrown, ok := err.(*jsobj.Throw); ok {
				c.iso.Log("error", "Uncaught "+jsobj.Describe(thrown.Value))
			}
			end(c, Response{}, err)
			return
		}
		p, ok := v.(*jsobj.Response)
		if !ok {
			end(c, Response{}, c.iso.realm.TypeError("Incorrect type for Promise: the Promise did not resolve to 'Response'."))
			return
		}
		c.iso.outgoing(p, func(r Response, err error) { end(c, r, err) })
	})
	if r, gone := wk.world.Hit(platform.ClientGone); gone && c.alive {
		wk.world.Loop.After(r.Between(0, clientPatience), "client hangs up", func() {
			if !c.answered {
				c.abort(ErrGone)
			}
		})
	}
	return c
}

// bodyChunk is how much of a body comes at once.
const bodyChunk = 64 << 10

// incoming is a request as the current context sees it. Its body comes chunk
// by chunk, a millisecond apart after the first.
func (iso *Isolate) incoming(q Request) *jsobj.Request {
	h := iso.realm.NewHeaders(q.Header...)
	if q.Body == nil {
		return iso.realm.NewRequest(q.Method, q.URL, h, nil)
	}
	return iso.realm.NewRequest(q.Method, q.URL, h, iso.arriving(q.Body, "request body", 0))
}

// outgoing reads a response that leaves the isolate.
func (iso *Isolate) outgoing(p *jsobj.Response, done func(Response, error)) {
	r := Response{Status: p.Status, Header: p.Headers.Fields()}
	if p.Stream() == nil {
		done(r, nil)
		return
	}
	p.Stream().ReadAll(func(b []byte, failure jsobj.Value) {
		if failure != nil {
			done(Response{}, &jsobj.Throw{Value: failure})
			return
		}
		r.Body = b
		done(r, nil)
	})
}

// Killed reports whether an event ended because its isolate did.
func Killed(err error) bool { return err == gojs.ErrKilled }
