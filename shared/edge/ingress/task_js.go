package ingress

import (
	"context"
	"iter"
	"time"

	"github.com/hookweir/hookweir/shared/ingest"
)

// task is one request's coroutine. It is also the request's context, so that
// a binding knows on whose behalf it calls the host.
type task struct {
	req    int32
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	parked time.Time // when it last began to wait
	call   int32     // the call it waits for
	gone   bool      // the client left; nothing it says is heard

	status Status
	result []byte
}

// maxIdle is how long a coroutine may wait for one host call before it counts
// as abandoned: far over every deadline given to a call, so only a request
// that workerd cancelled (the client went away) reaches it.
const maxIdle = 2 * time.Minute

// reapEvery is how many requests pass between two looks for abandoned
// coroutines; with maxIdle it bounds how many can pile up.
const reapEvery = 256

// instance is the state of this module instance. There is one per instance
// of the module, so it is the single package variable.
type instance struct {
	handler  ingest.Handler
	waiting  map[int32]*task  // by call
	reserved map[int32][]byte // result buffers, by call
	calls    int32
	served   uint32
	scratch  [ScratchBytes]byte
}

func (in *instance) start(req int32, head []byte) {
	in.served++
	if in.served%reapEvery == 0 {
		in.reap(time.Now())
	}
	t := &task{req: req}
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		in.serve(t, head)
	})
	t.next()
}

func (in *instance) serve(t *task, head []byte) {
	defer func() {
		if v := recover(); v != nil {
			logPanic(v)
			t.respond(ingest.Panicked())
			retire()
		}
	}()
	if head == nil {
		t.respond(ingest.HeadTooLarge())
		return
	}
	r := parseHead(head)
	r.Body = func(limit int) ([]byte, error) { return t.body(limit) }
	if res := in.handler.Serve(t, r); res != nil {
		t.respond(res)
	}
}

// await starts an operation and yields until complete resumes this coroutine.
// The result is the coroutine's own.
func (in *instance) await(t *task, op Op, deadline time.Duration, arg []byte) (Status, []byte) {
	if t.gone {
		return StatusFailed, nil
	}
	in.calls++
	t.call, t.parked, t.result = in.calls, time.Now(), nil
	in.waiting[t.call] = t
	hostCall(t.req, t.call, int32(op), int32(deadline/time.Millisecond), bytesPtr(arg), int32(len(arg)))
	if !t.yield(struct{}{}) {
		t.gone = true
		return StatusFailed, nil
	}
	return t.status, t.result
}

// finish hands a result to the coroutine that waits for it. A call nobody
// waits for any more (its coroutine was reaped) is ignored.
func (in *instance) finish(call int32, status Status, n int32) {
	t := in.waiting[call]
	buf, big := in.reserved[call]
	delete(in.waiting, call)
	delete(in.reserved, call)
	if t == nil {
		return
	}
	t.status = status
	switch {
	case big:
		t.result = buf[:n]
	case n > 0:
		t.result = append([]byte(nil), in.scratch[:n]...)
	}
	t.next()
}

func (in *instance) reserve(call, n int32) []byte {
	buf := make([]byte, n)
	in.reserved[call] = buf
	return buf
}

// reap stops the coroutines whose request workerd cancelled.
func (in *instance) reap(now time.Time) {
	for call, t := range in.waiting {
		if now.Sub(t.parked) > maxIdle {
			delete(in.waiting, call)
			delete(in.reserved, call)
			t.stop()
		}
	}
}

// Deadline, Done, Err and Value make a task a context. It has no deadline and
// is never done: a deadline is the host's, per call (DESIGN §3 rule 1).
func (t *task) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is nil: nothing may wait on it.
func (t *task) Done() <-chan struct{} { return nil }

// Err says whether the client has gone.
func (t *task) Err() error {
	if t.gone {
		return context.Canceled
	}
	return nil
}

type taskKey struct{}

// Value finds the task itself.
func (t *task) Value(key any) any {
	if key == (taskKey{}) {
		return t
	}
	return nil
}

func taskOf(ctx context.Context) *task {
	t, ok := ctx.Value(taskKey{}).(*task)
	if !ok {
		panic("ingress: a binding was used outside a request")
	}
	return t
}
