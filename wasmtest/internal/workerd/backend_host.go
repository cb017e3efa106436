package workerd

import (
	"errors"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// hostStart is host.start(settle, object, method, ...args).
func hostStart(c *jsobj.Call) (jsobj.Value, error) {
	r := c.Realm
	settle, callable := c.Arg(0).(jsobj.Callable)
	object, ok := c.Arg(1).(jsobj.Object)
	if !ok || !callable {
		return nil, r.TypeError("context.host.start: wrong arguments")
	}
	v, err := r.Invoke(object, jsobj.Describe(c.Arg(2)), c.Args[3:]...)
	if err != nil {
		return nil, err
	}
	p, ok := v.(*jsobj.Promise)
	if !ok {
		return nil, r.TypeError("Cannot read properties of undefined (reading 'then')")
	}
	p.Then(func(v jsobj.Value, rejected bool) {
		if _, err := settle.Call(r, jsobj.Undefined{}, []jsobj.Value{!rejected, v}); err != nil {
			_ = r.Caught(err)
		}
	})
	return jsobj.Undefined{}, nil
}

// hostSetAlarm is host.setAlarm(storage, at).
func hostSetAlarm(c *jsobj.Call) (jsobj.Value, error) {
	storage, ok := c.Arg(0).(jsobj.Object)
	if !ok {
		return nil, c.Realm.TypeError("context.host.setAlarm: wrong arguments")
	}
	_, err := c.Realm.Invoke(storage, "setAlarm", c.Arg(1))
	return jsobj.Undefined{}, err
}

// hostFetch is host.fetch(method, url, headers, body|null, ms, maxBody, handle|null).
func (g *backend) hostFetch(c *jsobj.Call) (jsobj.Value, error) {
	r := g.iso.realm
	h := r.NewHeaders()
	if err := pairs(r, h, c.Arg(2)); err != nil {
		return nil, err
	}
	signal, err := r.Invoke(r.AbortSignalClass(), "timeout", c.Arg(4))
	if err != nil {
		return nil, err
	}
	if handle, ok := c.Arg(6).(*jsobj.Record); ok {
		both, deadline := r.NewAbortSignal(), signal.(*jsobj.AbortSignal)
		deadline.OnAbort(func() {
			reason, _ := deadline.Aborted()
			both.Abort(reason)
		})
		handle.With("abort", jsobj.NewFunction("abort", func(*jsobj.Call) (jsobj.Value, error) {
			both.Abort(r.NewError("AbortError", "The operation was aborted"))
			return jsobj.Undefined{}, nil
		}))
		signal = both
	}
	init := r.NewRecord().With("method", c.Arg(0)).With("headers", h).With("redirect", "manual").With("signal", signal)
	if c.Arg(3) != nil {
		init.With("body", c.Arg(3))
	}
	fetched, err := g.iso.fetch(&jsobj.Call{Realm: r, Args: []jsobj.Value{c.Arg(1), init}})
	if err != nil {
		return nil, err
	}
	out, limit := r.NewPromise(), int(jsobj.ToNumber(c.Arg(5)))
	fetched.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			out.Reject(v)
			return
		}
		p := v.(*jsobj.Response)
		give := func(b []byte, tooLarge bool) {
			out.Resolve(r.NewRecord().With("status", float64(p.Status)).With("headers", flat(r, p.Headers)).
				With("body", r.NewBytes(b)).With("tooLarge", tooLarge))
		}
		if p.Stream() == nil {
			give(nil, false)
			return
		}
		if limit == 0 { // unread
			p.Stream().Cancel(jsobj.Undefined{})
			give(nil, false)
			return
		}
		readLimited(p.Stream(), limit, func(b []byte, tooLarge bool, failure jsobj.Value) {
			if failure != nil {
				out.Reject(failure)
				return
			}
			give(b, tooLarge)
		})
	})
	return out, nil
}

