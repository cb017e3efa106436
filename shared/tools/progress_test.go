//go:build !js

package tools

import (
	"context"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProgress: a long operation says after each step how much it has done, to
// who asked to be told.
func TestProgress(t *testing.T) {
	for _, token := range []any{nil, "of-the-client"} {
		a := &api{answers: []Response{
			{Status: 202, Body: []byte(`{"replayed":100,"next":"1.x"}`)}, {Status: 202, Body: []byte(`{"replayed":100,"next":"2.x"}`)}, {Status: 202, Body: []byte(`{"replayed":7}`)},
		}}
		server := mcp.NewServer(&mcp.Implementation{Name: "hookweir", Version: "1"}, nil)
		newSet(t, a).Register(server)
		var told []float64
		client := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, &mcp.ClientOptions{
			ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
				assert.Equal(t, token, r.Params.ProgressToken)
				told = append(told, r.Params.Progress)
			},
		})
		here, there := mcp.NewInMemoryTransports()
		serving, err := server.Connect(t.Context(), there, nil)
		require.NoError(t, err)
		session, err := client.Connect(t.Context(), here, nil)
		require.NoError(t, err)
		params := &mcp.CallToolParams{Name: "replay_events", Arguments: map[string]any{"state": "dead"}}
		if token != nil {
			params.SetProgressToken(token)
		}
		result, err := session.CallTool(t.Context(), params)
		require.NoError(t, err)
		assert.Equal(t, map[string]any{"replayed": 207.0}, result.StructuredContent)
		require.NoError(t, session.Close())
		require.NoError(t, serving.Wait())
		if token == nil {
			assert.Empty(t, told)
		} else {
			assert.Equal(t, []float64{100, 200, 207}, told)
		}
	}
}
