package upstream

import (
	"encoding/json"
	"reflect"
)

// Class is what kind of change an item has seen, the worst of all.
type Class string

// The classes, from none to the worst.
const (
	Unchanged   Class = "unchanged"
	Added       Class = "added"
	Removed     Class = "removed"
	Renamed     Class = "renamed"
	Widened     Class = "widened"     // takes all it took, and more
	Description Class = "description" // words only: what a model reads
	Breaking    Class = "breaking"    // refuses, or answers, what it did not
	Destructive Class = "destructive" // says it destroys, or no longer that it only reads
	Refused     Class = "refused"     // its name or its words are not acceptable
)

// Action is what follows a change.
type Action string

// The actions.
const (
	Allow Action = "allow" // the new definition is the pin from now on
	Warn  Action = "warn"  // the pin is served on, and the agent is told
	Block Action = "block" // nobody may call it until it is approved
)

// defaultPolicy is what happens to a class that an upstream's own policy does
// not name; read only. A description is words that a model follows, so it is
// as dangerous as code.
var defaultPolicy = map[Class]Action{
	Added: Block, Removed: Warn, Renamed: Block, Widened: Warn,
	Description: Block, Breaking: Block, Destructive: Block,
}

func (p Policy) action(c Class) Action {
	switch c {
	case Unchanged:
		return Allow
	case Refused:
		return Block // no policy makes it acceptable
	}
	if a, ok := p[c]; ok {
		return a
	}
	return defaultPolicy[c]
}

// classify compares a definition with its pin. Both are canonical JSON of
// objects.
func classify(kind string, pinned, now []byte) Class {
	if string(pinned) == string(now) {
		return Unchanged
	}
	var was, is map[string]any
	if json.Unmarshal(pinned, &was) != nil || json.Unmarshal(now, &is) != nil {
		return Breaking
	}
	if kind != kindTool {
		// A resource or prompt has no schema: words apart, any change of it is
		// one of where it leads or what it takes. How large a resource is, and
		// since when, is data.
		if kind == kindResource {
			for _, m := range []map[string]any{was, is} {
				delete(m, "size")
				if a, ok := m["annotations"].(map[string]any); ok {
					delete(a, "lastModified")
				}
			}
			if reflect.DeepEqual(was, is) {
				return Unchanged
			}
		}
		if reflect.DeepEqual(wordless(was), wordless(is)) {
			return Description
		}
		return Breaking
	}
	if turnedDestructive(was, is) {
		return Destructive
	}
	input := compare(was["inputSchema"], is["inputSchema"])
	output := compare(was["outputSchema"], is["outputSchema"])
	if output != Unchanged && output != Description {
		output = Breaking // whoever reads the answers relies on it
	}
	rest := Unchanged
	if !reflect.DeepEqual(without(was), without(is)) {
		// Annotations, _meta, icons, what this build does not know: read by
		// clients and models, and not by any schema.
		rest = Description
	}
	return worst(input, output, rest)
}

func without(definition map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range definition {
		if k != "inputSchema" && k != "outputSchema" {
			out[k] = v
		}
	}
	return out
}

// rank orders the classes that comparing can give.
var rank = map[Class]int{Unchanged: 0, Widened: 1, Description: 2, Breaking: 3, Destructive: 4}

func worst(classes ...Class) Class {
	out := Unchanged
	for _, c := range classes {
		if rank[c] > rank[out] {
			out = c
		}
	}
	return out
}

// turnedDestructive goes by the hints and their defaults (MCP 2025-11-25,
// ToolAnnotations): readOnlyHint false, destructiveHint true unless read only.
func turnedDestructive(was, is map[string]any) bool {
	a, b := hints(was), hints(is)
	return !a.destructive && b.destructive || a.readOnly && !b.readOnly
}

type hint struct{ readOnly, destructive bool }

func hints(definition map[string]any) hint {
	a, _ := definition["annotations"].(map[string]any)
	readOnly, _ := a["readOnlyHint"].(bool)
	destructive, said := a["destructiveHint"].(bool)
	return hint{readOnly, !readOnly && (destructive || !said)}
}
