package jsontext

// skip reads to the end of the container that was opened last: the same
// grammar as value and next, in one loop that keeps its place in registers.
// Nearly all of a large document is read here, in a container no path leads
// into. It reports whether what it read is valid.
func (s *scanner) skip() bool {
	doc, i, floor := s.doc, s.pos, s.depth
	object := s.inObject()
	fresh := true
	for {
		// Before a value's place: a closing bracket, or a comma if it is not
		// the first.
		i = skipSpace(doc, i)
		if i >= len(doc) {
			return false
		}
		c := doc[i]
		if (c == '}' && object) || (c == ']' && !object) {
			i++
			s.depth--
			if s.depth < floor {
				s.pos, s.fresh = i, false
				return true
			}
			object, fresh = s.inObject(), false
			continue
		}
		if !fresh {
			if c != ',' {
				return false
			}
			i = skipSpace(doc, i+1)
		}
		if object {
			if i = skipKey(doc, i); i < 0 {
				return false
			}
		}
		if i >= len(doc) {
			return false
		}
		if c = doc[i]; c == '{' || c == '[' {
			s.pos = i
			if s.open(c == '{') != opened {
				return false
			}
			i, object, fresh = s.pos, c == '{', true
			continue
		}
		if i = s.skipScalar(i); i < 0 {
			return false
		}
		fresh = false
	}
}

// inObject says that the container opened last is an object.
func (s *scanner) inObject() bool {
	top := s.depth - 1
	return s.objects[top/64]>>(top%64)&1 == 1
}

func skipSpace(doc []byte, i int) int {
	for i < len(doc) && (doc[i] == ' ' || doc[i] == '\n' || doc[i] == '\t' || doc[i] == '\r') {
		i++
	}
	return i
}

// skipKey reads a key, its colon and the space after it, and returns the
// place of the value, or -1.
func skipKey(doc []byte, i int) int {
	if i >= len(doc) || doc[i] != '"' {
		return -1
	}
	if i, _ = stringEnd(doc, i+1); i < 0 {
		return -1
	}
	i = skipSpace(doc, i)
	if i >= len(doc) || doc[i] != ':' {
		return -1
	}
	return skipSpace(doc, i+1)
}

func (s *scanner) skipScalar(i int) int {
	if s.doc[i] == '"' {
		i, _ = stringEnd(s.doc, i+1)
		return i
	}
	s.pos = i
	if !s.scalar() {
		return -1
	}
	return s.pos
}
