package tools

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
)

// TestTable holds every row to what a client and the API need of it.
func TestTable(t *testing.T) {
	var names []string
	for _, row := range append(slices.Clone(table[:]), queryKnowledge) {
		names = append(names, row.Name)
		var in, out jsonschema.Schema
		require.NoError(t, json.Unmarshal([]byte(row.Input), &in), row.Name)
		require.NoError(t, json.Unmarshal([]byte(row.Output), &out), row.Name)
		_, err := in.Resolve(nil)
		require.NoError(t, err, row.Name)
		_, err = out.Resolve(nil)
		require.NoError(t, err, row.Name)
		assert.Equal(t, "object", in.Type, row.Name)
		assert.Equal(t, "object", out.Type, row.Name)
		assert.NotEmpty(t, row.Scope, row.Name)
		assert.Greater(t, len(row.Description), 30, row.Name)
		assert.NotContains(t, row.Name, "__", "that is an upstream's")
		assert.False(t, row.ReadOnly && row.Destructive, row.Name)
		if row.Method == http.MethodGet {
			assert.True(t, row.ReadOnly, row.Name)
		}
		// Whatever the row takes from its arguments, its schema has.
		used := append(append(slices.Clone(row.Query), row.Body...), row.Whole)
		for _, part := range strings.Split(row.Path, "/") {
			if p, ok := strings.CutPrefix(part, "{"); ok {
				p = strings.TrimSuffix(p, "}")
				used = append(used, p)
				assert.Contains(t, in.Required, p, "%s: a path without it is another path", row.Name)
			}
		}
		for _, u := range used {
			if u != "" {
				assert.Contains(t, in.Properties, u, row.Name)
			}
		}
	}
	assert.True(t, slices.IsSorted(names[:len(table)]))
	for _, r := range resourceRights {
		assert.NotNil(t, find(r.tool), r.tool)
		assert.NotNil(t, find(r.below), r.below)
	}
	for p, tool := range promptRights {
		assert.NotNil(t, find(tool), p)
	}
	for _, p := range prompts {
		assert.Contains(t, promptRights, p.name)
	}
}

func TestPath(t *testing.T) {
	for value, want := range map[string]string{
		"acme/github/1": "/events/acme%2Fgithub%2F1/replay", "..": "/events/%2E%2E/replay", ".": "/events/%2E/replay",
		"a?b#c%2F": "/events/a%3Fb%23c%252F/replay", "": "/events//replay",
	} {
		assert.Equal(t, want, path("/events/{id}/replay", map[string]any{"id": value}))
	}
}

type api struct {
	asked   []Request
	answers []Response
}

func (a *api) Do(_ context.Context, r Request) (Response, error) {
	a.asked = append(a.asked, r)
	out := a.answers[0]
	if len(a.answers) > 1 {
		a.answers = a.answers[1:]
	}
	return out, nil
}

func newSet(t *testing.T, a API) *Set {
	t.Helper()
	s, err := New(Config{
		Tenant: "acme", API: a, Caller: func(mcp.Request) *access.Caller { return &access.Caller{ID: "key:x"} },
		Now: time.Now, Log: func(string, ...string) {},
	})
	require.NoError(t, err)
	return s
}

func request(arguments string) *mcp.CallToolRequest {
	return &mcp.CallToolRequest{Params: &mcp.CallToolParamsRaw{Arguments: json.RawMessage(arguments)}}
}

func TestCall(t *testing.T) {
	a := &api{answers: []Response{{Status: 200, Body: []byte(`{"events":[]}`)}}}
	s := newSet(t, a)
	out, err := s.call(t.Context(), find("list_dead_events"), request(`{"limit":7,"source":"github"}`))
	require.NoError(t, err)
	assert.False(t, out.IsError)
	assert.Equal(t, "limit=7&source=github&state=dead", a.asked[0].Query.Encode())

	for _, bad := range []string{`{"limit":0}`, `{"state":"delivered"}`, `[]`, `null`, `{"limit":1e99}`, `{`} {
		out, err := s.call(t.Context(), find("list_dead_events"), request(bad))
		require.NoError(t, err)
		assert.True(t, out.IsError, bad)
	}
	assert.Len(t, a.asked, 1, "what does not fit the schema goes nowhere")
}

