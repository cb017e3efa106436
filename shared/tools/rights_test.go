package tools

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestResourcesAreTheirTools: a resource shows what a tool shows, and is shown
// to whoever may use that tool: a list's right is none to what is in the list.
func TestResourcesAreTheirTools(t *testing.T) {
	a := &api{answers: []Response{{Status: 200, Body: []byte(`{"key":"acme/github/1","data":{"card":"4242"}}`)}}}
	h := endpoint(t, a, nil)
	read := func(key, uri string) (status int, text string) {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":%q,%s}}`, uri, metaOfClient)
		status, _, message := send(h, key, body, "Mcp-Name", uri)
		out, err := json.Marshal(message)
		assert.NoError(t, err)
		return status, string(out)
	}
	for uri, tool := range map[string]string{
		"hookweir://events":                          "search_events",
		"hookweir://events/acme%2Fgithub%2F1":        "get_event",
		"hookweir://events/acme/github/1":            "get_event",
		"hookweir://dead-letters/events":             "list_dead_events",
		"hookweir://dead-letters/writes":             "list_dead_writes",
		"hookweir://drift/desk":                      "upstream_drift",
		"hookweir://events/%61cme%2Fgithub%2F1":      "get_event",
		"hookweir://events/a//b":                     "get_event",
		"hookweir://events/dead-letters/events?x=1#": "get_event",
	} {
		_, text := read(tool, uri)
		assert.Contains(t, text, "4242", "%s by %s", uri, tool)
		for _, other := range []string{"search_events", "get_event", "list_dead_events", "list_dead_writes", "upstream_drift", "list_sources"} {
			if other == tool {
				continue
			}
			asked := len(a.asked)
			_, text := read(other, uri)
			assert.NotContains(t, text, "4242", "%s by %s", uri, other)
			assert.Len(t, a.asked, asked, "%s by %s", uri, other)
		}
	}
}

// TestTemplatesAreTheirTools: the template of what a key may not read is not
// shown to it.
func TestTemplatesAreTheirTools(t *testing.T) {
	h := endpoint(t, &api{}, nil)
	for key, want := range map[string][]string{
		"all":                      {"hookweir://drift/{upstream}", "hookweir://events/{+id}"},
		"get_event":                {"hookweir://events/{+id}"},
		"search_events,get_source": nil,
	} {
		_, _, message := send(h, key, `{"jsonrpc":"2.0","id":1,"method":"resources/templates/list","params":{`+metaOfClient+`}}`)
		var got []string
		result, _ := message["result"].(map[string]any)
		list, _ := result["resourceTemplates"].([]any)
		for _, x := range list {
			got = append(got, x.(map[string]any)["uriTemplate"].(string))
		}
		slices.Sort(got)
		assert.Equal(t, want, got, key)
	}
}

// TestResourcesFitTheirTools: what a URI names is held against the schema of
// the tool that shows it, as an argument of a call is.
func TestResourcesFitTheirTools(t *testing.T) {
	a := &api{answers: []Response{{Status: 200, Body: []byte(`{}`)}}}
	h := endpoint(t, a, nil)
	for _, uri := range []string{"hookweir://drift/UP..", "hookweir://drift/a%2Fb", "hookweir://events/x", "hookweir://events/", "hookweir://drift/"} {
		_, _, message := send(h, "all", fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":%q,%s}}`, uri, metaOfClient), "Mcp-Name", uri)
		assert.NotNil(t, message["error"], uri)
		assert.Empty(t, a.asked, uri)
	}
}
