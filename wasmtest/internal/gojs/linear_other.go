//go:build !unix

package gojs

import "github.com/tetratelabs/wazero/experimental"

// linear is a guest's memory, on the Go heap.
type linear struct{ region []byte }

func newLinear(limit uint64, begin *image) experimental.LinearMemory {
	region := make([]byte, limit)
	begin.lay(region)
	return &linear{region}
}

// Reallocate gives the first size bytes; nil when there is no more.
func (l *linear) Reallocate(size uint64) []byte {
	if size > uint64(len(l.region)) {
		return nil
	}
	return l.region[:size]
}

// Free lets the garbage collector have it.
func (l *linear) Free() { l.region = nil }
