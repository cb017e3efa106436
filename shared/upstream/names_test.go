//go:build !js

package upstream

import (
	"context"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/fetch"
)

// TestNamesInHeaders: the name of a prompt or resource goes into a header as
// well (MCP 2026-07-28, Mcp-Name), encoded where no header can hold it: the
// platform refuses to send it, or a line break in it would be one of ours.
func TestNamesInHeaders(t *testing.T) {
	for name, want := range map[string]string{
		"plain":               "plain",
		"with space":          "with space",
		"résumé":              "=?base64?csOpc3Vtw6k=?=",
		"日":                   "=?base64?5pel?=",
		"a\nx-evil: 1":        "=?base64?YQp4LWV2aWw6IDE=?=",
		" padded":             "=?base64?IHBhZGRlZA==?=",
		"=?base64?YQ==?=":     "=?base64?PT9iYXNlNjQ/WVE9PT89?=",
		"=?base64? no ending": "=?base64? no ending",
	} {
		d := newMutable(t)
		d.also = func(s *mcp.Server) {
			s.AddPrompt(&mcp.Prompt{Name: name}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				return &mcp.GetPromptResult{Description: "given"}, nil
			})
		}
		d.put(Settings{})
		sent := ""
		d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
			for i, h := range q.Header {
				if h[0] == "mcp-name" {
					sent = h[1]
					q.Header[i][1] = name // the test's server does not decode it
				}
			}
			return d.fetch(ctx, q)
		}
		result, err := d.Prompt(t.Context(), "desk__"+name, nil)
		if assert.NoError(t, err, name) {
			assert.Equal(t, "given", result.Description)
		}
		assert.Equal(t, want, sent, name)
	}
}
