package ingress

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"time"

	"github.com/hookweir/hookweir/shared/ingest"
)

// task is one request's turn in a coroutine. It is also the request's
// context, so that a binding knows on whose behalf it calls the host.
type task struct {
	*coroutine
	req  int32
	late time.Time // when what it waits for is overdue
	call int32     // the call it waits for

	status Status
	result []byte
}

// coroutine serves one request after the other: a stack that has grown once
// need not grow again.
type coroutine struct {
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	run    func() // the request to serve; nil once it is served
}

// maxSpare is how many coroutines are kept for requests to come; a grown
// stack takes 8 to 32 KB.
const maxSpare = 64

// overdue is how long after its deadline a call's coroutine counts as
// abandoned: the host answers every call by then, unless workerd has cancelled
// the request because its client went away.
const overdue = 5 * time.Second

// errGone unwinds the coroutine of a request whose client is gone.
var errGone = errors.New("ingress: the client is gone")

// reapEvery is how many requests pass between two looks for abandoned
// coroutines; with the deadlines it bounds how many can pile up.
const reapEvery = 256

// instance is the state of this module instance. There is one per instance
// of the module, so it is the single package variable.
type instance struct {
	handler  ingest.Handler
	waiting  map[int32]*task  // by call
	reserved map[int32][]byte // result buffers, by call
	spare    []*coroutine     // those between two requests
	calls    int32
	served   uint32
	fresh    int // bytes allocated for requests since the last collection, about
	scratch  [ScratchBytes]byte
}

// start runs one request. Its head, and its body when it came along (body is
// not negative), lie in scratch one after the other.
func (in *instance) start(req, head, body int32) {
	in.served++
	if in.served%reapEvery == 0 {
		in.reap(time.Now())
	}
	in.collect(perRequest + max(int(body), 0))
	t := &task{req: req}
	var r *ingest.Request
	if head >= 0 {
		r = parseHead(string(in.scratch[:head]))
		if body >= 0 {
			r.Body = ahead(append(make([]byte, 0, body), in.scratch[head:head+body]...))
		} else {
			r.Body = t.body
		}
	}
	t.coroutine = in.takeCoroutine()
	t.run = func() { in.serve(t, r) }
	in.advance(t.coroutine)
}

func (in *instance) takeCoroutine() *coroutine {
	if n := len(in.spare) - 1; n >= 0 {
		c := in.spare[n]
		in.spare[n] = nil
		in.spare = in.spare[:n]
		return c
	}
	c := &coroutine{}
	c.resume, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			c.run()
			c.run = nil
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// advance runs the coroutine until it waits for the host or has served its
// request; then it is spare.
func (in *instance) advance(c *coroutine) {
	c.resume()
	if c.run != nil {
		return
	}
	if len(in.spare) < maxSpare {
		in.spare = append(in.spare, c)
		return
	}
	c.stop()
}

// Go collects in the background, which between two calls from the host does
// not run: the heap then grows past its goal, and memory that has grown stays.
// So the instance collects by itself, between two requests, after about so
// many bytes. About 300 KB are live, so it takes a fraction of a millisecond.
const (
	collectAfter = 8 << 20
	perRequest   = 8 << 10 // what a request allocates beside its body
)

func (in *instance) collect(fresh int) {
	in.fresh += fresh
	if in.fresh > collectAfter {
		in.fresh = 0
		runtime.GC()
	}
}

func ahead(body []byte) func(int) ([]byte, error) {
	return func(limit int) ([]byte, error) {
		if len(body) > limit {
			return nil, ingest.ErrTooLarge
		}
		return body, nil
	}
}

// serve runs the handler; r is nil when the head did not fit.
func (in *instance) serve(t *task, r *ingest.Request) {
	defer func() {
		if v := recover(); v != nil && v != errGone {
			logPanic(v)
			t.respond(ingest.Panicked())
			retire()
		}
	}()
	if r == nil {
		t.respond(ingest.HeadTooLarge())
		return
	}
	if res := in.handler.Serve(t, r); res != nil {
		t.respond(res)
	}
}

// await starts an operation and yields until complete resumes this coroutine.
// The result is the coroutine's own.
func (in *instance) await(t *task, op Op, deadline time.Duration, arg []byte) (Status, []byte) {
	in.calls++
	t.call, t.late, t.result = in.calls, time.Now().Add(deadline+overdue), nil
	in.waiting[t.call] = t
	hostCall(t.req, t.call, int32(op), int32(deadline/time.Millisecond), bytesPtr(arg), int32(len(arg)))
	if !t.yield(struct{}{}) {
		panic(errGone)
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
	in.advance(t.coroutine)
}

func (in *instance) reserve(call, n int32) []byte {
	in.reap(time.Now())    // what is reserved may be large, and so what the gone left behind
	in.collect(2 * int(n)) // what is reserved is often joined for a MAC
	buf := make([]byte, n)
	in.reserved[call] = buf
	return buf
}

// reap stops the coroutines whose request workerd cancelled.
func (in *instance) reap(now time.Time) {
	for call, t := range in.waiting {
		if now.After(t.late) {
			delete(in.waiting, call)
			delete(in.reserved, call)
			t.stop()
			hostForget(t.req)
		}
	}
}

// Deadline, Done, Err and Value make a task a context. It has no deadline and
// is never done: a deadline is the host's, per call (DESIGN §3 rule 1).
func (t *task) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is nil: nothing may wait on it.
func (t *task) Done() <-chan struct{} { return nil }

// Err is nil: a request whose client is gone does not run on.
func (t *task) Err() error { return nil }

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
