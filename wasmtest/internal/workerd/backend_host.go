package workerd

import (
	"errors"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// hostSetAlarm is host.setAlarm(storage, at).
func hostSetAlarm(c *jsobj.Call) (jsobj.Value, error) {
	storage, ok := c.Arg(0).(jsobj.Object)
	if !ok {
		return nil, c.Realm.TypeError("context.host.setAlarm: wrong arguments")
	}
	_, err := c.Realm.Invoke(storage, "setAlarm", c.Arg(1))
	return jsobj.Undefined{}, err
}

// operateFetch is operations.fetch: method, url, body, ms, maxBody, abortable
// and headers.
func (b *bridge) operateFetch(ticket float64, args []jsobj.Value) (jsobj.Value, error) {
	r := b.in.iso.realm
	h := r.NewHeaders()
	if err := pairs(r, h, args[6:]); err != nil {
		return nil, err
	}
	signal, err := r.Invoke(r.AbortSignalClass(), "timeout", args[3])
	if err != nil {
		return nil, err
	}
	if jsobj.ToNumber(args[5]) != 0 {
		both, deadline := r.NewAbortSignal(), signal.(*jsobj.AbortSignal)
		deadline.OnAbort(func() {
			reason, _ := deadline.Aborted()
			both.Abort(reason)
		})
		b.unwanted[ticket] = both
		signal = both
	}
	init := r.NewRecord().With("method", args[0]).With("headers", h).With("redirect", "manual").With("signal", signal)
	if args[2] != nil {
		init.With("body", args[2])
	}
	fetched, err := b.in.iso.fetch(&jsobj.Call{Realm: r, Args: []jsobj.Value{args[1], init}})
	if err != nil {
		return nil, err
	}
	out, limit := r.NewPromise(), int(jsobj.ToNumber(args[4]))
	fetched.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			out.Reject(v)
			return
		}
		p := v.(*jsobj.Response)
		give := func(body jsobj.Value) {
			out.Resolve(r.NewArray(append([]jsobj.Value{float64(p.Status), body}, flat(p.Headers)...)...))
		}
		if p.Stream() == nil {
			give(r.NewBytes(nil))
			return
		}
		if limit == 0 { // unread
			p.Stream().Cancel(jsobj.Undefined{})
			give(r.NewBytes(nil))
			return
		}
		readLimited(p.Stream(), limit, func(body []byte, tooLarge bool, failure jsobj.Value) {
			switch {
			case failure != nil:
				out.Reject(failure)
			case tooLarge:
				give(nil)
			default:
				give(r.NewBytes(body))
			}
		})
	})
	return out, nil
}

// list is a promise of a list of one: what p gives.
func (b *bridge) list(v jsobj.Value, err error) (jsobj.Value, error) {
	if err != nil {
		return nil, err
	}
	r := b.in.iso.realm
	out := r.NewPromise()
	r.Resolved(v).Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			out.Reject(v)
			return
		}
		out.Resolve(r.NewArray(v))
	})
	return out, nil
}

// operateInvoke is operations.invoke: binding, name, method and payload.
func (b *bridge) operateInvoke(_ float64, args []jsobj.Value) (jsobj.Value, error) {
	r := b.in.iso.realm
	namespace, ok := b.in.iso.env.Own(jsobj.Describe(args[0])).(jsobj.Object)
	if !ok {
		return r.Rejected(r.NewError("Error", "binding "+jsobj.Describe(args[0])+" is not configured")), nil
	}
	stub, err := r.Invoke(namespace, "getByName", args[1])
	if err != nil {
		return nil, err
	}
	return b.list(r.Invoke(stub.(jsobj.Object), "invoke", args[2], args[3]))
}

// operateSendBatch is operations.sendBatch: binding and bodies.
func (b *bridge) operateSendBatch(_ float64, args []jsobj.Value) (jsobj.Value, error) {
	r := b.in.iso.realm
	queue, ok := b.in.iso.env.Own(jsobj.Describe(args[0])).(jsobj.Object)
	if !ok {
		return nil, r.TypeError("Cannot read properties of undefined (reading 'sendBatch')")
	}
	batch := make([]jsobj.Value, len(args)-1)
	for i, body := range args[1:] {
		batch[i] = r.NewRecord().With("body", body).With("contentType", "bytes")
	}
	return r.Invoke(queue, "sendBatch", r.NewArray(batch...))
}

// operateSleep is operations.sleep: milliseconds.
func (b *bridge) operateSleep(_ float64, args []jsobj.Value) (jsobj.Value, error) {
	out := b.in.iso.realm.NewPromise()
	b.in.iso.After(time.Duration(jsobj.ToNumber(args[0])*float64(time.Millisecond)), "setTimeout", func() { out.Resolve(jsobj.Undefined{}) })
	return out, nil
}

// operateObjectGet is operations.objectGet: binding and key.
func (b *bridge) operateObjectGet(_ float64, args []jsobj.Value) (jsobj.Value, error) {
	r := b.in.iso.realm
	bucket, ok := b.in.iso.env.Own(jsobj.Describe(args[0])).(jsobj.Object)
	if !ok {
		return nil, r.TypeError("Cannot read properties of undefined (reading 'get')")
	}
	got, err := r.Invoke(bucket, "get", args[1])
	if err != nil {
		return nil, err
	}
	out := r.NewPromise()
	got.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
		blob, ok := v.(*jsobj.Blob)
		if rejected || !ok {
			if rejected {
				out.Reject(v)
			} else {
				out.Resolve(r.NewArray(jsobj.Value(nil)))
			}
			return
		}
		blob.Stream().ReadAll(func(b []byte, failure jsobj.Value) {
			if failure != nil {
				out.Reject(failure)
				return
			}
			out.Resolve(r.NewArray(r.NewBytes(b)))
		})
	})
	return out, nil
}

var errRollback = errors.New("workerd: roll back")

// hostTransaction is host.transaction(storage, body).
func (g *backend) hostTransaction(c *jsobj.Call) (jsobj.Value, error) {
	r := g.iso.realm
	storage, ok := c.Arg(0).(jsobj.Object)
	body, callable := c.Arg(1).(jsobj.Callable)
	if !ok || !callable {
		return nil, r.TypeError("context.host.transaction: wrong arguments")
	}
	_, err := r.Invoke(storage, "transactionSync", jsobj.NewFunction("transaction", func(*jsobj.Call) (jsobj.Value, error) {
		commit, err := body.Call(r, jsobj.Undefined{}, nil)
		if err == nil && !jsobj.Truthy(commit) {
			err = errRollback
		}
		return nil, err
	}))
	if errors.Is(err, errRollback) {
		err = nil
	}
	return jsobj.Undefined{}, err
}
