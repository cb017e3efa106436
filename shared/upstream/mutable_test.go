//go:build !js

package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

const deskURL = "https://desk.example.com/mcp"

// mutable is a real MCP server that has the tools a test gives it, and the
// upstreams of a tenant that it is one of.
type mutable struct {
	*Upstreams
	t     *testing.T
	now   time.Time
	tools []*mcp.Tool
	also  func(*mcp.Server) // gives it more than tools; nil: nothing
	lists int               // how often its tools were listed
	calls int               // that reached it
	away  bool              // it does not answer
	token string            // of every connection; "" for a connection without one
	kept  time.Duration     // how long it says that its lists may be kept
	// meanwhile runs once, while a request is on its way.
	meanwhile func()

	asked   []fetch.Request
	alarm   time.Time
	notices []*event.Event
	drifted int
}

func newMutable(t *testing.T, tools ...*mcp.Tool) *mutable {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return openMutable(t, db, tools...)
}

func openMutable(t *testing.T, db sqlstore.DB, tools ...*mcp.Tool) *mutable {
	t.Helper()
	d := &mutable{t: t, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), tools: tools}
	var err error
	d.Upstreams, err = New(Config{
		Tenant: "acme", DB: db, Now: func() time.Time { return d.now }, Fetch: d.fetch,
		Stream: func(ctx context.Context, q fetch.Request) (fetch.Stream, error) {
			a, err := d.cfg.Fetch(ctx, q)
			rest := a.Body
			return fetch.Stream{
				Status: a.Status, Header: a.Header, Extend: func(time.Duration) {}, Close: func() {},
				Next: func() (piece []byte, err error) { piece, rest = rest, nil; return piece, nil },
			}, err
		},
		Token: func(context.Context, string, string) (string, error) { return d.token, nil },
		Send: func(messages [][]byte) error {
			for _, m := range messages {
				message, err := event.Decode(m)
				require.NoError(t, err)
				d.notices = append(d.notices, message.Event)
			}
			return nil
		},
		SetAlarm: func(at time.Time) error { d.alarm = at; return nil },
		Sleep:    func(context.Context, time.Duration) {},
		Drifted:  func(context.Context, string) { d.drifted++ },
		Log:      func(string, ...string) {},
	})
	require.NoError(t, err)
	return d
}

func (d *mutable) fetch(_ context.Context, q fetch.Request) (fetch.Response, error) {
	d.asked = append(d.asked, q)
	if f := d.meanwhile; f != nil {
		d.meanwhile = nil
		f()
	}
	if d.away {
		return fetch.Response{}, fetch.ErrTimeout
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "desk", Version: "1"}, &mcp.ServerOptions{
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}},
		SetCacheable: func(_ context.Context, _ mcp.Request, c *mcp.Cacheable) { c.TTLMs = int(d.kept.Milliseconds()) },
	})
	for _, tool := range d.tools {
		server.AddTool(tool, func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			d.calls++
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "done"}}}, nil
		})
	}
	if d.also != nil {
		d.also(server)
	}
	server.AddReceivingMiddleware(func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, r mcp.Request) (mcp.Result, error) {
			if method == "tools/list" {
				d.lists++
			}
			return next(ctx, method, r)
		}
	})
	r := httptest.NewRequest(q.Method, q.URL, bytes.NewReader(q.Body))
	for _, h := range q.Header {
		r.Header.Set(h[0], h[1])
	}
	w := httptest.NewRecorder()
	mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true}).ServeHTTP(w, r)
	return fetch.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}, nil
}

// put connects it: trusted at first use, unless said otherwise.
func (d *mutable) put(s Settings) {
	d.t.Helper()
	if s.URL == "" {
		s.URL = deskURL
	}
	if s.Trust == "" {
		s.Trust = TrustFirstUse
	}
	s.Timeout = DefaultTimeout
	_, err := d.Put(d.t.Context(), "desk", s)
	require.NoError(d.t, err)
}

// look looks at it a minute later.
func (d *mutable) look() {
	d.now = d.now.Add(time.Minute)
	d.Refresh(d.t.Context(), "desk")
}

// approve approves all that has drifted.
func (d *mutable) approve() {
	d.t.Helper()
	r, err := d.Drift("desk")
	require.NoError(d.t, err)
	_, err = d.Approve(d.t.Context(), "desk", r.Report, nil)
	require.NoError(d.t, err)
}

// served is what agents see: each tool's name and description.
func (d *mutable) served() map[string]string {
	d.t.Helper()
	list, err := d.Tools()
	require.NoError(d.t, err)
	out := map[string]string{}
	for _, tool := range list {
		out[tool.Name] = tool.Description
	}
	return out
}

// drift is what is reported: name, class and action of each item.
func (d *mutable) drift() [][3]string {
	d.t.Helper()
	r, err := d.Drift("desk")
	require.NoError(d.t, err)
	var out [][3]string
	for _, i := range r.Items {
		out = append(out, [3]string{i.Name, string(i.Class), string(i.Action)})
	}
	return out
}

// call calls a tool and says how that ended: "done", the code of a refusal, or
// "unknown".
func (d *mutable) call(name string) string {
	d.t.Helper()
	result, known, err := d.Call(d.t.Context(), name, nil, Turn{})
	require.NoError(d.t, err)
	if !known {
		return "unknown"
	}
	if len(result.Content) == 0 {
		return "nothing"
	}
	text := result.Content[0].(*mcp.TextContent).Text
	if !result.IsError {
		return text
	}
	var refused struct{ Code string }
	require.NoError(d.t, json.Unmarshal([]byte(text), &refused))
	return refused.Code
}

func look(name, words string) *mcp.Tool {
	return &mcp.Tool{Name: name, Description: words, InputSchema: map[string]any{"type": "object"}}
}
