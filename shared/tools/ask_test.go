package tools

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/upstream"
)

func ring(t testing.TB) *seal.Ring {
	r, err := seal.Parse("k:"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, seal.KeyBytes)), aesgcm.Suite{})
	require.NoError(t, err)
	return r
}

// asking asks once, and then says with what it was called again.
func asking(turn upstream.Turn) *mcp.CallToolResult {
	switch {
	case turn.State != "":
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: turn.State}}}
	case !turn.Rounds:
		return failure("conflict", "nobody can be asked")
	}
	return &mcp.CallToolResult{RequestState: "the upstream's secret", InputRequests: mcp.InputRequestMap{"q": &mcp.ElicitParams{Mode: "form", Message: "Sure?"}}}
}

const callLook = `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"shelf__look","arguments":{"n":9007199254740993},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}},"io.modelcontextprotocol/clientInfo":{"name":"e2e","version":"1"}}}}`

func again(state string) string {
	return strings.Replace(callLook, `"arguments"`, `"requestState":"`+state+`","inputResponses":{"q":{"action":"accept","content":{}}},"arguments"`, 1)
}

// What an upstream asks goes to who called, with a state that opens for the
// same call alone.
func TestAsked(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ups := &shelf{asks: asking}
	var log []string
	with := func(c *Config) {
		c.States, c.Now = ring(t), func() time.Time { return now }
		c.Log = func(event string, kv ...string) { log = append(log, event+" "+strings.Join(kv, " ")) }
	}
	h := endpoint(t, &api{}, ups, with)
	var state string
	for _, way := range []string{"by the library", "past it"} {
		status, _, m := send(h, "all", callLook, "X-Key", "ann")
		require.Equal(t, 200, status, way)
		result := m["result"].(map[string]any)
		require.Equal(t, "input_required", result["resultType"], way)
		assert.Equal(t, map[string]any{"q": map[string]any{"method": "elicitation/create", "params": map[string]any{"mode": "form", "message": "Sure?"}}}, result["inputRequests"], way)
		state = result["requestState"].(string)
		assert.NotContains(t, state, "secret", way)
	}
	status, _, m := send(h, "all", again(state), "X-Key", "ann")
	require.Equal(t, 200, status)
	result := m["result"].(map[string]any)
	assert.Equal(t, "complete", result["resultType"])
	assert.Equal(t, "the upstream's secret", result["content"].([]any)[0].(map[string]any)["text"])
	last := ups.turns[len(ups.turns)-1]
	assert.Equal(t, "accept", last.Answers["q"].(*mcp.ElicitResult).Action)
	assert.Equal(t, []string{
		"tools.called tenant acme tool shelf__look caller key:ann outcome asked",
		"tools.called tenant acme tool shelf__look caller key:ann outcome asked",
		"tools.called tenant acme tool shelf__look caller key:ann outcome done",
	}, log)

	other := endpoint(t, &api{}, ups, with, func(c *Config) { c.Tenant = "other" })
	called := len(ups.turns)
	for why, c := range map[string]struct {
		tenant string
		key    string
		body   string
	}{
		"another key's":               {"acme", "bob", again(state)},
		"another tenant's":            {"other", "ann", again(state)},
		"another tool's":              {"acme", "ann", strings.Replace(again(state), "shelf__look", "shelf__burn", 1)},
		"other arguments'":            {"acme", "ann", strings.Replace(again(state), "9007199254740993", "9007199254740992", 1)},
		"one letter is another":       {"acme", "ann", again(state[:len(state)-3] + "AAA")},
		"cut":                         {"acme", "ann", again(state[:len(state)/2])},
		"made up":                     {"acme", "ann", again("the upstream's secret")},
		"a confirmation's, of a tool": {"acme", "ann", again(confirmation(t, now))},
	} {
		to := h
		if c.tenant == "other" {
			to = other
		}
		status, _, m := send(to, "all", c.body, "X-Key", c.key)
		assert.Equal(t, 400, status, why)
		assert.Contains(t, string(mustJSON(m["error"])), "-32602", why)
	}
	now = now.Add(askWithin + time.Second)
	status, _, m = send(h, "all", again(state), "X-Key", "ann")
	assert.Equal(t, 400, status)
	assert.Contains(t, string(mustJSON(m["error"])), "expired")
	assert.Len(t, ups.turns, called, "none of them reached the upstream")
}

// confirmation is a state of the tool of ours that asks.
func confirmation(t *testing.T, now time.Time) string {
	h := endpoint(t, &api{}, nil, func(c *Config) { c.States, c.Now = ring(t), func() time.Time { return now } })
	body := strings.Replace(strings.Replace(callLook, "shelf__look", "rotate_source_secret", 1), `{"n":9007199254740993}`, `{"source":"github","secret":"long enough, one hopes"}`, 1)
	_, _, m := send(h, "all", body, "X-Key", "ann")
	return m["result"].(map[string]any)["requestState"].(string)
}

// Who says that it answers forms is asked; of the others the upstream hears
// that nobody is there. No ring, no question.
func TestWhoIsAsked(t *testing.T) {
	for capability, asks := range map[string]bool{
		`{}`: false, `{"elicitation":{}}`: true, `{"elicitation":{"form":{}}}`: true, `{"elicitation":{"form":{},"url":{}}}`: true,
		`{"elicitation":{"url":{}}}`: false, `{"sampling":{}}`: false,
	} {
		ups := &shelf{asks: asking}
		h := endpoint(t, &api{}, ups, func(c *Config) { c.States = ring(t) })
		for range 2 { // by the library and past it
			_, _, m := send(h, "all", strings.Replace(callLook, `{"elicitation":{}}`, capability, 1))
			result := m["result"].(map[string]any)
			assert.Equal(t, asks, result["resultType"] == "input_required", capability)
			assert.Equal(t, !asks, result["isError"] == true, capability)
		}
		require.Len(t, ups.turns, 2)
		assert.Equal(t, []bool{asks, asks}, []bool{ups.turns[0].Rounds, ups.turns[1].Rounds}, capability)
	}
	_, _, m := send(endpoint(t, &api{}, &shelf{asks: asking}), "all", callLook)
	assert.Contains(t, string(mustJSON(m["result"])), "not_ready")
}

// An upstream's result may have no content at all.
func TestNothingToSay(t *testing.T) {
	h := endpoint(t, &api{}, &shelf{asks: func(upstream.Turn) *mcp.CallToolResult {
		return &mcp.CallToolResult{Content: []mcp.Content{}}
	}})
	for range 2 {
		status, _, m := send(h, "all", callLook)
		require.Equal(t, 200, status)
		assert.Equal(t, []any{}, m["result"].(map[string]any)["content"])
	}
}
