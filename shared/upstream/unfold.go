package upstream

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

const (
	// maxSchemaDepth bounds the nesting of a definition: a person's stays under
	// 20. maxPaths bounds the paths of all its places together, in bytes.
	maxSchemaDepth = 100
	maxPaths       = 4 << 20
	// maxUnfolded bounds what a schema unfolds to at its own places, in visits
	// of a schema: a hundred times what large servers have.
	maxUnfolded = 10_000
	// maxVisits bounds what holding arguments against a schema takes, in visits
	// of a schema, each a microsecond or a few: 256 KiB of short items fit.
	maxVisits = 100_000
	// maxUnfoldedDepth bounds how deep these visits are nested, in frames of
	// the stack.
	maxUnfoldedDepth = 1000
)

// unfolding counts what a validator does with a schema before it does it: one
// that refers to itself would have it recurse until the stack is full, which
// nothing recovers from, and a few definitions that each refer twice to the
// next take it longer than anyone waits.
//
// It never counts less than the validator does: of a `$ref` with several
// readings it follows all, and one that it cannot follow is a fault.
type unfolding struct {
	at      map[string]*jsonschema.Schema   // by its path from the root
	anchors map[string][]*jsonschema.Schema // by name
	bases   []string                        // paths of the root and of schemas with an `$id`
	left    int                             // visits
}

// unfoldable reports that a schema, of which nothing more is known than that
// it resolves, can be held against something: anywhere in it, what it says of
// one value unfolds to little.
func unfoldable(root *jsonschema.Schema) bool {
	u := unfold(root, maxUnfolded)
	for _, s := range u.at {
		if !u.visit(s, nil, 0) {
			return false
		}
	}
	return true
}

// bearable reports that a value can be held against a schema.
func bearable(root *jsonschema.Schema, value any) bool {
	return unfold(root, maxVisits).visit(root, value, 0)
}

func unfold(root *jsonschema.Schema, visits int) *unfolding {
	u := &unfolding{at: map[string]*jsonschema.Schema{}, anchors: map[string][]*jsonschema.Schema{}, bases: []string{""}, left: visits}
	u.note("", root)
	return u
}

// note enters a schema and all within it.
func (u *unfolding) note(path string, s *jsonschema.Schema) {
	if s == nil {
		return
	}
	u.at[path] = s
	if s.ID != "" && path != "" {
		u.bases = append(u.bases, path)
	}
	for _, name := range []string{s.Anchor, s.DynamicAnchor, strings.TrimPrefix(s.ID, "#")} {
		if name != "" {
			u.anchors[name] = append(u.anchors[name], s)
		}
	}
	for keyword, one := range map[string]*jsonschema.Schema{
		"additionalItems": s.AdditionalItems, "additionalProperties": s.AdditionalProperties, "contains": s.Contains,
		"contentSchema": s.ContentSchema, "else": s.Else, "if": s.If, "items": s.Items, "not": s.Not,
		"propertyNames": s.PropertyNames, "then": s.Then, "unevaluatedItems": s.UnevaluatedItems,
		"unevaluatedProperties": s.UnevaluatedProperties,
	} {
		u.note(path+step(keyword), one)
	}
	for keyword, list := range map[string][]*jsonschema.Schema{
		"allOf": s.AllOf, "anyOf": s.AnyOf, "items": s.ItemsArray, "oneOf": s.OneOf, "prefixItems": s.PrefixItems,
	} {
		for i, one := range list {
			u.note(path+step(keyword)+step(strconv.Itoa(i)), one)
		}
	}
	for keyword, named := range map[string]map[string]*jsonschema.Schema{
		"$defs": s.Defs, "definitions": s.Definitions, "dependencies": s.DependencySchemas,
		"dependentSchemas": s.DependentSchemas, "patternProperties": s.PatternProperties, "properties": s.Properties,
	} {
		for name, one := range named {
			u.note(path+step(keyword)+step(name), one)
		}
	}
}

// step is one segment of a path, which no other path can be mistaken for.
func step(segment string) string { return "\x00" + segment }

