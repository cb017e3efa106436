package jsobj

import (
	"errors"
	"fmt"
	"time"
)

// MaxMicrotasks bounds the microtasks of one turn: promises that resolve each
// other for ever would otherwise never give the loop back.
const MaxMicrotasks = 1_000_000

// Context is the event on whose behalf code runs (workerd's IoContext). It is
// compared by identity.
type Context interface {
	// Alive is false once the event is over; its reactions are then dropped.
	Alive() bool
}

// Host is what a realm needs of the isolate it is in.
type Host interface {
	Now() time.Time
	Random(b []byte)
	// Current is the context of the running turn; nil outside one.
	Current() Context
	// Post runs fn in a later turn of context c.
	Post(c Context, fn func())
	// After runs fn in a turn of the current context, d from now, unless
	// cancel is called or the context ends first. While it waits it counts
	// as that context's pending work.
	After(d time.Duration, name string, fn func()) (cancel func())
	// Log takes a line of console output.
	Log(level, text string)
}

// Realm is one JavaScript world: a global object and its classes.
type Realm struct {
	Global *Global

	host      Host
	micro     []func()
	unhandled []*Promise
	fatal     error
	classes   classes
}

type classes struct {
	object, array, iterator, promise            *Class
	err, typeError, rangeError, domException    *Class
	arrayBuffer, uint8Array, uint8Clamped, date *Class
	headers, request, response, stream, reader  *Class
	controller, fixedLength, writable           *Class
	writer, abortController, abortSignal        *Class
}

// NewRealm is a fresh world.
func NewRealm(h Host) *Realm {
	r := &Realm{host: h}
	k := &r.classes
	k.object, k.array, k.iterator, k.promise = r.objectClass(), r.arrayClass(), r.iteratorClass(), r.promiseClass()
	k.err = r.errorClass("Error", nil)
	k.typeError = r.errorClass("TypeError", k.err)
	k.rangeError = r.errorClass("RangeError", k.err)
	k.domException = r.errorClass("DOMException", k.err)
	k.arrayBuffer, k.date = r.arrayBufferClass(), r.dateClass()
	k.uint8Array, k.uint8Clamped = r.uint8ArrayClass("Uint8Array"), r.uint8ArrayClass("Uint8ClampedArray")
	k.headers, k.request, k.response = r.headersClass(), r.requestClass(), r.responseClass()
	k.stream, k.reader, k.controller = r.streamClass(), r.readerClass(), r.controllerClass()
	k.fixedLength, k.writable, k.writer = r.fixedLengthClass(), r.writableClass(), r.writerClass()
	k.abortController, k.abortSignal = r.abortControllerClass(), r.abortSignalClass()
	r.Global = r.newGlobal()
	return r
}

// Host is the isolate the realm is in.
func (r *Realm) Host() Host { return r.host }

// Invoke is o[method](...args).
func (r *Realm) Invoke(o Object, method string, args ...Value) (Value, error) {
	m, err := o.Get(r, method)
	if err != nil {
		return nil, err
	}
	fn, ok := m.(Callable)
	if !ok {
		return nil, r.TypeError(o.Class().Name + "." + method + " is not a function")
	}
	return fn.Call(r, o, args)
}

// Caught is the JavaScript value of an error. An error that is no exception
// (a member not implemented, an instance that died) ends the run: see Fatal.
func (r *Realm) Caught(err error) Value {
	var thrown *Throw
	if errors.As(err, &thrown) {
		return thrown.Value
	}
	r.Abort(err)
	return r.NewError("Error", err.Error())
}

// Abort records the error that ends the run, the first one only.
func (r *Realm) Abort(err error) {
	if r.fatal == nil {
		r.fatal = err
	}
}

// Recover takes an Abort back: what it recorded ends less than the run.
func (r *Realm) Recover() { r.fatal = nil }

// Fatal is the error that ended the run, if one did.
func (r *Realm) Fatal() error { return r.fatal }

// Microtask queues fn for the end of the current turn.
func (r *Realm) Microtask(fn func()) { r.micro = append(r.micro, fn) }

func (r *Realm) react(re reaction, v Value, rejected bool) {
	run := func() { re.run(v, rejected) }
	if re.context == nil || re.context == r.host.Current() {
		r.Microtask(run)
		return
	}
	if re.context.Alive() {
		r.host.Post(re.context, run)
	}
}

// Drain runs the microtasks of a turn. It returns the values of the promises
// that were rejected in it without a handler.
func (r *Realm) Drain() (unhandled []Value, err error) {
	for n := 0; len(r.micro) > 0 && r.fatal == nil; n++ {
		if n == MaxMicrotasks {
			return nil, fmt.Errorf("wasmtest: more than %d microtasks in one turn (MaxMicrotasks)", MaxMicrotasks)
		}
		fn := r.micro[0]
		r.micro = r.micro[1:]
		fn()
	}
	for _, p := range r.unhandled {
		if !p.handled {
			unhandled = append(unhandled, p.value)
		}
	}
	r.unhandled = nil
	return unhandled, r.fatal
}
