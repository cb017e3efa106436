package gojs

import "encoding/binary"

// takeData takes a module's data out of it: the memory that an instance begins
// with. Go's linker cuts its data into thousands of segments around runs of
// zeros, which the compiler's runtime would copy, one by one, for each instance
// anew. Nil: the section is not as Go makes it, and stays.
func takeData(section []byte) (image []byte, err error) {
	r := &reader{b: section}
	for n := r.leb(); n > 0 && r.err == nil; n-- {
		kind, op := r.leb(), r.byte()
		from := r.at
		r.skip(1)
		offset, ok := signedLEB(section[from:r.at])
		end := r.byte()
		data := r.take(r.leb())
		if !ok || kind != 0 || op != opI32Const || end != opEnd || offset < 0 || offset+int64(len(data)) > maxMemory {
			return nil, r.err
		}
		if missing := int(offset) + len(data) - len(image); missing > 0 {
			image = append(image, make([]byte, missing)...)
		}
		copy(image[offset:], data)
	}
	return image, r.err
}

// noData is a data section without segments.
var noData = []byte{0}

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
