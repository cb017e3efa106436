package upstream

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/jcs"
)

const (
	// maxWordsAsked bounds a question's text, in bytes: more than that nobody
	// reads before they answer.
	maxWordsAsked = 4 << 10
	// maxForm bounds the schema of a form in its canonical form, in bytes, and
	// maxFields its fields: a screenful, many times over.
	maxForm   = 16 << 10
	maxFields = 50
	// maxFormDepth bounds the nesting of a form's schema. The deepest that the
	// protocol has is properties / field / items / anyOf / option / const.
	maxFormDepth = 7
)

// form is a question that may be put to a person.
type form struct {
	asked  *mcp.ElicitParams // as it is put
	schema json.RawMessage   // canonical
}

// formOf reads a question of an upstream's tool: a form of plain fields (MCP
// 2025-11-25, elicitation), every word of it visible. It is put under the
// upstream's name, and each line of the upstream's own words is marked, so
// that none can pass for Hookweir's. fault says why it is put to nobody.
func formOf(upstream, tool string, p *mcp.ElicitParams) (f form, fault string) {
	switch {
	case p == nil:
		return f, "it is empty"
	case p.Mode != "" && p.Mode != "form" || p.URL != "" || p.ElicitationID != "":
		return f, "it would send the person to a web page (URL mode), which is not passed on"
	case len(p.Message) > maxWordsAsked:
		return f, "its text is over 4 KiB"
	case hidden(p.Message):
		return f, "its text has characters that cannot be seen"
	}
	raw := []byte(`{"type":"object","properties":{}}`)
	if p.RequestedSchema != nil {
		var err error
		if raw, err = json.Marshal(p.RequestedSchema); err != nil {
			return f, "its form cannot be read"
		}
	}
	schema, err := jcs.Canonical(raw)
	if err != nil {
		return f, "its form cannot be read"
	}
	if len(schema) > maxForm {
		return f, "its form is over 16 KiB"
	}
	if fault := formFault(schema); fault != "" {
		return f, fault
	}
	f.schema = schema
	f.asked = &mcp.ElicitParams{Mode: "form", Message: marked(upstream, tool, p.Message), RequestedSchema: json.RawMessage(schema)}
	return f, ""
}

// fieldTypes are those of the protocol.
var fieldTypes = []any{"string", "number", "integer", "boolean", "array"}

func formFault(schema []byte) string {
	var m map[string]any
	if json.Unmarshal(schema, &m) != nil || m["type"] != "object" {
		return "its form is not of an object"
	}
	if hiddenIn(m) {
		return "its form has characters that cannot be seen"
	}
	if !shallow(m, maxFormDepth) {
		return "its form is nested too deep"
	}
	fields, ok := m["properties"].(map[string]any)
	if !ok || len(fields) > maxFields {
		return "its form has no list of fields, or more than 50"
	}
	for _, x := range fields {
		field, ok := x.(map[string]any)
		if !ok || !slices.Contains(fieldTypes, field["type"]) {
			return "its form has a field that is not text, a number, yes or no, or a choice"
		}
		if field["type"] == "array" {
			items, _ := field["items"].(map[string]any)
			if items["enum"] == nil && items["anyOf"] == nil {
				return "its form has a list that is no choice"
			}
		}
	}
	for _, k := range []string{"$ref", "$dynamicRef", "allOf", "not", "if", "patternProperties", "dependentSchemas"} {
		if has(m, k) {
			return "its form is more than a list of fields"
		}
	}
	if _, err := resolveForm(schema); err != nil {
		return "its form cannot be read"
	}
	return ""
}

// shallow reports that a value is nested no deeper than n.
func shallow(v any, n int) bool {
	if n < 0 {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			if !shallow(x, n-1) {
				return false
			}
		}
	case []any:
		for _, x := range v {
			if !shallow(x, n-1) {
				return false
			}
		}
	}
	return true
}

// has reports a keyword anywhere in a form but as the name of a field.
func has(v any, keyword string) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if strings.EqualFold(k, keyword) { // the library takes any case
				return true
			}
			fields, named := x.(map[string]any)
			if k != "properties" || !named {
				if has(x, keyword) {
					return true
				}
				continue
			}
			for _, field := range fields {
				if has(field, keyword) {
					return true
				}
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return has(x, keyword) })
	}
	return false
}

func resolveForm(schema []byte) (*jsonschema.Resolved, error) {
	var s jsonschema.Schema
	if err := json.Unmarshal(schema, &s); err != nil {
		return nil, err
	}
	return s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
}

// lineEnds are the characters at which something may show a new line.
var lineEnds = strings.NewReplacer("\r\n", "\n> ", "\n", "\n> ", "\r", "\n> ", "\u2028", "\n> ", "\u2029", "\n> ")

func marked(upstream, tool, words string) string {
	return "The MCP server " + upstream + " asks, for its tool " + tool + " (not Hookweir):\n> " + lineEnds.Replace(words)
}

// answerOf is what of a client's answer goes to the upstream. Fields that were
// left out have their defaults (SEP-1034). Nothing, or what does not fit the
// form, is cancel: nobody has said yes.
func answerOf(schema []byte, r *mcp.ElicitResult) *mcp.ElicitResult {
	none := &mcp.ElicitResult{Action: "cancel"}
	switch {
	case r == nil:
		return none
	case r.Action == "decline":
		return &mcp.ElicitResult{Action: "decline"}
	case r.Action != "accept":
		return none
	}
	resolved, err := resolveForm(schema)
	if err != nil {
		return none
	}
	content := r.Content
	if content == nil {
		content = map[string]any{}
	}
	if resolved.ApplyDefaults(&content) != nil || resolved.Validate(content) != nil {
		return none
	}
	return &mcp.ElicitResult{Action: "accept", Content: content}
}
