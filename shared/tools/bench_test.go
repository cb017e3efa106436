package tools

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
	"github.com/hookweir/hookweir/shared/toolserver"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func BenchmarkEndpoint(b *testing.B) {
	db, err := memsql.Open()
	if err != nil {
		b.Fatal(err)
	}
	if err := toolserver.Migrate(db); err != nil {
		b.Fatal(err)
	}
	a := &api{answers: []Response{{Status: 200, Body: []byte(`{"sources":[]}`)}}}
	s, _ := New(Config{
		Tenant: "acme", API: a, Caller: toolserver.CallerOf, Now: time.Now, Log: func(string, ...string) {},
	})
	server, err := toolserver.New(toolserver.Config{
		Name: "x", Version: "1", Now: time.Now, Register: s.Register, Complete: s.Complete, Direct: &toolserver.Direct{Call: s.Call, Lists: s.Lists}, Middleware: []mcp.Middleware{s.Guard},
		Authenticate: func(*http.Request) (*access.Caller, *access.Refusal) { return &access.Caller{ID: "key:x"}, nil },
		Origin:       func(*http.Request) bool { return true }, Sessions: toolserver.SQLSessions{DB: db, Now: time.Now},
	})
	if err != nil {
		b.Fatal(err)
	}
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"e2e","version":"1"}}}}`
	for method, body := range map[string]string{
		"tools/list": `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + meta,
		"tools/call": `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_sources","arguments":{},` + meta,
	} {
		b.Run(strings.ReplaceAll(method, "/", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/mcp/acme", strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Accept", "application/json, text/event-stream")
				r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
				r.Header.Set("Mcp-Method", method)
				r.Header.Set("Mcp-Name", "list_sources")
				if method == "tools/list" {
					r.Header.Del("Mcp-Name")
				}
				r.Header.Set("Authorization", "Bearer x")
				w := httptest.NewRecorder()
				server.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code, w.Body.String())
				}
			}
		})
		a.asked = nil
	}
}
