package upstream

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/hookweir/hookweir/shared/jcs"
)

// found is an item as it is now.
type found struct {
	kind, name string
	now        []byte
	fault      string
}

var errTwice = errors.New("two items have one name")

// sift reads what was seen. One name twice fails all of it: which of the two
// a call would reach, nobody can say.
func sift(upstream string, seen map[string][]json.RawMessage) ([]found, error) {
	var out []found
	for _, kind := range everything {
		names, looks := map[string]bool{}, map[string]int{}
		start := len(out)
		for _, raw := range seen[kind] {
			canonical, err := jcs.Canonical(raw)
			if err != nil {
				return nil, errMalformed
			}
			var definition map[string]any
			if json.Unmarshal(canonical, &definition) != nil {
				return nil, errMalformed
			}
			n := nameOf(kind, definition)
			if names[n] {
				return nil, errTwice
			}
			names[n] = true
			looks[folded(n)]++
			out = append(out, found{kind, n, canonical, faultOf(kind, upstream, n, canonical, definition)})
		}
		for k := start; kind == kindTool && k < len(out); k++ {
			if out[k].fault == "" && looks[folded(out[k].name)] > 1 {
				out[k].fault = "another tool's name looks like this one's"
			}
		}
	}
	return out, nil
}

func nameOf(kind string, definition map[string]any) string {
	member := "name"
	switch kind {
	case kindResource:
		member = "uri"
	case kindTemplate:
		member = "uriTemplate"
	}
	n, _ := definition[member].(string)
	return n
}

// merge lays what is there now over what was known, of the kinds that were
// looked at. Pins stay where nothing
// is there any more.
func merge(items []item, kinds []string, now []found) []item {
	at := map[string]int{}
	for k := range items {
		if slices.Contains(kinds, items[k].kind) {
			items[k].now, items[k].fault = nil, ""
		}
		at[items[k].kind+"/"+items[k].name] = k
	}
	for _, f := range now {
		k, known := at[f.kind+"/"+f.name]
		if !known {
			items = append(items, item{kind: f.kind, name: f.name})
			k = len(items) - 1
		}
		items[k].now, items[k].fault, items[k].gone = f.now, f.fault, false
		if f.fault != "" && len(f.now) > maxDefinition {
			items[k].now = []byte(`{"name":"too long"}`) // not kept; the fault says why
		}
	}
	return items
}
