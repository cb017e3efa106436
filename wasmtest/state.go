package wasmtest

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/workerd"
)

func headerNames(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }

// Queue is a queue, by its name.
func (e *Edge) Queue(name string) *Queue { return &Queue{e.world.Queue(name)} }

// Queue is a queue.
type Queue struct{ queue *platform.Queue }

// Message is a message that waits in a queue.
type Message struct {
	ID       string
	Body     []byte
	Sent     time.Time
	Attempts int       // deliveries so far
	Visible  time.Time // not delivered before
}

// Send enqueues bytes, as a producer elsewhere would.
func (q *Queue) Send(body []byte) { q.queue.Send("bytes", body, 0) }

// SendText enqueues text.
func (q *Queue) SendText(body string) { q.queue.Send("text", []byte(body), 0) }

// SendJSON enqueues a JSON text.
func (q *Queue) SendJSON(body string) { q.queue.Send("json", []byte(body), 0) }

// Messages are the messages that wait, those with a consumer apart.
func (q *Queue) Messages() []Message {
	var list []Message
	for _, m := range q.queue.Waiting() {
		list = append(list, Message{m.ID, m.Body, m.Sent, m.Attempts, m.Visible})
	}
	return list
}

// Len is how many messages are in the queue, those with a consumer included.
func (q *Queue) Len() int { return len(q.queue.Waiting()) + q.queue.Flying() }

// KV is a namespace, by its id (not its binding).
func (e *Edge) KV(id string) *KV { return &KV{e.world.KV(id)} }

// KV is a KV namespace as it is, not as a stale read would see it.
type KV struct{ kv *platform.KV }

// Get reads a key.
func (k *KV) Get(key string) (value string, ok bool) {
	b, ok := k.kv.Latest(key)
	return string(b), ok
}

// Put writes a key for ever, at none of the locations. Like any write it counts
// against the one per second and key; the error says so.
func (k *KV) Put(key, value string) error { return k.kv.Put("", key, []byte(value), "", 0) }

// Keys are the keys, in order.
func (k *KV) Keys() []string { return k.kv.Keys() }

// Database runs a statement on a D1 database, by its id, with its whole effect:
// to set a test up or to look. Values are int64, float64, string, []byte or nil.
func (e *Edge) Database(id, query string, args ...any) (columns []string, rows [][]any, err error) {
	r, err := e.world.Database(id).Exec(platform.Statement{SQL: query, Args: args})
	return r.Columns, r.Values, err
}

// Bucket is an R2 bucket, by its name.
func (e *Edge) Bucket(name string) *Bucket { return &Bucket{e.world.Bucket(name)} }

// Bucket is an R2 bucket.
type Bucket struct{ bucket *platform.Bucket }

// Get reads an object.
func (b *Bucket) Get(key string) (data []byte, ok bool) {
	o := b.bucket.Get(key)
	if o == nil {
		return nil, false
	}
	return o.Data, true
}

// Put stores an object.
func (b *Bucket) Put(key string, data []byte) { b.bucket.Put(key, data, nil, nil) }

// Keys are the keys, in order.
func (b *Bucket) Keys() []string { return b.bucket.Keys("") }

// Object is a Durable Object of this Worker.
func (w *DeployedWorker) Object(class, name string) *Object {
	return &Object{w.worker.Object(class, name)}
}

// Objects are the Worker's Durable Objects, as they were made.
func (w *DeployedWorker) Objects() []*Object {
	var list []*Object
	for _, o := range w.worker.Objects() {
		list = append(list, &Object{o})
	}
	return list
}

// Object is a Durable Object.
type Object struct{ object *workerd.Object }

// Class is the object's class.
func (o *Object) Class() string { return o.object.Class }

// Name is the object's name.
func (o *Object) Name() string { return o.object.Name }

// Query reads the object's SQL storage. Values are int64, float64, string,
// []byte or nil.
func (o *Object) Query(query string, args ...any) (columns []string, rows [][]any, err error) {
	r, err := o.object.Storage.Exec(query, args)
	return r.Columns, r.Values, err
}

// Alarm is when the object's alarm is due.
func (o *Object) Alarm() (at time.Time, ok bool) {
	at, ok, err := o.object.Storage.Alarm()
	return at, ok && err == nil
}
