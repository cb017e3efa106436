// Package gojs runs a Go module built for GOOS=js under wazero: it is
// lib/wasm/wasm_exec.js of the Go distribution, written in Go over the values
// of package jsobj.
//
//	Go guest ──gojs.*(sp)──▶ one table of 24 functions ──▶ jsobj
//	    ▲                                                    │
//	    └────── resume, or an export ◀── a callback, a timer ┘
//
// Every function takes the guest's stack pointer; arguments start at sp+8 and
// the result follows them. A value crosses as 8 bytes: a number as itself, all
// else as a NaN whose low word is an index into a table of values and whose
// high word says what typeof it has. The guest counts its references and gives
// an index back with finalizeRef.
//
// # Invariants
//
//   - A JavaScript call may re-enter Go, which may move the stack and grow the
//     memory: results are stored at getsp() and the memory is looked at anew.
//   - An error that is no JavaScript exception (a missing member, a kill)
//     unwinds every nested call and ends the instance; nothing runs in it again.
//   - Nothing here reads a clock or a source of randomness: both are the
//     realm's host's.
//
// # Failure modes
//
// A module that lacks an export or imports what nobody implements does not
// compile ([ImportError], [ExportError]). A guest that exits, panics, traps or
// does not come back within [Limits.Hang] ends with an [ExitError], a
// [TrapError] or a [HangError].
package gojs
