package webhook

import "bytes"

// formField returns the decoded value of a field of an
// application/x-www-form-urlencoded body (WHATWG URL §5.1). Like a repeated
// JSON key, a field that occurs twice is not found: readers differ about
// which one counts. ok is false too when the value's escapes are broken.
func formField(body []byte, name string) (value string, ok bool) {
	for rest, more := body, len(body) > 0; more; {
		var pair []byte
		pair, rest, more = bytes.Cut(rest, []byte{'&'})
		key, text, _ := bytes.Cut(pair, []byte{'='})
		if !formEqual(key, name) {
			continue
		}
		if ok {
			return "", false
		}
		if value, ok = formDecode(text); !ok {
			return "", false
		}
	}
	return value, ok
}

// formEqual compares an encoded key with a name, without decoding it into
// memory.
func formEqual(key []byte, name string) bool {
	n := 0
	for len(key) > 0 {
		c, size := formByte(key)
		if size == 0 || n == len(name) || name[n] != c {
			return false
		}
		key = key[size:]
		n++
	}
	return n == len(name)
}

func formDecode(text []byte) (string, bool) {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		c, size := formByte(text)
		if size == 0 {
			return "", false
		}
		out = append(out, c)
		text = text[size:]
	}
	return string(out), true
}

// formByte decodes the first byte of text and returns how many bytes encode
// it; 0 is a broken escape.
func formByte(text []byte) (c byte, size int) {
	switch text[0] {
	case '+':
		return ' ', 1
	case '%':
		if len(text) < 3 {
			return 0, 0
		}
		hi, lo := nibble(text[1]), nibble(text[2])
		if hi > 15 || lo > 15 {
			return 0, 0
		}
		return hi<<4 | lo, 3
	}
	return text[0], 1
}

// maxPairs bounds the fields of a form that is sorted. Twilio sends under a
// hundred.
const maxPairs = 1000

// formPairs returns every field of a form, decoded, in order. ok is false for
// broken escapes and over maxPairs fields.
func formPairs(body []byte) (pairs [][2]string, ok bool) {
	for rest, more := body, len(body) > 0; more; {
		var pair []byte
		pair, rest, more = bytes.Cut(rest, []byte{'&'})
		if len(pair) == 0 {
			continue
		}
		key, text, _ := bytes.Cut(pair, []byte{'='})
		k, okKey := formDecode(key)
		t, okText := formDecode(text)
		if !okKey || !okText || len(pairs) == maxPairs {
			return nil, false
		}
		pairs = append(pairs, [2]string{k, t})
	}
	return pairs, true
}
