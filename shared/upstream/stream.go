package upstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/jsontext"
)

const (
	// askWithin is how long a person may think about a question that an
	// upstream waits for: as long as a client of 2026 has (package tools).
	askWithin = 10 * time.Minute
	// listenWithin is how long a server may take to open the stream for what it
	// asks aside of a call; one that does not is called without.
	listenWithin = 2 * time.Second
	// longestCall bounds that stream: the questions of one call, and a while.
	longestCall = time.Hour
)

// flow is the body of an answer that has to be read as it comes, since the
// server may ask in it and wait (protocols up to 2025-11-25): a call's answer,
// or the stream that a server opens for what belongs to no call. One that is
// closed before the answer has come is taken up again, see resume.go.
type flow struct {
	t      *transport
	ctx    context.Context
	q      fetch.Request
	s      fetch.Stream
	id     []byte // of the call; nil for the server's own stream
	events bool   // it is a stream of events
	given  []byte // was read and not given on yet
	begun  []byte // an event that is not whole yet
	size   int
	over   bool // the answer has come, or none is needed

	last    string // event's id
	retry   time.Duration
	resumes int
	until   time.Time
}

// comes says whether an answer has to be read as it comes.
func comes(r *http.Request, call bool) bool {
	v := r.Header.Get("Mcp-Protocol-Version")
	return r.Method == http.MethodGet || call && v != "" && v <= legacy
}

// follow sends a request whose answer is a flow.
func (t *transport) follow(r *http.Request, q fetch.Request) (*http.Response, error) {
	f := &flow{t: t, ctx: r.Context(), q: q, retry: defaultRetry}
	own := r.Method == http.MethodGet
	if own {
		q.Deadline = listenWithin
	} else {
		f.id, _ = jsontext.Find(q.Body, "id")
	}
	var err error
	if f.s, err = t.stream(r.Context(), q); err == nil && own && (f.s.Status != http.StatusOK || !isStream(f.s.Header)) {
		f.s.Close()
		err = errNoAnswer
	}
	switch {
	case err != nil && own: // a server need not have one
		return answer(r, http.StatusMethodNotAllowed, http.Header{}, nil), nil
	case err != nil:
		return nil, t.fail(failureOf(err))
	case own:
		f.s.Extend(longestCall)
	default:
		f.until = t.now().Add(t.timeout)
		t.mu.Lock()
		t.flow = f
		t.mu.Unlock()
	}
	t.opened(f.s.Header)
	f.events = isStream(f.s.Header)
	a := answer(r, f.s.Status, f.s.Header, nil)
	a.Body, a.ContentLength = f, -1
	return a, nil
}

func failureOf(err error) error {
	if errors.Is(err, fetch.ErrTimeout) {
		return errTimeout
	}
	return errNoAnswer
}

// Read implements io.Reader.
func (f *flow) Read(p []byte) (int, error) {
	for len(f.given) == 0 {
		if f.over {
			return 0, io.EOF
		}
		if err := f.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.given)
	f.given = f.given[n:]
	return n, nil
}

// Close implements io.Closer.
func (f *flow) Close() error {
	f.over = true
	f.s.Close()
	return nil
}

// more reads on. The end of the server's own stream is no matter of the
// session's, which the library would take for lost: it is silent from then on.
func (f *flow) more() error {
	piece, err := f.s.Next()
	if f.size += len(piece); err == nil && f.size > maxAnswer {
		err = errTooLarge
	}
	switch {
	case f.id == nil && (err != nil || piece == nil):
		f.s.Close()
		<-f.ctx.Done()
		return f.ctx.Err()
	case errors.Is(err, errTooLarge):
		f.s.Close()
		return f.t.fail(err)
	case err != nil:
		return f.t.fail(failureOf(err))
	case piece == nil:
		return f.again()
	}
	f.given = piece
	switch {
	case f.events:
		f.note(piece)
	case f.id != nil:
		f.begun = append(f.begun, piece...)
	}
	return nil
}

// note reads the events that are whole. The blank line that ends one ends in
// what has just come: what came before is not looked through again.
func (f *flow) note(piece []byte) {
	const longest = len("\r\n\r\n")
	from := max(0, len(f.begun)-longest+1)
	f.begun = append(f.begun, piece...)
	end := 0
	for _, blank := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		if i := bytes.LastIndex(f.begun[from:], []byte(blank)); i >= 0 {
			end = max(end, from+i+len(blank))
		}
	}
	if end == 0 {
		return
	}
	for _, e := range events(f.begun[:end]) {
		if e.id != "" {
			f.last = e.id
		}
		if e.retry != nil {
			f.retry = *e.retry
		}
		_ = f.t.captureMessage(e.data) // a call's: it has no definitions
		if f.id != nil && isAnswer(e.data, f.id) {
			f.over = true
			f.s.Close()
		}
	}
	f.begun = bytes.Clone(f.begun[end:])
}

// again takes up a stream that the server closed before it answered.
func (f *flow) again() error {
	left := f.until.Sub(f.t.now()) - f.retry
	if !f.events || f.last == "" || f.resumes == maxResumes || left <= 0 {
		if f.over = true; f.events || !answered(f.q.Body, fetch.Response{Status: f.s.Status, Header: f.s.Header, Body: f.begun}) {
			return f.t.fail(errMalformed) // the library would wait without end
		}
		return nil
	}
	f.resumes++
	f.t.sleep(f.ctx, f.retry)
	if err := f.ctx.Err(); err != nil {
		return err
	}
	s, err := f.t.stream(f.ctx, f.t.resume(f.q, f.last, min(left, f.t.timeout), 0))
	if err != nil {
		return f.t.fail(failureOf(err))
	}
	f.s.Close()
	if f.s = s; s.Status != http.StatusOK || !isStream(s.Header) {
		s.Close()
		return f.t.fail(errNoAnswer)
	}
	f.given, f.begun = []byte("\n\n"), nil // what was cut off is no event
	return nil
}

// asked puts a question of the server's in the middle of a call to whoever
// there is, and lets the call's answer take as long as that.
func (t *transport) asked(p *mcp.ElicitParams) *mcp.ElicitResult {
	t.thinking(1)
	defer t.thinking(-1)
	refused := errNobody
	if t.ask != nil {
		var r *mcp.ElicitResult
		if r, refused = t.ask(p); refused == nil {
			return r
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused = refused
	return &mcp.ElicitResult{Action: "cancel"}
}

// thinking counts the questions that somebody thinks about.
func (t *transport) thinking(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, before := t.flow, t.open
	t.open += n
	switch {
	case f == nil:
	case before == 0:
		f.s.Extend(askWithin)
		f.until = t.now().Add(askWithin)
	case t.open == 0:
		f.s.Extend(t.timeout)
		f.until = t.now().Add(t.timeout)
	}
}
