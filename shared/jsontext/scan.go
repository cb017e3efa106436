package jsontext

import (
	"encoding/binary"
	"math/bits"
)

// token is what the scanner found next.
type token uint8

const (
	invalid token = iota
	scalar        // a string, number or literal was read
	opened        // an array or object was opened
	closed        // an array or object was closed
	element       // an array's element follows
	member        // a key and its colon were read, the value follows
	done          // the document has ended
)

// scanner reads a JSON text (RFC 8259) token by token. value and next take
// turns: value reads a scalar or an opening bracket, next what may stand
// between two values.
type scanner struct {
	doc   []byte
	pos   int
	depth int
	// fresh is true between an opening bracket and the first element.
	fresh bool
	// key is the text between the quotes of the last key; keyEscaped says
	// that it holds a backslash.
	key        []byte
	keyEscaped bool
	// objects has a bit per depth: an object, else an array.
	objects [MaxDepth / 64]uint64
}

func (s *scanner) space() {
	for s.pos < len(s.doc) {
		switch s.doc[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) peek() byte {
	if s.pos < len(s.doc) {
		return s.doc[s.pos]
	}
	return 0
}

// value reads a scalar or an opening bracket.
func (s *scanner) value() token {
	s.space()
	if c := s.peek(); c == '{' || c == '[' {
		return s.open(c == '{')
	}
	if !s.scalar() {
		return invalid
	}
	return scalar
}

func (s *scanner) scalar() bool {
	switch s.peek() {
	case '"':
		_, _, ok := s.text()
		return ok
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	return s.number()
}

func (s *scanner) open(object bool) token {
	if s.depth == MaxDepth {
		return invalid
	}
	word, bit := s.depth/64, uint64(1)<<(s.depth%64)
	if object {
		s.objects[word] |= bit
	} else {
		s.objects[word] &^= bit
	}
	s.depth++
	s.pos++
	s.fresh = true
	return opened
}

// next reads what follows a value or an opening bracket.
func (s *scanner) next() token {
	fresh := s.fresh
	s.fresh = false
	s.space()
	if s.depth == 0 {
		if s.pos == len(s.doc) {
			return done
		}
		return invalid
	}
	object := s.inObject()
	switch c := s.peek(); {
	case (c == '}' && object) || (c == ']' && !object):
		s.pos++
		s.depth--
		return closed
	case fresh:
	case c == ',':
		s.pos++
	default:
		return invalid
	}
	if !object {
		return element
	}
	return s.readKey()
}

func (s *scanner) readKey() token {
	s.space()
	if s.peek() != '"' {
		return invalid
	}
	var ok bool
	if s.key, s.keyEscaped, ok = s.text(); !ok {
		return invalid
	}
	s.space()
	if s.peek() != ':' {
		return invalid
	}
	s.pos++
	return member
}

func (s *scanner) literal(want string) bool {
	if len(s.doc)-s.pos < len(want) || string(s.doc[s.pos:s.pos+len(want)]) != want {
		return false
	}
	s.pos += len(want)
	return true
}

// number reads RFC 8259 §6: -? int frac? exp?
func (s *scanner) number() bool {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return false
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.doc) && s.doc[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}

// text reads a string and returns what is between the quotes, undecoded.
func (s *scanner) text() (raw []byte, escaped, ok bool) {
	start := s.pos + 1
	end, escaped := stringEnd(s.doc, start)
	if end < 0 {
		return nil, false, false
	}
	s.pos = end
	return s.doc[start : end-1], escaped, true
}

// stringEnd returns the place after the closing quote of the string whose
// text starts at i, or -1.
func stringEnd(doc []byte, i int) (end int, escaped bool) {
	for {
		i = plain(doc, i)
		if i >= len(doc) {
			return -1, false
		}
		switch doc[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			n := escapeLen(doc[i:])
			if n == 0 {
				return -1, false
			}
			escaped = true
			i += n
		default: // a control character
			return -1, false
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain returns the place of the first byte at or after i that needs attention
// inside a string: a quote, a backslash or a control character. It looks at
// eight bytes at once: a string's text is most of a large body.
func plain(b []byte, i int) int {
	for len(b)-i >= 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// The high bit of each byte is set where the byte is zero (quote,
		// slash) or below 0x20 (control). A borrow can only mark bytes above
		// a true hit, so the lowest mark is exact.
		hit := (quote - ones) &^ quote
		hit |= (slash - ones) &^ slash
		hit |= (w - ones*0x20) &^ w
		if hit &= highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
		i += 8
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < 0x20 || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// escapeLen returns the length of the escape b starts with, 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if unhex(c) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

func unhex(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}
