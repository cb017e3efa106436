package jsontext

import (
	"unicode/utf16"
	"unicode/utf8"
)

// String returns the text of a raw value as Find returns it: a string
// decoded, or the literal of a number, true or false. Bytes that are not
// UTF-8 and halves of surrogate pairs become U+FFFD, as in encoding/json.
func String(raw []byte) (text string, ok bool) {
	if len(raw) == 0 {
		return "", false
	}
	switch raw[0] {
	case '{', '[', 'n':
		return "", false
	case '"':
	default:
		return string(raw), true
	}
	if len(raw) < 2 {
		return "", false
	}
	in := raw[1 : len(raw)-1]
	if simple(in) {
		return string(in), true
	}
	out := make([]byte, 0, len(in))
	for len(in) > 0 {
		r, n := decodeRune(in)
		out = utf8.AppendRune(out, r)
		in = in[n:]
	}
	return string(out), true
}

// simple says that decoding would change nothing.
func simple(in []byte) bool {
	for _, c := range in {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// equalKey compares the text between a key's quotes with a path's segment.
func equalKey(key []byte, escaped bool, segment string) bool {
	if !escaped {
		return string(key) == segment
	}
	for len(key) > 0 {
		r, n := decodeRune(key)
		want, m := utf8.DecodeRuneInString(segment)
		if m == 0 || r != want {
			return false
		}
		key, segment = key[n:], segment[m:]
	}
	return segment == ""
}

// decodeRune decodes the first character of a string the scanner accepted.
func decodeRune(in []byte) (r rune, n int) {
	if in[0] != '\\' {
		return utf8.DecodeRune(in)
	}
	n = escapeLen(in)
	switch {
	case n == 6:
		return decodeUnicode(in)
	case n == 2:
		return shortEscape(in[1]), 2
	}
	return utf8.RuneError, len(in) // not reached after a scan
}

// decodeUnicode decodes \uXXXX, with its second half if it is a pair.
func decodeUnicode(in []byte) (r rune, n int) {
	r = hex4(in)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(in) >= 12 && in[6] == '\\' && escapeLen(in[6:]) == 6 {
		if pair := utf16.DecodeRune(r, hex4(in[6:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(in []byte) (r rune) {
	for _, c := range in[2:6] {
		r = r<<4 | unhex(c)
	}
	return r
}

func shortEscape(c byte) rune {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return rune(c) // quote, backslash, slash
}
