package backend

import (
	"context"
	"net/http"
	"syscall/js"
	"time"
)

// route answers the host: the object that a URL belongs to as
// [binding, name], or null.
func (s *server) route(_ js.Value, args []js.Value) any {
	in := host.open(args[0].Int())
	if s.Route == nil {
		return nil
	}
	binding, name, ok := s.Route(in.text())
	if !ok {
		return nil
	}
	return []any{binding, name}
}

// objectFetch serves one request to a Durable Object. What the object writes
// leaves at once; when nobody reads any more, the request's context ends.
func (s *server) objectFetch(event int, in reader, serial int) (*packed, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := &streamWriter{event: event, header: http.Header{}, gone: cancel, retire: func() {}, pulse: func() time.Duration { return 0 }}
	s.writers[event] = w
	defer delete(s.writers, event)
	o, class, err := s.logic(&in, serial)
	if err != nil {
		return nil, s.unopened(class, err)
	}
	h, ok := o.(http.Handler)
	if !ok {
		return nil, errNoHandler
	}
	if r := requestToGo(in); r != nil {
		h.ServeHTTP(w, r.WithContext(ctx))
	} else {
		writeMalformedURL(w)
	}
	w.WriteHeader(http.StatusOK) // an answer without a body
	if w.kept != nil {
		host.Call("sinkKeep", event)
		<-w.kept
	}
	return host.message(), nil
}

// tell says what became of the answer to an event; the result is for sinkPulse.
func (s *server) tell(event, what int) time.Duration {
	w := s.writers[event]
	if w == nil {
		return 0
	}
	switch what {
	case sinkGone:
		w.gone()
	case sinkRetire:
		w.retire()
	case sinkPulse:
		return w.pulse()
	}
	return 0
}

// What the host's sink tells of; see backend.mjs.
const (
	sinkGone   = 0
	sinkRetire = 1
	sinkPulse  = 2
)

// streamWriter is an http.ResponseWriter over the host's sink: it buffers
// nothing, so that Flush has nothing to do.
type streamWriter struct {
	event   int
	header  http.Header
	started bool
	failed  error // it could not start
	gone    func()
	retire  func()
	pulse   func() time.Duration
	kept    chan struct{} // closed when nothing goes on any more; nil: nothing does
}

// OnRetire has f called when the instance is to be replaced, which waits until
// this answer has ended.
func (w *streamWriter) OnRetire(f func()) { w.retire = f }

// Keep has the event go on after its answer, until release is called; end is
// called when the instance is to be replaced.
func (w *streamWriter) Keep(end func()) (release func()) {
	kept := make(chan struct{})
	w.kept, w.retire = kept, end
	return func() { close(kept) }
}

// Pulse has f called after d, and then after what f returns, until that is 0
// or the answer has ended. The time is a promise of this request.
func (w *streamWriter) Pulse(d time.Duration, f func() time.Duration) {
	w.pulse = f
	host.Call("sinkPulse", w.event, float64(d/time.Millisecond))
}

func (w *streamWriter) Header() http.Header { return w.header }

func (w *streamWriter) WriteHeader(status int) {
	if w.started {
		return
	}
	w.started = true
	w.failed = host.send("sinkStart", w.event, host.message().number(float64(status)).header(w.header))
}

func (w *streamWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.failed != nil {
		return 0, w.failed
	}
	if err := host.send("sinkWrite", w.event, host.message().blob(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (w *streamWriter) Flush() { w.WriteHeader(http.StatusOK) }
