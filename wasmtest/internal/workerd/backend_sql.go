package workerd

import (
	"encoding/binary"
	"math"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// hostStatement is host.sqlStatement(query).
func (b *bridge) hostStatement(c *jsobj.Call) (jsobj.Value, error) {
	query, err := c.Text(0)
	b.statements = append(b.statements, query)
	return float64(len(b.statements) - 1), err
}

// hostForget is host.sqlForget().
func (b *bridge) hostForget(*jsobj.Call) (jsobj.Value, error) {
	b.statements = nil
	return jsobj.Undefined{}, nil
}

// hostSQL is host.sql(sql, statement, args, argsSize, out, room).
func (b *bridge) hostSQL(c *jsobj.Call) (jsobj.Value, error) {
	r := c.Realm
	sql, ok := c.Arg(0).(jsobj.Object)
	n := int(jsobj.ToNumber(c.Arg(1)))
	if !ok || n < 0 || n >= len(b.statements) {
		return nil, r.TypeError("context.host.sql: wrong arguments")
	}
	cursor, err := r.Invoke(sql, "exec", append([]jsobj.Value{b.statements[n]}, b.take(c, 2)...)...)
	if err != nil {
		return nil, err
	}
	rows := cursor.(*sqlCursor).pack()
	if room := b.memory(c, 4); len(rows) <= len(room) {
		copy(room, rows)
	} else {
		b.rows = rows
	}
	return float64(len(rows)), nil
}

// hostRest is host.sqlRest(out).
func (b *bridge) hostRest(c *jsobj.Call) (jsobj.Value, error) {
	copy(b.in.guest.Bytes(uint32(jsobj.ToNumber(c.Arg(0))), uint32(len(b.rows))), b.rows)
	b.rows = nil
	return jsobj.Undefined{}, nil
}

// pack is packed.mjs's Packer.pack.
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
