package gojs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

type instanceKey struct{}

// Instance is a module in memory: one Go program. It is used by one goroutine.
type Instance struct {
	Name  string // for messages: "worker.wasm#2"
	Realm *jsobj.Realm
	Owner any         // whoever offers further imports
	OnEnd func(error) // told once, why the instance ended, unless by Close; may be nil

	module *Module

	env      []string
	quiet    bool
	limits   Limits
	guest    api.Module
	memory   api.Memory
	refs     *refs
	output   *output
	goObject *goObject
	timers   int32
	timeouts map[int32]func()
	made     []*jsobj.Function // callbacks since the last Made

	depth   int
	calls   uint64          // into the guest, so far
	ctx     context.Context // says to host functions which instance calls
	entered time.Time       // real time of the outermost call
	entries map[string][]api.Function
	err     error // why the instance ended
	closed  bool  // its memory is gone
}

// Config says how to instantiate a module.
type Config struct {
	Name   string // for messages
	Realm  *jsobj.Realm
	Global jsobj.Object // what the guest sees as globalThis; nil: the realm's
	Owner  any          // whoever offers further imports
	OnEnd  func(error)  // told once, why the instance ended, unless by Close; may be nil
	Quiet  bool         // a callback into an ended program does nothing; else it throws
	Env    []string     // NAME=value, which production has none of
	Limits Limits
	Memory *Memory // the isolate's; nil: the guest has one to itself
}

// Instantiate puts the module in memory. Nothing runs yet.
func (m *Module) Instantiate(c Config) (*Instance, error) {
	if c.Limits.Hang == 0 {
		c.Limits.Hang = DefaultHang
	}
	if c.Global == nil {
		c.Global = c.Realm.Global
	}
	in := &Instance{
		Name: c.Name, Realm: c.Realm, Owner: c.Owner, OnEnd: c.OnEnd, env: c.Env, quiet: c.Quiet, module: m, limits: c.Limits,
		output:   newOutput(c.Realm.Host().Log),
		timeouts: map[int32]func(){},
		entries:  map[string][]api.Function{},
	}
	in.goObject = newGoObject(in)
	in.refs = newRefs(c.Global, in.goObject)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	if c.Memory == nil {
		c.Memory = new(Memory)
	}
	for _, memory := range m.compiled.ExportedMemories() {
		if c.Memory.used+uint64(memory.Min())<<16 > maxMemory {
			return nil, &MemoryError{c.Name, c.Memory.used}
		}
	}
	ctx := experimental.WithMemoryAllocator(context.Background(), c.Memory.allocator(m.image))
	guest, err := m.engine.runtime.InstantiateModule(ctx, m.compiled, config)
	if err != nil {
		return nil, fmt.Errorf("wasmtest: %s: %w", c.Name, err)
	}
	in.guest, in.memory = guest, guest.ExportedMemory("mem")
	in.ctx = context.WithValue(context.Background(), instanceKey{}, in)
	return in, nil
}

// argvAddr is where the program's arguments go; nothing of the module's own
// lies below 4096+8192 (cmd/link/internal/ld, wasmMinDataAddr).
const argvAddr = 4096

// argvEnd is where the module's own data may begin.
const argvEnd = argvAddr + 8192

// Run runs main until it blocks or ends. Its memory is given the program's name
// and environment as wasm_exec.js does it: the texts, then a list of where each
// is, with a zero after the arguments and one at the end.
func (in *Instance) Run() error {
	at, pointers := uint32(argvAddr), []uint32{}
	for i, text := range append([]string{"js"}, in.env...) {
		if i == 1 {
			pointers = append(pointers, 0)
		}
		if int(at)+len(text)+8*(len(in.env)+4) > argvEnd {
			return &TrapError{in.Name, errEnvironment}
		}
		pointers = append(pointers, at)
		at += uint32(copy(in.view()[at:], text+"\x00"))
	}
	pointers = append(pointers, 0, 0)
	at = (at + 7) &^ 7
	for i, p := range pointers {
		in.putU64(at+8*uint32(i), uint64(p))
	}
	_, err := in.Call("run", 1, uint64(at))
	return err
}

