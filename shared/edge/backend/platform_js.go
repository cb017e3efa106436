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
	"github.com/hookweir/hookweir/shared/severity"
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

// Log writes one line of structured log: what happened, how grave it is, and
// pairs of name and value.
func Log(event string, kv ...string) {
	level := severity.Of(event)
	line := append([]byte(nil), `{"event":`...)
	line = jsontext.AppendString(line, event)
	line = jsontext.AppendString(append(line, `,"level":`...), level)
	for i := 0; i+1 < len(kv); i += 2 {
		line = jsontext.AppendString(append(line, ','), kv[i])
		line = jsontext.AppendString(append(line, ':'), kv[i+1])
	}
	method := "log"
	if level != severity.Info { // console's own levels: error, warn
		method = level
	}
	console.Call(method, string(append(line, '}')))
}

// Invoke calls a method of the named Durable Object. Errors wrap ErrRemote.
func Invoke(_ context.Context, binding, name, method string, payload []byte) ([]byte, error) {
	answer, err := host.await("invoke", host.message().text(binding).text(name).text(method).blob(payload))
	return answer.blob(), err
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
		batch := host.message().text(binding)
		for _, m := range chunk {
			batch.blob(m)
		}
		if _, err := host.await("sendBatch", batch); err != nil {
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
	_, _ = host.await("sleep", host.message().number(float64(ms)))
}

// Bucket is an R2 bucket, by binding name.
type Bucket struct{ Binding string }

// Get reads an object; nil when there is none.
func (b Bucket) Get(_ context.Context, key string) ([]byte, error) {
	answer, err := host.await("objectGet", host.message().text(b.Binding).text(key))
	return answer.blob(), err
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
	abortable := 0
	if r.Abort && ctx.Done() != nil {
		if err := ctx.Err(); err != nil {
			return fetch.Response{}, err
		}
		abortable = 1
	}
	m := host.message().text(r.Method).text(r.URL).body(r.Body).
		number(float64(r.Deadline / time.Millisecond)).number(float64(r.MaxBody)).number(float64(abortable))
	for _, h := range r.Header {
		m.text(h[0]).text(h[1])
	}
	p, err := host.begin("fetch", m)
	if err != nil {
		return fetch.Response{}, err
	}
	if abortable != 0 {
		defer context.AfterFunc(ctx, func() {
			_ = guard(func() error { host.Call("abort", p.ticket); return nil })
		})()
	}
	answer, err := p.wait()
	if err != nil && abortable != 0 && ctx.Err() != nil {
		return fetch.Response{}, ctx.Err()
	}
	if err != nil {
		return fetch.Response{}, err
	}
	status, body := int(answer.number()), answer.blob()
	return fetch.Response{Status: status, Header: answer.header(), Body: body, TooLarge: body == nil}, nil
}

// OpenStream sends a request whose answer is read as it comes; it is a
// fetch.StreamFunc. Errors as of Fetch.
func OpenStream(ctx context.Context, r fetch.Request) (fetch.Stream, error) {
	if err := ctx.Err(); err != nil {
		return fetch.Stream{}, err
	}
	m := host.message().text(r.Method).text(r.URL).body(r.Body).number(float64(r.Deadline / time.Millisecond))
	for _, h := range r.Header {
		m.text(h[0]).text(h[1])
	}
	p, err := host.begin("stream", m)
	if err != nil {
		return fetch.Stream{}, err
	}
	closed := false
	end := func() {
		closed = true
		_ = guard(func() error { host.Call("streamClose", p.ticket); return nil })
	}
	stop := context.AfterFunc(ctx, end)
	failed := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	answer, err := p.wait()
	if err != nil {
		stop()
		end()
		return fetch.Stream{}, failed(err)
	}
	return fetch.Stream{
		Status: int(answer.number()),
		Header: answer.header(),
		Next: func() ([]byte, error) {
			if closed {
				return nil, failed(ErrRemote)
			}
			piece, err := host.await("streamRead", host.message().number(float64(p.ticket)))
			if err != nil {
				return nil, failed(err)
			}
			return piece.blob(), nil
		},
		Extend: func(d time.Duration) {
			if !closed { // else nobody would stop its clock
				_ = guard(func() error { host.Call("streamExtend", p.ticket, float64(d/time.Millisecond)); return nil })
			}
		},
		Close: func() {
			stop()
			end()
		},
	}, nil
}

// body packs a body, which may be none: nil.
func (p *packed) body(v []byte) *packed {
	if v == nil {
		return p.null()
	}
	return p.blob(v)
}
