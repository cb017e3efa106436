package playbook_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

// desk is an upstream MCP server with one tool, which asks for what `required`
// says at the moment.
type desk struct {
	required []string
	calls    int
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	server := mcp.NewServer(&mcp.Implementation{Name: "desk", Version: "1"}, nil)
	field := map[string]string{"type": "string"}
	server.AddTool(&mcp.Tool{
		Name: "route_case", Description: "Route a case to a team.", Annotations: &mcp.ToolAnnotations{IdempotentHint: true},
		InputSchema: map[string]any{"type": "object", "properties": map[string]any{"case": field, "team": field, "customer_email": field}, "required": d.required},
	}, func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		d.calls++
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "routed"}}}, nil
	})
	mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true}).ServeHTTP(w, r)
}

// callTool is the agent's call of a tool: the text of its result.
func (s *stage) callTool(name string, args map[string]string) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{
		"name": name, "arguments": args, "_meta": map[string]any{
			"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": struct{}{},
			"io.modelcontextprotocol/clientInfo": map[string]string{"name": "playbook", "version": "1"},
		},
	}})
	require.NoError(s.t, err)
	r := httptest.NewRequest("POST", origin+"/mcp/"+tenant, strings.NewReader(string(body)))
	for name, value := range map[string]string{
		"Authorization": "Bearer " + s.key, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name,
	} {
		r.Header.Set(name, value)
	}
	res := s.edge.Fetch(r)
	answer := text(s.t, res)
	require.Equal(s.t, 200, res.StatusCode, answer)
	if _, data, ok := strings.Cut(answer, "data: "); ok { // a stream of one message
		answer, _, _ = strings.Cut(data, "\n")
	}
	var out struct {
		Result struct {
			Content []struct{ Text string }
		}
	}
	require.NoError(s.t, json.Unmarshal([]byte(answer), &out), answer)
	require.Len(s.t, out.Result.Content, 1, answer)
	return out.Result.Content[0].Text
}
