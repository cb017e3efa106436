// Package bulkhead runs the parts of an event in goroutines, and keeps a panic
// in one of them from sinking the others.
//
//	event ─ Group.Go ─▶ part ─▶ bulkhead.Run ─▶ done
//	                 ├▶ part ─▶ bulkhead.Run ─ panic ─▶ ErrPanic, a line of log
//	                 └▶ part ─▶ bulkhead.Run ─▶ done
//
// The bridge (shared/edge/backend) catches what panics in an event's own
// goroutine, and nobody what panics in one that the event started: that would
// end the module, and with it every event that is in it. So whoever starts one
// runs its part here, and before it does, writes down what holds if the part
// never comes to its end.
//
// # Invariants
//
//   - Fail closed: a part that panicked is a part that failed. Its caller never
//     takes the zero value of a result for one.
//   - The log holds nothing made from input: of a panic's value only what the
//     runtime itself says of an error in the program.
package bulkhead

import (
	"errors"
	"runtime"
)

// ErrPanic is all that is said of a part that panicked.
var ErrPanic = errors.New("bulkhead: a part panicked")

// Run runs a part. If it panics, log takes one line, event, and the error is
// ErrPanic. A runtime.Goexit is none of its business.
func Run(log func(event string, pairs ...string), event string, part func()) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
			return
		case runtime.Error:
			log(event, "panic", v.Error())
		default:
			log(event)
		}
		err = ErrPanic
	}()
	part()
	return nil
}
