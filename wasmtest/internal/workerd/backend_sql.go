package workerd

import (
	"encoding/binary"
	"math"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// Kinds of packed values, as in shared/edge/backend/rows.mjs.
const (
	packedNull   = 0
	packedNumber = 1
	packedText   = 2
	packedBlob   = 3
)

// sqlOf is backend.mjs's sqlOf: SQL for one instance, statements by number,
// values packed in the instance's memory.
type sqlOf struct {
	instance   *backendInstance
	statements []string
	rest       []byte
}

// statement is host.sqlStatement(query).
func (s *sqlOf) statement(c *jsobj.Call) (jsobj.Value, error) {
	query, err := c.Text(0)
	s.statements = append(s.statements, query)
	return float64(len(s.statements) - 1), err
}

// forget is host.sqlForget().
func (s *sqlOf) forget(*jsobj.Call) (jsobj.Value, error) {
	s.statements = nil
	return jsobj.Undefined{}, nil
}

// exec is host.sql(sql, statement, args, argsSize, out, room).
func (s *sqlOf) exec(c *jsobj.Call) (jsobj.Value, error) {
	r := c.Realm
	sql, ok := c.Arg(0).(jsobj.Object)
	n := int(jsobj.ToNumber(c.Arg(1)))
	if !ok || n < 0 || n >= len(s.statements) {
		return nil, r.TypeError("context.host.sql: wrong arguments")
	}
	values := s.unpack(s.memory(c, 2, uint32(jsobj.ToNumber(c.Arg(3)))))
	cursor, err := r.Invoke(sql, "exec", append([]jsobj.Value{s.statements[n]}, values...)...)
	if err != nil {
		return nil, err
	}
	rows := cursor.(*sqlCursor).pack()
	if len(rows) <= int(jsobj.ToNumber(c.Arg(5))) {
		copy(s.memory(c, 4, uint32(len(rows))), rows)
	} else {
		s.rest = rows
	}
	return float64(len(rows)), nil
}

// takeRest is host.sqlRest(out).
func (s *sqlOf) takeRest(c *jsobj.Call) (jsobj.Value, error) {
	copy(s.memory(c, 0, uint32(len(s.rest))), s.rest)
	s.rest = nil
	return jsobj.Undefined{}, nil
}

// memory is the guest's memory at the address in an argument.
func (s *sqlOf) memory(c *jsobj.Call, arg int, size uint32) []byte {
	return s.instance.guest.Bytes(uint32(jsobj.ToNumber(c.Arg(arg))), size)
}

func (s *sqlOf) unpack(b []byte) []jsobj.Value {
	var values []jsobj.Value
	for len(b) > 0 {
		kind := b[0]
		b = b[1:]
		switch kind {
		case packedNull:
			values = append(values, nil)
		case packedNumber:
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(b)))
			b = b[8:]
		default:
			n := binary.LittleEndian.Uint32(b)
			part := b[4 : 4+n]
			b = b[4+n:]
			if kind == packedText {
				values = append(values, string(part))
			} else {
				values = append(values, s.instance.iso.realm.NewBytes(append([]byte{}, part...)))
			}
		}
	}
	return values
}

// pack is rows.mjs's Packer.pack.
func (c *sqlCursor) pack() []byte {
	size := func(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }
	b := size(nil, len(c.rows.Columns))
	for _, name := range c.rows.Columns {
		b = append(size(b, len(name)), name...)
	}
	for _, row := range c.rows.Values {
		for _, v := range row {
			switch v := v.(type) {
			case int64:
				b = binary.LittleEndian.AppendUint64(append(b, packedNumber), math.Float64bits(float64(v)))
			case float64:
				b = binary.LittleEndian.AppendUint64(append(b, packedNumber), math.Float64bits(v))
			case string:
				b = append(size(append(b, packedText), len(v)), v...)
			case []byte:
				b = append(size(append(b, packedBlob), len(v)), v...)
			default:
				b = append(b, packedNull)
			}
		}
	}
	return b
}
