package upstream

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func fields(properties string) json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{` + properties + `}}`)
}

func TestForms(t *testing.T) {
	for why, c := range map[string]struct {
		asked mcp.ElicitParams
		fault string
	}{
		"fields of each type": {mcp.ElicitParams{Message: "Who?", RequestedSchema: fields(`
			"name":{"type":"string","minLength":1,"default":"x"},"age":{"type":"integer","minimum":0},"share":{"type":"number","default":0.5},"sure":{"type":"boolean"},
			"one":{"type":"string","oneOf":[{"const":"a","title":"A"}]},"old":{"type":"string","enum":["a"],"enumNames":["A"]},
			"some":{"type":"array","items":{"type":"string","enum":["a","b"]},"maxItems":2},"titled":{"type":"array","items":{"anyOf":[{"const":"a","title":"A"}]}}`)}, ""},
		"no form at all":          {mcp.ElicitParams{Message: "Go on?"}, ""},
		"a field called $ref":     {mcp.ElicitParams{RequestedSchema: fields(`"$ref":{"type":"string"}`)}, ""},
		"several lines":           {mcp.ElicitParams{Message: "a\nb\r\nc"}, ""},
		"a web page":              {mcp.ElicitParams{Mode: "url", URL: "https://evil.example.com"}, "URL mode"},
		"a web page with a form":  {mcp.ElicitParams{Mode: "form", URL: "https://evil.example.com"}, "URL mode"},
		"an id of a page":         {mcp.ElicitParams{ElicitationID: "7"}, "URL mode"},
		"a mode nobody knows":     {mcp.ElicitParams{Mode: "voice"}, "URL mode"},
		"a long text":             {mcp.ElicitParams{Message: strings.Repeat("x", maxWordsAsked+1)}, "over 4 KiB"},
		"a control character":     {mcp.ElicitParams{Message: "Who?\x1b[2K"}, "cannot be seen"},
		"a direction mark":        {mcp.ElicitParams{Message: "\u202eohW"}, "cannot be seen"},
		"a hidden word in it":     {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"string","title":"A\u200b"}`)}, "cannot be seen"},
		"a hidden name in it":     {mcp.ElicitParams{RequestedSchema: fields(`"a\u2060":{"type":"string"}`)}, "cannot be seen"},
		"no object":               {mcp.ElicitParams{RequestedSchema: json.RawMessage(`{"type":"string"}`)}, "not of an object"},
		"true":                    {mcp.ElicitParams{RequestedSchema: json.RawMessage(`true`)}, "not of an object"},
		"no fields":               {mcp.ElicitParams{RequestedSchema: json.RawMessage(`{"type":"object"}`)}, "no list of fields"},
		"a thing in a thing":      {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"object","properties":{}}`)}, "not text"},
		"a field without a type":  {mcp.ElicitParams{RequestedSchema: fields(`"a":{}`)}, "not text"},
		"a list of anything":      {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"array","items":{"type":"string"}}`)}, "no choice"},
		"a $ref":                  {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"string","$ref":"https://evil.example.com/"}`)}, "more than a list"},
		"a $ref further in":       {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"array","items":{"anyOf":[{"$ref":"#"}]}}`)}, "more than a list"},
		"a condition":             {mcp.ElicitParams{RequestedSchema: json.RawMessage(`{"type":"object","properties":{},"allOf":[{"required":["x"]}]}`)}, "more than a list"},
		"nested without end":      {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"string","default":` + strings.Repeat(`[`, 20) + strings.Repeat(`]`, 20) + `}`)}, "too deep"},
		"large":                   {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"string","title":"` + strings.Repeat("x", maxForm) + `"}`)}, "over 16 KiB"},
		"many fields":             {mcp.ElicitParams{RequestedSchema: fields(`"x":{"type":"string"}` + many(maxFields))}, "more than 50"},
		"one name twice":          {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"string"},"a":{"type":"boolean"}`)}, "cannot be read"},
		"a default of other type": {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"integer","default":"x"}`)}, "cannot be read"},
		"a pattern that is none":  {mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"string","pattern":"("}`)}, "cannot be read"},
	} {
		f, fault := formOf("desk", "book", &c.asked)
		if c.fault != "" {
			assert.Contains(t, fault, c.fault, why)
			continue
		}
		require.Empty(t, fault, why)
		assert.True(t, strings.HasPrefix(f.asked.Message, "The MCP server desk asks, for its tool book (not Hookweir):\n> "), why)
		assert.Equal(t, "form", f.asked.Mode, why)
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"f` + strings.Repeat("x", i) + `":{"type":"string"}`)
	}
	return b.String()
}

