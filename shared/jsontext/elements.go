package jsontext

// Elements splits the raw text of an array, as Find returns it, into its
// elements. ok is false for what is no array and for over limit elements. The
// text must be part of a valid document; the elements alias it.
func Elements(raw []byte, limit int) (list [][]byte, ok bool) {
	raw = Trim(raw)
	if len(raw) < 2 || raw[0] != '[' || raw[len(raw)-1] != ']' {
		return nil, false
	}
	raw = Trim(raw[1 : len(raw)-1])
	if len(raw) == 0 {
		return nil, true
	}
	depth, start := 0, 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 0 {
				list = append(list, Trim(raw[start:i]))
				start = i + 1
			}
		}
		if len(list) >= limit {
			return nil, false
		}
	}
	return append(list, Trim(raw[start:])), true
}

// Trim takes white space off both ends (RFC 8259 §2).
func Trim(b []byte) []byte {
	space := func(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
	for len(b) > 0 && space(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && space(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
