package workerd

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// ErrSilent is what a server's handler panics with to answer no more.
var ErrSilent = errors.New("wasmtest: the server stays silent")

// Piece is a part of a body and when it comes, after the head. An empty one is
// the body's end.
type Piece struct {
	At   time.Duration
	Data []byte
}

// answer is what a fake server made of a request.
type answer struct {
	Response
	late   time.Duration // until the head leaves
	pieces []Piece       // of a body that comes over time; nil: Response.Body, at once
	fate   error         // after that: nil, ErrSilent or http.ErrAbortHandler
	headed bool          // the head is out
}

// exchange is the http.ResponseWriter of a fake server. Handlers run in one
// instant; what they do after Late happens that much later.
type exchange struct {
	header http.Header
	answer answer
	clock  time.Duration // since the handler began
	timed  bool
}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.answer.headed || status < 200 { // informational ones are not passed on
		return
	}
	x.answer.headed, x.answer.late, x.answer.Status = true, x.clock, status
	for _, name := range sortedKeys(x.header) {
		for _, v := range x.header[name] {
			x.answer.Header = append(x.answer.Header, jsobj.Field{Name: name, Value: v})
		}
	}
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	at := x.clock - x.answer.late
	if len(b) == 0 {
		return 0, nil
	}
	x.timed = x.timed || at > 0
	x.answer.pieces = append(x.answer.pieces, Piece{at, bytes.Clone(b)})
	return len(b), nil
}

// Flush implements http.Flusher: every Write goes out at once.
func (x *exchange) Flush() { x.WriteHeader(http.StatusOK) }

// Late implements wasmtest.Late.
func (x *exchange) Late(d time.Duration) { x.clock += d }

// serve runs a handler. Nothing of it outlives the call.
func serve(h http.Handler, q Request) answer {
	req := httptest.NewRequest(q.Method, q.URL, bytes.NewReader(q.Body))
	req.RequestURI = req.URL.RequestURI()
	for _, f := range q.Header {
		req.Header.Add(f.Name, f.Value)
	}
	x := &exchange{header: http.Header{}}
	x.answer.fate = fate(func() { h.ServeHTTP(x, req) })
	a := x.answer
	if a.fate == nil {
		x.WriteHeader(http.StatusOK)
		a = x.answer
		// The end of the body is a piece too, if the handler took its time.
		x.timed = x.timed || x.clock > a.late
	}
	if !x.timed && a.fate == nil {
		for _, p := range a.pieces {
			a.Body = append(a.Body, p.Data...)
		}
		a.pieces = nil
		return a
	}
	if !a.headed {
		a.late = x.clock
	}
	a.pieces = append(a.pieces, Piece{At: x.clock - a.late})
	return a
}

// fate runs a handler and gives how it wants its connection to end.
func fate(handler func()) (fate error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case ErrSilent, http.ErrAbortHandler:
			fate = v.(error)
		default:
			panic(v)
		}
	}()
	handler()
	return nil
}

// trickling is the body of an answer that comes over time, by the clock from
// now on; then its end, or its fate.
func (iso *Isolate) trickling(a answer) *jsobj.Stream {
	var s *jsobj.Stream
	begin, coming := iso.Now(), false
	cancel := func() {}
	give := func() {
		coming = false
		p := a.pieces[0]
		a.pieces = a.pieces[1:]
		switch {
		case len(p.Data) > 0:
			s.Enqueue(iso.realm.NewBytes(p.Data))
		case a.fate == nil:
			s.Close()
		case a.fate != ErrSilent:
			s.Fail(iso.realm.NewError("Error", platform.ErrLost.Error()))
		}
	}
	s = iso.realm.NewStream(iso.current, func() {
		if coming || len(a.pieces) == 0 {
			return
		}
		coming = true
		wait := begin.Add(a.pieces[0].At).Sub(iso.Now())
		if wait <= 0 {
			give()
			return
		}
		cancel = iso.After(wait, "response body", give)
	}, func() { cancel() })
	return s
}
