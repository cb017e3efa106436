package wasmtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asking is an upstream MCP server of the older protocols whose tool asks a
// person in the middle of a call. It answers a while after it has asked.
type asking struct {
	thinks time.Duration
	heard  []string // the answers to its questions
	ended  int      // cancelled calls and sessions
}

func (a *asking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var m struct {
		ID     json.RawMessage
		Method string
		Result json.RawMessage
	}
	_ = json.Unmarshal(body, &m)
	w.Header().Set("Content-Type", "application/json")
	result := func(text string) {
		_, _ = fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":%s}`, m.ID, text)
	}
	switch {
	case r.Method == http.MethodDelete:
		a.ended++
	case r.Method == http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case m.Method == "server/discover":
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"unknown"}}`, m.ID)
	case m.Method == "initialize":
		w.Header().Set("Mcp-Session-Id", "s")
		result(`{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"desk","version":"1"}}`)
	case m.Method == "tools/list":
		result(`{"tools":[{"name":"book","description":"Books a desk.","inputSchema":{"type":"object"}}]}`)
	case m.Method == "tools/call":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprint(w, "data: "+`{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"mode":"form","message":"By the window?","requestedSchema":{"type":"object","properties":{"window":{"type":"boolean"}}}}}`+"\n\n")
		wasmtest.Late(w, a.thinks)
		_, _ = fmt.Fprintf(w, "data: {\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"booked\"}]}}\n\n", m.ID)
	case m.Result != nil:
		a.heard = append(a.heard, string(m.Result))
		w.WriteHeader(http.StatusAccepted)
	default: // a notification
		w.WriteHeader(http.StatusAccepted)
	}
}

// bookDesk is the call of a client of 2026; more goes into its parameters.
func bookDesk(edge *wasmtest.Edge, capabilities, more string) *http.Response {
	r := httptest.NewRequest("POST", "https://hooks.example.com/mcp/acme", strings.NewReader(
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"desk__book","arguments":{},`+more+`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":`+capabilities+`,"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}}}`))
	for name, value := range map[string]string{
		"Authorization": "Bearer " + adminToken, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "desk__book",
	} {
		r.Header.Set(name, value)
	}
	return edge.Fetch(r)
}

// resultOf is the result of a call; the second is its text, if it has one.
func resultOf(t testing.TB, res *http.Response) (m map[string]any, text string) {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode, string(b))
	answer := string(b)
	if _, data, ok := strings.Cut(answer, "data: "); ok {
		answer, _, _ = strings.Cut(data, "\n")
	}
	var out struct{ Result map[string]any }
	require.NoError(t, json.Unmarshal([]byte(answer), &out), answer)
	if content, _ := out.Result["content"].([]any); len(content) > 0 {
		text, _ = content[0].(map[string]any)["text"].(string)
	}
	return out.Result, text
}

// A call that asks in the middle waits in the object between two requests of
// its client: an answer that is read as it comes, and an event that goes on
// after its own answer.
func TestQuestions(t *testing.T) {
	desk := &asking{thinks: 25 * time.Second}
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	edge := wasmtest.New(t, wasmtest.Config{Workers: workers, Servers: map[string]http.Handler{"agent.example.com": &agent{}, "desk.example.com": desk}})
	configure(t, edge, "acme")
	require.Equal(t, 200, edge.Fetch(api("PUT", "acme/upstreams/desk", `{"url":"https://desk.example.com/mcp","trust":"first_use"}`)).StatusCode)

	asked, _ := resultOf(t, bookDesk(edge, `{"elicitation":{}}`, ""))
	require.Equal(t, "input_required", asked["resultType"])
	state, _ := asked["requestState"].(string)
	require.NotEmpty(t, state)
	assert.Empty(t, desk.heard)
	edge.Advance(20 * time.Second) // a person thinks, longer than an exchange may take
	answer := `"requestState":"` + state + `","inputResponses":{"question":{"action":"accept","content":{"window":true}}},`
	done, text := resultOf(t, bookDesk(edge, `{"elicitation":{}}`, answer))
	assert.Equal(t, "complete", done["resultType"])
	assert.Equal(t, "booked", text)
	require.Len(t, desk.heard, 1)
	assert.JSONEq(t, `{"action":"accept","content":{"window":true}}`, desk.heard[0])
	_, text = resultOf(t, bookDesk(edge, `{"elicitation":{}}`, answer))
	assert.Contains(t, text, `"conflict"`, "an answer counts once")

	_, text = resultOf(t, bookDesk(edge, `{}`, ""))
	assert.Contains(t, text, `"conflict"`)
	assert.JSONEq(t, `{"action":"cancel"}`, desk.heard[1], "it hears that nobody is there")

	// Nobody comes back: the call ends by itself, and leaves nothing.
	desk.thinks = time.Hour
	asked, _ = resultOf(t, bookDesk(edge, `{"elicitation":{}}`, ""))
	require.Equal(t, "input_required", asked["resultType"])
	before := desk.ended
	edge.Advance(15 * time.Minute)
	assert.Equal(t, before+1, desk.ended)
}
