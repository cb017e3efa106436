package gojs

import (
	"os"
	"testing"

	"github.com/hookweir/hookweir/wasmtest/internal/guests"
	"github.com/stretchr/testify/require"
)

// A module cut off anywhere, or with any byte changed, is refused by the copy
// or by the compiler: it never makes the copier panic or run on.
func FuzzCheckpoints(f *testing.F) {
	path, err := guests.Build("../../..", "hello")
	require.NoError(f, err)
	module, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(1000, byte(0xff), len(module)-1)
	f.Add(40, byte(0x80), len(module))
	f.Fuzz(func(t *testing.T, at int, b byte, length int) {
		if at < 8 || at >= len(module) || length < 8 || length > len(module) {
			return
		}
		broken := append([]byte(nil), module[:length]...)
		if at < length {
			broken[at] = b
		}
		out, _, err := withCheckpoints(broken)
		if err == nil {
			require.GreaterOrEqual(t, len(out), len(broken)/2)
		}
	})
}

func TestCheckpointsAreInEveryLoop(t *testing.T) {
	// (module (import "gojs" "…" (func (param i32))) (func (loop (loop))))
	name := checkpointImport
	imports := append([]byte{1, 4, 'g', 'o', 'j', 's', byte(len(name))}, name...)
	imports = append(imports, 0, 0)
	module := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, body ...byte) { module = append(append(module, id, byte(len(body))), body...) }
	section(1, 2, 0x60, 1, typeI32, 0, 0x60, 0, 0)
	section(sectionImport, imports...)
	section(3, 1, 1)
	section(sectionGlobal, 0)
	section(sectionCode, 1, 8, 0, opLoop, noResult, opLoop, noResult, opEnd, opEnd, opEnd)
	out, _, err := withCheckpoints(module)
	require.NoError(t, err)
	insert := checkpoint(0, 0)
	code := append([]byte{opLoop, noResult}, insert...)
	code = append(append(code, opLoop, noResult), insert...)
	require.Contains(t, string(out), string(append(code, opEnd, opEnd, opEnd)))

	_, _, err = withCheckpoints(append([]byte("\x00asm\x01\x00\x00\x00"), sectionImport, 1, 0))
	require.ErrorIs(t, err, errNotGo)
	_, _, err = withCheckpoints(module[:len(module)-1])
	require.ErrorIs(t, err, errShort)
}

func TestTakeData(t *testing.T) {
	section := []byte{3, 0, opI32Const, 0x05, opEnd, 1, 'c', 0, opI32Const, 0x00, opEnd, 2, 'a', 'b'}
	section = append(append(append(section, 0, opI32Const), appendSignedLEB(nil, 200)...), opEnd, 1, 'd')
	want := make([]byte, 201)
	copy(want, "ab\x00\x00\x00c")
	want[200] = 'd'
	got, err := takeData(section)
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = takeData(section[:len(section)-1])
	require.ErrorIs(t, err, errShort)
	for name, other := range map[string][]byte{
		"passive":           {1, 1, opI32Const, 0, opEnd, 1, 'x'}, // a kind that is not Go's
		"at a global":       {1, 0, opGlobalGet, 0, opEnd, 1, 'x'},
		"outside of memory": append(append([]byte{1, 0, opI32Const}, appendSignedLEB(nil, maxMemory)...), opEnd, 1, 'x'),
		"before it":         {1, 0, opI32Const, 0x7f, opEnd, 1, 'x'},
	} {
		got, err := takeData(other)
		require.NoError(t, err, name)
		require.Nil(t, got, name)
	}
}

// TestImageIsSharedUntilWritten: what one guest writes no other one sees.
func TestImageIsSharedUntilWritten(t *testing.T) {
	data := make([]byte, 3<<20+5)
	for i := range data {
		data[i] = byte(i >> 8)
	}
	begin := newImage(data)
	a, b := newLinear(maxMemory, begin), newLinear(maxMemory, begin)
	defer a.Free()
	defer b.Free()
	in := a.Reallocate(8 << 20)
	require.Equal(t, data, in[:len(data)])
	require.Equal(t, make([]byte, 4096), in[len(data):len(data)+4096], "zeros follow")
	clear(in[:len(data)])
	require.Equal(t, data, b.Reallocate(8 << 20)[:len(data)])
	c := newLinear(maxMemory, begin)
	defer c.Free()
	require.Equal(t, data, c.Reallocate(8 << 20)[:len(data)])
}
