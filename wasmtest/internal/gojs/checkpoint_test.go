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
		out, err := withCheckpoints(broken)
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
	out, err := withCheckpoints(module)
	require.NoError(t, err)
	insert := checkpoint(0, 0)
	code := append([]byte{opLoop, noResult}, insert...)
	code = append(append(code, opLoop, noResult), insert...)
	require.Contains(t, string(out), string(append(code, opEnd, opEnd, opEnd)))

	_, err = withCheckpoints(append([]byte("\x00asm\x01\x00\x00\x00"), sectionImport, 1, 0))
	require.ErrorIs(t, err, errNotGo)
	_, err = withCheckpoints(module[:len(module)-1])
	require.ErrorIs(t, err, errShort)
}

func TestJoinData(t *testing.T) {
	section := []byte{4, 0, opI32Const, 0xc5, 0x00, opEnd, 1, 'c', 0, opI32Const, 0xc0, 0x00, opEnd, 2, 'a', 'b'}
	far := appendSignedLEB(nil, 1<<20)
	section = append(append(append(section, 0, opI32Const), far...), opEnd, 1, 'd')
	section = append(append(append(section, 0, opI32Const), appendSignedLEB(nil, 1<<20+1)...), opEnd, 1, 'e')
	got, err := joinData(section)
	require.NoError(t, err)
	want := []byte{2, 0, opI32Const, 0xc0, 0x00, opEnd, 6, 'a', 'b', 0, 0, 0, 'c'}
	want = append(append(append(want, 0, opI32Const), far...), opEnd, 2, 'd', 'e')
	require.Equal(t, want, got)
	passive := []byte{1, 1, 1, 'x'}
	got, _ = joinData(passive)
	require.Equal(t, passive, got)
	_, err = joinData(section[:len(section)-1])
	require.ErrorIs(t, err, errShort)
}
