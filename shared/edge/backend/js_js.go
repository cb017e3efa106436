package backend

import (
	"errors"
	"fmt"
	"syscall/js"

	"github.com/hookweir/hookweir/shared/fetch"
)

// ErrRemote reports that the platform, or the far side of a Durable Object
// call, failed: a JavaScript exception or a rejected promise. Its text is the
// exception's and carries no payload.
var ErrRemote = errors.New("backend: platform call failed")

// guard turns a JavaScript exception thrown by f into an error.
func guard(f func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case js.Error:
			err = remote(v.Value)
		default:
			panic(v)
		}
	}()
	return f()
}

func remote(v js.Value) error {
	if v.Type() == js.TypeObject {
		if v.Get("name").String() == "TimeoutError" {
			return fmt.Errorf("%w: %w", ErrRemote, fetch.ErrTimeout)
		}
		if m := v.Get("message"); m.Type() == js.TypeString {
			return fmt.Errorf("%w: %s", ErrRemote, m.String())
		}
	}
	return ErrRemote
}

type settled struct {
	value js.Value
	err   error
}

// call invokes a method that gives a promise and waits for it. A synchronous
// exception is an error as well.
func call(object js.Value, method string, args ...any) (js.Value, error) {
	done := make(chan settled, 1)
	settle := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].Bool() {
			done <- settled{value: args[1]}
		} else {
			done <- settled{err: remote(args[1])}
		}
		return nil
	})
	defer settle.Release()
	err := guard(func() error {
		host.Call("start", append([]any{settle, object, method}, args...)...)
		return nil
	})
	if err != nil {
		return js.Value{}, err
	}
	s := <-done
	return s.value, s.err
}

// What of JavaScript this package uses time and again. Each look-up makes a
// value with a finalizer.
var (
	host       = js.Global().Get("context").Get("host")
	console    = js.Global().Get("console")
	uint8Array = js.Global().Get("Uint8Array")
	arrays     = js.Global().Get("Array")
	objects    = js.Global().Get("Object")
	buffers    = js.Global().Get("ArrayBuffer")
)

func toJS(b []byte) js.Value {
	a := uint8Array.New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}

func toGo(a js.Value) []byte {
	b := make([]byte, a.Get("byteLength").Int())
	js.CopyBytesToGo(b, a)
	return b
}
