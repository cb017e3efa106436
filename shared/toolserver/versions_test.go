//go:build !js

package toolserver

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBatchesAreTheVersions: a session has batches if the protocol it was
// opened with has them, whatever its messages say of the protocol later.
func TestBatchesAreTheVersions(t *testing.T) {
	w := newWorld(t)
	for version, has := range map[string]bool{"2024-11-05": true, "2025-03-26": true, "2025-06-18": false, "2025-11-25": false, "1999-01-01": false} {
		status, id, text := w.send(t, "POST", "ada", "", strings.Replace(initialize, "2025-11-25", version, 1))
		require.Equal(t, 200, status, text)
		for _, header := range []string{"", version, "2025-03-26"} {
			if header == "1999-01-01" {
				continue // refused as no version
			}
			status, text := w.post(t, id, header, `[`+callWho+`,`+strings.Replace(callWho, `"id":2`, `"id":3`, 1)+`]`)
			if has {
				assert.Equal(t, 200, status, "%s %s: %s", version, header, text)
				assert.Equal(t, 2, strings.Count(text, "ada"), text)
			} else {
				assert.Equal(t, 400, status, "%s %s: %s", version, header, text)
				assert.Contains(t, text, `"code":-32600`)
			}
		}
	}
	status, text := w.post(t, "", "2026-07-28", `[`+callWho+`]`)
	assert.Equal(t, 400, status)
	assert.Contains(t, text, `"code":-32600`)
	status, _ = w.post(t, strings.Repeat("a", sessionIDLen), "2025-03-26", `[`+callWho+`]`)
	assert.Equal(t, 404, status, "what session it is comes first")
}

// TestRefusalsHaveCodes: what the library refuses in plain text is an error of
// JSON-RPC here too.
func TestRefusalsHaveCodes(t *testing.T) {
	w := newWorld(t)
	_, id, _ := w.send(t, "POST", "ada", "", initialize)
	for message, code := range map[string]string{
		`{"jsonrpc":"2.0","id":4,"method":"tools/fly"}`:                                   "-32601",
		`{"jsonrpc":"2.0","method":"notifications/fly"}`:                                  "-32601",
		`{"jsonrpc":"2.0","id":{},"method":"ping"}`:                                       "-32600",
		`{"jsonrpc":"2.0","method":"ping"}`:                                               "-32600",
		`{"jsonrpc":"2.0","id":4,"method":"` + strings.Repeat("<", 5000) + `"}`:           "-32601",
		`{"jsonrpc":"2.0","id":4,"method":"notifications/initialized","params":{"a":[]}}`: "-32600",
	} {
		status, text := w.post(t, id, "2025-11-25", message)
		assert.Equal(t, 400, status, "%.90s: %s", message, text)
		assert.Contains(t, text, `"code":`+code, "%.90s", message)
		assert.Less(t, len(text), 2000)
		assert.True(t, json.Valid([]byte(text)), text)
	}
	status, text := w.post(t, id, "1999-01-01", `{"jsonrpc":"2.0","id":4,"method":"ping"}`)
	assert.Equal(t, 400, status)
	assert.Contains(t, text, `"code":-32600`)
}

func (w *world) post(t *testing.T, session, version, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL, strings.NewReader(body))
	require.NoError(t, err)
	r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Authorization": {"Bearer ada"}}
	if session != "" {
		r.Header.Set(sessionHeader, session)
	}
	if version != "" {
		r.Header.Set(versionHeader, version)
	}
	a, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = a.Body.Close() }()
	b, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	return a.StatusCode, string(b)
}
