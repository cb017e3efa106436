package ingress

import (
	"context"
	"runtime"
	"time"

	"github.com/hookweir/hookweir/shared/ingest"
	"github.com/hookweir/hookweir/shared/wire"
)

// Deadlines of the platform operations. Workers set none for KV, Queues or
// R2; a provider waits about 10 s for an answer (Slack 3 s), so a store that
// takes longer is as good as down: 503, and the provider sends again.
const (
	bodyDeadline    = 30 * time.Second
	storeDeadline   = 8 * time.Second
	forwardDeadline = 60 * time.Second
	// The filter only saves work: one that hangs must not cost the provider's
	// patience. What it does not know in time, the Ledger does.
	filterDeadline = time.Second
	// A provider waits for its answer while we fetch its keys.
	fetchDeadline = 3 * time.Second
)

// Run serves requests with h until the isolate ends. It never returns.
func Run(h ingest.Handler) {
	current = &instance{handler: h, waiting: map[int32]*task{}, reserved: map[int32][]byte{}}
	hostReady(bytesPtr(current.scratch[:]), ScratchBytes)
	select {}
}

// Setting reads an environment variable or secret; ok is false when unset.
func Setting(name string) (value string, ok bool) {
	buf := make([]byte, 4<<10)
	for {
		n := hostSetting(bytesPtr([]byte(name)), int32(len(name)), bytesPtr(buf), int32(len(buf)))
		if n < 0 {
			return "", false
		}
		if int(n) <= len(buf) {
			return string(buf[:n]), true
		}
		buf = make([]byte, n)
	}
}

// isBinding is what the host says of a name that is bound to a resource.
const isBinding = -2

// Missing names those of the bindings that are not configured.
func Missing(bindings ...string) []string {
	var missing []string
	for _, name := range bindings {
		if hostSetting(bytesPtr([]byte(name)), int32(len(name)), nil, 0) != isBinding {
			missing = append(missing, "binding "+name+" of the worker is missing: see wrangler.toml")
		}
	}
	return missing
}

// Log writes one line of structured log.
func Log(line []byte) { hostLog(bytesPtr(line), int32(len(line))) }

// KV is a KV namespace.
type KV struct {
	Binding string
	// Filter says that an answer is of use at once or not at all: Get waits a
	// second for it, and not the eight of a store.
	Filter bool
}

// Get reads a key. Errors: ingest.ErrAbsent, ingest.ErrUnavailable.
func (kv KV) Get(ctx context.Context, key string) ([]byte, error) {
	arg := wire.AppendBytes(wire.AppendBytes(nil, kv.Binding), key)
	deadline := storeDeadline
	if kv.Filter {
		deadline = filterDeadline
	}
	status, value := current.await(taskOf(ctx), OpKVGet, deadline, arg)
	return value, sentinel(status)
}

// PutLater writes a key after the response is on its way; ttl is at least
// 60 s (the platform's floor). A failure is logged by the host and otherwise
// lost: nothing may depend on it.
func (kv KV) PutLater(ctx context.Context, key, value string, ttl time.Duration) {
	arg := wire.AppendBytes(wire.AppendBytes(nil, kv.Binding), key)
	arg = wire.AppendUint32(wire.AppendBytes(arg, value), uint32(ttl/time.Second))
	hostLater(taskOf(ctx).req, int32(OpKVPut), bytesPtr(arg), int32(len(arg)))
}

// Queue is a queue's producer, by binding name.
type Queue struct{ Binding string }

// Send enqueues msg. After an error it may or may not be in the queue.
func (q Queue) Send(ctx context.Context, msg []byte) error {
	arg := make([]byte, 0, 8+len(q.Binding)+len(msg))
	arg = wire.AppendBytes(wire.AppendBytes(arg, q.Binding), msg)
	status, _ := current.await(taskOf(ctx), OpQueueSend, storeDeadline, arg)
	return sentinel(status)
}

// SendBatch enqueues every message or, after an error, perhaps some: the
// platform promises nothing then.
func (q Queue) SendBatch(ctx context.Context, msgs [][]byte) error {
	arg := wire.AppendUint32(wire.AppendBytes(nil, q.Binding), uint32(len(msgs)))
	for _, msg := range msgs {
		arg = wire.AppendBytes(arg, msg)
	}
	status, _ := current.await(taskOf(ctx), OpQueueSendBatch, storeDeadline, arg)
	return sentinel(status)
}

// Web fetches public documents.
type Web struct{}

// Get returns the document at an https URL: the body of a 200 of at most
// maxBytes. A redirect is a failure.
func (Web) Get(ctx context.Context, url string, maxBytes int) ([]byte, error) {
	arg := wire.AppendBytes(wire.AppendUint32(nil, uint32(maxBytes)), url)
	status, body := current.await(taskOf(ctx), OpFetch, fetchDeadline, arg)
	return body, sentinel(status)
}

// Bucket is an R2 bucket, by binding name.
type Bucket struct{ Binding string }

// Put stores an object.
func (b Bucket) Put(ctx context.Context, key string, content []byte) error {
	arg := wire.AppendBytes(wire.AppendBytes(nil, b.Binding), key)
	arg = wire.AppendUint32(arg, uint32(uintptr(bytesPtr(content)))) // 25 MiB are not packed once more
	arg = wire.AppendUint32(arg, uint32(len(content)))
	status, _ := current.await(taskOf(ctx), OpObjectPut, storeDeadline, arg)
	runtime.KeepAlive(content)
	return sentinel(status)
}

// Service is a service binding, by name.
type Service struct{ Binding string }

// Forward hands the request over, unread, and answers it with what the
// service says. After nil the request is answered.
func (s Service) Forward(ctx context.Context) error {
	arg := wire.AppendBytes(nil, s.Binding)
	status, _ := current.await(taskOf(ctx), OpForward, forwardDeadline, arg)
	return sentinel(status)
}

func (t *task) body(limit int) ([]byte, error) {
	arg := wire.AppendUint32(nil, uint32(limit))
	status, body := current.await(t, OpBody, bodyDeadline, arg)
	return body, sentinel(status)
}

func (t *task) respond(res *ingest.Response) {
	b := make([]byte, 0, 256+len(res.Body))
	b = wire.AppendUint32(b, uint32(res.Status))
	size := 0
	for _, h := range res.Header {
		size += len(h[0]) + len(h[1]) + 2
	}
	b = wire.AppendUint32(b, uint32(size))
	for _, h := range res.Header {
		b = append(append(b, h[0]...), '\n')
		b = append(append(b, h[1]...), '\n')
	}
	b = wire.AppendBytes(b, res.Body)
	hostRespond(t.req, bytesPtr(b), int32(len(b)))
}

func sentinel(s Status) error {
	switch s {
	case StatusOK:
		return nil
	case StatusAbsent:
		return ingest.ErrAbsent
	case StatusTooLarge:
		return ingest.ErrTooLarge
	case StatusTimeout:
		return ingest.ErrTimeout
	case StatusMissing:
		return ingest.ErrNotConfigured
	case StatusBusy:
		return ingest.ErrBusy
	}
	return ingest.ErrUnavailable
}
