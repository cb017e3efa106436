package backend

import (
	"bytes"
	"context"
	"io"
	"syscall/js"
	"time"

	"github.com/syumai/workers/cloudflare/kv"
	"github.com/syumai/workers/cloudflare/r2"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/queue"
)

// Setting reads an environment variable or secret; "" when unset.
func Setting(name string) string {
	v := js.Global().Get("context").Get("env").Get(name)
	if v.Type() != js.TypeString {
		return ""
	}
	return v.String()
}

// Missing names those of the bindings that are not configured.
func Missing(bindings ...string) []string {
	var missing []string
	env := js.Global().Get("context").Get("env")
	for _, name := range bindings {
		if env.Get(name).IsUndefined() {
			missing = append(missing, "binding "+name+" of the consumers is missing: see consumers/wrangler.toml")
		}
	}
	return missing
}

// Log writes one line of structured log: what happened, and pairs of name and
// value.
func Log(event string, kv ...string) {
	line := append([]byte(nil), `{"event":`...)
	line = jsontext.AppendString(line, event)
	for i := 0; i+1 < len(kv); i += 2 {
		line = jsontext.AppendString(append(line, ','), kv[i])
		line = jsontext.AppendString(append(line, ':'), kv[i+1])
	}
	console.Call("log", string(append(line, '}')))
}

// Invoke calls a method of the named Durable Object. Errors wrap ErrRemote.
func Invoke(_ context.Context, binding, name, method string, payload []byte) ([]byte, error) {
	v, err := call(host, "invoke", binding, name, method, toJS(payload))
	if err != nil {
		return nil, err
	}
	return toGo(v), nil
}

// KV is a KV namespace, by binding name.
type KV struct{ Binding string }

// Put writes a key; a zero ttl keeps it until it is deleted.
func (k KV) Put(_ context.Context, key, value string, ttl time.Duration) error {
	return guard(func() error {
		ns, err := kv.NewNamespace(k.Binding)
		if err != nil {
			return err
		}
		return ns.PutString(key, value, &kv.PutOptions{ExpirationTTL: int(ttl / time.Second)})
	})
}

// Delete removes a key; it is no error when there is none.
func (k KV) Delete(_ context.Context, key string) error {
	return guard(func() error {
		ns, err := kv.NewNamespace(k.Binding)
		if err != nil {
			return err
		}
		return ns.Delete(key)
	})
}

// SendBatch enqueues messages as bytes to a queue, by binding name, in as many
// calls as Queues' limits ask for. After an error some may be in the queue.
func SendBatch(binding string, messages [][]byte) error {
	for chunk := range queue.Chunks(messages) {
		batch := arrays.New(len(chunk))
		for i, m := range chunk {
			batch.SetIndex(i, toJS(m))
		}
		if _, err := call(host, "sendBatch", binding, batch); err != nil {
			return err
		}
	}
	return nil
}

// Sleep waits so long, as a promise of the event that calls it: it is not a
// timer of Go's, which no event would own (DESIGN §3 rule 1).
func Sleep(_ context.Context, d time.Duration) {
	// It cannot fail; if it does, who waits goes on.
	ms := (max(d, 0) + time.Millisecond - 1) / time.Millisecond // rounded up: never early
	_, _ = call(host, "sleep", float64(ms))
}

// Bucket is an R2 bucket, by binding name.
type Bucket struct{ Binding string }

// Get reads an object; nil when there is none.
func (b Bucket) Get(_ context.Context, key string) ([]byte, error) {
	v, err := call(host, "objectGet", b.Binding, key)
	if err != nil || v.IsNull() {
		return nil, err
	}
	return toGo(v), nil
}

// Put stores an object.
func (b Bucket) Put(_ context.Context, key string, content []byte) error {
	return guard(func() error {
		bucket, err := r2.NewBucket(b.Binding)
		if err != nil {
			return err
		}
		_, err = bucket.Put(key, io.NopCloser(bytes.NewReader(content)), nil)
		return err
	})
}

// Delete removes an object; it is no error when there is none.
func (b Bucket) Delete(_ context.Context, key string) error {
	return guard(func() error {
		bucket, err := r2.NewBucket(b.Binding)
		if err != nil {
			return err
		}
		return bucket.Delete(key)
	})
}

// Fetch sends a request; it is a fetch.Func. Errors wrap ErrRemote, and
// fetch.ErrTimeout as well when the deadline passed, or are the context's when
// it ended and the request was to end with it.
func Fetch(ctx context.Context, r fetch.Request) (fetch.Response, error) {
	var body any
	if r.Body != nil {
		body = toJS(r.Body)
	}
	var handle any
	if r.Abort && ctx.Done() != nil {
		if err := ctx.Err(); err != nil {
			return fetch.Response{}, err
		}
		h := objects.New()
		// The host has put abort there before anybody can end the context: it
		// does so before it first waits.
		defer context.AfterFunc(ctx, func() {
			_ = guard(func() error { h.Call("abort"); return nil })
		})()
		handle = h
	}
	v, err := call(host, "fetch", r.Method, r.URL, listToJS(r.Header), body,
		float64(r.Deadline/time.Millisecond), r.MaxBody, handle)
	if err != nil && handle != nil && ctx.Err() != nil {
		return fetch.Response{}, ctx.Err()
	}
	if err != nil {
		return fetch.Response{}, err
	}
	return fetch.Response{
		Status:   v.Get("status").Int(),
		Header:   headerToGo(v.Get("headers")),
		Body:     toGo(v.Get("body")),
		TooLarge: v.Get("tooLarge").Bool(),
	}, nil
}

// OpenStream sends a request whose answer is read as it comes; it is a
// fetch.StreamFunc. Errors as of Fetch.
func OpenStream(ctx context.Context, r fetch.Request) (fetch.Stream, error) {
	if err := ctx.Err(); err != nil {
		return fetch.Stream{}, err
	}
	var body any
	if r.Body != nil {
		body = toJS(r.Body)
	}
	handle := objects.New()
	closed := false
	abort := func() {
		closed = true
		_ = guard(func() error { handle.Call("abort"); return nil })
	}
	stop := context.AfterFunc(ctx, abort)
	failed := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	v, err := call(host, "stream", r.Method, r.URL, listToJS(r.Header), body, float64(r.Deadline/time.Millisecond), handle)
	if err != nil {
		stop()
		return fetch.Stream{}, failed(err)
	}
	return fetch.Stream{
		Status: v.Get("status").Int(),
		Header: headerToGo(v.Get("headers")),
		Next: func() ([]byte, error) {
			piece, err := call(handle, "read")
			switch {
			case err != nil:
				return nil, failed(err)
			case piece.IsNull():
				return nil, nil
			}
			return toGo(piece), nil
		},
		Extend: func(d time.Duration) {
			if !closed { // else nobody would stop its clock
				_ = guard(func() error { handle.Call("extend", float64(d/time.Millisecond)); return nil })
			}
		},
		Close: func() {
			stop()
			abort()
		},
	}, nil
}
