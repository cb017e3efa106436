package tools

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
	"github.com/hookweir/hookweir/shared/toolserver"
	"github.com/hookweir/hookweir/shared/upstream"
)

// shelf is an upstream with one tool.
type shelf struct {
	Upstreams
	version int64
	words   string
	turns   []upstream.Turn                         // that its tool was called with
	asks    func(upstream.Turn) *mcp.CallToolResult // nil: it does not ask
}

func (s *shelf) Tools(context.Context) ([]*mcp.Tool, error) {
	return []*mcp.Tool{{Name: "shelf__look", Description: s.words, InputSchema: json.RawMessage(`{"type":"object"}`)}}, nil
}
func (s *shelf) Version(context.Context) (int64, error) { return s.version, nil }
func (s *shelf) Call(_ context.Context, name string, _ json.RawMessage, turn upstream.Turn) (*mcp.CallToolResult, bool, error) {
	s.turns = append(s.turns, turn)
	if s.asks != nil {
		return s.asks(turn), name == "shelf__look", nil
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s.words}, &mcp.ImageContent{Data: []byte("x"), MIMEType: "image/png"}}}, name == "shelf__look", nil
}

// endpoint is a whole endpoint whose caller is the bearer token: the tools it
// may use, with commas.
func endpoint(t testing.TB, a API, ups Upstreams, with ...func(*Config)) http.Handler {
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, toolserver.Migrate(db))
	cfg := Config{Tenant: "acme", API: a, Upstreams: ups, Caller: toolserver.CallerOf, Now: time.Now, Log: func(string, ...string) {}}
	for _, w := range with {
		w(&cfg)
	}
	s, err := New(cfg)
	require.NoError(t, err)
	server, err := toolserver.New(toolserver.Config{
		Name: "x", Version: "1", Now: time.Now, Register: s.Register, Complete: s.Complete, Middleware: []mcp.Middleware{s.Guard},
		Direct: &toolserver.Direct{Call: s.Call, Lists: s.Lists},
		Authenticate: func(r *http.Request) (*access.Caller, *access.Refusal) {
			c := &access.Caller{ID: "key:" + r.Header.Get("X-Key")}
			if list := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); list != "all" {
				c.Tools = strings.Split(list, ",")
			}
			return c, nil
		},
		Origin: func(*http.Request) bool { return true }, Sessions: toolserver.SQLSessions{DB: db, Now: time.Now},
	})
	require.NoError(t, err)
	return server
}

