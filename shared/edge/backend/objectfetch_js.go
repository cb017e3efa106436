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
	if s.Route == nil {
		return nil
	}
	binding, name, ok := s.Route(args[0].String())
	if !ok {
		return nil
	}
	return []any{binding, name}
}

// objectFetch serves one request to a Durable Object. What the object writes
// leaves at once; when nobody reads any more, the request's context ends.
func (s *server) objectFetch(args []js.Value) (any, error) {
	o, err := s.logic(args)
	if err != nil {
		return nil, err
	}
	h, ok := o.(http.Handler)
	if !ok {
		return nil, errNoHandler
	}
	w := &streamWriter{sink: args[3], header: http.Header{}, retire: func() {}, pulse: func() time.Duration { return 0 }}
	r := requestToGo(args[4:])
	if r == nil {
		writeMalformedURL(w)
		return nil, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tell := js.FuncOf(func(_ js.Value, args []js.Value) any {
		switch args[0].Int() {
		case sinkGone:
			cancel()
		case sinkRetire:
			w.retire()
		case sinkPulse:
			return float64(w.pulse() / time.Millisecond)
		}
		return nil
	})
	defer tell.Release()
	w.sink.Call("listen", tell)
	h.ServeHTTP(w, r.WithContext(ctx))
	w.WriteHeader(http.StatusOK) // an answer without a body
	if w.kept != nil {
		w.sink.Call("keep")
		<-w.kept
	}
	return nil, nil
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
	sink    js.Value
	header  http.Header
	started bool
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
	w.sink.Call("pulse", float64(d/time.Millisecond))
}

func (w *streamWriter) Header() http.Header { return w.header }

func (w *streamWriter) WriteHeader(status int) {
	if w.started {
		return
	}
	w.started = true
	w.sink.Call("start", status, headerToJS(w.header))
}

func (w *streamWriter) Write(b []byte) (n int, err error) {
	w.WriteHeader(http.StatusOK)
	err = guard(func() error {
		w.sink.Call("write", toJS(b))
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

func (w *streamWriter) Flush() { w.WriteHeader(http.StatusOK) }
