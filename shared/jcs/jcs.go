// Package jcs writes JSON in the one form of RFC 8785 (JSON Canonicalization
// Scheme), so that equal documents have equal bytes, and equal hashes.
//
//	text ─▶ Canonical ─▶ keys in the order of UTF-16, no white space,
//	           │          numbers and strings as ECMAScript writes them
//	           ▼
//	         Error: not I-JSON (RFC 7493)
//
// What two parsers may read differently has no canonical form and is refused:
// a key said twice, halves of surrogate pairs, bytes that are not UTF-8,
// numbers beyond a double's range.
package jcs

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// ErrInvalid is every reason why a text has no canonical form.
var ErrInvalid = errors.New("jcs: not JSON with one meaning (RFC 7493)")

// Canonical returns the canonical form of a JSON text. Errors: ErrInvalid.
func Canonical(text []byte) ([]byte, error) {
	// Depth is bounded and syntax checked first.
	if !utf8.Valid(text) || !jsontext.FindAll(text, nil, nil) || loneSurrogate(text) {
		return nil, ErrInvalid
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	out, err := value(d, make([]byte, 0, len(text)))
	if err != nil {
		return nil, ErrInvalid
	}
	return out, nil
}

func value(d *json.Decoder, out []byte) ([]byte, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return object(d, out)
		}
		return array(d, out)
	case string:
		return appendString(out, t), nil
	case json.Number:
		return appendNumber(out, t)
	case bool:
		return strconv.AppendBool(out, t), nil
	}
	return append(out, "null"...), nil
}

func array(d *json.Decoder, out []byte) ([]byte, error) {
	out = append(out, '[')
	for first := true; d.More(); first = false {
		if !first {
			out = append(out, ',')
		}
		var err error
		if out, err = value(d, out); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return append(out, ']'), err
}

type member struct {
	key   string
	order []uint16 // RFC 8785 §3.2.3: by UTF-16 code units
	value []byte
}

func object(d *json.Decoder, out []byte) ([]byte, error) {
	var members []member
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, ErrInvalid
		}
		v, err := value(d, nil)
		if err != nil {
			return nil, err
		}
		members = append(members, member{key, utf16.Encode([]rune(key)), v})
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return slices.Compare(a.order, b.order) })
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			if members[i-1].key == m.key {
				return nil, ErrInvalid
			}
			out = append(out, ',')
		}
		out = append(append(appendString(out, m.key), ':'), m.value...)
	}
	return append(out, '}'), nil
}

// appendString is RFC 8785 §3.2.2.2.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r >= ' ':
			out = utf8.AppendRune(out, r)
		default:
			if i := strings.IndexRune("\b\t\n\f\r", r); i >= 0 {
				out = append(out, '\\', "btnfr"[i])
				continue
			}
			out = append(out, `\u00`...)
			out = append(out, "0123456789abcdef"[r>>4], "0123456789abcdef"[r&15])
		}
	}
	return append(out, '"')
}

// appendNumber is RFC 8785 §3.2.2.3: ECMAScript's Number::toString.
func appendNumber(out []byte, n json.Number) ([]byte, error) {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, ErrInvalid
	}
	if f == 0 {
		return append(out, '0'), nil // also -0
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(out, f, 'f', -1, 64), nil
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	sign, digits := exponent[:1], strings.TrimLeft(exponent[1:], "0")
	return append(out, mantissa+"e"+sign+digits...), nil
}

// loneSurrogate reports a \uD800–\uDFFF that is no half of a pair. The text is
// valid JSON.
func loneSurrogate(text []byte) bool {
	for i := 0; i+5 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if text[i+1] != 'u' {
			i++ // what is escaped may be a backslash
			continue
		}
		unit := hex(text[i+2 : i+6])
		i += 5
		switch {
		case unit >= 0xdc00 && unit <= 0xdfff:
			return true
		case unit >= 0xd800 && unit <= 0xdbff:
			if i+6 >= len(text) || text[i+1] != '\\' || text[i+2] != 'u' {
				return true
			}
			if low := hex(text[i+3 : i+7]); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 6
		}
	}
	return false
}

func hex(b []byte) uint64 {
	n, _ := strconv.ParseUint(string(b), 16, 16)
	return n
}
