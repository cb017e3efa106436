//go:build !js

package upstream

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// doubling is n definitions of which each refers twice to the one before.
func doubling(n int, reference string) string {
	defs := []string{`"d0":{"type":"object"}`}
	for i := 1; i <= n; i++ {
		defs = append(defs, fmt.Sprintf(`"d%d":{"allOf":[{%[2]q:"#/$defs/d%[3]d"},{%[2]q:"#/$defs/d%[3]d"}]}`, i, reference, i-1))
	}
	return fmt.Sprintf(`{"type":"object",%q:"#/$defs/d%d","$defs":{%s}}`, reference, n, strings.Join(defs, ","))
}

// TestUnfolding: a schema that a validator would not come to the end of is
// served to nobody, and one that is pinned already refuses the call.
func TestUnfolding(t *testing.T) {
	const (
		refused  = "the input schema refers to itself without end, or unfolds to too much"
		deep     = "the definition is nested too deep"
		tooLong  = "to hold these arguments against the tool's input schema takes too long, or does not end"
		noSchema = "the tool's input schema cannot be read"
	)
	nested := func(n int, begin, middle, end string) string {
		return strings.Repeat(begin, n) + middle + strings.Repeat(end, n)
	}
	for why, c := range map[string]struct{ schema, arguments, fault, call string }{
		"itself":                    {`{"type":"object","$ref":"#"}`, `{}`, refused, tooLong},
		"itself, in capitals":       {`{"type":"object","$REF":"#"}`, `{}`, refused, tooLong},
		"itself by a pointer":       {`{"type":"object","anyOf":[{"$ref":"#/anyOf/0"}]}`, `{}`, refused, tooLong},
		"itself by a strange one":   {`{"type":"object","anyOf":[{"$ref":"#/anyOf/+0"}]}`, `{}`, refused, tooLong},
		"itself, escaped":           {`{"type":"object","$defs":{"a/b c":{"$ref":"#/$defs/a~1b%20c"}},"$ref":"#/$defs/a~1b%20c"}`, `{}`, refused, tooLong},
		"itself by an anchor":       {`{"type":"object","$anchor":"me","$ref":"#me"}`, `{}`, refused, tooLong},
		"itself by its address":     {`{"type":"object","$id":"https://a.example.com/s","$ref":"https://a.example.com/s"}`, `{}`, refused, tooLong},
		"itself by a part's":        {`{"type":"object","$ref":"https://a.example.com/s","$defs":{"x":{"$id":"https://a.example.com/s","not":{"$ref":"#"}}}}`, `{}`, refused, tooLong},
		"itself, dynamically":       {`{"type":"object","$dynamicAnchor":"me","$dynamicRef":"#me"}`, `{}`, refused, tooLong},
		"itself by the older words": {`{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","definitions":{"x":{"$id":"#x","not":{"$ref":"#x"}}},"dependencies":{"a":{"$ref":"#x"}}}`, `{"a":1}`, refused, tooLong},
		"itself where nobody is yet": {
			`{"type":"object","properties":{"a":{"$defs":{"x":{"if":{"$ref":"#/properties/a/$defs/x"}}},"items":{"$ref":"#/properties/a/$defs/x"}}}}`,
			`{}`, refused, "",
		},
		"a few that double":              {doubling(20, "$ref"), `{}`, refused, tooLong},
		"and dynamically":                {doubling(20, "$dynamicRef"), `{}`, refused, tooLong},
		"a few less":                     {doubling(5, "$ref"), `{}`, "", ""},
		"it doubles with the arguments":  {`{"type":"object","properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}`, nested(30, `{"a":`, `{}`, `}`), "", tooLong},
		"and those are few":              {`{"type":"object","properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}`, nested(5, `{"a":`, `{}`, `}`), "", ""},
		"a tree":                         {`{"type":"object","$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}}}`, nested(50, `{"children":[`, `{}`, `]}`), "", ""},
		"many short items":               {`{"type":"object","properties":{"a":{"items":{"type":"integer"}}}}`, `{"a":[1` + strings.Repeat(",1", 60_000) + `]}`, "", ""},
		"deep without a reference":       {nested(200, `{"not":`, `{}`, `}`), `{}`, deep, noSchema},
		"long paths to many places":      {`{"type":"object","properties":{"` + strings.Repeat("x", 30_000) + `":{"enum":[1` + strings.Repeat(",1", 10_000) + `]}}}`, `{}`, deep, noSchema},
		"the network is for each call":   {`{"type":"object","$ref":"https://evil.example.com/s"}`, `{}`, "", "the tool's input schema cannot be resolved, or refers to the network"},
		"a reference that is only named": {`{"type":"object","properties":{"$ref":{"type":"string"},"ref":{"type":"string"}}}`, `{"$ref":"#"}`, "", ""},
	} {
		t.Run(why, func(t *testing.T) {
			pinned := []byte(`{"name":"look","inputSchema":` + c.schema + `}`)
			_, fault := fitting(pinned, json.RawMessage(c.arguments))
			assert.Equal(t, c.call, fault)

			d := newMutable(t, &mcp.Tool{Name: "look", InputSchema: json.RawMessage(c.schema)})
			if !strings.Contains(c.schema, `"type":"object"`) {
				return // the real server has none like that
			}
			d.put(Settings{})
			r, err := d.Drift("desk")
			require.NoError(t, err)
			if c.fault == "" {
				assert.Empty(t, r.Items)
				assert.Contains(t, d.served(), "desk__look")
				return
			}
			require.Len(t, r.Items, 1)
			assert.Equal(t, []any{Refused, c.fault}, []any{r.Items[0].Class, r.Items[0].Reason})
			assert.Empty(t, d.served())
		})
	}
}

// TestFormsInCapitals: a form's keywords are held against the list in any case,
// as the library reads them.
func TestFormsInCapitals(t *testing.T) {
	for _, field := range []string{`"$Ref":"#/properties/a"`, `"ALLOF":[{"minLength":1}]`, `"If":{}`} {
		_, fault := formOf("desk", "book", &mcp.ElicitParams{RequestedSchema: fields(`"a":{"type":"string","default":"x",` + field + `}`)})
		assert.Equal(t, "its form is more than a list of fields", fault, field)
	}
}
