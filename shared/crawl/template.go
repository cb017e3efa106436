package crawl

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// lookup gives the value of a name in a template; false for an unknown one.
type lookup func(name string) (value string, path, ok bool)

// each calls text for literals and name for {{names}}, in order. It reports
// false for an opening without an end.
func each(template string, text func(string), name func(string)) bool {
	for {
		literal, rest, found := strings.Cut(template, "{{")
		text(literal)
		if !found {
			return true
		}
		n, after, closed := strings.Cut(rest, "}}")
		if !closed || n == "" || !identifier(n) {
			return false
		}
		name(n)
		template = after
	}
}

func identifier(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return true
}

// names lists what a template asks for.
func names(template string) ([]string, bool) {
	var list []string
	ok := each(template, func(string) {}, func(n string) { list = append(list, n) })
	return list, ok
}

// expand fills a template in; escape is applied to values.
func expand(template string, values lookup, escape func(value string, path bool) string) (string, error) {
	var b strings.Builder
	var failed error
	ok := each(template, func(s string) { b.WriteString(s) }, func(n string) {
		value, path, known := values(n)
		if !known {
			failed = ErrRecipe
			return
		}
		b.WriteString(escape(value, path))
	})
	if !ok {
		return "", ErrRecipe
	}
	return b.String(), failed
}

// expandPath fills the path and query in. A pair of the query that has names,
// all of them empty, is left out: `?cursor={{page}}` of a first page.
func expandPath(template string, values lookup) (string, error) {
	path, query, _ := strings.Cut(template, "?")
	out, err := expand(path, values, escapePath)
	if err != nil {
		return "", err
	}
	separator := "?"
	for _, pair := range strings.Split(query, "&") {
		if pair == "" || empty(pair, values) {
			continue
		}
		text, err := expand(pair, values, escapePath)
		if err != nil {
			return "", err
		}
		out += separator + text
		separator = "&"
	}
	return out, nil
}

func empty(pair string, values lookup) bool {
	list, _ := names(pair)
	return len(list) > 0 && !slices.ContainsFunc(list, func(n string) bool {
		v, _, _ := values(n)
		return v != ""
	})
}

// escapePath encodes for a path's segment and for a query alike.
func escapePath(v string, path bool) string {
	if path {
		segments := strings.Split(v, "/")
		for i, s := range segments {
			segments[i] = escapePath(s, false)
		}
		return strings.Join(segments, "/")
	}
	return strings.ReplaceAll(url.QueryEscape(v), "+", "%20")
}

// escapeJSON encodes for the inside of a JSON string.
func escapeJSON(v string, _ bool) string {
	quoted := jsontext.AppendString(nil, v)
	return string(quoted[1 : len(quoted)-1])
}

func escapeHeader(v string, _ bool) string { return v }

// render makes a request of its template. Headers are sorted by name.
func (t *Request) render(values lookup) (Call, error) {
	path, err := expandPath(t.Path, values)
	if err != nil {
		return Call{}, err
	}
	c := Call{Method: t.Method, Path: path}
	if c.Method == "" {
		c.Method = "GET"
	}
	for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
		value, err := expand(t.Headers[name], values, escapeHeader)
		if err != nil {
			return Call{}, err
		}
		if !headerValue(value) {
			return Call{}, ErrRecipe
		}
		c.Header = append(c.Header, [2]string{strings.ToLower(name), value})
	}
	if t.Body != "" {
		body, err := expand(t.Body, values, escapeJSON)
		if err != nil {
			return Call{}, err
		}
		c.Body = []byte(body)
		if !json.Valid(c.Body) {
			return Call{}, ErrRecipe
		}
		c.Header = append(c.Header, [2]string{"content-type", "application/json"})
	}
	return c, nil
}

// headerValue takes visible ASCII and spaces within (RFC 9110 §5.5).
func headerValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return strings.TrimSpace(s) == s
}
