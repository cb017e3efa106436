package gojs

import (
	"encoding/binary"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// view is the guest's memory as it is now. It must be taken anew after every
// call into the guest.
func (in *Instance) view() []byte {
	in.mustBeOpen()
	b, _ := in.memory.Read(0, in.memory.Size())
	return b
}

func (in *Instance) u32(addr uint32) uint32 { return binary.LittleEndian.Uint32(in.view()[addr:]) }
func (in *Instance) u64(addr uint32) uint64 { return binary.LittleEndian.Uint64(in.view()[addr:]) }

func (in *Instance) putU8(addr uint32, v uint8)   { in.view()[addr] = v }
func (in *Instance) putU32(addr uint32, v uint32) { binary.LittleEndian.PutUint32(in.view()[addr:], v) }

func (in *Instance) putU64(addr uint32, v uint64) { binary.LittleEndian.PutUint64(in.view()[addr:], v) }

// Bytes are n bytes of the guest's memory at ptr, valid until the next call
// into the guest.
func (in *Instance) Bytes(ptr, n uint32) []byte {
	in.mustBeOpen()
	b, ok := in.memory.Read(ptr, n)
	if !ok {
		panic(&TrapError{in.module.Name, errOutOfBounds})
	}
	return b
}

// slice is the Go slice or string header at addr, as bytes.
func (in *Instance) slice(addr uint32) []byte {
	return in.Bytes(uint32(in.u64(addr)), uint32(in.u64(addr+8)))
}

func (in *Instance) text(addr uint32) string { return string(in.slice(addr)) }

func (in *Instance) value(addr uint32) jsobj.Value { return in.refs.load(in.u64(addr)) }

func (in *Instance) put(addr uint32, v jsobj.Value) { in.putU64(addr, in.refs.store(v)) }

// list is the []ref at addr.
func (in *Instance) list(addr uint32) []jsobj.Value {
	at, n := uint32(in.u64(addr)), int(in.u64(addr+8))
	items := make([]jsobj.Value, n)
	for i := range items {
		items[i] = in.value(at + uint32(i)*8)
	}
	return items
}

// mustBeOpen guards memory that was given back to the system.
func (in *Instance) mustBeOpen() {
	if in.closed {
		panic(&TrapError{in.Name, errClosed})
	}
}
