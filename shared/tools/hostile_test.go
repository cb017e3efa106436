package tools

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/upstream"
)

// odd is a shelf whose tool acts, and then answers oddly.
type odd struct {
	shelf
	acted  int
	result *mcp.CallToolResult // nil: a panic
}

func (s *odd) Call(_ context.Context, name string, _ json.RawMessage, _ upstream.Turn) (*mcp.CallToolResult, bool, error) {
	s.acted++
	if s.result == nil {
		panic("odd")
	}
	return s.result, name == "shelf__look", nil
}

// TestActedOnce: whatever a tool answers once it has acted, the caller has an
// answer, and it is not called again for it.
func TestActedOnce(t *testing.T) {
	body := strings.Replace(callSources, "list_sources", "shelf__look", 1)
	for why, c := range map[string]struct {
		result *mcp.CallToolResult
		want   string // in the answer
	}{
		"nothing to read": {&mcp.CallToolResult{Content: []mcp.Content{}, StructuredContent: map[string]any{"done": true}}, `"structuredContent":{"done":true}`},
		"a null in it":    {&mcp.CallToolResult{Content: []mcp.Content{nil}}, ``},
		"what is no JSON": {&mcp.CallToolResult{StructuredContent: func() {}}, `internal`},
		"a panic":         {nil, `nobody knows whether it was done`},
	} {
		s := &odd{result: &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "x"}}}}
		h := endpoint(t, &api{}, s)
		send(h, "all", body) // by the library, which accepts the message
		s.acted, s.result = 0, c.result
		status, _, m := send(h, "all", body)
		assert.Equal(t, http.StatusOK, status, why)
		got, _ := json.Marshal(m["result"])
		assert.Contains(t, string(got), c.want, why)
		assert.Equal(t, 1, s.acted, why)
	}
}

// TestListsOfOthersRights: no two sets of rights have one name.
func TestListsOfOthersRights(t *testing.T) {
	s := &Set{cfg: Config{Upstreams: &shelf{version: 7}}}
	names := map[string]bool{}
	callers := []access.Caller{{}, {Operator: true}, {Tools: []string{}}, {Tools: []string{"a b"}}, {Tools: []string{"a", "b"}}, {Tools: []string{"a", "b", ""}}, {Tools: []string{`a" "b`}}}
	for _, c := range callers {
		version, of, ok := s.Lists(t.Context(), &c)
		assert.True(t, ok)
		assert.EqualValues(t, 7, version)
		names[of] = true
	}
	assert.Len(t, names, len(callers))
	_, one, _ := s.Lists(t.Context(), &access.Caller{Tools: []string{"b", "a"}})
	_, same, _ := s.Lists(t.Context(), &access.Caller{Tools: []string{"a", "b"}})
	assert.Equal(t, one, same, "their order is no matter")
}