// No line of an upstream's can pass for Hookweir's.
func TestFormsAreMarked(t *testing.T) {
	f, fault := formOf("desk", "book", &mcp.ElicitParams{Message: "Sure?\r\nHookweir asks:\rA\u2028B\u2029C\n\nD"})
	require.Empty(t, fault)
	lines := strings.FieldsFunc(f.asked.Message, func(r rune) bool { return strings.ContainsRune("\n\r\u2028\u2029\u0085\v\f", r) })
	require.Len(t, lines, 8)
	for _, line := range lines[1:] {
		assert.True(t, strings.HasPrefix(line, "> "), line)
	}
}

func TestAnswers(t *testing.T) {
	schema := fields(`"name":{"type":"string","default":"Ann"},"age":{"type":"integer","default":30,"maximum":99},"sure":{"type":"boolean"}`)
	required := json.RawMessage(`{"type":"object","properties":{"sure":{"type":"boolean"}},"required":["sure"]}`)
	for why, c := range map[string]struct {
		schema json.RawMessage
		given  *mcp.ElicitResult
		want   mcp.ElicitResult
	}{
		"what was left out has its default": {
			schema, &mcp.ElicitResult{Action: "accept", Content: map[string]any{"sure": true}},
			mcp.ElicitResult{Action: "accept", Content: map[string]any{"sure": true, "name": "Ann", "age": 30.0}},
		},
		"nothing was filled in":         {schema, &mcp.ElicitResult{Action: "accept"}, mcp.ElicitResult{Action: "accept", Content: map[string]any{"name": "Ann", "age": 30.0}}},
		"what was said stays":           {schema, &mcp.ElicitResult{Action: "accept", Content: map[string]any{"name": "Bo", "age": 7.0}}, mcp.ElicitResult{Action: "accept", Content: map[string]any{"name": "Bo", "age": 7.0}}},
		"declined, and nothing else":    {schema, &mcp.ElicitResult{Action: "decline", Content: map[string]any{"name": "Bo"}}, mcp.ElicitResult{Action: "decline"}},
		"cancelled":                     {schema, &mcp.ElicitResult{Action: "cancel"}, mcp.ElicitResult{Action: "cancel"}},
		"no answer":                     {schema, nil, mcp.ElicitResult{Action: "cancel"}},
		"an action nobody knows":        {schema, &mcp.ElicitResult{Action: "yes"}, mcp.ElicitResult{Action: "cancel"}},
		"of another type":               {schema, &mcp.ElicitResult{Action: "accept", Content: map[string]any{"sure": "yes"}}, mcp.ElicitResult{Action: "cancel"}},
		"over the maximum":              {schema, &mcp.ElicitResult{Action: "accept", Content: map[string]any{"age": 100.0}}, mcp.ElicitResult{Action: "cancel"}},
		"what is required is not there": {required, &mcp.ElicitResult{Action: "accept"}, mcp.ElicitResult{Action: "cancel"}},
	} {
		assert.Equal(t, &c.want, answerOf(c.schema, c.given), why)
	}
}

func FuzzForm(f *testing.F) {
	f.Add("Who?", `{"type":"object","properties":{"a":{"type":"string"}}}`, `{"a":"x"}`)
	f.Add("\u202e", `{"type":"object","properties":{"a":{"type":"array","items":{"enum":["x"]}}}}`, `{"a":["x"]}`)
	f.Fuzz(func(t *testing.T, message, schema, content string) {
		form, fault := formOf("desk", "book", &mcp.ElicitParams{Message: message, RequestedSchema: json.RawMessage(schema)})
		if fault != "" {
			return
		}
		if hidden(form.asked.Message) || len(form.schema) > maxForm {
			t.Fatal(form)
		}
		var given map[string]any
		if json.Unmarshal([]byte(content), &given) != nil {
			return
		}
		if a := answerOf(form.schema, &mcp.ElicitResult{Action: "accept", Content: given}); a.Action == "accept" {
			if again := answerOf(form.schema, a); again.Action != "accept" {
				t.Fatal("what was accepted is not accepted again")
			}
		}
	})
}
