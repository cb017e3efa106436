package gojs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

type instanceKey struct{}

// Instance is a module in memory: one Go program. It is used by one goroutine.
type Instance struct {
	Name  string // for messages: "worker.wasm#2"
	Realm *jsobj.Realm
	Owner any // whoever offers further imports

	module    *Module
	limits    Limits
	guest     api.Module
	memory    api.Memory
	refs      *refs
	output    *output
	goObject  *goObject
	timers    int32
	timeouts  map[int32]func()
	callbacks int // function wrappers made so far

	depth   int
	calls   uint64          // into the guest, so far
	ctx     context.Context // of the outermost call
	entries map[string][]api.Function
	err     error // why the instance ended
}

// Instantiate puts the module in memory. Nothing runs yet.
func (m *Module) Instantiate(name string, realm *jsobj.Realm, owner any, limits Limits) (*Instance, error) {
	if limits.Hang == 0 {
		limits.Hang = DefaultHang
	}
	in := &Instance{
		Name: name, Realm: realm, Owner: owner, module: m, limits: limits,
		output:   newOutput(realm.Host().Log),
		timeouts: map[int32]func(){},
		entries:  map[string][]api.Function{},
	}
	in.goObject = newGoObject(in)
	in.refs = newRefs(realm.Global, in.goObject)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	guest, err := m.engine.runtime.InstantiateModule(context.Background(), m.compiled, config)
	if err != nil {
		return nil, fmt.Errorf("wasmtest: %s: %w", name, err)
	}
	in.guest, in.memory = guest, guest.ExportedMemory("mem")
	return in, nil
}

// argvAddr is where the program's arguments go; nothing of the module's own
// lies below 4096+8192 (cmd/link/internal/ld, wasmMinDataAddr).
const argvAddr = 4096

// Run runs main until it blocks or ends.
func (in *Instance) Run() error {
	copy(in.view()[argvAddr:], "js\x00")
	const pointers = argvAddr + 8
	in.putU64(pointers, argvAddr)
	in.putU64(pointers+8, 0)
	in.putU64(pointers+16, 0)
	_, err := in.Call("run", 1, pointers)
	return err
}

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
		ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), instanceKey{}, in), in.limits.Hang)
		defer cancel()
		in.ctx = ctx
		in.output.errors = in.output.errors[:0]
	}
	in.calls++
	in.depth++
	defer func() { in.depth-- }()
	res, err := fn.Call(in.ctx, args...)
	if err != nil {
		in.end(in.reason(err))
		return nil, in.err
	}
	return res, nil
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
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode() == sys.ExitCodeDeadlineExceeded {
			return &HangError{in.Name, in.limits.Hang}
		}
	}
	for _, target := range []any{new(*ExitError), new(*HangError), new(*TrapError), new(*jsobj.Missing)} {
		if errors.As(err, target) {
			return innermost(err)
		}
	}
	if in.killed(err) {
		return innermost(err)
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

func (in *Instance) killed(err error) bool { return errors.Is(err, ErrKilled) }

// ErrKilled is the end of an instance whose isolate was killed.
var ErrKilled = errors.New("wasmtest: the isolate was killed")

// Kill ends the instance. Inside a host function the caller must panic with
// ErrKilled to leave the guest.
func (in *Instance) Kill(err error) { in.end(err) }

func (in *Instance) end(err error) {
	if in.err != nil {
		return
	}
	in.err = err
	for id, cancel := range in.timeouts {
		cancel()
		delete(in.timeouts, id)
	}
	if in.depth <= 1 {
		in.close()
	}
}

// close gives the memory back; a second call does nothing.
func (in *Instance) close() { _ = in.guest.Close(context.Background()) }

// Err is why the instance ended; nil while it lives.
func (in *Instance) Err() error { return in.err }

// Close ends a healthy instance.
func (in *Instance) Close() {
	in.end(errClosed)
	in.close()
}

var errClosed = errors.New("wasmtest: the instance was closed")

// Memory is how many bytes of memory the guest has.
func (in *Instance) Memory() int { return int(in.memory.Size()) }

// Held is how many JavaScript values the guest holds.
func (in *Instance) Held() int { return in.refs.held() }

// Timers is how many of the guest's timers are waiting.
func (in *Instance) Timers() int { return len(in.timeouts) }

// Callbacks is how many functions the guest has given to JavaScript so far.
func (in *Instance) Callbacks() int { return in.callbacks }

// Hang is the real time one turn may take.
func (in *Instance) Hang() time.Duration { return in.limits.Hang }
