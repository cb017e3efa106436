//go:build !js

package toolserver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestPages: a page of an origin that may call can: its browser asks first
// (Fetch, CORS preflight) and shows it the answer, a refusal as well. One that
// may not gets neither, and programs see nothing of this.
func TestPages(t *testing.T) {
	const app, evil = "https://app.example.com", "https://evil.example.com"
	w := newWorld(t)
	w.config = func(c *Config) {
		c.Origin = func(r *http.Request) bool { o := r.Header.Get("Origin"); return o == "" || o == app }
	}
	h := w.make()
	ask := func(method string, header ...string) *http.Response {
		r := httptest.NewRequest(method, "https://hooks.example.com/mcp/acme", strings.NewReader(initialize))
		r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		a := httptest.NewRecorder()
		h.ServeHTTP(a, r)
		return a.Result()
	}
	const wanted = "Access-Control-Request-Method"
	a := ask(http.MethodOptions, "Origin", app, wanted, "POST", "Access-Control-Request-Headers", "authorization,content-type,mcp-protocol-version,mcp-param-region")
	assert.Equal(t, http.StatusNoContent, a.StatusCode)
	assert.Equal(t, app, a.Header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "POST, GET, DELETE", a.Header.Get("Access-Control-Allow-Methods"))
	assert.Equal(t, "*, Authorization", a.Header.Get("Access-Control-Allow-Headers"), "* is every header but that one")
	assert.Empty(t, a.Header.Get("Access-Control-Allow-Credentials"), "no cookie is ever looked at")

	for why, c := range map[string]struct {
		header []string
		status int
	}{"let in": {[]string{"Origin", app, "Authorization", "Bearer ada"}, 200}, "refused": {[]string{"Origin", app}, 401}} {
		a := ask(http.MethodPost, c.header...)
		assert.Equal(t, c.status, a.StatusCode, why)
		assert.Equal(t, app, a.Header.Get("Access-Control-Allow-Origin"), why)
		assert.Equal(t, "Origin", a.Header.Get("Vary"), why)
		for _, name := range []string{"Mcp-Session-Id", "WWW-Authenticate", "Retry-After"} {
			assert.Contains(t, a.Header.Get("Access-Control-Expose-Headers"), name, why)
		}
	}
	for why, c := range map[string]struct {
		method string
		header []string
		status int
	}{
		"another page asks":      {http.MethodOptions, []string{"Origin", evil, wanted, "POST"}, 403},
		"another page calls":     {http.MethodPost, []string{"Origin", evil, "Authorization", "Bearer ada"}, 403},
		"nobody's preflight":     {http.MethodOptions, []string{wanted, "POST"}, 405},
		"OPTIONS of another use": {http.MethodOptions, []string{"Origin", app}, 405},
		"a program":              {http.MethodPost, []string{"Authorization", "Bearer ada"}, 200},
	} {
		a := ask(c.method, c.header...)
		assert.Equal(t, c.status, a.StatusCode, why)
		for name := range a.Header {
			assert.NotContains(t, name, "Access-Control", why)
		}
	}
}