func TestResults(t *testing.T) {
	for why, c := range map[string]struct {
		answer Response
		want   string
		fails  bool
	}{
		"an object":      {Response{Status: 200, Body: []byte("{\"a\":1}\n")}, `{"a":1}`, false},
		"a list":         {Response{Status: 200, Body: []byte(`[1]`)}, `{"items":[1]}`, false},
		"nothing":        {Response{Status: 204}, `{}`, false},
		"a problem":      {Response{Status: 404, Body: []byte(`{"code":"not_found","title":"x","detail":"d"}`)}, `"code":"not_found"`, true},
		"no problem":     {Response{Status: 502, Body: []byte(`<html>secret`)}, `"code":"internal"`, true},
		"not JSON":       {Response{Status: 200, Body: []byte(`{"a"`)}, `"code":"internal"`, true},
		"too much of it": {Response{Status: 200, Body: []byte(`"` + strings.Repeat("x", MaxResult) + `"`)}, `"code":"body_too_large"`, true},
	} {
		out := result(find("search_events"), c.answer)
		assert.Equal(t, c.fails, out.IsError, why)
		assert.Contains(t, out.Content[0].(*mcp.TextContent).Text, c.want, why)
		assert.NotContains(t, out.Content[0].(*mcp.TextContent).Text, "secret", why)
	}
}

// A replay of many goes on where an answer stops, and says what is left.
func TestPages(t *testing.T) {
	a := &api{answers: []Response{
		{Status: 202, Body: []byte(`{"replayed":100,"next":"1.x"}`)}, {Status: 202, Body: []byte(`{"replayed":7}`)},
	}}
	out, err := newSet(t, a).call(t.Context(), find("replay_events"), request(`{"state":"dead"}`))
	require.NoError(t, err)
	assert.JSONEq(t, `{"replayed":107}`, string(out.StructuredContent.(json.RawMessage)))
	assert.JSONEq(t, `{"state":"dead","cursor":"1.x","limit":100}`, string(a.asked[1].Body))

	a = &api{answers: []Response{
		{Status: 202, Body: []byte(`{"replayed":100,"next":"1.x"}`)}, {Status: 503, Body: []byte(`{"code":"unavailable"}`)},
	}}
	out, err = newSet(t, a).call(t.Context(), find("replay_events"), request(`{"state":"dead"}`))
	require.NoError(t, err)
	assert.JSONEq(t, `{"replayed":100,"next":"1.x"}`, string(out.StructuredContent.(json.RawMessage)), "what was done is said")
}

// leaving is an API whose caller leaves while it answers.
type leaving struct {
	api
	leave context.CancelFunc
}

func (l *leaving) Do(ctx context.Context, r Request) (Response, error) {
	l.leave()
	return l.api.Do(ctx, r)
}

// A replay of many stops where its caller gives it up, and what it has done is
// counted.
func TestPagesCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := &leaving{api{answers: []Response{{Status: 202, Body: []byte(`{"replayed":100,"next":"1.x"}`)}}}, cancel}
	out, err := newSet(t, a).call(ctx, find("replay_events"), request(`{"state":"dead"}`))
	require.NoError(t, err)
	assert.JSONEq(t, `{"replayed":100,"next":"1.x"}`, string(out.StructuredContent.(json.RawMessage)))
	assert.Len(t, a.asked, 1)
}

// TestCalled: the log has who called what and how it ended, and nothing of
// what was said.
func TestCalled(t *testing.T) {
	a := &api{answers: []Response{{Status: 200, Body: []byte(`{"status":200}`)}, {Status: 403, Body: []byte(`{"code":"path_not_listed"}`)}}}
	s := newSet(t, a)
	var log []string
	s.cfg.Log = func(event string, kv ...string) { log = append(log, event+" "+strings.Join(kv, " ")) }
	handle := s.Guard(func(ctx context.Context, _ string, r mcp.Request) (mcp.Result, error) {
		call := r.(*mcp.CallToolRequest)
		return s.call(ctx, find(call.Params.Name), call)
	})
	r := request(`{"destination":"shop","path":"/orders/s3cr3t"}`)
	r.Params.Name = "read_provider"
	for range 2 {
		_, err := handle(t.Context(), "tools/call", r)
		require.NoError(t, err)
	}
	r.Params.Name = "made_up"
	_, err := handle(t.Context(), "tools/call", r)
	require.Error(t, err)
	assert.Equal(t, []string{
		"tools.called tenant acme tool read_provider caller key:x outcome done",
		"tools.called tenant acme tool read_provider caller key:x outcome failed",
	}, log)
}
