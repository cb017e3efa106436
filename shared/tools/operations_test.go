//go:build !js

package tools

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// description is docs/openapi.json, which package admin's tests hold to the
// router and to the Go types.
type description struct {
	Paths      map[string]map[string]described
	Components struct{ Schemas map[string]*jsonschema.Schema }
}

type described struct {
	Parameters  []struct{ Name, In string }
	RequestBody struct{ Content map[string]content }
	Responses   map[string]struct{ Content map[string]content }
}

type content struct{ Schema *jsonschema.Schema }

var placeholders = regexp.MustCompile(`\{\w+\}`)

func describe(t *testing.T) (d description, at func(row *Tool) described) {
	t.Helper()
	b, err := os.ReadFile("../../docs/openapi.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &d))
	byShape := map[string]described{} // what a parameter is called is the API's own affair
	for path, methods := range d.Paths {
		for method, o := range methods {
			byShape[strings.ToUpper(method)+" "+placeholders.ReplaceAllString(path, "{}")] = o
		}
	}
	return d, func(row *Tool) described {
		o, ok := byShape[row.Method+" "+placeholders.ReplaceAllString("/v1/tenants/{tenant}"+row.Path, "{}")]
		require.True(t, ok, "%s: %s %s is no operation of the API", row.Name, row.Method, row.Path)
		return o
	}
}

// of follows a reference, and takes the first of alternatives.
func (d description) of(s *jsonschema.Schema) *jsonschema.Schema {
	switch {
	case s == nil:
		return &jsonschema.Schema{}
	case s.Ref != "":
		return d.of(d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")])
	case len(s.OneOf) > 0:
		return d.of(s.OneOf[0])
	}
	return s
}

func (d description) answer(o described) *jsonschema.Schema {
	for status, r := range o.Responses {
		if strings.HasPrefix(status, "2") && r.Content != nil {
			return d.of(r.Content["application/json"].Schema)
		}
	}
	return &jsonschema.Schema{}
}

// TestRoutes holds every tool to the operation of the API that it is: the path
// and method are there, it takes what the tool sends, gets what it needs, and
// answers what the tool says it answers.
func TestRoutes(t *testing.T) {
	d, at := describe(t)
	for _, row := range table {
		o := at(&row)
		query := []string{}
		for _, p := range o.Parameters {
			if p.In == "query" {
				query = append(query, p.Name)
			}
		}
		sent := slices.Clone(row.Query)
		for _, f := range row.Fixed {
			sent = append(sent, f[0])
		}
		assert.Subset(t, query, sent, row.Name)

		var in, out jsonschema.Schema
		require.NoError(t, json.Unmarshal([]byte(row.Input), &in), row.Name)
		require.NoError(t, json.Unmarshal([]byte(row.Output), &out), row.Name)
		if len(row.Body) > 0 {
			body := d.of(o.RequestBody.Content["application/json"].Schema)
			for _, name := range row.Body {
				assert.Contains(t, body.Properties, name, row.Name)
			}
			assert.Subset(t, in.Required, body.Required, row.Name)
		}
		assert.Equal(t, len(row.Body) > 0 || row.Whole != "", o.RequestBody.Content != nil, "%s: a body", row.Name)

		answer := d.answer(o)
		for name := range out.Properties {
			assert.Contains(t, answer.Properties, name, row.Name)
		}
		if row.Pages {
			assert.Contains(t, answer.Properties, row.Sum, row.Name)
			assert.Contains(t, answer.Properties, "next", row.Name)
			assert.Contains(t, d.of(o.RequestBody.Content["application/json"].Schema).Properties, "limit", row.Name)
		}
	}
}

// TestCompletions: what an id is completed from is in the answer it is looked
// for in.
func TestCompletions(t *testing.T) {
	d, at := describe(t)
	for argument, c := range completions {
		list := d.answer(at(find(c.tool))).Properties[c.list]
		require.NotNil(t, list, argument)
		assert.Contains(t, d.of(list.Items).Properties, c.member, argument)
	}
	var arguments []string
	for _, p := range prompts {
		if p.argument != "" {
			arguments = append(arguments, p.argument)
		}
	}
	for _, argument := range arguments {
		assert.Contains(t, completions, argument, "each argument of a prompt completes")
	}
}
