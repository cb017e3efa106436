package backend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"syscall/js"

	"github.com/syumai/workers"
	"github.com/syumai/workers/cloudflare/cron"
	"github.com/syumai/workers/cloudflare/queues"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/queue"
)

// Object is one Durable Object's logic.
type Object interface {
	// Invoke answers one call.
	Invoke(method string, payload []byte) ([]byte, error)
	// Alarm runs at the time last set. An error makes the platform try again.
	Alarm() error
}

// Handlers are what the Worker does. A nil field means that such an event is
// an error.
type Handlers struct {
	// Fetch answers the requests of the service binding. The request's body
	// has been read; a body over BodyLimit reaches it as ErrBodyTooLarge
	// from Read.
	Fetch     http.Handler
	BodyLimit int // bytes

	// Route names the Durable Object that answers a URL in Fetch's place, by
	// binding and name. Nil, and ok false: Fetch does.
	Route func(url string) (binding, name string, ok bool)

	// ObjectBodyLimit bounds the body of a request to an object, in bytes.
	ObjectBodyLimit int

	// Queue decides each message of a batch of the named queue.
	Queue func(ctx context.Context, queue string, batch []queue.Message) []queue.Verdict

	// Scheduled runs on each cron tick.
	Scheduled func(ctx context.Context) error

	// Objects makes the logic of a Durable Object, by class.
	Objects map[string]func(storage *Storage) (Object, error)

	// Log takes one line of structured log.
	Log func(event string, kv ...string)
}

// Run serves events until the isolate ends. It never returns.
func Run(h Handlers) {
	context := js.Global().Get("context")
	// The host sets another context for the next instance; this one's retire
	// is its own.
	s := &server{Handlers: h, objects: map[int]Object{}, writers: map[int]*streamWriter{}, shared: newShared(), retire: context.Get("retire")}
	queues.ConsumeNonBlock(s.queue)
	cron.ScheduleTaskNonBlock(s.scheduled)
	binding := context.Get("binding")
	binding.Set("bodyLimit", h.BodyLimit)
	binding.Set("objectBodyLimit", h.ObjectBodyLimit)
	binding.Set("maxEvents", maxEvents())
	binding.Set("maxMemory", maxMemory)
	binding.Set("route", js.FuncOf(s.route))
	serving = s
	workers.Ready()
	select {}
}

// maxMemory is the linear memory, in bytes, past which an instance is
// replaced. The isolate has 128 MB for JavaScript, this instance, the one it
// replaces and every Durable Object.
const maxMemory = 48 << 20

type server struct {
	Handlers
	objects map[int]Object        // by serial of the JavaScript object
	writers map[int]*streamWriter // of objects' answers, by event
	shared  *shared
	retire  js.Value // has the host replace this instance
}

var errNoHandler = errors.New("backend: no handler for this event")

// handle handles an event of a kind in a goroutine of its own: the event is
// answered with the values that its handler gives, or refused with the text of
// its error. A panic refuses the event and retires the instance.
func (s *server) handle(kind kind, event int, in reader, serial int) {
	bulkhead.Go(func() {
		var answer *packed
		err := s.protect(kind.String(), func() (err error) {
			answer, err = s.handler(kind)(event, in, serial)
			return err
		})
		if err != nil {
			err = host.send("refuse", event, host.message().text(err.Error()))
		} else {
			err = host.send("answer", event, answer)
		}
		if err != nil { // the host knows no such event
			s.Log("backend.answer_failed", "in", kind.String(), "error", err.Error())
		}
	})
}

// errPanic is all that a caller learns of a panic.
var errPanic = errors.New("backend: internal error")

// protect runs f; a panic becomes errPanic, a log line and a fresh instance
// for the events to come.
func (s *server) protect(event string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.Log("backend.panic", "in", event, "panic", panicText(v))
			s.retire.Invoke()
			err = errPanic
		}
	}()
	return f()
}

// apart is protect in a goroutine whose stack has grown (bulkhead.Go): syumai
// starts one for each batch and tick.
func (s *server) apart(event string, f func() error) error {
	done := make(chan error, 1)
	bulkhead.Go(func() { done <- s.protect(event, f) })
	return <-done
}

// panicText says what panicked without the values of a request: runtime
// errors and our own constant strings, nothing formatted from input.
func panicText(v any) string {
	switch v := v.(type) {
	case runtime.Error:
		return v.Error()
	case string:
		return v
	}
	return "panic"
}

// ErrBodyTooLarge is what reading the body of a request over
// Handlers.BodyLimit gives.
var ErrBodyTooLarge = errors.New("backend: request body over the limit")

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, ErrBodyTooLarge }

func (s *server) fetch(_ int, in reader, _ int) (*packed, error) {
	if s.Fetch == nil {
		return nil, errNoHandler
	}
	w := &recorder{header: http.Header{}}
	if r := requestToGo(in); r != nil {
		s.Fetch.ServeHTTP(w, r.WithContext(context.Background()))
	} else { // what the platform takes as a URL, Go may not: `%zz`
		writeMalformedURL(w)
	}
	w.WriteHeader(http.StatusOK)
	return host.message().number(float64(w.status)).blob(w.body).header(w.header), nil
}

// requestToGo makes a request of method, URL, body and headers. Nil: its URL
// is malformed.
func requestToGo(in reader) *http.Request {
	method := in.text()
	u, err := url.Parse(in.text())
	if err != nil {
		return nil
	}
	body := in.blob()
	r := &http.Request{
		Method: method, URL: u, Host: u.Host, RequestURI: u.RequestURI(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: in.header(), Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	if body == nil {
		r.Body = io.NopCloser(failingReader{})
		r.ContentLength = -1
	}
	return r
}

func writeMalformedURL(w http.ResponseWriter) {
	p := problem.New(problem.CodeBadRequest, "the URL is malformed")
	w.Header().Set("Content-Type", problem.ContentType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.Append(nil))
}

// recorder keeps a response until it is whole.
type recorder struct {
	header http.Header
	status int
	body   []byte
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body = append(w.body, b...)
	return len(b), nil
}
