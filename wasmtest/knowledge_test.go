package wasmtest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestASlowDatabaseIsNotWaitedFor: a query of query_knowledge that D1 does not
// answer within ten seconds is refused, whichever of the tool's questions it
// was, and the next one is answered.
func TestASlowDatabaseIsNotWaitedFor(t *testing.T) {
	for nth, want := range map[int]string{1: "the database did not answer", 2: "took over 10 s", 4: "took over 10 s", 0: `\"rows\":[[\"Ada\"]]`} {
		workers, err := wasmtest.Hookweir("..", secrets)
		require.NoError(t, err)
		consumers := &workers[1]
		consumers.Databases = map[string]string{"KNOWLEDGE": "knowledge"}
		consumers.Vars["KNOWLEDGE_TABLES"], consumers.Vars["KNOWLEDGE_TENANTS"] = "people", "acme"
		// database/sql keeps one for as long as the instance lives; a query that
		// nobody waits for any more keeps its own.
		consumers.Allow = map[string]int{"goroutine": 2}
		c := wasmtest.Config{Workers: workers, Servers: map[string]http.Handler{"agent.example.com": &agent{}}}
		if nth > 0 {
			c.Script = []wasmtest.Hit{{Fault: wasmtest.D1Slow, Nth: nth}}
		}
		edge := wasmtest.New(t, c)
		configure(t, edge, "acme")
		edge.Database("knowledge", "CREATE TABLE people (name TEXT)")
		edge.Database("knowledge", "INSERT INTO people VALUES ('Ada')")
		began := edge.Now()
		answer := text(edge.Fetch(queryKnowledge("SELECT name FROM people")))
		require.Contains(t, answer, want, "query %d", nth)
		if nth > 0 {
			require.WithinDuration(t, began.Add(10*time.Second), edge.Now(), time.Second)
		}
		edge.Advance(time.Minute) // what nobody waits for any more comes
		require.Contains(t, text(edge.Fetch(queryKnowledge("SELECT count(*) FROM people"))), `[[1]]`)
		edge.Advance(time.Minute)
	}
}

func queryKnowledge(sql string) *http.Request {
	r := httptest.NewRequest("POST", "https://hooks.example.com/mcp/acme", strings.NewReader(
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"query_knowledge","arguments":{"sql":"`+sql+`"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}}}`))
	for name, value := range map[string]string{
		"Authorization": "Bearer " + adminToken, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "query_knowledge",
	} {
		r.Header.Set(name, value)
	}
	return r
}
