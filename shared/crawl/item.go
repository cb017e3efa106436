package crawl

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/jsontext"
)

// Item is one thing that a list has.
type Item struct {
	ID   string // of the event key: at most event.MaxIDBytes of visible ASCII
	Type string // reverse DNS, lower case
	Time time.Time
	Body []byte // the provider's bytes; aliases the answer
	Key  string // for Recipe.Detail and Recipe.Redeliver
	// Position is the item's place in the order (RuleTime, RuleID).
	Position string
	// Mark says that the item is from before the poll's beginning: it is only
	// to be known, not to be enqueued.
	Mark bool
}

// Poisoned is an item that cannot be taken.
type Poisoned struct {
	Body   []byte
	Reason string
}

// Reasons of poisoned items.
const (
	PoisonNoID       = "item_without_id"
	PoisonNoTime     = "item_without_time"
	PoisonNoPosition = "item_without_position"
	PoisonNoKey      = "item_without_key"
	PoisonNoRequest  = "item_without_request" // its key makes none
	PoisonNotObject  = "item_not_an_object"
	PoisonTooLarge   = "item_too_large"
)

const (
	maxItems = 5000      // in one page; Salesforce sends 2,000
	maxToken = 8 << 10   // bytes of a token or link
	maxItem  = 1 << 20   // bytes of one item; a list's items have a few KB
	maxType  = 128       // bytes of the provider's part of a type
	hashed   = "sha256-" // before an id that stands for a longer one
)

// reader takes items apart. All paths that a recipe asks of an item are
// found in one scan.
type reader struct {
	*Recipe
	in     Input
	paths  [][]string
	values [][]byte
}

func (r *Recipe) reader(in Input) *reader {
	x := &reader{Recipe: r, in: in, paths: r.paths()}
	x.values = make([][]byte, len(x.paths))
	return x
}

// paths are those that an item is asked for, each once.
func (r *Recipe) paths() [][]string {
	var list [][]string
	add := func(p []string) {
		if len(p) > 0 && !slices.ContainsFunc(list, func(q []string) bool { return slices.Equal(p, q) }) {
			list = append(list, p)
		}
	}
	for _, rules := range [...][]Parts{r.ID, r.Type} {
		for _, parts := range rules {
			for _, p := range parts {
				add(p.Path)
			}
		}
	}
	for _, p := range r.Time {
		add(p)
	}
	add(r.Key)
	add(r.Position)
	return list
}

func (x *reader) text(path []string) (string, bool) {
	for i, p := range x.paths {
		if slices.Equal(p, path) {
			return jsontext.String(x.values[i])
		}
	}
	return "", false
}

// item reads one element; reason says why it is poisoned.
func (x *reader) item(raw []byte) (it Item, reason string) {
	if len(raw) > maxItem {
		return it, PoisonTooLarge
	}
	if len(raw) == 0 || raw[0] != '{' {
		return it, PoisonNotObject
	}
	jsontext.FindAll(raw, x.paths, x.values) // the page was valid, so is its part
	it.Body = raw
	id, ok := x.first(x.ID, raw)
	if !ok || id == "" {
		return it, PoisonNoID
	}
	it.ID = safeID(id)
	if len(x.Key) > 0 {
		if it.Key, ok = x.text(x.Key); !ok || it.Key == "" {
			return it, PoisonNoKey
		}
	}
	name, ok := x.first(x.Type, raw)
	if !ok || len(name) > maxType {
		name = "item"
	}
	it.Type = string(event.AppendType([]byte(x.TypePrefix), name))
	for _, p := range x.Time {
		if s, ok := x.text(p); ok {
			if it.Time, ok = parseTime(s, x.TimeFormat); ok {
				break
			}
		}
	}
	switch x.Rule {
	case RuleTime:
		if it.Time.IsZero() {
			return it, PoisonNoTime
		}
		it.Position = timePosition(it.Time)
	case RuleID:
		if it.Position, ok = x.text(x.Position); !ok || !validPosition(it.Position) {
			return it, PoisonNoPosition
		}
	}
	return it, ""
}

func (x *reader) first(rules []Parts, raw []byte) (string, bool) {
	for _, parts := range rules {
		if s, ok := x.join(parts, raw); ok {
			return s, true
		}
	}
	return "", false
}

func (x *reader) join(parts Parts, raw []byte) (string, bool) {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Hash:
			sum := sha256.Sum256(raw)
			b.WriteString(hex.EncodeToString(sum[:16]))
		case p.Param != "":
			b.WriteString(x.param(p.Param, x.in.Params))
		case len(p.Path) > 0:
			s, ok := x.text(p.Path)
			if !ok || s == "" {
				return "", false
			}
			b.WriteString(s)
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String(), true
}

// safeID keeps an id that can stand in a key, a header and a URL, and hashes
// any other, and one that looks like such a hash.
func safeID(id string) string {
	if len(id) <= event.MaxIDBytes && !strings.HasPrefix(id, hashed) && !strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hashed + hex.EncodeToString(sum[:])
}