var errEnvironment = errors.New("the environment is larger than the 8 KB that Go leaves for it")

// Resume lets Go handle what is pending.
func (in *Instance) Resume() error {
	_, err := in.Call("resume")
	return err
}

// Call calls an export. The error says why the instance ended, or had before.
func (in *Instance) Call(export string, args ...uint64) ([]uint64, error) {
	if in.err != nil {
		return nil, in.err
	}
	fn, err := in.entry(export)
	if err != nil {
		return nil, err
	}
	if in.depth == 0 {
		in.entered = time.Now()
		in.output.errors = in.output.errors[:0]
	}
	in.calls++
	in.depth++
	res, err := fn.Call(in.ctx, args...)
	in.depth--
	if err == nil && in.err == nil {
		return res, nil
	}
	if in.err == nil {
		in.end(in.reason(err))
	} else if in.depth == 0 {
		in.close()
	}
	return nil, in.err
}

// entry is an export for the current depth of nesting: wazero's functions are
// not re-entrant, so each depth has its own.
func (in *Instance) entry(export string) (api.Function, error) {
	if !in.module.Exports(export) {
		return nil, &ExportError{in.module.Name, export}
	}
	for len(in.entries[export]) <= in.depth {
		in.entries[export] = append(in.entries[export], in.guest.ExportedFunction(export))
	}
	return in.entries[export][in.depth], nil
}

// spSince is the guest's stack pointer as it is now; it was sp when the count
// of calls into the guest was before. It cannot move while no Go code runs.
func (in *Instance) spSince(before uint64, sp uint32) uint32 {
	if in.calls == before {
		return sp
	}
	fn, err := in.entry("getsp")
	in.must(err)
	in.depth++
	defer func() { in.depth-- }()
	res, err := fn.Call(in.ctx)
	in.must(err)
	return uint32(res[0])
}

// fatal is the error to unwind with.
func (in *Instance) fatal(err error) error {
	if in.err != nil {
		return in.err
	}
	return err
}

// reason turns what wazero reports into one of this package's errors.
func (in *Instance) reason(err error) error {
	err = innermost(err)
	switch err.(type) {
	case *ExitError, *HangError, *TrapError, *jsobj.Missing:
		return err
	}
	return &TrapError{in.Name, err}
}

// innermost strips the Wasm stack traces that wazero wraps around a host's
// panic at every level of nesting.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		if _, own := err.(*TrapError); own {
			return err
		}
		err = next
	}
}

// ErrKilled is the end of an instance whose isolate was killed.
var ErrKilled = errors.New("wasmtest: the isolate was killed")

// Kill ends the instance. Inside a host function the caller must then unwind
// the guest by returning or panicking with err.
func (in *Instance) Kill(err error) { in.end(err) }

func (in *Instance) end(err error) {
	if in.err != nil {
		return
	}
	in.err = err
	for _, id := range slices.Sorted(maps.Keys(in.timeouts)) {
		in.timeouts[id]()
	}
	clear(in.timeouts)
	if in.depth == 0 {
		in.close()
	}
	if in.OnEnd != nil && err != errClosed {
		in.OnEnd(err)
	}
}

// close gives the memory back; a second call does nothing.
func (in *Instance) close() {
	in.closed = true
	_ = in.guest.Close(context.Background())
}

// Err is why the instance ended; nil while it lives.
func (in *Instance) Err() error { return in.err }

// Close ends a healthy instance.
func (in *Instance) Close() {
	in.end(errClosed)
}

var errClosed = errors.New("wasmtest: the instance was closed")

// Memory is how many bytes of memory the guest has.
func (in *Instance) Memory() int { return int(in.memory.Size()) }

// Held is how many JavaScript values the guest holds.
func (in *Instance) Held() int { return in.refs.held() }

// Timers is how many of the guest's timers are waiting.
func (in *Instance) Timers() int { return len(in.timeouts) }

// Made are the callbacks that the guest has given to JavaScript since Made was
// last called.
func (in *Instance) Made() []*jsobj.Function {
	made := in.made
	in.made = nil
	return made
}

// Hang is the real time one turn may take.
func (in *Instance) Hang() time.Duration { return in.limits.Hang }
