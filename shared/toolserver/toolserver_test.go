//go:build !js

package toolserver

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

var frames = map[string]*fault{
	`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`:                       nil,
	`{"jsonrpc":"2.0","id":1,"result":{}}`:                                 nil,
	`{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}`:            nil,
	` [{"jsonrpc":"2.0","method":"notifications/initialized"}]`:            nil,
	`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}`: nil,
	``:                               errParse,
	`{`:                              errParse,
	`[1,`:                            errParse,
	`[]`:                             errRequest,
	`{}`:                             errRequest,
	`[{}]`:                           errRequest,
	`"x"`:                            errRequest,
	`{"jsonrpc":"1.0","method":"x"}`: errRequest,
	`{"jsonrpc":"2.0","method":"x","result":1}`:                                                     errRequest,
	`{"jsonrpc":"2.0","id":1}`:                                                                      errRequest,
	`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}`:                                    errRequest,
	`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}`:               errRequest,
	`{"jsonrpc":"2.0","id":1,"method":"tools/list","m\u0065thod":"tools/call"}`:                     errRequest,
	`[{"jsonrpc":"2.0","id":1,"method":"initialize"}]`:                                              errRequest,
	`[` + strings.Repeat(`{"jsonrpc":"2.0","method":"x"},`, 16) + `{"jsonrpc":"2.0","method":"x"}]`: errRequest,
	strings.Repeat(`[`, 10_000) + strings.Repeat(`]`, 10_000):                                       errParse,
}

func TestFrames(t *testing.T) {
	for in, want := range frames {
		_, got := readFrames([]byte(in))
		assert.Equal(t, want, got, "%.120s", in)
	}
}

// FuzzFrames: what passes names one method, and the one the protocol library
// reads.
func FuzzFrames(f *testing.F) {
	for in := range frames {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		list, bad := readFrames(in)
		if bad != nil || len(list) != 1 {
			return
		}
		var m struct {
			Method string          `json:"method"`
			Params json.RawMessage `json:"params"`
		}
		if json.Unmarshal(in, &m) == nil && m.Method != list[0].method && strings.Count(strings.ToLower(string(in)), "method") == 1 {
			t.Fatalf("%q: %q and %q", in, m.Method, list[0].method)
		}
	})
}

// world is an endpoint over HTTP whose memory can be lost.
type world struct {
	*httptest.Server
	handler http.Handler
	now     time.Time
	make    func() http.Handler
	config  func(*Config) // changes it; nil: nothing does
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	require.NoError(t, Migrate(db))
	w := &world{now: time.Unix(1_790_000_000, 0)}
	w.make = func() http.Handler {
		cfg := Config{
			Name: "test", Version: "1", Now: func() time.Time { return w.now },
			Register: func(m *mcp.Server) {
				m.AddTool(&mcp.Tool{Name: "who", Description: "Who calls.", InputSchema: json.RawMessage(`{"type":"object"}`)},
					func(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
						return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: CallerOf(r).ID + r.Extra.Header.Get("Authorization")}}}, nil
					})
			},
			Authenticate: func(r *http.Request) (*access.Caller, *access.Refusal) {
				token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
				if token == "" {
					return nil, &access.Refusal{Problem: problem.New(problem.CodeUnauthenticated, "")}
				}
				return &access.Caller{ID: token}, nil
			},
			Origin:   func(*http.Request) bool { return true },
			Sessions: SQLSessions{DB: db, Now: func() time.Time { return w.now }},
		}
		if w.config != nil {
			w.config(&cfg)
		}
		s, err := New(cfg)
		require.NoError(t, err)
		return s
	}
	w.handler = w.make()
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }))
	t.Cleanup(func() {
		w.Close()
		require.NoError(t, db.Close())
	})
	return w
}

func (w *world) send(t *testing.T, method, token, session, body string) (status int, id, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.URL, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if session != "" {
		r.Header.Set(sessionHeader, session)
		r.Header.Set(versionHeader, "2025-11-25")
	}
	a, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = a.Body.Close() }()
	b, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	return a.StatusCode, a.Header.Get(sessionHeader), string(b)
}

const (
	initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	callWho    = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"who","arguments":{}}}`
)

// A session is opened again from what was kept of it, is its owner's, ends by
// DELETE and by age; and the token never reaches a tool.
func TestSessionsOutliveMemory(t *testing.T) {
	w := newWorld(t)
	status, id, _ := w.send(t, "POST", "ada", "", initialize)
	require.Equal(t, 200, status)
	require.Len(t, id, sessionIDLen)
	status, _, _ = w.send(t, "POST", "ada", id, initialized)
	require.Equal(t, 202, status)

	for range 2 {
		status, _, text := w.send(t, "POST", "ada", id, callWho)
		assert.Equal(t, 200, status)
		assert.Contains(t, text, `adaBearer -`)
		w.handler = w.make() // the memory is lost
	}
	status, _, _ = w.send(t, "POST", "eve", id, callWho)
	assert.Equal(t, 404, status, "a session's id is no proof of who asks")
	status, _, _ = w.send(t, "POST", "", id, callWho)
	assert.Equal(t, 401, status)
	status, _, _ = w.send(t, "POST", "ada", strings.Repeat("a", sessionIDLen), callWho)
	assert.Equal(t, 404, status)
	status, _, _ = w.send(t, "POST", "ada", "../../x", callWho)
	assert.Equal(t, 404, status)

	w.now = w.now.Add(sessionAge + time.Minute)
	status, _, _ = w.send(t, "POST", "ada", id, callWho)
	assert.Equal(t, 404, status, "unused for too long")

	_, id, _ = w.send(t, "POST", "ada", "", initialize)
	status, _, _ = w.send(t, "DELETE", "ada", id, "")
	assert.Equal(t, 204, status)
	status, _, _ = w.send(t, "POST", "ada", id, callWho)
	assert.Equal(t, 404, status)
}

func TestSessionsAreBounded(t *testing.T) {
	db, err := memsql.Open()
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, Migrate(db))
	now := time.Unix(0, 0)
	s := SQLSessions{DB: db, Now: func() time.Time { return now }}
	for i := range MaxSessions + 5 {
		now = now.Add(time.Second)
		ended, err := s.Save(Session{ID: strings.Repeat("a", i+1), Owner: "x", Initialize: []byte("{}")})
		require.NoError(t, err)
		assert.Len(t, ended, max(0, min(i-MaxSessions+1, 1)))
	}
	first, err := s.Load("a")
	require.NoError(t, err)
	assert.Nil(t, first, "the oldest has gone")
	last, err := s.Load(strings.Repeat("a", MaxSessions+5))
	require.NoError(t, err)
	assert.NotNil(t, last)
}
