//go:build !js

package toolserver

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

// FuzzBatch: a batch that passes has at most 16 messages, none of which opens
// a session or is of the protocol of 2026; and the protocol library reads each
// of them, if it reads it, as the method we have seen.
func FuzzBatch(f *testing.F) {
	for in := range frames {
		f.Add([]byte(in))
	}
	const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	for _, in := range []string{
		"\n\t [" + ping + "," + ping + "]", "[" + strings.Repeat(ping+",", 15) + ping + "]", "[" + strings.Repeat(ping+",", 16) + ping + "]",
		`[` + ping + `,{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}]`,
		`[` + ping + `,{"jsonrpc":"2.0","id":1,"method":"initialize","Method":"ping"}]`, `[[` + ping + `]]`, `[null]`, `[1,` + ping + `]`, "[" + ping + "]]", "[" + ping + "] [",
		"\ufeff[" + ping + "]", strings.Repeat(" ", 70) + "[" + ping + "]",
		`{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call","params":{"name":"x","Name":"y"}}`,
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		list, bad := readFrames(in)
		if bad != nil {
			return
		}
		messages := []json.RawMessage{in}
		if list[0].batch {
			messages = nil
			require.NoError(t, json.Unmarshal(in, &messages))
			if len(list) > maxBatch {
				t.Fatalf("%d messages", len(list))
			}
		}
		require.Len(t, list, len(messages))
		for i, m := range messages {
			if list[i].batch && (list[i].method == "initialize" || list[i].modern) {
				t.Fatalf("%q in a batch", m)
			}
			read, err := jsonrpc.DecodeMessage(m)
			if err != nil {
				continue
			}
			method := ""
			if r, ok := read.(*jsonrpc.Request); ok {
				method = r.Method
			}
			if method != list[i].method {
				t.Fatalf("%q: the library reads %q, and we %q", m, method, list[i].method)
			}
		}
	})
}

// FuzzHeadersAndBody: whatever headers and body say, what is done is what was
// permitted, and in the protocol of 2026 what the headers say.
func FuzzHeadersAndBody(f *testing.F) {
	const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"f","version":"1"}}`
	call := func(name string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + name + `","arguments":{},` + meta + `}}`
	}
	for _, s := range [][4]string{
		{modern, "tools/call", "one", call("one")},
		{modern, "tools/call", "two", call("one")},
		{modern, "tools/list", "one", call("one")},
		{modern, "", "", call("one")},
		{"2025-11-25", "tools/call", "one", call("one")},
		{"", "tools/call", "one", call("one")},
		{modern, "tools/call", "=?base64?b25l?=", call("one")},
		{modern, "tools/call", "one ", call("one")},
		{modern, "TOOLS/CALL", "One", call("one")},
		{modern, "tools/call", "one", strings.Replace(call("one"), `"name":"one"`, `"name":"one","Name":"two"`, 1)},
		{modern, "tools/call", "one", strings.Replace(call("one"), `"method"`, `"Method":"tools/list","method"`, 1)},
		{modern, "tools/call", "one", strings.Replace(call("one"), `"one"`, `"o\u006ee"`, 1)},
		{modern, "tools/call", "one", "[" + call("one") + "]"},
		{modern, "tools/list", "", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + meta + `}}`},
		{modern, "tools/call", "one", strings.Replace(call("one"), modern, "2025-11-25", 1)},
		{modern, "resources/read", "x://y", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x://y","name":"one",` + meta + `}}`},
	} {
		f.Add(s[0], s[1], s[2], []byte(s[3]))
	}
	type step struct{ method, name string }
	var permitted, done []step
	h := newFuzzed(f, func(method, name string) { permitted = append(permitted, step{method, name}) }, func(method, name string) { done = append(done, step{method, name}) })
	f.Fuzz(func(t *testing.T, version, method, name string, body []byte) {
		permitted, done = nil, nil
		r := httptest.NewRequest(http.MethodPost, "/mcp/acme", strings.NewReader(string(body)))
		r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Authorization": {"Bearer ada"}}
		for header, v := range map[string]string{versionHeader: version, "Mcp-Method": method, "Mcp-Name": name} {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
				return // no header has these, the platform sees to it
			}
			if v != "" {
				r.Header.Set(header, v)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for _, d := range done {
			switch {
			case d.method == "initialize" || d.method == "ping" && d.name == "":
				continue
			case !slices.Contains(permitted, d):
				t.Fatalf("%q was done, %q was permitted: %q", d, permitted, body)
			case d.method != method || d.name != "" && d.name != name && !strings.HasPrefix(name, "=?base64?"):
				t.Fatalf("%q was done, the headers say %q %q: %q", d, method, name, body)
			case w.Code >= http.StatusBadRequest && d.method == "tools/call":
				t.Fatalf("%q was done and answered with %d", d, w.Code)
			}
		}
	})
}

// newFuzzed is an endpoint with two tools that tells what it permits and does.
func newFuzzed(f *testing.F, permit, do func(method, name string)) http.Handler {
	f.Helper()
	db, err := memsql.Open()
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, db.Close()) })
	require.NoError(f, Migrate(db))
	now := func() time.Time { return time.Unix(1_790_000_000, 0) }
	answer := func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "done"}}}, nil
	}
	s, err := New(Config{
		Name: "test", Version: "1", Now: now,
		Register: func(m *mcp.Server) {
			for _, name := range []string{"one", "two"} {
				m.AddTool(&mcp.Tool{Name: name, Description: "A tool.", InputSchema: json.RawMessage(`{"type":"object"}`)}, answer)
			}
		},
		Middleware: []mcp.Middleware{func(next mcp.MethodHandler) mcp.MethodHandler {
			return func(ctx context.Context, method string, r mcp.Request) (mcp.Result, error) {
				switch p := r.GetParams().(type) {
				case *mcp.CallToolParamsRaw:
					do(method, p.Name)
				case *mcp.ReadResourceParams:
					do(method, p.URI)
				case *mcp.GetPromptParams:
					do(method, p.Name)
				default:
					do(method, "")
				}
				return next(ctx, method, r)
			}
		}},
		Permit: func(_ *http.Request, _ *access.Caller, method, name string) *access.Refusal {
			if method != "tools/call" && method != "prompts/get" && method != "resources/read" {
				name = ""
			}
			permit(method, name)
			return nil
		},
		Authenticate: func(*http.Request) (*access.Caller, *access.Refusal) { return &access.Caller{ID: "key:ada"}, nil },
		Origin:       func(*http.Request) bool { return true },
		Sessions:     SQLSessions{DB: db, Now: now},
	})
	require.NoError(f, err)
	return s
}
