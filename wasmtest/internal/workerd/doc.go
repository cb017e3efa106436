// Package workerd runs Workers: isolates, the events in them, their bindings
// and their Durable Objects, over package platform's services and package
// gojs's guests.
//
//	World ─▶ Worker ─▶ Isolate ─▶ Context (one event) ─▶ turn ─▶ glue ─▶ guest
//	                       │                              │
//	                       └─ Actor (one Durable Object)   └─ microtasks, then: hung? over?
//
// A turn is one entry into an isolate on behalf of one context: the arrival of
// an event, or of the answer to something it started. The clock stands still
// for all of it.
//
// # Invariants
//
//   - Only a context's own I/O and timers keep it going. One whose event is
//     open and that waits for nothing of its own has hung and is cancelled, as
//     workerd does; that is what happens to whoever waits for another event's
//     goroutine, or for a timer that another event started.
//   - When an event is over nothing of it may be left: operations nobody
//     waited for, timers, callbacks never called. What is left is a [Leak],
//     and a leak fails the test unless its name was allowed.
//   - An isolate that is killed takes its memory, its events and its objects'
//     memory with it, and no storage that was confirmed.
//   - What an object sends waits until what it wrote is confirmed (the output
//     gate); nothing is delivered to it while its input gate is shut.
package workerd
