package upstream

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
)

func stream(text string) fetch.Response {
	return fetch.Response{Status: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: []byte(text)}
}

func TestResume(t *testing.T) {
	call := fetch.Request{
		Method: "POST", URL: "https://up.example.com/mcp", Body: []byte(`{"jsonrpc":"2.0","id":7,"method":"tools/call"}`), Abort: true,
		Header: [][2]string{{"content-type", "application/json"}, {"accept", "x"}, {"mcp-session-id", "s"}, {"authorization", "Bearer of the connection"}},
	}
	const response = "data: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n\n"
	failed := errors.New("gone")
	for why, c := range map[string]struct {
		answers []fetch.Response
		err     error // of the last
		asked   []string
		slept   time.Duration
		want    error
	}{
		"answered at once":             {answers: []fetch.Response{stream("id: 1\n" + response)}},
		"closed, and taken up":         {answers: []fetch.Response{stream("id: a\nretry: 500\ndata: \n\n"), stream("id: b\ndata: {\"method\":\"x\"}\n\n"), stream(response)}, asked: []string{"a", "b"}, slept: time.Second},
		"without a pause of its own":   {answers: []fetch.Response{stream("id: a\ndata: \n\n"), stream(response)}, asked: []string{"a"}, slept: defaultRetry},
		"another's answer is not it":   {answers: []fetch.Response{stream("id: a\nretry: 0\ndata: {\"id\":8,\"result\":{}}\n\n"), stream(response)}, asked: []string{"a"}},
		"without an id it is over":     {answers: []fetch.Response{stream("data: {\"method\":\"x\"}\n\n")}},
		"a pause beyond the deadline":  {answers: []fetch.Response{stream("id: a\nretry: 11000\ndata: \n\n")}},
		"refused":                      {answers: []fetch.Response{stream("id: a\nretry: 1\ndata: \n\n"), {Status: 405}}, asked: []string{"a"}, slept: time.Millisecond, want: errNoAnswer},
		"it fails":                     {answers: []fetch.Response{stream("id: a\nretry: 1\ndata: \n\n"), {}}, err: failed, asked: []string{"a"}, slept: time.Millisecond, want: failed},
		"JSON has nothing to take up":  {answers: []fetch.Response{{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("{}")}}},
		"a pause that is no number":    {answers: []fetch.Response{stream("id: a\nretry: -1\ndata: \n\n"), stream(response)}, asked: []string{"a"}, slept: defaultRetry},
		"lines that end in CR or CRLF": {answers: []fetch.Response{stream("id: a\r\nretry: 5\rdata: \r\n\r\n"), stream(response)}, asked: []string{"a"}, slept: 5 * time.Millisecond},
	} {
		now := time.Unix(0, 0)
		var asked []string
		tr := &transport{
			timeout: 10 * time.Second, now: func() time.Time { return now },
			sleep: func(_ context.Context, d time.Duration) { now = now.Add(d) },
			fetch: func(_ context.Context, q fetch.Request) (fetch.Response, error) {
				require.Equal(t, "GET", q.Method)
				assert.True(t, q.Abort)
				header := http.Header{}
				for _, h := range q.Header {
					header.Add(h[0], h[1])
				}
				assert.Equal(t, http.Header{"Accept": {"text/event-stream"}, "Mcp-Session-Id": {"s"}, "Authorization": {"Bearer of the connection"}, "Last-Event-Id": header["Last-Event-Id"]}, header)
				asked = append(asked, header.Get("Last-Event-Id"))
				a := c.answers[len(asked)]
				if c.err != nil && len(asked) == len(c.answers)-1 {
					return a, c.err
				}
				return a, nil
			},
		}
		a, err := tr.whole(t.Context(), call, c.answers[0])
		assert.ErrorIs(t, err, c.want, why)
		assert.Equal(t, c.asked, asked, why)
		assert.Equal(t, c.slept, now.Sub(time.Unix(0, 0)), why)
		if c.want == nil {
			assert.True(t, strings.HasPrefix(string(a.Body), string(c.answers[0].Body)), why)
		}
	}
}

// A server that never answers is left in the end.
func TestResumeIsBounded(t *testing.T) {
	asked := 0
	tr := &transport{
		timeout: time.Hour, now: func() time.Time { return time.Unix(0, 0) }, sleep: func(context.Context, time.Duration) {},
		fetch: func(context.Context, fetch.Request) (fetch.Response, error) {
			asked++
			return stream("id: x\ndata: \n\n"), nil
		},
	}
	_, err := tr.whole(t.Context(), fetch.Request{Body: []byte(`{"id":1,"method":"x"}`)}, stream("id: a\ndata: \n\n"))
	require.NoError(t, err)
	assert.Equal(t, maxResumes, asked)
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("id: a\nretry: 5\ndata: x\ndata: y\n\n"))
	f.Add([]byte(":\r\rdata\n\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range events(body) {
			if len(e.data)+len(e.id) > len(body) || e.retry != nil && *e.retry < 0 {
				t.Fatalf("%q: %+v", body, e)
			}
		}
	})
}
