package workerd

import (
	"fmt"
	"strings"

	"github.com/hookweir/hookweir/shared/wire"
	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// The ABI of shared/edge/ingress/abi.go, which links into the guest only.
const (
	opBody      = 1
	opKVGet     = 2
	opKVPut     = 3
	opQueueSend = 4
	opObjectPut = 5
	opForward   = 6
	opFetch     = 7
	opSendBatch = 8

	statusOK       = 0
	statusAbsent   = 1
	statusFailed   = -1
	statusTimeout  = -2
	statusTooLarge = -3
	statusMissing  = -4
	statusBusy     = -5
)

// EdgeImports is the import module "edge".
func EdgeImports() []gojs.Import {
	row := func(name string, params, results int, call func(in *ingressInstance, a []uint64)) gojs.Import {
		return gojs.Import{Module: "edge", Name: name, Params: params, Results: results, Call: func(g *gojs.Instance, stack []uint64) {
			call(g.Owner.(*ingressInstance), stack)
		}}
	}
	return append(cryptoImports(row), []gojs.Import{
		row("ready", 2, 0, func(in *ingressInstance, a []uint64) { in.scratch, in.capacity = uint32(a[0]), uint32(a[1]) }),
		row("respond", 3, 0, func(in *ingressInstance, a []uint64) {
			in.respond(int32(a[0]), in.guest.Bytes(uint32(a[1]), uint32(a[2])))
		}),
		row("call", 6, 0, func(in *ingressInstance, a []uint64) {
			in.call(int32(a[0]), int32(a[1]), int32(a[2]), int32(a[3]), in.guest.Bytes(uint32(a[4]), uint32(a[5])))
		}),
		row("later", 4, 0, func(in *ingressInstance, a []uint64) {
			in.later(int32(a[0]), int32(a[1]), in.guest.Bytes(uint32(a[2]), uint32(a[3])))
		}),
		row("setting", 4, 1, func(in *ingressInstance, a []uint64) {
			a[0] = uint64(uint32(in.setting(string(in.guest.Bytes(uint32(a[0]), uint32(a[1]))), uint32(a[2]), uint32(a[3]))))
		}),
		row("log", 2, 0, func(in *ingressInstance, a []uint64) {
			in.iso.Log("log", string(in.guest.Bytes(uint32(a[0]), uint32(a[1]))))
		}),
		row("retire", 0, 0, func(in *ingressInstance, _ []uint64) { in.retired = true }),
		row("forget", 1, 0, func(in *ingressInstance, a []uint64) { in.forget(int32(a[0])) }),
	}...)
}

func (in *ingressInstance) forget(req int32) {
	if r := in.requests[req]; r != nil {
		in.glue.take(r, 0)
	}
	delete(in.requests, req)
}

func (in *ingressInstance) respond(req int32, b []byte) {
	r := in.requests[req]
	if r == nil {
		return
	}
	f := wire.NewReader(b)
	status := int(f.Uint32())
	h := in.iso.realm.NewHeaders()
	lines := strings.Split(f.String(), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		if err := h.Add(in.iso.realm, lines[i], lines[i+1]); err != nil {
			panic(err)
		}
	}
	body := append([]byte(nil), f.Bytes()...)
	if err := f.Done(); err != nil {
		panic(fmt.Errorf("edge.respond: %w", err))
	}
	var stream *jsobj.Stream
	if len(body) > 0 {
		stream = in.iso.realm.StreamOf(body)
	}
	r.answer(in.iso.realm.NewResponse(status, h, stream))
}

func (in *ingressInstance) setting(name string, out, size uint32) int32 {
	own := in.iso.env.Own(name)
	if _, unset := own.(jsobj.Undefined); unset {
		return -1
	}
	value, ok := own.(string)
	if !ok {
		return -2
	}
	if len(value) <= int(size) {
		copy(in.guest.Bytes(out, size), value)
	}
	return int32(len(value))
}

func (in *ingressInstance) call(req, call, op, ms int32, arg []byte) {
	r := in.requests[req]
	if r == nil {
		return
	}
	work, err := in.start(r, op, arg)
	if err != nil {
		in.unwind(err)
		work = in.iso.realm.Rejected(in.iso.realm.Caught(err))
	}
	in.settle(r, call, work, ms)
}

func (in *ingressInstance) later(req, op int32, arg []byte) {
	r := in.requests[req]
	if r == nil {
		return
	}
	work, err := in.start(r, op, arg)
	if err != nil {
		in.unwind(err)
		in.logFailure("edge.later_failed", in.iso.realm.Caught(err))
		return
	}
	caught := in.iso.realm.NewPromise()
	work.Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			in.logFailure("edge.later_failed", v)
		}
		caught.Resolve(jsobj.Undefined{})
	})
	r.context.WaitUntil(caught)
}

// unwind leaves the guest with an error that is no JavaScript exception.
func (in *ingressInstance) unwind(err error) {
	if _, thrown := err.(*jsobj.Throw); !thrown {
		panic(err)
	}
}

