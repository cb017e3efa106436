//go:build !js

package upstream

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/fetch"
)

// TestKeptLists: a server may say how long its lists may be kept (`ttlMs`). A
// look that is made again in the same session asks again all the same: from a
// list that is kept nothing comes over the wire, and what is not seen is gone.
func TestKeptLists(t *testing.T) {
	d := newMutable(t, look("look", good))
	d.kept = time.Minute
	d.also = func(s *mcp.Server) {
		s.AddPrompt(&mcp.Prompt{Name: "ask"}, nil)
	}
	d.put(Settings{Recheck: 10 * time.Minute})
	ask, done := d.cfg.Fetch, false
	d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
		a, err := ask(ctx, q)
		if bytes.Contains(q.Body, []byte(`"tools/list"`)) && !done {
			done = true
			d.tools = append(d.tools, look("pay", good))
			d.now = d.now.Add(time.Second)
			d.Refresh(t.Context(), "desk")
		}
		return a, err
	}
	d.look()
	assert.Equal(t, [][3]string{{"pay", "added", "block"}}, d.drift())
	assert.Equal(t, map[string]string{"desk__look": good}, d.served())
	assert.Equal(t, "done", d.call("desk__look"))
}

// TestParameterHeaders: parameters that a server wants as headers (MCP
// 2026-07-28, `x-mcp-header`) are sent so with every call, also where the last
// look is young enough and none is made in the call's session.
func TestParameterHeaders(t *testing.T) {
	d := newMutable(t, &mcp.Tool{Name: "look", Description: good, InputSchema: map[string]any{
		"type": "object", "properties": map[string]any{"region": map[string]any{"type": "string", "x-mcp-header": "Region"}},
	}})
	for _, recheck := range []time.Duration{0, time.Hour} {
		d.put(Settings{Recheck: recheck})
		for range 2 {
			d.asked = nil
			result, _, err := d.Call(t.Context(), "desk__look", []byte(`{"region":"eu"}`), Turn{})
			assert.NoError(t, err)
			assert.Equal(t, "done", result.Content[0].(*mcp.TextContent).Text)
			assert.Contains(t, d.asked[len(d.asked)-1].Header, [2]string{"mcp-param-region", "eu"})
		}
	}
}
