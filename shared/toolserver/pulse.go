package toolserver

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/problem"
)

const (
	// firstPulse is when an answer that has not begun says that it will come,
	// and pulses double from there up to lastPulse: a call that is given up
	// early is noticed within about as long as it has taken, and a stream of
	// hours costs little.
	firstPulse = time.Second
	lastPulse  = 16 * time.Second
	// maxStreams bounds the streams of notifications that are open at a tenant's
	// endpoint, each memory for as long as its reader likes, and maxStreamsOfOne
	// those of one caller. Who is one too many comes again after
	// streamsAgain.
	maxStreams      = 200
	maxStreamsOfOne = 50
	streamsAgain    = 30 // seconds
)

// stream is what the platform's http.ResponseWriter does beside writing. One
// without it (a test's) has neither.
type stream interface {
	// Pulse has f called after d, and then after what f returns, until that is
	// 0 or the answer has ended.
	Pulse(d time.Duration, f func() time.Duration)
	// OnRetire has f called when the memory that the answer lives in is to be
	// given up, for which the answer's end is waited for.
	OnRetire(f func())
}

// keeper is what the platform's http.ResponseWriter does besides; see
// access.Caller.
type keeper interface {
	Keep(end func()) (release func())
}

// listening is a stream of notifications, which has no end of its own, and whom
// it tells.
type listening struct {
	caller *access.Caller
	cancel context.CancelFunc
}

// crowded refuses one stream too many.
func (s *Server) crowded(w http.ResponseWriter, c *access.Caller) bool {
	s.mu.Lock()
	all, own := len(s.lasts), 0
	for l := range s.lasts {
		if l.caller.ID == c.ID {
			own++
		}
	}
	s.mu.Unlock()
	if all < maxStreams && own < maxStreamsOfOne {
		return false
	}
	refuse(w, problem.New(problem.CodeRateLimited, "too many streams of notifications are open").RetryAfter(streamsAgain))
	return true
}

// lasting ends such a stream when the instance is to be replaced: its reader
// comes back. And when its caller may not listen any more, which it would never
// be asked again: at a pulse, or by Recheck. Its reader then comes back in vain.
func (s *Server) lasting(w http.ResponseWriter, r *http.Request, c *access.Caller) (_ http.ResponseWriter, _ *http.Request, done func()) {
	ctx, cancel := context.WithCancel(r.Context())
	l := &listening{c, cancel}
	s.mu.Lock()
	s.lasts[l] = true
	s.mu.Unlock()
	if p, ok := w.(stream); ok {
		p.OnRetire(cancel)
	}
	w = newPulsing(w)
	if p, ok := w.(*pulsing); ok {
		p.check = func() { s.recheck(l) }
	}
	return w, r.WithContext(ctx), func() {
		s.mu.Lock()
		delete(s.lasts, l)
		s.mu.Unlock()
		cancel()
	}
}

// Recheck ends the streams of those who may not listen any more: call it when
// a key has been deleted.
func (s *Server) Recheck() {
	s.mu.Lock()
	all := slices.Collect(maps.Keys(s.lasts))
	s.mu.Unlock()
	for _, l := range all {
		s.recheck(l)
	}
}

func (s *Server) recheck(l *listening) {
	if s.cfg.Still != nil && !s.cfg.Still(l.caller) {
		l.cancel()
	}
}

// questioning is a call of the older protocols, which may wait for the client's
// answer to a question: that goes to the instance's successor, and never comes.
// So the call has until the second pulse from when the instance is to be
// replaced, and ends.
func questioning(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request, func()) {
	out := newPulsing(w)
	p, ok := out.(*pulsing)
	if !ok {
		return w, r, func() {}
	}
	ctx, cancel := context.WithCancel(r.Context())
	w.(stream).OnRetire(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.end, p.left = cancel, 2
	})
	return p, r.WithContext(ctx), cancel
}

// pulsing is an answer that is begun after a while although nothing is to be
// said yet, by a comment (HTML, server-sent events): only by writing does the
// platform notice a client that has closed its end of the connection, which is
// how a call is cancelled since 2026-07-28.
type pulsing struct {
	http.ResponseWriter

	mu      sync.Mutex
	next    time.Duration
	started bool
	events  bool // it is a stream of events
	framed  bool // what comes is one JSON message, which becomes an event
	end     func()
	left    int    // pulses until end, if not nil
	check   func() // with each pulse, if not nil
}

func newPulsing(w http.ResponseWriter) http.ResponseWriter {
	s, ok := w.(stream)
	if !ok {
		return w
	}
	p := &pulsing{ResponseWriter: w, next: firstPulse}
	s.Pulse(firstPulse, p.pulse)
	return p
}

// pulse writes a comment, and says when to come again.
func (p *pulsing) pulse() time.Duration {
	if p.check != nil {
		p.check()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end != nil {
		if p.left--; p.left == 0 {
			p.end()
			return 0
		}
	}
	if !p.started {
		h := p.Header()
		h.Set("Content-Type", "text/event-stream")
		p.start(http.StatusOK)
	}
	if !p.events {
		return 0
	}
	if _, err := p.ResponseWriter.Write([]byte(":\n\n")); err != nil {
		return 0
	}
	p.next = min(2*p.next, lastPulse)
	return p.next
}

func (p *pulsing) start(status int) {
	p.started = true
	p.events = strings.HasPrefix(p.Header().Get("Content-Type"), "text/event-stream")
	p.ResponseWriter.WriteHeader(status)
}

// WriteHeader implements http.ResponseWriter. The status of an answer that has
// begun cannot be changed: the protocol library gives an error a status of its
// own and JSON, and as an event it says the same.
func (p *pulsing) WriteHeader(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		p.start(status)
		return
	}
	p.framed = p.events && strings.HasPrefix(p.Header().Get("Content-Type"), "application/json")
}

func (p *pulsing) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		p.start(http.StatusOK)
	}
	if !p.framed {
		return p.ResponseWriter.Write(b)
	}
	event := append(append([]byte("event: message\ndata: "), b...), "\n\n"...)
	_, err := p.ResponseWriter.Write(event)
	return len(b), err
}

// Unwrap is for http.ResponseController.
func (p *pulsing) Unwrap() http.ResponseWriter { return p.ResponseWriter }
