// Package toml reads the part of TOML that wrangler.toml files are written in:
// tables, arrays of tables, strings, integers, booleans and arrays of those.
// Anything else is an error with its line, never a wrong value.
package toml

import (
	"fmt"
	"strconv"
	"strings"
)

// Table is a table: its values are string, int64, bool, []any, Table or
// []Table.
type Table map[string]any

// Parse reads a document.
func Parse(text string) (Table, error) {
	p := &parser{lines: strings.Split(text, "\n")}
	root := Table{}
	current := root
	for p.next() {
		line := p.line
		switch {
		case line == "":
		case strings.HasPrefix(line, "[["):
			name, ok := strings.CutSuffix(strings.TrimPrefix(line, "[["), "]]")
			if !ok {
				return nil, p.errorf("want [[name]]")
			}
			parent, last, err := descend(root, strings.TrimSpace(name))
			if err != nil {
				return nil, p.errorf("%v", err)
			}
			list, ok := parent[last].([]Table)
			if !ok && parent[last] != nil {
				return nil, p.errorf("%s is no array of tables", name)
			}
			current = Table{}
			parent[last] = append(list, current)
		case strings.HasPrefix(line, "["):
			name, ok := strings.CutSuffix(strings.TrimPrefix(line, "["), "]")
			if !ok {
				return nil, p.errorf("want [name]")
			}
			parent, last, err := descend(root, strings.TrimSpace(name))
			if err != nil || parent[last] != nil {
				return nil, p.errorf("table %s is there twice, or its parent is no table", name)
			}
			current = Table{}
			parent[last] = current
		default:
			if err := p.assign(current); err != nil {
				return nil, err
			}
		}
	}
	return root, nil
}

type parser struct {
	lines []string
	at    int // the number of the current line
	line  string
}

func (p *parser) next() bool {
	if p.at == len(p.lines) {
		return false
	}
	p.line = strings.TrimSpace(stripComment(p.lines[p.at]))
	p.at++
	return true
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("toml: line %d: %s", p.at, fmt.Sprintf(format, args...))
}

// stripComment cuts at a # that is outside strings.
func stripComment(line string) string {
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#':
			return line[:i]
		}
	}
	return line
}

// descend finds the table that a dotted name's last part belongs to.
func descend(t Table, name string) (parent Table, last string, err error) {
	parts := strings.Split(name, ".")
	for _, part := range parts[:len(parts)-1] {
		switch v := t[strings.TrimSpace(part)].(type) {
		case nil:
			next := Table{}
			t[strings.TrimSpace(part)] = next
			t = next
		case Table:
			t = v
		case []Table:
			t = v[len(v)-1]
		default:
			return nil, "", fmt.Errorf("%s is no table", part)
		}
	}
	return t, strings.TrimSpace(parts[len(parts)-1]), nil
}

func (p *parser) assign(t Table) error {
	name, rest, ok := strings.Cut(p.line, "=")
	name = strings.Trim(strings.TrimSpace(name), `"`)
	if !ok || name == "" || strings.ContainsAny(name, ". \"'") {
		return p.errorf("want name = value")
	}
	if _, twice := t[name]; twice {
		return p.errorf("%s is there twice", name)
	}
	rest = strings.TrimSpace(rest)
	for strings.HasPrefix(rest, "[") && !strings.HasSuffix(rest, "]") {
		if !p.next() {
			return p.errorf("array %s does not end", name)
		}
		rest += " " + p.line
	}
	v, rest, err := p.value(rest)
	if err != nil {
		return err
	}
	if rest != "" {
		return p.errorf("%q after the value", rest)
	}
	t[name] = v
	return nil
}

// value reads one value and gives what follows it.
func (p *parser) value(s string) (v any, rest string, err error) {
	switch {
	case strings.HasPrefix(s, `"""`), strings.HasPrefix(s, "'''"), strings.HasPrefix(s, "{"):
		return nil, "", p.errorf("long strings and inline tables are not implemented")
	case strings.HasPrefix(s, `"`):
		prefix, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, "", p.errorf("bad string")
		}
		text, err := strconv.Unquote(prefix)
		if err != nil {
			return nil, "", p.errorf("bad string")
		}
		return text, strings.TrimSpace(s[len(prefix):]), nil
	case strings.HasPrefix(s, "'"):
		text, rest, ok := strings.Cut(s[1:], "'")
		if !ok {
			return nil, "", p.errorf("bad string")
		}
		return text, strings.TrimSpace(rest), nil
	case strings.HasPrefix(s, "["):
		return p.array(strings.TrimSpace(s[1:]))
	}
	end := strings.IndexAny(s, ", ]")
	if end < 0 {
		end = len(s)
	}
	word, rest := s[:end], strings.TrimSpace(s[end:])
	switch word {
	case "true":
		return true, rest, nil
	case "false":
		return false, rest, nil
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(word, "_", ""), 10, 64)
	if err != nil {
		return nil, "", p.errorf("value %q is not implemented", word)
	}
	return n, rest, nil
}

func (p *parser) array(s string) (any, string, error) {
	list := []any{}
	for {
		if rest, ok := strings.CutPrefix(s, "]"); ok {
			return list, strings.TrimSpace(rest), nil
		}
		v, rest, err := p.value(s)
		if err != nil {
			return nil, "", err
		}
		list = append(list, v)
		if after, ok := strings.CutPrefix(rest, ","); ok {
			s = strings.TrimSpace(after)
		} else if strings.HasPrefix(rest, "]") {
			s = rest
		} else {
			return nil, "", p.errorf("want , or ] in an array")
		}
	}
}
