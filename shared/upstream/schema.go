package upstream

import (
	"reflect"
	"slices"
)

// words are the keywords of a schema that no validation goes by, and that a
// model reads all the same.
var words = []string{"description", "title", "examples", "default", "$comment", "deprecated", "format", "readOnly", "writeOnly", "enumNames", "x-mcp-header", "$schema", "$id"}

// valued are the keywords whose values are no schemas, and named those whose
// members are names, not keywords.
var (
	valued = []string{"enum", "const", "required"}
	named  = []string{"properties", "$defs", "definitions", "patternProperties"}
)

// wordless is a schema, or a definition, without what is words only.
func wordless(v any) any { return strip(v, false) }

func strip(v any, names bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if !names && slices.Contains(words, k) {
				continue
			}
			if !names && slices.Contains(valued, k) {
				out[k] = x
				continue
			}
			out[k] = strip(x, !names && slices.Contains(named, k))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = strip(x, false)
		}
		return out
	}
	return v
}

// compare says how a schema has changed, for whoever sends what it describes.
// It says Widened only where that can be seen keyword by keyword; whatever it
// does not understand is Breaking.
func compare(was, is any) Class {
	if reflect.DeepEqual(was, is) {
		return Unchanged
	}
	a, b := wordless(was), wordless(is)
	if reflect.DeepEqual(a, b) {
		return Description
	}
	c := Breaking
	if x, ok := a.(map[string]any); ok {
		if y, ok := b.(map[string]any); ok && accepts(x, y) {
			c = Widened
		}
	}
	if c == Widened && wordsChanged(was, is) {
		return Description // words have changed as well, which is worse
	}
	return c
}

// wordsChanged reports whether anything is said differently, or said now or no
// more, of what was there before; the words of what is new are part of the
// widening.
func wordsChanged(was, is any) bool { return reworded(was, is, false) }

func reworded(was, is any, names bool) bool {
	switch a := was.(type) {
	case map[string]any:
		b, ok := is.(map[string]any)
		if !ok {
			return false
		}
		for _, k := range words {
			if !names && !reflect.DeepEqual(a[k], b[k]) {
				return true
			}
		}
		for k, x := range a {
			if y, there := b[k]; there && (names || !slices.Contains(valued, k)) && reworded(x, y, !names && slices.Contains(named, k)) {
				return true
			}
		}
	case []any:
		b, ok := is.([]any)
		if !ok {
			return false
		}
		for i := range min(len(a), len(b)) {
			if reworded(a[i], b[i], false) {
				return true
			}
		}
	}
	return false
}

// accepts reports whether all that was takes is still taken, seen keyword by
// keyword.
func accepts(was, is map[string]any) bool {
	for k, now := range is {
		before, had := was[k]
		if had && reflect.DeepEqual(before, now) {
			continue
		}
		if !loosened(k, before, now, had) {
			return false
		}
	}
	for k := range was {
		if _, there := is[k]; !there && !droppable(k) {
			return false
		}
	}
	return true
}

// droppable says that a schema without the keyword takes more. Dropping
// `properties` does not: what they meant is gone.
func droppable(k string) bool {
	switch k {
	case "properties", "items", "$ref", "$defs", "definitions", "prefixItems":
		return false
	}
	return true
}

// loosened reports whether a keyword's new value takes all the old one took.
// had is false when the keyword is new.
func loosened(k string, before, now any, had bool) bool {
	switch k {
	case "properties":
		return propertiesLoosened(before, now)
	case "required":
		return subset(now, before)
	case "enum":
		return had && subset(before, now)
	case "type":
		return had && subset(list(before), list(now))
	case "items", "additionalProperties":
		x, okX := before.(map[string]any)
		y, okY := now.(map[string]any)
		if okX && okY {
			return accepts(x, y)
		}
		return now == true // anything, where there was a rule
	case "minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties":
		return had && less(now, before)
	case "maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties":
		return had && less(before, now)
	}
	return false
}

// propertiesLoosened: each property takes what it took, and a new one may be
// left out (required says otherwise, and is compared by itself).
func propertiesLoosened(before, now any) bool {
	a, _ := before.(map[string]any)
	b, ok := now.(map[string]any)
	if !ok {
		return false
	}
	for name, x := range a {
		y, there := b[name]
		if !there {
			return false
		}
		if reflect.DeepEqual(x, y) {
			continue
		}
		xm, okX := x.(map[string]any)
		ym, okY := y.(map[string]any)
		if !okX || !okY || !accepts(xm, ym) {
			return false
		}
	}
	return true
}

func list(v any) any {
	if _, ok := v.([]any); ok {
		return v
	}
	return []any{v}
}

func subset(small, big any) bool {
	a, ok := small.([]any)
	if !ok {
		return false
	}
	b, _ := big.([]any)
	for _, x := range a {
		if !slices.ContainsFunc(b, func(y any) bool { return reflect.DeepEqual(x, y) }) {
			return false
		}
	}
	return true
}

func less(small, big any) bool {
	a, okA := small.(float64)
	b, okB := big.(float64)
	return okA && okB && a <= b
}
