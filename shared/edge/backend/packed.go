package backend

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Kinds of packed values, as in rows.mjs.
const (
	packedNull   = 0
	packedNumber = 1 // a float64, little-endian
	packedText   = 2 // its length as an uint32, then UTF-8
	packedBlob   = 3 // its length as an uint32, then its bytes
)

func appendPacked(b []byte, v any) []byte {
	switch v := v.(type) {
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, packedNumber), math.Float64bits(v))
	case string:
		return append(binary.LittleEndian.AppendUint32(append(b, packedText), uint32(len(v))), v...)
	case []byte:
		return append(binary.LittleEndian.AppendUint32(append(b, packedBlob), uint32(len(v))), v...)
	}
	return append(b, packedNull)
}

// errPacked reports that the host packed rows that are none.
var errPacked = errors.New("backend: rows that are not packed as agreed")

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
			values[i] = r.value()
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

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b)-r.at {
		r.bad = true
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at]
}

func (r *reader) size() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) value() any {
	kind := r.take(1)
	if kind == nil {
		return nil
	}
	switch kind[0] {
	case packedNull:
	case packedNumber:
		if b := r.take(8); b != nil {
			return math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	case packedText:
		return string(r.take(int(r.size())))
	case packedBlob:
		return append([]byte{}, r.take(int(r.size()))...)
	default:
		r.bad = true
	}
	return nil
}
