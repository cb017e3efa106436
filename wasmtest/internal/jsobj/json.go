package jsobj

import (
	"bytes"
	"encoding/json"
	"io"
)

// ParseJSON is JSON.parse.
func (r *Realm) ParseJSON(b []byte) (Value, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	v, err := r.parseValue(d)
	if err == nil {
		_, err = d.Token()
		if err == io.EOF {
			return v, nil
		}
	}
	return nil, &Throw{r.NewError("SyntaxError", "Unexpected token in JSON")}
}

func (r *Realm) parseValue(d *json.Decoder) (Value, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('['):
		a := r.NewArray()
		for d.More() {
			v, err := r.parseValue(d)
			if err != nil {
				return nil, err
			}
			a.items = append(a.items, v)
		}
		_, err := d.Token()
		return a, err
	case json.Delim('{'):
		o := r.NewRecord()
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := r.parseValue(d)
			if err != nil {
				return nil, err
			}
			o.own.Set(name.(string), v)
		}
		_, err := d.Token()
		return o, err
	}
	return tok, nil
}

// FormatJSON is JSON.stringify, for plain values; ok is false for undefined
// and functions.
func (r *Realm) FormatJSON(v Value) (text []byte, ok bool) {
	switch v := v.(type) {
	case *Array:
		out := []byte{'['}
		for i, item := range v.items {
			if i > 0 {
				out = append(out, ',')
			}
			if b, ok := r.FormatJSON(item); ok {
				out = append(out, b...)
			} else {
				out = append(out, "null"...)
			}
		}
		return append(out, ']'), true
	case *Record:
		out := []byte{'{'}
		for _, name := range v.Names() {
			b, ok := r.FormatJSON(v.Own(name))
			if !ok {
				continue
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(append(out, quote(name)...), ':'), b...)
		}
		return append(out, '}'), true
	case *Date:
		return quote(v.Time().Format("2006-01-02T15:04:05.000Z")), true
	case string:
		return quote(v), true
	case float64, bool, nil:
		return []byte(Describe(v)), true
	}
	return nil, false
}

func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
