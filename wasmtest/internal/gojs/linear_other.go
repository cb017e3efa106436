//go:build !unix

package gojs

import "github.com/tetratelabs/wazero/experimental"

// linear is a guest's memory, on the Go heap.
type linear struct{ region []byte }

func newLinear(size, limit uint64) experimental.LinearMemory {
	return &linear{make([]byte, 0, limit)}
}

// Reallocate gives the first size bytes; nil when there is no more.
func (l *linear) Reallocate(size uint64) []byte {
	if size > uint64(cap(l.region)) {
		return nil
	}
	return l.region[:size]
}

// Free lets the garbage collector have it.
func (l *linear) Free() { l.region = nil }
