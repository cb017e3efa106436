//go:build !js

package toolserver

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
)

// TestNamesInHeaders: a name that no header can hold comes encoded in it (MCP
// 2026-07-28, Mcp-Name), and is compared as what it is.
func TestNamesInHeaders(t *testing.T) {
	w := newWorld(t)
	w.config = func(c *Config) {
		c.Register = func(m *mcp.Server) {
			for _, name := range []string{"plain", "résumé", "=?base64?YQ==?="} {
				m.AddPrompt(&mcp.Prompt{Name: name}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
					return &mcp.GetPromptResult{Description: "given"}, nil
				})
			}
		}
	}
	h := w.make()
	get := func(name, header string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "https://hooks.example.com/mcp/acme", strings.NewReader(fmt.Sprintf(
			`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":%q,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}}}`, name)))
		r.Header = http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Authorization": {"Bearer ada"},
			versionHeader: {modern}, "Mcp-Method": {"prompts/get"}, "Mcp-Name": {header},
		}
		a := httptest.NewRecorder()
		h.ServeHTTP(a, r)
		return a.Code, a.Body.String()
	}
	encoded := func(name string) string { return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(name)) + "?=" }
	for _, name := range []string{"plain", "résumé", "=?base64?YQ==?="} {
		status, text := get(name, encoded(name))
		assert.Equal(t, 200, status, "%s: %s", name, text)
		assert.Contains(t, text, "given", name)
	}
	status, _ := get("plain", "plain")
	assert.Equal(t, 200, status)
	for why, c := range map[string][2]string{
		"another name":          {"plain", encoded("résumé")},
		"a name that looks so":  {"=?base64?YQ==?=", "=?base64?YQ==?="},
		"what cannot be read":   {"plain", "=?base64?cGxhaW4?="},
		"a name and white ends": {"plain", encoded("plain ")},
	} {
		status, text := get(c[0], c[1])
		assert.Equal(t, 400, status, "%s: %s", why, text)
		assert.Contains(t, text, "-32020", why)
	}
}
