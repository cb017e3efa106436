package gojs

import (
	"fmt"
	"time"
)

// ImportError is a function the module imports and nobody implements.
type ImportError struct{ Module, Import, Name string }

func (e *ImportError) Error() string {
	return fmt.Sprintf("wasmtest: %s imports %q from %q, which nobody implements", e.Module, e.Name, e.Import)
}

// ExportError is a function the module must export and does not.
type ExportError struct{ Module, Name string }

func (e *ExportError) Error() string {
	return fmt.Sprintf("wasmtest: %s does not export %q: is it a Go module built with GOOS=js GOARCH=wasm, for this glue?", e.Module, e.Name)
}

// ExitError is a guest that exited, or panicked (code 2).
type ExitError struct {
	Module string
	Code   int32
	Output string // the end of its standard error
}

func (e *ExitError) Error() string {
	s := fmt.Sprintf("wasmtest: %s exited with code %d", e.Module, e.Code)
	if e.Output != "" {
		s += ": " + e.Output
	}
	return s
}

// TrapError is a WebAssembly trap, or an error of the host, inside a guest.
type TrapError struct {
	Module string
	Err    error
}

func (e *TrapError) Error() string { return fmt.Sprintf("wasmtest: %s trapped: %v", e.Module, e.Err) }

// Unwrap is the cause.
func (e *TrapError) Unwrap() error { return e.Err }

// HangError is a guest that did not come back in time.
type HangError struct {
	Module string
	After  time.Duration // of real time
}

func (e *HangError) Error() string {
	return fmt.Sprintf("wasmtest: %s ran for %v of real time without returning (an endless loop?)", e.Module, e.After)
}
