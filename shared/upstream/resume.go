package upstream

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/jsontext"
)

const (
	// maxResumes bounds how often one answer's stream is taken up again.
	maxResumes = 10
	// defaultRetry is the pause before that when the server names none.
	defaultRetry = time.Second
)

// whole takes a stream up again that the server closed before it answered, as
// long as the exchange may last: a server may have its client come back for an
// answer that takes time (MCP 2025-11-25, resumability; HTML, server-sent
// events, Last-Event-ID). The protocols since 2026 have no such streams.
func (t *transport) whole(ctx context.Context, q fetch.Request, a fetch.Response) (fetch.Response, error) {
	id, call := requestID(q.Body)
	if !call || !isStream(a.Header) {
		return a, nil
	}
	until := t.now().Add(t.timeout)
	last, retry := "", defaultRetry
	for range maxResumes {
		for _, e := range events(a.Body) {
			if e.id != "" {
				last = e.id
			}
			if e.retry != nil {
				retry = *e.retry
			}
			if isAnswer(e.data, id) {
				return a, nil
			}
		}
		left := until.Sub(t.now()) - retry
		if last == "" || left <= 0 {
			return a, nil // it is not answered, see answered
		}
		t.sleep(ctx, retry)
		if err := ctx.Err(); err != nil {
			return a, err
		}
		more, err := t.fetch(ctx, t.resume(q, last, min(left, t.timeout), maxAnswer-len(a.Body)))
		if err != nil || more.TooLarge || more.Status != http.StatusOK || !isStream(more.Header) {
			return fetch.Response{TooLarge: more.TooLarge}, firstOf(err, errNoAnswer)
		}
		a.Body = append(append(a.Body, '\n', '\n'), more.Body...)
	}
	return a, nil
}

// resume asks for what follows an event.
func (t *transport) resume(q fetch.Request, last string, deadline time.Duration, room int) fetch.Request {
	out := fetch.Request{Method: http.MethodGet, URL: q.URL, Deadline: deadline, MaxBody: max(room, 0), Abort: q.Abort}
	for _, h := range q.Header {
		switch h[0] {
		case "accept", "content-type", "content-length", "mcp-method", "mcp-name":
		default:
			out.Header = append(out.Header, h)
		}
	}
	out.Header = append(out.Header, [2]string{"accept", "text/event-stream"}, [2]string{"last-event-id", last})
	return out
}

func firstOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func isStream(h http.Header) bool {
	return strings.Contains(h.Get("Content-Type"), "text/event-stream")
}

// requestID is the id of a message that wants an answer.
func requestID(message []byte) (id []byte, ok bool) {
	if _, ok = jsontext.Find(message, "method"); !ok {
		return nil, false
	}
	return jsontext.Find(message, "id")
}

// answered reports that what came back from a request has its answer. The
// library waits for one without end, whatever else a 2xx brought. Another
// status is itself one, and so is anything for a message that wants none.
func answered(message []byte, a fetch.Response) bool {
	id, request := requestID(message)
	if !request || a.Status < 200 || a.Status > 299 {
		return true
	}
	if !isStream(a.Header) {
		return isAnswer(a.Body, id)
	}
	return slices.ContainsFunc(events(a.Body), func(e streamEvent) bool { return isAnswer(e.data, id) })
}

// isAnswer reports a message that is the response to a request: an error, or a
// result, which is an object in this protocol.
func isAnswer(message, id []byte) bool {
	values := make([][]byte, 3)
	return jsontext.FindAll(message, [][]string{{"id"}, {"result"}, {"error"}}, values) &&
		bytes.Equal(values[0], id) && (bytes.HasPrefix(values[1], []byte("{")) || values[2] != nil)
}

// streamEvent is one server-sent event.
type streamEvent struct {
	id    string
	retry *time.Duration
	data  []byte // nil for none
}

// events reads the events of a stream (HTML, server-sent events): the data
// lines of each are joined.
func events(body []byte) []streamEvent {
	var out []streamEvent
	text := strings.ReplaceAll(strings.ReplaceAll(string(body), "\r\n", "\n"), "\r", "\n")
	for block := range strings.SplitSeq(text, "\n\n") {
		var e streamEvent
		var data []string
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch name {
			case "data":
				data = append(data, value)
			case "id":
				e.id = value
			case "retry":
				if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
					d := time.Duration(ms) * time.Millisecond
					e.retry = &d
				}
			}
		}
		if data != nil {
			e.data = []byte(strings.Join(data, "\n"))
		}
		if data != nil || e.id != "" || e.retry != nil {
			out = append(out, e)
		}
	}
	return out
}
