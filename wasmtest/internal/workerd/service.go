package workerd

import (
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// serviceBinding is a Fetcher: another Worker. Bodies cross whole.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/http/
func (iso *Isolate) serviceBinding(worker string) jsobj.Value {
	return iso.realm.NewNamespace("Fetcher", map[string]jsobj.Func{
		"fetch": func(c *jsobj.Call) (jsobj.Value, error) {
			places := iso.current.places
			return iso.call("service.fetch", worker, c, func(q Request, done func(Response, error)) {
				q.Location, q.places = iso.location, places // a service is called where its caller is
				iso.world.Worker(worker).Fetch(q, done)
			})
		},
	})
}

// call sends a request to other code of the platform: a service or an object.
func (iso *Isolate) call(op, detail string, c *jsobj.Call, deliver func(Request, func(Response, error))) (jsobj.Value, error) {
	q, err := iso.realm.MakeRequest(c.Arg(0), c.Arg(1))
	if err != nil {
		return nil, err
	}
	out := iso.realm.NewPromise()
	iso.departing(q, func(request Request, failure jsobj.Value) {
		if failure != nil {
			out.Reject(failure)
			return
		}
		var response Response
		var failed error
		p, err := iso.promise(op, detail, func(answer func()) {
			deliver(request, func(r Response, err error) {
				response, failed = r, err
				answer()
			})
		}, func() (jsobj.Value, error) {
			if failed != nil {
				return nil, iso.realm.Fail(remote(failed))
			}
			return iso.response(answer{Response: response}, 0), nil
		})
		out.Settle(p, err)
	})
	return out, nil
}

// remote is what a caller learns of a callee's failure.
func remote(err error) string {
	if thrown, ok := err.(*jsobj.Throw); ok {
		if e, ok := thrown.Value.(*jsobj.Error); ok {
			return e.Message
		}
	}
	if Killed(err) {
		return platform.ErrLost.Error()
	}
	return err.Error()
}

// departing reads a request that leaves the isolate, body and all.
func (iso *Isolate) departing(q *jsobj.Request, done func(Request, jsobj.Value)) {
	out := Request{Method: q.Method, URL: q.URL, Header: q.Headers.Fields()}
	if q.Stream() == nil {
		done(out, nil)
		return
	}
	q.Stream().ReadAll(func(b []byte, failure jsobj.Value) {
		if out.Body = b; b == nil {
			out.Body = []byte{}
		}
		done(out, failure)
	})
}
