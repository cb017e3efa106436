package backend

import (
	"encoding/binary"
	"errors"
	"math"
	"net/http"
	"unsafe"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Kinds of packed values, as in packed.mjs.
const (
	packedNull   = 0
	packedNumber = 1 // a float64, little-endian
	packedText   = 2 // its length as an uint32, then UTF-8
	packedBlob   = 3 // its length as an uint32, then its bytes
	packedFar    = 4 // from Go only: a blob that lies elsewhere, its address and length as uint32s
)

// farFrom is the size in bytes from which a blob is not copied into the
// message: the host takes it from where it lies.
const farFrom = 4 << 10

// packed is values for the host, one after the other.
type packed struct {
	b   []byte
	far [][]byte // keeps what is referred to by its address
}

func (p *packed) null() *packed {
	p.b = append(p.b, packedNull)
	return p
}

func (p *packed) number(v float64) *packed {
	p.b = binary.LittleEndian.AppendUint64(append(p.b, packedNumber), math.Float64bits(v))
	return p
}

func (p *packed) text(v string) *packed {
	p.b = append(binary.LittleEndian.AppendUint32(append(p.b, packedText), uint32(len(v))), v...)
	return p
}

func (p *packed) blob(v []byte) *packed {
	if len(v) >= farFrom {
		p.far = append(p.far, v)
		p.b = binary.LittleEndian.AppendUint32(append(p.b, packedFar), uint32(address(v)))
		p.b = binary.LittleEndian.AppendUint32(p.b, uint32(len(v)))
		return p
	}
	p.b = append(binary.LittleEndian.AppendUint32(append(p.b, packedBlob), uint32(len(v))), v...)
	return p
}

// value packs one that sqlstore.Check has let through.
func (p *packed) value(v any) *packed {
	switch v := v.(type) {
	case float64:
		return p.number(v)
	case string:
		return p.text(v)
	case []byte:
		return p.blob(v)
	}
	return p.null()
}

// header packs names and values.
func (p *packed) header(h http.Header) *packed {
	for name, values := range h {
		for _, v := range values {
			p.text(name).text(v)
		}
	}
	return p
}

// address is where the host finds b. Go does not move what is on its heap.
func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// errPacked reports that the host packed what is not as agreed.
var errPacked = errors.New("backend: values that are not packed as agreed")

// heading is the names of a statement's columns, kept from one run to the next.
type heading struct {
	names   []byte // as they were packed last
	columns []string
}

// unpack copies everything out of b: the number of columns as an uint32, their
// names, each after its length, then the values of every row.
func (h *heading) unpack(b []byte) (rows sqlstore.Rows, err error) {
	r := reader{b: b}
	columns := int(r.size())
	for n := 0; n < columns && !r.bad; n++ {
		r.take(int(r.size()))
	}
	if r.bad {
		return rows, errPacked
	}
	if names := b[:r.at]; string(names) != string(h.names) || h.columns == nil {
		h.names = append([]byte(nil), names...)
		h.columns = make([]string, 0, columns)
		n := reader{b: h.names[4:]}
		for range columns {
			h.columns = append(h.columns, string(n.take(int(n.size()))))
		}
	}
	rows.Columns = h.columns
	for r.at < len(b) && !r.bad && columns > 0 {
		values := make([]any, columns)
		for i := range values {
			values[i] = r.copied()
		}
		rows.Values = append(rows.Values, values)
	}
	if r.bad || r.at != len(b) {
		return sqlstore.Rows{}, errPacked
	}
	return rows, nil
}

// reader reads packed values; past the end it gives zeros and is bad.
type reader struct {
	b   []byte
	at  int
	bad bool
}

func (r *reader) more() bool { return r.at < len(r.b) && !r.bad }

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b)-r.at {
		r.bad = true
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at : r.at]
}

func (r *reader) size() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// kind is the next value's, if it is one of these two; the second is 0, null,
// where there may be nothing.
func (r *reader) kind(want, or byte) byte {
	k := r.take(1)
	if k == nil || k[0] != want && k[0] != or {
		r.bad = true
		return packedNull
	}
	return k[0]
}

func (r *reader) number() float64 {
	if r.kind(packedNumber, packedNumber) == packedNumber {
		if b := r.take(8); b != nil {
			return math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	}
	return 0
}

// text is a text, or "" for null.
func (r *reader) text() string {
	if r.kind(packedText, packedNull) == packedText {
		return string(r.take(int(r.size())))
	}
	return ""
}

// blob is part of what is read, not a copy; nil for null, and not otherwise.
func (r *reader) blob() []byte {
	if r.kind(packedBlob, packedNull) == packedBlob {
		if b := r.take(int(r.size())); b != nil {
			return b
		}
	}
	return nil
}

// copied is the next value of any kind, which nothing else shares.
func (r *reader) copied() any {
	if r.at >= len(r.b) {
		r.bad = true
		return nil
	}
	switch r.b[r.at] {
	case packedNull:
		r.at++
		return nil
	case packedNumber:
		return r.number()
	case packedText:
		return r.text()
	}
	return append([]byte{}, r.blob()...)
}

// header is the names and values that are left.
func (r *reader) header() http.Header {
	h := http.Header{}
	for r.more() {
		name := r.text()
		h.Add(name, r.text())
	}
	return h
}