// hostStream is host.stream(method, url, headers, body|null, ms, handle).
func (g *backend) hostStream(c *jsobj.Call) (jsobj.Value, error) {
	r := g.iso.realm
	handle, ok := c.Arg(5).(*jsobj.Record)
	if !ok {
		return nil, r.TypeError("context.host.stream: wrong arguments")
	}
	h := r.NewHeaders()
	if err := pairs(r, h, c.Arg(2)); err != nil {
		return nil, err
	}
	signal, stop := r.NewAbortSignal(), func() {}
	over := func() {
		stop()
		stop = func() {}
	}
	extend := func(ms jsobj.Value) {
		over()
		stop = g.iso.After(time.Duration(jsobj.ToNumber(ms)*float64(time.Millisecond)), "setTimeout", func() {
			signal.Abort(r.NewError("TimeoutError", "the deadline passed"))
		})
	}
	handle.With("abort", jsobj.NewFunction("abort", func(*jsobj.Call) (jsobj.Value, error) {
		over()
		signal.Abort(r.NewError("AbortError", "The operation was aborted"))
		return jsobj.Undefined{}, nil
	}))
	handle.With("extend", jsobj.NewFunction("extend", func(c *jsobj.Call) (jsobj.Value, error) {
		extend(c.Arg(0))
		return jsobj.Undefined{}, nil
	}))
	extend(c.Arg(4))
	init := r.NewRecord().With("method", c.Arg(0)).With("headers", h).With("redirect", "manual").With("signal", signal)
	if c.Arg(3) != nil {
		init.With("body", c.Arg(3))
	}
	fetched, err := g.iso.fetch(&jsobj.Call{Realm: r, Args: []jsobj.Value{c.Arg(1), init}})
	if err != nil {
		over()
		return nil, err
	}
	out := r.NewPromise()
	fetched.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			over()
			out.Reject(v)
			return
		}
		p := v.(*jsobj.Response)
		handle.With("read", jsobj.NewFunction("read", func(*jsobj.Call) (jsobj.Value, error) {
			piece := r.NewPromise()
			if p.Stream() == nil {
				over()
				piece.Resolve(nil)
				return piece, nil
			}
			p.Stream().Next(func(chunk jsobj.Value, end bool, failure jsobj.Value) {
				switch {
				case failure != nil:
					over()
					piece.Reject(failure)
				case end:
					over()
					piece.Resolve(nil)
				default:
					piece.Resolve(chunk)
				}
			})
			return piece, nil
		}))
		out.Resolve(r.NewRecord().With("status", float64(p.Status)).With("headers", flat(r, p.Headers)))
	})
	return out, nil
}

// hostInvoke is host.invoke(binding, name, method, payload).
func (g *backend) hostInvoke(c *jsobj.Call) (jsobj.Value, error) {
	r := g.iso.realm
	namespace, ok := g.iso.env.Own(jsobj.Describe(c.Arg(0))).(jsobj.Object)
	if !ok {
		return r.Rejected(r.NewError("Error", "binding "+jsobj.Describe(c.Arg(0))+" is not configured")), nil
	}
	stub, err := r.Invoke(namespace, "getByName", c.Arg(1))
	if err != nil {
		return nil, err
	}
	return r.Invoke(stub.(jsobj.Object), "invoke", c.Arg(2), c.Arg(3))
}

// hostSendBatch is host.sendBatch(binding, bodies).
func (g *backend) hostSendBatch(c *jsobj.Call) (jsobj.Value, error) {
	r := g.iso.realm
	queue, ok := g.iso.env.Own(jsobj.Describe(c.Arg(0))).(jsobj.Object)
	if !ok {
		return nil, r.TypeError("Cannot read properties of undefined (reading 'sendBatch')")
	}
	bodies, err := r.Iterate(c.Arg(1))
	if err != nil {
		return nil, err
	}
	batch := make([]jsobj.Value, len(bodies))
	for i, body := range bodies {
		batch[i] = r.NewRecord().With("body", body).With("contentType", "bytes")
	}
	return r.Invoke(queue, "sendBatch", r.NewArray(batch...))
}

// hostSleep is host.sleep(ms).
func (g *backend) hostSleep(c *jsobj.Call) (jsobj.Value, error) {
	out := c.Realm.NewPromise()
	g.iso.After(time.Duration(jsobj.ToNumber(c.Arg(0))*float64(time.Millisecond)), "setTimeout", func() { out.Resolve(jsobj.Undefined{}) })
	return out, nil
}

// hostObjectGet is host.objectGet(binding, key).
func (g *backend) hostObjectGet(c *jsobj.Call) (jsobj.Value, error) {
	r := g.iso.realm
	bucket, ok := g.iso.env.Own(jsobj.Describe(c.Arg(0))).(jsobj.Object)
	if !ok {
		return r.Rejected(r.NewError("TypeError", "Cannot read properties of undefined (reading 'get')")), nil
	}
	got, err := r.Invoke(bucket, "get", c.Arg(1))
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
				out.Resolve(nil)
			}
			return
		}
		blob.Stream().ReadAll(func(b []byte, failure jsobj.Value) {
			if failure != nil {
				out.Reject(failure)
				return
			}
			out.Resolve(r.NewBytes(b))
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
