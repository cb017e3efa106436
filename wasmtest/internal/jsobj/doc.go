// Package jsobj is the part of JavaScript that a Go module on Workers sees:
// values, classes, promises with their microtasks, and the web objects that
// Go's own syscall/js users and syumai/workers touch. One file per object.
//
//	guest ─▶ gojs (24 functions) ─▶ Object.Get / Set / Call ─▶ this package
//	                                         │
//	                               member not here: *Missing, which ends the
//	                               run with its full name ("Headers.getSetCookie")
//
// It is no JavaScript engine: nothing is parsed or evaluated. Each class is a
// table of Go functions, so the list of what is supported is what the tables
// say.
//
// # Invariants
//
//   - A member nobody wrote is an error with its full name, never undefined:
//     a guest cannot pass here by luck and fail when it is deployed. Members
//     that workerd lacks as well are listed as absent and read undefined.
//   - Reactions run as microtasks of the [Context] that registered them; a
//     promise settled by another context's turn posts them back to their own,
//     and drops them when that has ended (workerd's
//     handle_cross_request_promise_resolution).
//   - Property order is insertion order, so nothing depends on Go's map order.
package jsobj
