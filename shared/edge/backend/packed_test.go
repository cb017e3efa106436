package backend

import (
	"encoding/binary"
	"net/http"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

func packedNames(names ...string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(names)))
	for _, n := range names {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(n))), n...)
	}
	return b
}

func packedValues(b []byte, values ...any) []byte {
	for _, v := range values {
		if v, ok := v.([]byte); ok { // near, whatever its size, as the host packs it
			b = append(binary.LittleEndian.AppendUint32(append(b, packedBlob), uint32(len(v))), v...)
			continue
		}
		b = append(b, new(packed).value(v).b...)
	}
	return b
}

func TestPackedRows(t *testing.T) {
	var h heading
	rows, err := h.unpack(packedValues(packedNames("a", "bé"), 1.5, "x\x00é", nil, []byte{0, 255}, "", []byte{}))
	require.NoError(t, err)
	require.Equal(t, sqlstore.Rows{
		Columns: []string{"a", "bé"},
		Values:  [][]any{{1.5, "x\x00é"}, {nil, []byte{0, 255}}, {"", []byte{}}},
	}, rows)

	// The same statement with other columns: SELECT * after a migration.
	rows, err = h.unpack(packedValues(packedNames("a", "b", "c"), 1.0, 2.0, 3.0))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, rows.Columns)
	require.Equal(t, 1, rows.Len())

	rows, err = h.unpack(packedNames())
	require.NoError(t, err)
	require.Zero(t, rows.Len())
}

func TestPackedRowsAreRefused(t *testing.T) {
	whole := packedValues(packedNames("a", "b"), 1.0, "text")
	for n := range whole {
		if n == len(packedNames("a", "b")) {
			continue // no rows
		}
		_, err := new(heading).unpack(whole[:n])
		require.ErrorIs(t, err, errPacked, "cut at %d", n)
	}
	for name, b := range map[string][]byte{
		"a kind that is none":    append(packedNames("a"), 9),
		"values without columns": append(packedNames(), 0),
		"a length past the end":  append(packedNames("a"), packedText, 255, 255, 255, 255),
		"columns past the end":   {255, 255, 255, 255},
	} {
		_, err := new(heading).unpack(b)
		require.ErrorIs(t, err, errPacked, name)
	}
}

func TestPackedMessage(t *testing.T) {
	h := http.Header{"X-A": {"1", "2"}}
	in := reader{b: new(packed).text("é").null().blob([]byte{1}).blob(nil).number(-2.5).header(h).b}
	require.Equal(t, "é", in.text())
	require.Nil(t, in.blob())
	require.Equal(t, []byte{1}, in.blob())
	require.Equal(t, []byte{}, in.blob(), "empty is not null")
	require.InDelta(t, -2.5, in.number(), 0)
	require.Equal(t, h, in.header())
	require.False(t, in.bad)
	require.Empty(t, in.text())
	require.True(t, in.bad, "past the end")

	in = reader{b: new(packed).text("a text").b}
	require.Nil(t, in.blob())
	require.True(t, in.bad, "a text is no blob")
}

// TestPackedFar: a large blob stays where it is, and is kept until it was sent.
func TestPackedFar(t *testing.T) {
	blob := make([]byte, farFrom)
	p := new(packed).blob(blob)
	require.Len(t, p.b, 1+4+4)
	require.Equal(t, byte(packedFar), p.b[0])
	require.Equal(t, uint32(uintptr(unsafe.Pointer(&blob[0]))), binary.LittleEndian.Uint32(p.b[1:]))
	require.Equal(t, uint32(farFrom), binary.LittleEndian.Uint32(p.b[5:]))
	require.Same(t, &blob[0], &p.far[0][0])
	require.Less(t, farFrom-1, cap(new(packed).blob(blob[1:]).b))
}

func FuzzPackedRows(f *testing.F) {
	f.Add(packedValues(packedNames("a", "b"), 1.0, "text", nil, []byte{1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := new(heading).unpack(b)
		if err != nil {
			require.ErrorIs(t, err, errPacked)
			return
		}
		again := packedNames(rows.Columns...)
		for _, row := range rows.Values {
			again = packedValues(again, row...)
		}
		require.Equal(t, b, again)
	})
}
