package upstream

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Report is how an upstream differs from what was approved.
type Report struct {
	Upstream string `json:"upstream"`
	Health
	// Report is a hash over the URL and every item below; an approval names it.
	Report string  `json:"report"`
	Items  []Drift `json:"items"`
}

// Drift is one item that is not as approved.
type Drift struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Class  Class  `json:"class"`
	Action Action `json:"action"`
	// From is the name of the removed item that this one is in all but name.
	From   string   `json:"renamed_from,omitempty"`
	Reason string   `json:"reason,omitempty"` // why it is refused
	Was    string   `json:"was,omitempty"`    // fingerprints: SHA-256 of the canonical definition
	Now    string   `json:"now,omitempty"`
	Diff   []Change `json:"changes,omitempty"`
	// Definition is all of what is new.
	Definition json.RawMessage `json:"definition,omitempty"`

	item item
}

// Change is one place in a definition.
type Change struct {
	Path string `json:"path"` // JSON Pointer (RFC 6901)
	Was  string `json:"was,omitempty"`
	Now  string `json:"now,omitempty"`
}

const (
	maxChanges = 100  // of one item; more are said to be there
	maxShown   = 2000 // bytes of one value
)

// report compares every item.
func report(up Upstream, items []item) Report {
	out := Report{Upstream: up.Name, Health: up.Health, Items: []Drift{}}
	renamed := renames(items)
	sum := sha256.New()
	sum.Write([]byte(strconv.Quote(up.URL) + "\n")) // what is read of one server is not approved for another
	for _, i := range items {
		c, from := i.among(renamed)
		if c == Unchanged {
			continue
		}
		d := Drift{Kind: i.kind, Name: i.name, Class: c, From: from, Reason: i.fault, Was: fingerprint(i.pinned), Now: fingerprint(i.now), item: i}
		d.Action = up.Policy.action(d.Class)
		switch {
		case i.pinned != nil && i.now != nil:
			d.Diff = diff(i.pinned, i.now)
		case i.now != nil:
			d.Definition = i.now
		}
		out.Items = append(out.Items, d)
		for _, part := range []string{d.Kind, d.Name, string(d.Class), d.Was, d.Now} {
			sum.Write([]byte(strconv.Quote(part)))
		}
		sum.Write([]byte{'\n'})
	}
	out.Report = hex.EncodeToString(sum.Sum(nil))
	return out
}

// among is the class of an item beside the others: what is gone under another
// name is not new.
func (i item) among(renamed map[string]string) (c Class, from string) {
	if from, ok := renamed[i.kind+"/"+i.name]; ok {
		return Renamed, from
	}
	return i.class(), ""
}

// renames finds items that are gone under one name and there, in all else,
// under another: from the new key to the old name.
func renames(items []item) map[string]string {
	gone := map[string]string{}
	for _, i := range items {
		if i.now == nil && i.pinned != nil {
			gone[i.kind+nameless(i.pinned)] = i.name
		}
	}
	out := map[string]string{}
	for _, i := range items {
		if i.pinned != nil || i.now == nil || i.fault != "" {
			continue
		}
		if from, ok := gone[i.kind+nameless(i.now)]; ok {
			out[i.kind+"/"+i.name] = from
		}
	}
	return out
}

func nameless(definition []byte) string {
	var m map[string]any
	if json.Unmarshal(definition, &m) != nil {
		return ""
	}
	delete(m, "name")
	delete(m, "uri")
	b, _ := json.Marshal(m) // of a map: in the order of keys
	return string(b)
}

// diff lists the places that differ.
func diff(was, now []byte) []Change {
	var a, b any
	if json.Unmarshal(was, &a) != nil || json.Unmarshal(now, &b) != nil {
		return nil
	}
	var out []Change
	walk("", a, b, &out)
	return out
}

func walk(path string, a, b any, out *[]Change) {
	if len(*out) >= maxChanges || reflect.DeepEqual(a, b) {
		return
	}
	x, okX := a.(map[string]any)
	y, okY := b.(map[string]any)
	if !okX || !okY {
		*out = append(*out, Change{Path: path, Was: shown(a), Now: shown(b)})
		return
	}
	keys := map[string]bool{}
	for k := range x {
		keys[k] = true
	}
	for k := range y {
		keys[k] = true
	}
	sorted := make([]string, 0, len(keys))
	for k := range keys {
		sorted = append(sorted, k)
	}
	slices.Sort(sorted)
	for _, k := range sorted {
		walk(path+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(k), x[k], y[k], out)
	}
}

// shown is a value as JSON, cut where it is long; "" for none.
func shown(v any) string {
	if v == nil {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return ""
	}
	text := strings.TrimRight(b.String(), "\n")
	if len(text) > maxShown {
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}
