package gojs

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Import is a function that a host offers to guests.
type Import struct {
	Module, Name string
	Params       int // all i32
	Results      int // all i32
	Call         func(in *Instance, stack []uint64)
}

// Engine compiles modules, once each, and keeps the machine code on disk.
// It is safe for concurrent use.
type Engine struct {
	runtime wazero.Runtime
	imports map[[2]string]bool

	mu      sync.Mutex
	modules map[string]*Module
}

// NewEngine is an engine whose guests may import the 24 functions of gojs and
// those given. cacheDir keeps compiled code; empty for none.
func NewEngine(cacheDir string, imports []Import) (*Engine, error) {
	ctx := context.Background()
	config := wazero.NewRuntimeConfigCompiler().
		WithMemoryLimitPages(memoryPages)
	if cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			return nil, fmt.Errorf("wasmtest: compilation cache: %w", err)
		}
		config = config.WithCompilationCache(cache)
	}
	e := &Engine{
		runtime: wazero.NewRuntimeWithConfig(ctx, config),
		imports: map[[2]string]bool{},
		modules: map[string]*Module{},
	}
	byModule := map[string][]Import{}
	for _, f := range append(table(), imports...) {
		byModule[f.Module] = append(byModule[f.Module], f)
		e.imports[[2]string{f.Module, f.Name}] = true
	}
	for name, functions := range byModule {
		builder := e.runtime.NewHostModuleBuilder(name)
		for _, f := range functions {
			builder.NewFunctionBuilder().WithGoModuleFunction(hostFunction(f), i32s(f.Params), i32s(f.Results)).Export(f.Name)
		}
		if _, err := builder.Instantiate(ctx); err != nil {
			return nil, fmt.Errorf("wasmtest: host module %s: %w", name, err)
		}
	}
	return e, nil
}

func hostFunction(f Import) api.GoModuleFunction {
	return api.GoModuleFunc(func(ctx context.Context, _ api.Module, stack []uint64) {
		f.Call(ctx.Value(instanceKey{}).(*Instance), stack)
	})
}

func i32s(n int) []api.ValueType {
	types := make([]api.ValueType, n)
	for i := range types {
		types[i] = api.ValueTypeI32
	}
	return types
}

// Module is a compiled module.
type Module struct {
	Path string
	Name string // the file's name, for messages
	Sum  [sha256.Size]byte

	engine   *Engine
	compiled wazero.CompiledModule
	image    *image // what memory begins with
}

// Load compiles the module at path, or gives the one already compiled.
func (e *Engine) Load(path string) (*Module, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if m := e.modules[abs]; m != nil {
		return m, nil
	}
	code, err := os.ReadFile(abs)
	if err != nil {
		return nil, fmt.Errorf("wasmtest: module: %w", err)
	}
	m := &Module{Path: abs, Name: filepath.Base(abs), Sum: sha256.Sum256(code), engine: e}
	code, data, err := withCheckpoints(code)
	if err != nil {
		return nil, fmt.Errorf("wasmtest: %s: %w", m.Name, err)
	}
	m.image = newImage(data)
	if m.compiled, err = e.runtime.CompileModule(context.Background(), code); err != nil {
		return nil, fmt.Errorf("wasmtest: %s: %w", m.Name, err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	for _, memory := range m.compiled.ExportedMemories() {
		if uint64(len(data)) > uint64(memory.Min())<<16 {
			return nil, &TrapError{m.Name, errOutOfBounds}
		}
	}
	hugeCode()
	e.modules[abs] = m
	return m, nil
}

// check refuses a module that could not run.
func (m *Module) check() error {
	for _, f := range m.compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		if !m.engine.imports[[2]string{module, name}] {
			return &ImportError{Module: m.Name, Import: module, Name: name}
		}
	}
	exports := m.compiled.ExportedFunctions()
	for _, name := range []string{"run", "resume", "getsp"} {
		if exports[name] == nil {
			return &ExportError{Module: m.Name, Name: name}
		}
	}
	if m.compiled.ExportedMemories()["mem"] == nil {
		return &ExportError{Module: m.Name, Name: "mem"}
	}
	return nil
}

// Exports reports whether the module exports a function.
func (m *Module) Exports(name string) bool { return m.compiled.ExportedFunctions()[name] != nil }

// Limits bound one instance.
type Limits struct {
	// Hang is how much real time one turn may take: a loop that does not
	// end has no virtual time to be measured by. Zero means DefaultHang.
	Hang time.Duration
}

// DefaultHang is the CPU time a Worker has by default in production, 30 s.
// https://developers.cloudflare.com/workers/platform/limits/#cpu-time
const DefaultHang = 30 * time.Second
