// Package platform is what Workers promises and no more: KV, Queues, R2 and
// Durable Object storage as state machines in virtual time, with the faults
// that production has and a local run never shows.
//
//	binding ─▶ World.Trip ─▶ request travels ─▶ it happens here ─▶ answer travels ─▶ binding
//	                    │fail              │hang          │lost
//
// Nothing here knows JavaScript. What each service does wrong is one row of
// [Catalogue]; whether it happens is drawn from the seed, fault by fault, so
// that taking one fault away leaves the others where they were.
//
// # Invariants
//
//   - A trip that fails before it arrives changes nothing; one whose answer
//     is lost has happened.
//   - A queue never gives up a message on its own account: it is acknowledged,
//     dead-lettered after its retries, or expired.
//   - An object's storage is what its last confirmed turn left, whatever the
//     isolate did since.
package platform
