package backend

import (
	"encoding/binary"
	"testing"

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
		b = appendPacked(b, v)
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
