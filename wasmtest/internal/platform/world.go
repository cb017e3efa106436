package platform

import (
	"errors"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// World is what every service shares.
type World struct {
	Loop    *sched.Loop
	Trace   *sched.Trace
	Latency *sched.Rand
	Faults  *Injector
}

// Now is the virtual time.
func (w *World) Now() time.Time { return w.Loop.Now() }

// Tracef adds a line to the trace.
func (w *World) Tracef(format string, args ...any) { w.Trace.Add(w.Now(), format, args...) }

// Hit asks for a fault and traces it.
func (w *World) Hit(f Fault) (*sched.Rand, bool) {
	r, hit := w.Faults.Hit(w.Now(), f)
	if hit {
		w.Tracef("FAULT %s", w.Faults.hits[len(w.Faults.hits)-1].Hit)
	}
	return r, hit
}

// Wording is an error in the platform's own words.
type Wording string

func (w Wording) Error() string { return string(w) }

// Errors of a trip, as the platform words them.
var (
	ErrRefused = errors.New("internal error; the platform refused the operation")
	ErrLost    = Wording("Network connection lost.")
)

// Op is a kind of trip: its latency, each way, and the faults it can meet.
type Op struct {
	Name   string
	Lo, Hi time.Duration
	Fail   Fault // does not arrive; "" for never
	Lost   Fault // happens, and the answer is lost; "" for never
	// Outside says which limit of subrequests it counts against, Connects that
	// it takes one of an invocation's connections.
	Outside, Connects bool
}

// Operations. Latencies are plausible figures for one region; a test must not
// depend on them.
func Ops() map[string]Op {
	const ms = time.Millisecond
	ops := map[string]Op{}
	for _, op := range []Op{
		{"kv.get", 1 * ms, 8 * ms, KVFail, "", false, true},
		{"kv.list", 5 * ms, 20 * ms, KVFail, "", false, true},
		{"kv.put", 5 * ms, 25 * ms, KVFail, KVPutLost, false, true},
		{"kv.delete", 5 * ms, 25 * ms, KVFail, KVPutLost, false, true},
		{"queue.send", 3 * ms, 25 * ms, QueueSendFail, QueueSendLost, false, true},
		{"r2.get", 5 * ms, 30 * ms, R2Fail, "", false, true},
		{"r2.head", 5 * ms, 20 * ms, R2Fail, "", false, true},
		{"r2.list", 5 * ms, 30 * ms, R2Fail, "", false, true},
		{"r2.put", 10 * ms, 60 * ms, R2Fail, R2PutLost, false, true},
		{"r2.delete", 10 * ms, 40 * ms, R2Fail, R2PutLost, false, true},
		{"cache.match", 1 * ms, 5 * ms, "", "", false, true},
		{"cache.put", 1 * ms, 10 * ms, "", "", false, true},
		{"cache.delete", 1 * ms, 10 * ms, "", "", false, true},
		{"d1.query", 5 * ms, 40 * ms, D1Fail, D1Lost, false, false},
		{"object.call", 1 * ms, 15 * ms, ObjectFail, ObjectLost, false, false},
		{"service.fetch", 1 * ms, 2 * ms, ServiceFail, "", true, false},
		{"fetch", 5 * ms, 60 * ms, FetchRefused, FetchLost, true, true},
	} {
		ops[op.Name] = op
	}
	return ops
}

// Trip runs act where the service is and then, later, done with nil; or done
// with an error, after act or without it. act may answer later than it
// returns: it calls answer exactly once.
func (w *World) Trip(op Op, lane *sched.Lane, detail string, act func(answer func()), done func(error)) {
	there, back := w.Latency.Between(op.Lo, op.Hi), w.Latency.Between(op.Lo, op.Hi)
	w.Loop.InLane(lane, there, op.Name, func() {
		if op.Fail != "" {
			if _, hit := w.Hit(op.Fail); hit {
				w.Loop.After(back, op.Name+" failed", func() { done(ErrRefused) })
				return
			}
		}
		w.Tracef("%s %s", op.Name, detail)
		act(func() {
			var result error
			if op.Lost != "" {
				if _, hit := w.Hit(op.Lost); hit {
					result = ErrLost
				}
			}
			w.Loop.After(back, op.Name+" answered", func() { done(result) })
		})
	})
}
