//go:build !js

package toolserver

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStreamsAreBounded: a stream is memory for as long as its reader likes.
// One caller has so many and no more, which leaves room for the others.
func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	listen := func(caller string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}}}`))
		require.NoError(t, err)
		r.Header = http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Authorization": {"Bearer " + caller},
			versionHeader: {modern}, "Mcp-Method": {"subscriptions/listen"},
		}
		a, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = a.Body.Close() })
		if a.StatusCode == http.StatusTooManyRequests {
			assert.NotEmpty(t, a.Header.Get("Retry-After"))
		}
		return a.StatusCode
	}
	for range maxStreamsOfOne {
		require.Equal(t, 200, listen("ada"))
	}
	assert.Equal(t, 429, listen("ada"))
	for _, caller := range []string{"bob", "eve", "dan"} {
		for range maxStreamsOfOne {
			require.Equal(t, 200, listen(caller), "another's are another's")
		}
	}
	assert.Equal(t, 429, listen("mia"), "all together")
	cancel()
	s := w.handler.(*Server)
	require.Eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.lasts) == 0 }, hang, time.Millisecond)
	ctx = t.Context()
	assert.Equal(t, 200, listen("ada"), "what has ended does not count")
	w.CloseClientConnections()
}
