package backend

import (
	"runtime"
	"time"

	"github.com/hookweir/hookweir/shared/bulkhead"
)

// What the host calls in Go. An export runs at once, on the stack of whatever
// goroutine was the last to wait, so none of these may wait: they have a
// goroutine go on or start one, and the host then resumes Go, which runs until
// all of them wait. A js.Func would cost two JavaScript values a call, with a
// finalizer each.

// serving is the server that Run runs. There is one to an instance.
var serving *server

// kind is a kind of event. The numbers are backend.mjs's.
type kind int32

const (
	kindFetch kind = iota
	kindObject
	kindAlarm
	kindObjectFetch
)

func (k kind) String() string { return [...]string{"fetch", "object", "alarm", "object fetch"}[k] }

func (s *server) handler(k kind) func(event int, in reader, serial int) (*packed, error) {
	switch k {
	case kindFetch:
		return s.fetch
	case kindObject:
		return s.object
	case kindAlarm:
		return s.alarm
	}
	return s.objectFetch
}

// enter begins an event: its number, the values that the host put for it, and
// the serial number of the object that it is for, or 0.
//
//lint:ignore U1000 called by the host
//go:wasmexport enter
func enter(k, event, mail, serial int32) {
	serving.handle(kind(k), int(event), host.open(int(mail)), int(serial))
}

// settle says that something has ended: its ticket, whether it did well, and
// its values, or an error's name and text.
//
//lint:ignore U1000 called by the host
//go:wasmexport settle
func settle(ticket, ok, mail int32) { host.settle(int(ticket), ok != 0, host.open(int(mail))) }

// tell says what became of the answer to an event; the result is in ms.
//
//lint:ignore U1000 called by the host
//go:wasmexport tell
func tell(event, what int32) int32 {
	return int32(serving.tell(int(event), int(what)) / time.Millisecond)
}

// goroutines is how many there are, those apart that wait for the next event.
//
//lint:ignore U1000 called by wasmtest
//go:wasmexport goroutines
func goroutines() int32 { return int32(runtime.NumGoroutine() - bulkhead.Idle()) }