// start begins an operation: ingress.mjs's function of the same name.
func (in *ingressInstance) start(r *ingressRequest, op int32, arg []byte) (*jsobj.Promise, error) {
	f, realm := wire.NewReader(append([]byte(nil), arg...)), in.iso.realm
	if op == opBody {
		return in.readBody(r, int(f.Uint32())), nil
	}
	if op == opFetch {
		return in.fetchDocument(int(f.Uint32()), f.String())
	}
	binding, ok := in.iso.env.Own(f.String()).(jsobj.Object)
	if !ok {
		return realm.Resolved(float64(statusMissing)), nil
	}
	method, args := "", []jsobj.Value(nil)
	convert := func(jsobj.Value) jsobj.Value { return jsobj.Undefined{} }
	switch op {
	case opKVGet:
		method, args = "get", []jsobj.Value{f.String(), "arrayBuffer"}
		convert = func(v jsobj.Value) jsobj.Value {
			if b, ok := jsobj.BytesOf(v); ok {
				return realm.NewBytes(b)
			}
			return float64(statusAbsent)
		}
	case opKVPut:
		key, value := f.String(), f.String()
		ttl := realm.NewRecord().With("expirationTtl", float64(f.Uint32()))
		method, args = "put", []jsobj.Value{key, value, ttl}
	case opQueueSend:
		method, args = "send", []jsobj.Value{realm.NewBytes(f.Bytes()), realm.NewRecord().With("contentType", "bytes")}
	case opSendBatch:
		var batch []jsobj.Value
		for n := f.Count(4); n > 0; n-- {
			batch = append(batch, realm.NewRecord().With("body", realm.NewBytes(f.Bytes())).With("contentType", "bytes"))
		}
		method, args = "sendBatch", []jsobj.Value{realm.NewArray(batch...)}
	case opObjectPut:
		key := f.String()
		content := in.guest.Bytes(f.Uint32(), f.Uint32())
		method, args = "put", []jsobj.Value{key, realm.NewBytes(append([]byte(nil), content...))}
	case opForward:
		method, args = "fetch", []jsobj.Value{r.request}
		convert = func(v jsobj.Value) jsobj.Value {
			r.answer(v.(*jsobj.Response))
			return jsobj.Undefined{}
		}
	default:
		return nil, realm.Fail(fmt.Sprintf("edge: unknown operation %d", op))
	}
	if err := f.Done(); err != nil {
		return nil, fmt.Errorf("edge: operation %d: %w", op, err)
	}
	return in.invoke(binding, method, args, convert)
}

func (in *ingressInstance) invoke(o jsobj.Object, method string, args []jsobj.Value, convert func(jsobj.Value) jsobj.Value) (*jsobj.Promise, error) {
	v, err := in.iso.realm.Invoke(o, method, args...)
	if err != nil {
		return nil, err
	}
	out := in.iso.realm.NewPromise()
	in.iso.realm.Resolved(v).Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			out.Reject(v)
			return
		}
		out.Resolve(convert(v))
	})
	return out, nil
}

// fetchDocument is ingress.mjs's function of the same name.
func (in *ingressInstance) fetchDocument(limit int, url string) (*jsobj.Promise, error) {
	const fetchMillis = 5000
	realm := in.iso.realm
	signal, err := realm.Invoke(realm.AbortSignalClass(), "timeout", float64(fetchMillis))
	if err != nil {
		return nil, err
	}
	init := realm.NewRecord().With("redirect", "manual").With("signal", signal)
	fetched, err := in.iso.fetch(&jsobj.Call{Realm: realm, Args: []jsobj.Value{url, init}})
	if err != nil {
		return nil, err
	}
	out := realm.NewPromise()
	fetched.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
		p, ok := v.(*jsobj.Response)
		switch {
		case rejected || !ok:
			out.Reject(v)
			return
		case p.Status != 200:
			out.Resolve(float64(statusFailed))
			return
		case p.Stream() == nil:
			out.Resolve(jsobj.Undefined{})
			return
		}
		readLimited(p.Stream(), limit, func(b []byte, tooLarge bool, failure jsobj.Value) {
			switch {
			case failure != nil:
				out.Reject(failure)
			case tooLarge:
				out.Resolve(float64(statusTooLarge))
			default:
				out.Resolve(realm.NewBytes(b))
			}
		})
	})
	return out, nil
}

func (in *ingressInstance) readBody(r *ingressRequest, limit int) *jsobj.Promise {
	out, realm, q := in.iso.realm.NewPromise(), in.iso.realm, r.request
	if q.Stream() == nil {
		return realm.Resolved(jsobj.Undefined{})
	}
	n, declared := contentLength(q)
	if declared && n > limit {
		return realm.Resolved(float64(statusTooLarge))
	}
	whole := declared && n <= wholeMax
	if whole && !in.glue.hold(r, n) {
		return realm.Resolved(float64(statusBusy))
	}
	busy := false
	room := func(size int) bool {
		busy = !whole && !in.glue.hold(r, size)
		return !busy
	}
	readWhile(q.Stream(), limit, room, func(b []byte, gaveUp bool, failure jsobj.Value) {
		switch {
		case failure != nil:
			out.Reject(failure)
		case gaveUp && busy:
			out.Resolve(float64(statusBusy))
		case gaveUp:
			out.Resolve(float64(statusTooLarge))
		default:
			out.Resolve(realm.NewBytes(b))
		}
	})
	return out
}

// readLimited reads a body up to limit bytes and gives the rest up.
func readLimited(s *jsobj.Stream, limit int, done func(b []byte, tooLarge bool, failure jsobj.Value)) {
	readWhile(s, limit, func(int) bool { return true }, done)
}

// readWhile is readLimited for as long as room says yes to the size.
func readWhile(s *jsobj.Stream, limit int, room func(size int) bool, done func(b []byte, gaveUp bool, failure jsobj.Value)) {
	var all []byte
	var step func(chunk jsobj.Value, end bool, failure jsobj.Value)
	step = func(chunk jsobj.Value, end bool, failure jsobj.Value) {
		b, _ := jsobj.BytesOf(chunk)
		switch {
		case failure != nil:
			done(nil, false, failure)
		case end:
			done(all, false, nil)
		case len(all)+len(b) > limit || !room(len(all)+len(b)):
			s.Cancel(jsobj.Undefined{})
			done(nil, true, nil)
		default:
			all = append(all, b...)
			s.Next(step)
		}
	}
	s.Next(step)
}
