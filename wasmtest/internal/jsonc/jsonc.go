// Package jsonc reads wrangler.jsonc: JSON with comments and trailing commas,
// into the tables that package toml gives for wrangler.toml.
package jsonc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hookweir/hookweir/wasmtest/internal/toml"
)

// Parse reads a document. Numbers are int64, or float64 where they have a
// fraction; errors name the line.
func Parse(text string) (toml.Table, error) {
	plain := plain([]byte(text))
	d := json.NewDecoder(bytes.NewReader(plain))
	d.UseNumber()
	var document map[string]any
	err := d.Decode(&document)
	if err == nil && d.More() {
		err = errors.New("something follows the object")
	}
	if err != nil {
		at := d.InputOffset()
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = syntax.Offset
		}
		line := 1 + bytes.Count(plain[:min(int(at), len(plain))], []byte("\n"))
		return nil, fmt.Errorf("line %d: %w", line, err)
	}
	if document == nil {
		return nil, errors.New("no object")
	}
	return table(document), nil
}

// plain puts spaces in place of comments and of commas before a closing
// bracket; lines stay where they are.
func plain(text []byte) []byte {
	out := bytes.Clone(text)
	comma := -1     // the last comma after a value that only white space has followed
	last := byte(0) // the last byte that means something
	for i := 0; i < len(out); i++ {
		end, before := i+1, last
		switch rest := out[i:]; {
		case rest[0] == '"':
			for end < len(out) && out[end] != '"' && out[end] != '\n' {
				if out[end] == '\\' {
					end++
				}
				end++
			}
			comma, last, i = -1, '"', end
			continue
		case bytes.HasPrefix(rest, []byte("//")):
			end = len(out)
			if n := bytes.IndexByte(rest, '\n'); n >= 0 {
				end = i + n
			}
		case bytes.HasPrefix(rest, []byte("/*")):
			end = len(out)
			if n := bytes.Index(rest[2:], []byte("*/")); n >= 0 {
				end = i + n + 4
			}
		case rest[0] == ',':
			if comma, last = i, ','; bytes.IndexByte([]byte("[{,:"), before) >= 0 {
				comma = -1
			}
			continue
		case rest[0] == '}' || rest[0] == ']':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma, last = -1, rest[0]
			continue
		case rest[0] == ' ', rest[0] == '\t', rest[0] == '\r', rest[0] == '\n':
			continue
		default:
			comma, last = -1, rest[0]
			continue
		}
		for ; i < end; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
		i--
	}
	return out
}

func table(object map[string]any) toml.Table {
	t := toml.Table{}
	for name, v := range object {
		t[name] = value(v)
	}
	return t
}

// value gives a list of objects as tables, as TOML's arrays of tables are.
func value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return table(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		var tables []toml.Table
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = value(item)
			if t, ok := list[i].(toml.Table); ok {
				tables = append(tables, t)
			}
		}
		if len(tables) == len(list) && len(list) > 0 {
			return tables
		}
		return list
	}
	return v
}
