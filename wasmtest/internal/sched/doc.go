// Package sched is the one thread of wasmtest: an event loop in virtual time.
//
//	After(d, fn) ─▶ heap ordered by (due, tie, seq) ─▶ Run pops, sets the clock, calls fn
//	                        ▲
//	                tie is drawn from the seed
//
// Nothing else in wasmtest starts a goroutine, reads a clock or draws a random
// number, so a seed decides everything: when two tasks are due at one instant
// the seed says which runs first, and the same seed says the same again.
//
// # Invariants
//
//   - The clock stands still while a task runs (as workerd's does) and moves
//     only to the instant of the next task, or to the end of an Advance.
//   - Tasks of one [Lane] run in the order in which they were posted.
//   - A loop that does not end is an error with a name, never a hang: see
//     [MaxTasksPerInstant] and [MaxTasksPerRun].
package sched
