package gojs

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// dataGap is how many zeros may lie between two data segments that are joined.
const dataGap = 4 << 10

// joinData makes few data segments of the thousands that Go's linker cuts out
// around runs of zeros: wazero evaluates each one's offset anew for every
// instance. The memory they make is the same.
func joinData(section []byte) ([]byte, error) {
	r := &reader{b: section}
	var segments []segment
	for n := r.leb(); n > 0 && r.err == nil; n-- {
		kind, op := r.leb(), r.byte()
		from := r.at
		r.skip(1)
		offset, ok := signedLEB(section[from:r.at])
		end := r.byte()
		data := r.take(r.leb())
		if !ok || kind != 0 || op != opI32Const || end != opEnd || offset < 0 {
			return section, r.err // not Go's; as it is, then
		}
		segments = append(segments, segment{offset, data})
	}
	// They do not come in order, and zeros must not cover another's data.
	slices.SortFunc(segments, func(a, b segment) int { return cmp.Compare(a.offset, b.offset) })
	var joined []segment
	for _, s := range segments {
		if last := len(joined) - 1; last >= 0 {
			gap := s.offset - joined[last].end()
			if gap < 0 {
				return section, r.err // they overlap: order matters
			}
			if gap <= dataGap {
				joined[last].data = append(append(joined[last].data, make([]byte, gap)...), s.data...)
				continue
			}
		}
		joined = append(joined, segment{s.offset, append([]byte(nil), s.data...)})
	}
	out := appendLEB(make([]byte, 0, len(section)), uint64(len(joined)))
	for _, s := range joined {
		out = append(appendSignedLEB(append(out, 0, opI32Const), s.offset), opEnd)
		out = append(appendLEB(out, uint64(len(s.data))), s.data...)
	}
	return out, r.err
}

type segment struct {
	offset int64
	data   []byte
}

func (s segment) end() int64 { return s.offset + int64(len(s.data)) }

// signedLEB reads a signed LEB128 that is all of b.
func signedLEB(b []byte) (v int64, ok bool) {
	u, n := binary.Uvarint(b)
	if n != len(b) || n == 0 || n > 5 {
		return 0, false
	}
	if b[n-1]&0x40 != 0 {
		return int64(u) - 1<<(7*n), true
	}
	return int64(u), true
}
