//go:build unix

package gojs

import (
	"syscall"

	"github.com/tetratelabs/wazero/experimental"
)

// linear is a guest's memory: an isolate's whole limit reserved at once, so
// that growing is no copy, and given back at once when the guest ends. The
// system hands its pages out zeroed and only as they are touched.
type linear struct{ region []byte }

func newLinear(limit uint64, begin *image) experimental.LinearMemory {
	region, err := syscall.Mmap(-1, 0, int(limit), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return &linear{}
	}
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

// Free gives the region back to the system.
func (l *linear) Free() {
	if l.region != nil {
		_ = syscall.Munmap(l.region)
		l.region = nil
	}
}
