package gojs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// A guest must be stopped when it loops for ever. wazero's own way
// (WithCloseOnContextDone) leaves the machine code at every turn of every loop
// and makes Go programs four times slower. So the engine compiles a copy of
// the module in which each loop counts down and calls the host only every
// checkpointEvery turns:
//
//	loop                          loop
//	  …            ─▶               if --turns == 0 { turns = every; checkpoint() }
//	end                             …
//	                              end
//
// A Go function that calls another one is itself a loop (that is how it is
// resumed), so this covers recursion as well. The copy lives in memory only;
// the file on disk is the one that deploys.

// checkpointEvery is how many turns of loops pass between two looks at the
// real clock: under a millisecond of work, and the call is lost in it.
const checkpointEvery = 1 << 16

// checkpointImport is the function that stands in for a checkpoint: every Go
// module imports it, and here it has nothing else to do.
const checkpointImport = "runtime.resetMemoryDataView"

var errNotGo = errors.New("it does not import gojs " + checkpointImport + ": is it a Go module built with GOOS=js GOARCH=wasm?")

// Sections and opcodes of https://webassembly.github.io/spec/core/binary/.
const (
	sectionImport, sectionGlobal, sectionCode, sectionData = 2, 6, 10, 11

	opLoop      = 0x03
	opIf        = 0x04
	opEnd       = 0x0b
	opCall      = 0x10
	opGlobalGet = 0x23
	opGlobalSet = 0x24
	opI32Const  = 0x41
	opI32Eqz    = 0x45
	opI32Sub    = 0x6b
	typeI32     = 0x7f
	noResult    = 0x40
	mutable     = 1
)

// withCheckpoints is a copy of a module with checkpoints in its loops and
// without its data, which comes apart: what memory begins with.
func withCheckpoints(module []byte) (copied, data []byte, err error) {
	if len(module) < 8 || !bytes.HasPrefix(module, []byte("\x00asm")) {
		return module, nil, nil // the compiler says what it is
	}
	r := &reader{b: module, at: 8}
	out := append(make([]byte, 0, len(module)*5/4), module[:8]...)
	function, global := uint64(0), uint64(0)
	for r.at < len(r.b) && r.err == nil {
		id := r.byte()
		body := r.take(r.leb())
		switch id {
		case sectionImport:
			function, global, err = scanImports(body)
		case sectionGlobal:
			body, global = addCounter(body, global)
		case sectionCode:
			body, err = rewriteCode(body, checkpoint(function, global))
		case sectionData:
			if data, err = takeData(body); data != nil {
				body = noData
			}
		}
		if err != nil {
			return nil, nil, err
		}
		out = append(appendLEB(append(out, id), uint64(len(body))), body...)
	}
	return out, data, r.err
}

// scanImports gives the index of the checkpoint and the number of imported
// globals.
func scanImports(section []byte) (function, globals uint64, err error) {
	r := &reader{b: section}
	found, functions := false, uint64(0)
	for n := r.leb(); n > 0 && r.err == nil; n-- {
		module, name := string(r.take(r.leb())), string(r.take(r.leb()))
		switch kind := r.byte(); kind {
		case 0:
			if module == "gojs" && name == checkpointImport {
				found, function = true, functions
			}
			functions++
			r.leb()
		case 3:
			globals++
			r.take(2)
		default: // Go modules import neither tables nor memories
			return 0, 0, fmt.Errorf("import of kind %d", kind)
		}
	}
	if r.err == nil && !found {
		return 0, 0, errNotGo
	}
	return function, globals, r.err
}

// addCounter appends one more global, and gives its index.
func addCounter(section []byte, imported uint64) ([]byte, uint64) {
	r := &reader{b: section}
	n := r.leb()
	out := append(appendLEB(nil, n+1), section[r.at:]...)
	out = append(out, typeI32, mutable, opI32Const)
	out = append(appendSignedLEB(out, checkpointEvery), opEnd)
	return out, imported + n
}

