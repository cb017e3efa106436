//go:build !js

package toolserver

import (
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
			status, text := w.batch(t, id, header, `[`+callWho+`,`+strings.Replace(callWho, `"id":2`, `"id":3`, 1)+`]`)
			if has {
				assert.Equal(t, 200, status, "%s %s: %s", version, header, text)
				assert.Equal(t, 2, strings.Count(text, "ada"), text)
			} else {
				assert.Equal(t, 400, status, "%s %s: %s", version, header, text)
				assert.Contains(t, text, `"code":-32600`)
			}
		}
	}
	status, text := w.batch(t, "", "2026-07-28", `[`+callWho+`]`)
	assert.Equal(t, 400, status)
	assert.Contains(t, text, `"code":-32600`)
	status, _ = w.batch(t, strings.Repeat("a", sessionIDLen), "2025-03-26", `[`+callWho+`]`)
	assert.Equal(t, 404, status, "what session it is comes first")
}

func (w *world) batch(t *testing.T, session, version, body string) (status int, text string) {
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
