package toolserver

import (
	"bytes"
	"context"
	"encoding/base32"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/problem"
)

// Session is what is kept of a session of the older protocols: enough to make
// it again in a fresh instance.
type Session struct {
	ID    string
	Owner string // the caller's ID; a session is no proof of who asks
	// Initialize is the body of the request that opened it.
	Initialize []byte
}

// Sessions keeps them. Save says which are not kept any more: those that are
// old, or too many. Load returns nil when there is none.
type Sessions interface {
	Save(Session) (ended []string, err error)
	Load(id string) (*Session, error)
	Delete(id string) error
}

// A session's id is 160 random bits in lower-case base32.
const (
	sessionIDBytes = 20
	sessionIDLen   = 32
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// initialize opens a session and keeps how it was opened.
func (s *Server) initialize(w http.ResponseWriter, r *http.Request, caller *access.Caller, body []byte) {
	if r.Header.Get(sessionHeader) != "" {
		refuse(w, problem.New(problem.CodeBadRequest, "initialize opens a session and takes no Mcp-Session-Id"))
		return
	}
	b := make([]byte, sessionIDBytes)
	if _, err := io.ReadFull(s.cfg.Rand, b); err != nil {
		refuse(w, problem.New(problem.CodeInternal, ""))
		return
	}
	id := idEncoding.EncodeToString(b)
	ended, err := s.cfg.Sessions.Save(Session{ID: id, Owner: caller.ID, Initialize: body})
	if err != nil {
		refuse(w, problem.New(problem.CodeUnavailable, ""))
		return
	}
	s.end(ended)
	if !s.open(w, r, id) {
		_ = s.cfg.Sessions.Delete(id) // what is left is never used, and goes when it is old
	}
}

// life is a session in memory: its calls end with it.
type life struct {
	ctx context.Context
	end context.CancelFunc
}

// within is the context of a call of a session.
func (s *Server) within(ctx context.Context, id string) (_ context.Context, done func()) {
	s.mu.Lock()
	l := s.live[id]
	s.mu.Unlock()
	if l == nil { // it is being opened, or is none
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// leave ends a session's calls: the library closes a session when they are
// over, and one that waits for a person may never be.
func (s *Server) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.live[id]; l != nil {
		l.end()
		delete(s.live, id)
	}
}

// end takes sessions that are not kept any more out of memory.
func (s *Server) end(ids []string) {
	if len(ids) == 0 {
		return
	}
	for _, id := range ids {
		s.leave(id)
	}
	for session := range s.mcp.Sessions() {
		if slices.Contains(ids, session.ID()) {
			bulkhead.Go(func() { _ = session.Close() }) // nobody waits for it
		}
	}
}

// open has the library open a session under an id, and reports whether it did.
func (s *Server) open(w http.ResponseWriter, r *http.Request, id string) bool {
	// The library asks for the id, without arguments, before it waits for
	// anything; until then no other session may be opened.
	s.opening.Lock()
	taken := sync.OnceFunc(s.opening.Unlock)
	defer taken()
	s.nextID = func() string {
		taken()
		return id
	}
	seen := &watcher{ResponseWriter: w}
	s.stateful.ServeHTTP(seen, r)
	if seen.status != http.StatusOK || w.Header().Get(sessionHeader) != id {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, end := context.WithCancel(context.Background())
	s.live[id] = &life{ctx, end}
	return true
}

// serveSession serves a request of a session, which it makes again if this
// instance does not have it.
func (s *Server) serveSession(w http.ResponseWriter, r *http.Request, caller *access.Caller, batch bool) {
	id := r.Header.Get(sessionHeader)
	if id == "" {
		if r.Method != http.MethodPost || r.Header.Get(versionHeader) >= modern {
			refuse(w, problem.New(problem.CodeMethodNotAllowed, "without a session there is only POST").With("Allow", "POST"))
			return
		}
		refuse(w, problem.New(problem.CodeBadRequest, "open a session by initialize and send its Mcp-Session-Id, or speak protocol 2026-07-28"))
		return
	}
	kept, err := s.load(id)
	if err != nil {
		refuse(w, problem.New(problem.CodeUnavailable, ""))
		return
	}
	// Somebody else's session looks like one that is over.
	if kept == nil || kept.Owner != caller.ID || !s.restore(r, kept) {
		refuse(w, problem.New(problem.CodeNotFound, "this session is over; open another by initialize"))
		return
	}
	if batch && !batches(kept.Initialize) {
		errRequest.write(w)
		return
	}
	if r.Method == http.MethodDelete {
		if err := s.cfg.Sessions.Delete(id); err != nil {
			refuse(w, problem.New(problem.CodeUnavailable, ""))
			return
		}
		s.leave(id)
	}
	if r.Method == http.MethodGet && s.crowded(w, caller) {
		return
	}
	var ended func()
	if r.Method == http.MethodGet {
		w, r, ended = s.lasting(w, r, caller)
	} else {
		w, r, ended = questioning(w, r)
	}
	defer ended()
	s.stateful.ServeHTTP(w, r)
}

func (s *Server) load(id string) (*Session, error) {
	if !wellFormed(id) {
		return nil, nil
	}
	return s.cfg.Sessions.Load(id)
}

// restore opens a kept session again by the request that opened it first.
func (s *Server) restore(r *http.Request, kept *Session) bool {
	s.restoring.Lock() // once, though several ask for it
	defer s.restoring.Unlock()
	s.mu.Lock()
	live := s.live[kept.ID]
	s.mu.Unlock()
	if live != nil {
		return true
	}
	again := func(body []byte, id string) *http.Request {
		q := r.Clone(context.WithoutCancel(r.Context()))
		q.Method, q.Body = http.MethodPost, io.NopCloser(bytes.NewReader(body))
		q.Header = http.Header{
			"Authorization": r.Header["Authorization"], "Content-Type": {"application/json"},
			"Accept": {"application/json, text/event-stream"},
		}
		if id != "" {
			q.Header.Set(sessionHeader, id)
		}
		return q
	}
	if !s.open(&discard{header: http.Header{}}, again(kept.Initialize, ""), kept.ID) {
		return false
	}
	s.stateful.ServeHTTP(&discard{header: http.Header{}}, again([]byte(initialized), kept.ID))
	return true
}

const initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`

// watcher sees the status that goes by.
type watcher struct {
	http.ResponseWriter
	status int
}

func (w *watcher) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watcher) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard is an answer nobody reads.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
