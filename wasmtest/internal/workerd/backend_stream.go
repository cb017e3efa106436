package workerd

import (
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// streamed is backend.mjs's Answer: one that Go reads as it comes.
type streamed struct {
	iso    *Isolate
	signal *jsobj.AbortSignal
	stop   func() // the clock of its deadline
	body   *jsobj.Stream
}

// over stops the clock.
func (a *streamed) over() {
	a.stop()
	a.stop = func() {}
}

func (a *streamed) extend(ms jsobj.Value) {
	a.over()
	a.stop = a.iso.After(time.Duration(jsobj.ToNumber(ms)*float64(time.Millisecond)), "setTimeout", func() {
		a.signal.Abort(a.iso.realm.NewError("TimeoutError", "the deadline passed"))
	})
}

// operateStream is host.stream: method, url, body, ms and headers.
func (b *bridge) operateStream(ticket float64, args []jsobj.Value) (jsobj.Value, error) {
	r := b.in.iso.realm
	h := r.NewHeaders()
	if err := pairs(r, h, args[4:]); err != nil {
		return nil, err
	}
	a := &streamed{iso: b.in.iso, signal: r.NewAbortSignal(), stop: func() {}}
	b.answers[ticket] = a
	a.extend(args[3])
	init := r.NewRecord().With("method", args[0]).With("headers", h).With("redirect", "manual").With("signal", a.signal)
	if args[2] != nil {
		init.With("body", args[2])
	}
	fetched, err := b.in.iso.fetch(&jsobj.Call{Realm: r, Args: []jsobj.Value{args[1], init}})
	if err != nil {
		a.over()
		return nil, err
	}
	out := r.NewPromise()
	fetched.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			a.over()
			out.Reject(v)
			return
		}
		p := v.(*jsobj.Response)
		a.body = p.Stream()
		out.Resolve(r.NewArray(append([]jsobj.Value{float64(p.Status)}, flat(p.Headers)...)...))
	})
	return out, nil
}

// operateStreamRead is host.streamRead: the stream.
func (b *bridge) operateStreamRead(_ float64, args []jsobj.Value) (jsobj.Value, error) {
	r := b.in.iso.realm
	a := b.answers[jsobj.ToNumber(args[0])]
	if a == nil {
		return nil, r.TypeError("Cannot read properties of undefined (reading 'read')")
	}
	out := r.NewPromise()
	if a.body == nil {
		a.over()
		out.Resolve(r.NewArray(jsobj.Value(nil)))
		return out, nil
	}
	a.body.Next(func(chunk jsobj.Value, end bool, failure jsobj.Value) {
		switch {
		case failure != nil:
			a.over()
			out.Reject(failure)
		case end:
			a.over()
			out.Resolve(r.NewArray(jsobj.Value(nil)))
		default:
			out.Resolve(r.NewArray(chunk))
		}
	})
	return out, nil
}

func (b *bridge) hostStreamExtend(c *jsobj.Call) (jsobj.Value, error) {
	if a := b.answers[jsobj.ToNumber(c.Arg(0))]; a != nil {
		a.extend(c.Arg(1))
	}
	return jsobj.Undefined{}, nil
}

func (b *bridge) hostStreamClose(c *jsobj.Call) (jsobj.Value, error) {
	stream := jsobj.ToNumber(c.Arg(0))
	if a := b.answers[stream]; a != nil {
		a.over()
		a.signal.Abort(c.Realm.NewError("AbortError", "The operation was aborted"))
		delete(b.answers, stream)
	}
	return jsobj.Undefined{}, nil
}
