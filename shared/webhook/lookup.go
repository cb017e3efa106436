package webhook

import (
	"slices"
	"strings"
	"sync"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// all is the whole catalogue, sorted by name: the rows that are constants of
// the first schema, those that need more, and what handshakes, batches and
// answers add to the first. It is built once and read only.
var all = sync.OnceValue(func() []Scheme {
	rows := slices.Concat(catalogue[:], more[:], generic[:])
	for i := range extras {
		e := &extras[i]
		j := slices.IndexFunc(rows, func(s Scheme) bool { return s.Name == e.Name })
		if j >= 0 {
			rows[j].extend(e)
		}
	}
	slices.SortFunc(rows, func(a, b Scheme) int { return strings.Compare(a.Name, b.Name) })
	return rows
})

// extend adds what e has and s does not.
func (s *Scheme) extend(e *Scheme) {
	s.Handshakes = append(slices.Clone(s.Handshakes), e.Handshakes...)
	s.Params = append(slices.Clone(s.Params), e.Params...)
	s.ObjectBody = s.ObjectBody || e.ObjectBody
	s.Thin = s.Thin || e.Thin
	if e.Template != nil {
		s.Template = e.Template
	}
	if e.Answer != nil {
		s.Answer = e.Answer
	}
	if e.Batch != nil {
		s.Batch = e.Batch
	}
	if e.Notes != "" {
		s.Notes += " " + e.Notes
	}
}

// Lookup returns a provider's row. The row is read only.
func Lookup(provider string) (*Scheme, bool) {
	rows := all()
	i, ok := slices.BinarySearchFunc(rows, provider, func(s Scheme, name string) int { return strings.Compare(s.Name, name) })
	if !ok {
		return nil, false
	}
	return &rows[i], true
}

// Thin says that an event of the provider names what changed and does not hold
// it, so that who acts on it must fetch that. body is the event's; of a
// provider that is not in the catalogue nothing is known, and it is false.
func Thin(provider string, body []byte) bool {
	s, ok := Lookup(provider)
	if !ok || len(s.ThinWhen) == 0 {
		return ok && s.Thin
	}
	for i := range s.ThinWhen {
		c := &s.ThinWhen[i]
		if text, _ := jsontext.FindString(body, c.Value.JSON...); text != c.Is {
			return false
		}
	}
	return true
}

// Providers returns every row, sorted by name. The rows' slices are read only.
func Providers() []Scheme { return slices.Clone(all()) }