// checkpoint is the code for the head of a loop.
func checkpoint(function, global uint64) []byte {
	get := appendLEB([]byte{opGlobalGet}, global)
	set := appendLEB([]byte{opGlobalSet}, global)
	var c []byte
	c = append(c, get...)
	c = append(c, opI32Const, 1, opI32Sub)
	c = append(c, set...)
	c = append(c, get...)
	c = append(c, opI32Eqz, opIf, noResult)
	c = appendSignedLEB(append(c, opI32Const), checkpointEvery)
	c = append(c, set...)
	c = append(c, opI32Const, 0, opCall)
	return append(appendLEB(c, function), opEnd)
}

func rewriteCode(section, insert []byte) ([]byte, error) {
	r := &reader{b: section}
	n := r.leb()
	out := appendLEB(make([]byte, 0, len(section)*5/4), n)
	var body []byte
	for range n {
		f := &reader{b: r.take(r.leb())}
		if r.err != nil {
			return nil, r.err
		}
		body = body[:0]
		for locals := f.leb(); locals > 0 && f.err == nil; locals-- {
			f.leb()
			f.byte()
		}
		copied := 0
		for f.at < len(f.b) && f.err == nil {
			if f.instruction() == opLoop {
				body = append(append(body, f.b[copied:f.at]...), insert...)
				copied = f.at
			}
		}
		if f.err != nil {
			return nil, f.err
		}
		body = append(body, f.b[copied:]...)
		out = append(appendLEB(out, uint64(len(body))), body...)
	}
	return out, r.err
}

// reader reads the binary format. After an error it stays where it is.
type reader struct {
	b   []byte
	at  int
	err error
}

var errShort = errors.New("the module ends too early")

func (r *reader) take(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.b)-r.at) {
		r.err = errShort
	}
	if r.err != nil {
		return nil
	}
	r.at += int(n)
	return r.b[r.at-int(n) : r.at]
}

func (r *reader) byte() byte {
	if b := r.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// leb reads an unsigned LEB128.
func (r *reader) leb() uint64 {
	v, n := binary.Uvarint(r.b[r.at:])
	if n <= 0 && r.err == nil {
		r.err = errShort
	}
	if r.err != nil {
		return 0
	}
	r.at += n
	return v
}

// skip passes over n LEB128s, signed or not.
func (r *reader) skip(n int) {
	for range n {
		for r.byte() >= 0x80 {
		}
	}
}

// instruction passes over one instruction and gives its opcode.
func (r *reader) instruction() byte {
	op := r.byte()
	switch {
	case op == 0x02 || op == opLoop || op == opIf: // a block type
		r.skip(1)
	case op == 0x0e: // br_table
		n := r.leb()
		if n > uint64(len(r.b)) {
			r.err = errShort
		}
		for ; n > 0 && r.err == nil; n-- {
			r.skip(1)
		}
		r.skip(1)
	case op == 0x0c || op == 0x0d || op == opCall || op >= 0x20 && op <= 0x26 || op == 0x3f || op == 0x40 ||
		op == opI32Const || op == 0x42 || op == 0xd0 || op == 0xd2: // one index, constant or type
		r.skip(1)
	case op == 0x11 || op >= 0x28 && op <= 0x3e: // call_indirect, loads and stores
		r.skip(2)
	case op == 0x43: // f32.const
		r.take(4)
	case op == 0x44: // f64.const
		r.take(8)
	case op == 0xfc:
		r.extended()
	case op <= 0x01 || op == 0x05 || op == opEnd || op == 0x0f || op == 0x1a || op == 0x1b || op >= opI32Eqz && op <= 0xc4 || op == 0xd1:
	default:
		if r.err == nil {
			r.err = fmt.Errorf("opcode %#x, which Go does not emit", op)
		}
	}
	return op
}

// extended passes over the immediates of an instruction of two bytes:
// saturating conversions and operations on whole ranges.
func (r *reader) extended() {
	switch op := r.leb(); {
	case op <= 7:
	case op == 9 || op == 11 || op == 13 || op >= 15 && op <= 17:
		r.skip(1)
	case op == 8 || op == 10 || op == 12 || op == 14:
		r.skip(2)
	default:
		if r.err == nil {
			r.err = fmt.Errorf("opcode 0xfc %d, which Go does not emit", op)
		}
	}
}

func appendLEB(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

func appendSignedLEB(b []byte, v int64) []byte {
	for v > 63 || v < -64 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}
