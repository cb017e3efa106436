package gojs

import (
	"fmt"

	"github.com/tetratelabs/wazero/experimental"
)

// maxMemory is an isolate's memory limit, in bytes: all its guests together.
// https://developers.cloudflare.com/workers/platform/limits/#memory
const maxMemory = 128 << 20

// memoryPages is the same for one guest, in pages of 64 KiB.
const memoryPages = maxMemory / (64 << 10)

// Memory is what the guests of one isolate use of its memory.
type Memory struct{ used uint64 }

// MemoryError is a guest that finds no room in its isolate.
type MemoryError struct {
	Name string
	Used uint64 // bytes, by the isolate's other guests
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("wasmtest: no memory for %s: the isolate's other guests use %d of %d bytes", e.Name, e.Used, uint64(maxMemory))
}

// budgeted is a guest's memory that counts against its isolate's.
type budgeted struct {
	experimental.LinearMemory
	memory *Memory
	size   uint64
}

// allocator makes the memory of a guest that begins with an image.
func (m *Memory) allocator(begin *image) experimental.MemoryAllocator {
	return experimental.MemoryAllocatorFunc(func(_, limit uint64) experimental.LinearMemory {
		return &budgeted{LinearMemory: newLinear(limit, begin), memory: m}
	})
}

// Reallocate gives the first size bytes; nil when the isolate has no more.
func (b *budgeted) Reallocate(size uint64) []byte {
	if size > b.size && b.memory.used+size-b.size > maxMemory {
		return nil
	}
	region := b.LinearMemory.Reallocate(size)
	if region != nil {
		b.memory.used += size - b.size
		b.size = size
	}
	return region
}

// Free gives everything back.
func (b *budgeted) Free() {
	b.memory.used -= b.size
	b.size = 0
	b.LinearMemory.Free()
}