// visit counts one visit and those that follow from it: of the value's own
// schemas, and of those of what is in it. A nil value has nothing in it.
func (u *unfolding) visit(s *jsonschema.Schema, value any, depth int) bool {
	if s == nil {
		return true
	}
	if u.left--; u.left < 0 || depth > maxUnfoldedDepth {
		return false
	}
	each := func(list []*jsonschema.Schema, v any) bool {
		return !slices.ContainsFunc(list, func(s *jsonschema.Schema) bool { return !u.visit(s, v, depth+1) })
	}
	here := []*jsonschema.Schema{s.Not, s.If, s.Then, s.Else}
	for _, ref := range []string{s.Ref, s.DynamicRef} {
		targets, ok := u.targets(ref)
		if !ok {
			return false
		}
		here = append(here, targets...)
	}
	here = slices.Concat(here, s.AllOf, s.AnyOf, s.OneOf)
	for _, dependent := range []map[string]*jsonschema.Schema{s.DependentSchemas, s.DependencySchemas} {
		for _, one := range dependent {
			here = append(here, one)
		}
	}
	if !each(here, value) {
		return false
	}
	switch value := value.(type) {
	case []any:
		for i, v := range value {
			within := []*jsonschema.Schema{s.Items, s.AdditionalItems, s.Contains, s.UnevaluatedItems}
			for _, list := range [][]*jsonschema.Schema{s.PrefixItems, s.ItemsArray} {
				if i < len(list) {
					within = append(within, list[i])
				}
			}
			if !each(within, v) {
				return false
			}
		}
	case map[string]any:
		for name, v := range value {
			within := []*jsonschema.Schema{s.Properties[name], s.AdditionalProperties, s.UnevaluatedProperties}
			for _, one := range s.PatternProperties {
				within = append(within, one)
			}
			if !each(within, v) || !u.visit(s.PropertyNames, name, depth+1) {
				return false
			}
		}
	}
	return true
}

// targets are the schemas that a reference may mean; ok is false when it is to
// none that is known. What stands before the `#` is not looked at.
func (u *unfolding) targets(ref string) (out []*jsonschema.Schema, ok bool) {
	if ref == "" {
		return nil, true
	}
	to, err := url.Parse(ref)
	if err != nil {
		return nil, false
	}
	fragment := to.Fragment
	if fragment != "" && fragment[0] != '/' {
		out = u.anchors[fragment]
		return out, len(out) > 0
	}
	path := ""
	if fragment != "" {
		for segment := range strings.SplitSeq(fragment[1:], "/") {
			path += step(pointerSegments.Replace(segment))
		}
	}
	for _, base := range u.bases {
		if s := u.at[base+path]; s != nil {
			out = append(out, s)
		}
	}
	return out, len(out) > 0
}

// pointerSegments undoes the escapes of JSON Pointer (RFC 6901 §4).
var pointerSegments = strings.NewReplacer("~0", "~", "~1", "/")

// schemaFault says why nothing is held against a tool's input schema; "" when
// it can be. That one does not resolve is no fault: each call is told. The
// definition is given as canonical JSON and read.
func schemaFault(canonical []byte, definition map[string]any) string {
	if !spread(definition) {
		return "the definition is nested too deep"
	}
	// Without a reference it unfolds to what is written. The library takes the
	// names of keywords in any case.
	if !strings.Contains(strings.ToLower(string(canonical)), `ref":`) {
		return ""
	}
	if s, _, fault := readSchema(canonical); fault == "" && !unfoldable(s) {
		return "the input schema refers to itself without end, or unfolds to too much"
	}
	return ""
}

// spread reports that a definition is nested within bounds, and that the paths
// of all its places are together: the library keeps each.
func spread(definition map[string]any) bool {
	left := maxPaths
	var walk func(v any, path, depth int) bool
	walk = func(v any, path, depth int) bool {
		if left -= path; left < 0 || depth > maxSchemaDepth {
			return false
		}
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				if !walk(x, path+len(k)+1, depth+1) {
					return false
				}
			}
		case []any:
			for _, x := range v {
				if !walk(x, path+len("/10000"), depth+1) {
					return false
				}
			}
		}
		return true
	}
	return walk(definition, 0, 0)
}

// readSchema reads the input schema of a definition and resolves it, or says
// why it cannot. A `$ref` to anywhere but the schema itself does not resolve:
// nothing is ever fetched for it.
func readSchema(definition []byte) (_ *jsonschema.Schema, _ *jsonschema.Resolved, fault string) {
	var d struct {
		InputSchema *jsonschema.Schema `json:"inputSchema"`
	}
	if json.Unmarshal(definition, &d) != nil || d.InputSchema == nil {
		return nil, nil, "the tool's input schema cannot be read"
	}
	resolved, err := d.InputSchema.Resolve(nil)
	if err != nil {
		return nil, nil, "the tool's input schema cannot be resolved, or refers to the network"
	}
	return d.InputSchema, resolved, ""
}
