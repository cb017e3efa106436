package jsontext

const (
	// MaxDepth bounds the nesting of a document, in open arrays and objects.
	// Providers nest a dozen deep; the bound keeps the scanner's stack a
	// fixed 128 bytes.
	MaxDepth = 1024
	// MaxPaths bounds the paths of one FindAll, so that its state is fixed
	// in size. The richest catalogue row asks for under a dozen.
	MaxPaths = 16
	// MaxPathLen bounds the segments of one path.
	MaxPathLen = 16
)

// Find returns the raw text of the value at path: each segment is an object's
// key, or an array's index in decimal ("0"). No segment at all is the whole
// document. The result aliases doc.
//
// ok is false when there is no such value, when a key along the path occurs
// twice in its object, and when doc is not one valid JSON text of at most
// MaxDepth levels.
func Find(doc []byte, path ...string) (raw []byte, ok bool) {
	var value [1][]byte
	paths := [1][]string{path}
	if !FindAll(doc, paths[:], value[:]) {
		return nil, false
	}
	if len(value[0]) == 0 {
		return nil, false
	}
	return value[0], true
}

// FindString returns the text of the value at path: a string's decoded
// characters, or the literal of a number, true or false. A null, an array and
// an object have no text. ok as in Find.
func FindString(doc []byte, path ...string) (text string, ok bool) {
	raw, ok := Find(doc, path...)
	if !ok {
		return "", false
	}
	return String(raw)
}

// FindAll looks for several paths in one scan and sets values[i] to the raw
// value of paths[i], to nil where there is none, and to an empty one where a key
// along the path occurs twice in its object. It reports whether doc is one
// valid JSON text of at most MaxDepth levels; if not, every value is nil. It
// panics when values is shorter than paths or a bound is exceeded: paths are
// the program's constants, never input.
func FindAll(doc []byte, paths [][]string, values [][]byte) bool {
	if len(paths) > MaxPaths {
		panic("jsontext: more than MaxPaths paths")
	}
	values = values[:len(paths)]
	clear(values)
	for _, p := range paths {
		if len(p) > MaxPathLen {
			panic("jsontext: path over MaxPathLen segments")
		}
	}
	f := finder{paths: paths, values: values}
	s := scanner{doc: doc}
	if !f.run(&s) {
		clear(values)
		return false
	}
	for i := range values {
		if f.twice[i] {
			values[i] = doc[:0]
		}
	}
	return true
}

// finder follows the paths through the events of one scan.
//
// A position in the document at depth d (d open arrays and objects) has d
// keys above it. level[i] is how many leading segments of paths[i] match the
// keys above the current position; the value at depth d is on the path when
// level[i] == d.
type finder struct {
	paths  [][]string
	values [][]byte
	level  [MaxPaths]int8
	start  [MaxPaths]int
	// seen has a bit per segment that has matched before. A container on the
	// path is entered twice only if a key above it occurred twice, so bits
	// are never taken back.
	seen  [MaxPaths]uint32
	twice [MaxPaths]bool
	// index counts the elements of the arrays open at a depth that a path
	// can reach.
	index [MaxPathLen + 1]int
}

func (f *finder) run(s *scanner) bool {
	f.begin(s)
	for {
		switch s.value() {
		case opened:
			if f.leads(s.depth) {
				break
			}
			if !s.skip() {
				return false
			}
			f.end(s)
		case scalar:
			f.end(s)
		default:
			return false
		}
		// The position is after a value, or after an opening bracket.
		for {
			switch s.next() {
			case element:
				f.element(s)
			case member:
				f.member(s)
			case closed:
				f.end(s)
				continue
			case done:
				return true
			default:
				return false
			}
			break
		}
	}
}

// leads says that a path leads into the container just opened.
func (f *finder) leads(depth int) bool {
	for i, p := range f.paths {
		if int(f.level[i]) == depth-1 && len(p) >= depth {
			f.index[depth] = 0
			return true
		}
	}
	return false
}

// element is called before each element of an array.
func (f *finder) element(s *scanner) {
	d := s.depth
	n := f.index[d]
	f.index[d]++
	for i, p := range f.paths {
		if int(f.level[i]) == d-1 && len(p) >= d && isIndex(p[d-1], n) {
			f.level[i] = int8(d)
		}
	}
	f.begin(s)
}

// member is called before each value of an object, after its key.
func (f *finder) member(s *scanner) {
	d := s.depth
	for i, p := range f.paths {
		if int(f.level[i]) != d-1 || len(p) < d || !equalKey(s.key, s.keyEscaped, p[d-1]) {
			continue
		}
		f.level[i] = int8(d)
		if bit := uint32(1) << (d - 1); f.seen[i]&bit != 0 {
			f.twice[i] = true
		} else {
			f.seen[i] |= bit
		}
	}
	f.begin(s)
}

// begin notes where the value starts that the next call of s.value reads.
func (f *finder) begin(s *scanner) {
	for i, p := range f.paths {
		if int(f.level[i]) == s.depth && len(p) == s.depth {
			s.space()
			f.start[i] = s.pos
		}
	}
}

// end is called after each value.
func (f *finder) end(s *scanner) {
	d := s.depth
	for i, p := range f.paths {
		if int(f.level[i]) != d {
			continue
		}
		if len(p) == d {
			f.values[i] = s.doc[f.start[i]:s.pos:s.pos]
		}
		if d > 0 {
			f.level[i] = int8(d - 1)
		}
	}
}

// isIndex says whether segment is n in decimal, without leading zeros.
func isIndex(segment string, n int) bool {
	if len(segment) == 0 || len(segment) > 9 || (segment[0] == '0' && len(segment) > 1) {
		return false
	}
	v := 0
	for i := range len(segment) {
		c := segment[i] - '0'
		if c > 9 {
			return false
		}
		v = v*10 + int(c)
	}
	return v == n
}