const (
	metaOfClient = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"e2e","version":"1"}}`
	listTools    = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + metaOfClient + `}}`
	callSources  = `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"list_sources","arguments":{},` + metaOfClient + `}}`
)

func send(h http.Handler, caller, body string, header ...string) (status int, contentType string, message map[string]any) {
	r := httptest.NewRequest(http.MethodPost, "/mcp/acme", strings.NewReader(body))
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Authorization": {"Bearer " + caller},
		"Mcp-Protocol-Version": {"2026-07-28"},
	}
	var parsed struct {
		Method string
		Params struct{ Name string }
	}
	_ = json.Unmarshal([]byte(body), &parsed)
	r.Header.Set("Mcp-Method", parsed.Method)
	if parsed.Params.Name != "" {
		r.Header.Set("Mcp-Name", parsed.Params.Name)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	_, data, found := strings.Cut(w.Body.String(), "data: ")
	if !found {
		data = w.Body.String()
	}
	_ = json.Unmarshal([]byte(data), &message)
	return w.Code, w.Header().Get("Content-Type"), message
}

// What is answered past the library says what the library says.
func TestDirectSaysTheSame(t *testing.T) {
	sources := &api{answers: []Response{{Status: 200, Body: []byte(`{"sources":[{"a":"<\u2028\"é"}]}`)}}}
	failing := &api{answers: []Response{{Status: 404, Body: []byte(`{"code":"not_found","title":"x","detail":"d"}`)}}}
	for why, c := range map[string]struct {
		api  *api
		body string
	}{
		"a list":                    {sources, listTools},
		"a call":                    {sources, callSources},
		"a call that fails":         {failing, callSources},
		"arguments that do not fit": {sources, strings.Replace(callSources, `"arguments":{}`, `"arguments":{"x":1}`, 1)},
		"the arguments first":       {sources, strings.Replace(callSources, `"name":"list_sources","arguments":{}`, `"arguments":{},"name":"list_sources"`, 1)},
		"the id last":               {sources, strings.TrimSuffix(strings.Replace(callSources, `"id":"a",`, ``, 1), "}") + `,"id":7}`},
		"an upstream's":             {sources, strings.Replace(callSources, "list_sources", "shelf__look", 1)},
		"by who can be asked":       {sources, strings.Replace(strings.Replace(callSources, "list_sources", "shelf__look", 1), `Capabilities":{}`, `Capabilities":{"elicitation":{}}`, 1)},
	} {
		h := endpoint(t, c.api, &shelf{words: "Look."})
		status, kind, first := send(h, "all", c.body)
		require.Equal(t, 200, status, "%s: %v", why, first)
		require.Contains(t, kind, "text/event-stream", why)
		status, kind, second := send(h, "all", c.body)
		assert.Equal(t, 200, status, why)
		assert.Equal(t, "application/json", kind, "%s: directly", why)
		assert.Equal(t, first, second, why)
	}
}

func TestDirectIsForTheSameOnly(t *testing.T) {
	a := &api{answers: []Response{{Status: 200, Body: []byte(`{"sources":[]}`)}}}
	ups := &shelf{words: "Look."}
	h := endpoint(t, a, ups)
	namesOf := func(caller string) (names []string) {
		_, _, m := send(h, caller, listTools)
		result, _ := m["result"].(map[string]any)
		list, _ := result["tools"].([]any)
		for _, x := range list {
			names = append(names, x.(map[string]any)["name"].(string))
		}
		return names
	}
	for range 2 {
		assert.Equal(t, []string{"list_polls", "shelf__look"}, namesOf("shelf__look,list_polls"), "each caller has the list of its own rights")
		assert.Equal(t, []string{"list_sources"}, namesOf("list_sources"))
		assert.Greater(t, len(namesOf("all")), 10)
	}
	ups.words, ups.version = "Look twice.", 1
	_, _, m := send(h, "shelf__look", listTools)
	assert.Contains(t, string(mustJSON(m)), "Look twice.", "and of what upstreams have now")

	for range 2 {
		status, _, _ := send(h, "all", callSources)
		require.Equal(t, 200, status)
	}
	asked := len(a.asked)
	for range 2 {
		status, _, m := send(h, "list_polls", callSources)
		assert.NotContains(t, m, "result", "a right is looked at each time (%d)", status)
		for _, wrong := range [][]string{{"Mcp-Method", "tools/list"}, {"Mcp-Name", "list_polls"}, {"Mcp-Protocol-Version", "2027-01-01"}, {"Accept", "application/json"}, {"Content-Type", "text/plain"}} {
			status, _, _ := send(h, "all", callSources, wrong...)
			assert.GreaterOrEqual(t, status, 400, wrong)
		}
		for _, body := range []string{
			strings.Replace(callSources, `"2026-07-28"`, `"2025-11-25"`, 1),
			strings.Replace(callSources, `"arguments":{}`, `"arguments":{},"requestState":"x"`, 1),
			strings.Replace(callSources, `"arguments":{}`, `"arguments":[]`, 1),
			strings.Replace(callSources, `"id":"a"`, `"id":{}`, 1),
		} {
			_, kind, m := send(h, "all", body)
			if result, ok := m["result"].(map[string]any); ok && kind == "application/json" {
				assert.Equal(t, true, result["isError"], body)
			}
		}
	}
	assert.LessOrEqual(t, len(a.asked)-asked, 2, "of the wrong ones, a state that no tool asked for is all that is called with")
}

func BenchmarkEndpoint(b *testing.B) {
	h := endpoint(b, &api{answers: []Response{{Status: 200, Body: []byte(`{"sources":[]}`)}}}, nil)
	for name, body := range map[string]string{"list": listTools, "call": callSources} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if status, _, _ := send(h, "all", body); status != http.StatusOK {
					b.Fatal(status)
				}
			}
		})
	}
}

// TestCallsSayWhereTheyCameFrom: links are made of it, by the library or past
// it.
func TestCallsSayWhereTheyCameFrom(t *testing.T) {
	a := &api{answers: []Response{{Status: 201, Body: []byte(`{"url":"https://hooks.example.com/oauth/start?ticket=t"}`)}}}
	s := newSet(t, a)
	c := &access.Caller{ID: "key:x", Origin: "https://hooks.example.com"}
	_, ok := s.Call(t.Context(), c, "authorize_link", []byte(`{"connection":"crm"}`), false)
	require.True(t, ok)
	s.cfg.Caller = func(mcp.Request) *access.Caller { return c }
	_, err := s.Guard(func(ctx context.Context, _ string, r mcp.Request) (mcp.Result, error) {
		return s.call(ctx, find("authorize_link"), r.(*mcp.CallToolRequest))
	})(t.Context(), "tools/call", &mcp.CallToolRequest{Params: &mcp.CallToolParamsRaw{Name: "authorize_link", Arguments: []byte(`{"connection":"crm"}`)}})
	require.NoError(t, err)
	require.Len(t, a.asked, 2)
	for _, r := range a.asked {
		require.Equal(t, "https://hooks.example.com", r.Origin)
		require.Equal(t, "POST /connections/crm/authorize", r.Method+" "+r.Path)
	}
}
