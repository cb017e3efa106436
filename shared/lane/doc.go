// Package lane is one destination of one tenant: its configuration, its
// budget, and every write that waits for it. One Durable Object, plain Go over
// its SQLite.
//
//	API ─ Accept ─▶ row ┬─ no key ──▶ queue `writes` (a reference) ─▶ consumer
//	                    │                                              │ Claim: work and slots
//	                    │                                              ▼ send
//	                    │                                            Settle
//	                    └─ partition key ─▶ Alarm: drain, in order per key
//	reads, polls, tools ─ Permit ─▶ slots of the same budget ─ Report ─▶ what was learned
//
// A budget that several destinations share (those of one connection) is an
// object of the same kind without a destination; see shared.go.
//
// # States of a write
//
//	           Claim / drain        2xx
//	pending ──────────────▶ delivering ─────▶ delivered ──(72 h)──▶ gone
//	 ▲  ▲ ▲  refused for now   │ │ │
//	 │  │ └────────────────────┘ │ └─ nobody knows, and not repeatable ─▶ parked
//	 │  │                        └─ refused for good, or the last attempt ─▶ dead
//	 │  └─ Replay ── dead, parked, cancelled
//	 └──── the alarm: whoever was sending vanished, and it is repeatable
//
// # Invariants
//
//   - G3: a row is written before a write is accepted, and it is the record:
//     a queue message is only a reference to it. Whatever is open has a due
//     time, or is ready, or stands behind such a one of its key; an alarm is
//     set no later than the earliest. Nothing but Delivered, Cancel, Purge and
//     then retention deletes a write.
//   - G7: of the writes of a key that hold their place, only the first may be
//     ready or under way. It gives its place up when it is delivered,
//     cancelled, purged, or has failed and the destination's on_failure lets
//     the key go on.
//   - G8: every slot comes from one transaction over the stored state: the
//     breaker, the provider's own budgets, then the rate. State is stored, not
//     remembered, because an object restarts, and because for a while two Go
//     instances may serve the same object. Of a shared budget slots are had
//     first, and given out by such a transaction; one that is not used is lost.
//   - A slot is given back at most once, and only if its request is known not
//     to have counted; what was learned in between is not given back on top.
//   - Nothing is repeated blindly. An attempt of which nobody knows the end (a
//     timeout, a lost connection, a lease that ran out) is repeated if its
//     method is idempotent or it carried an idempotency key; otherwise it is
//     parked until somebody decides. What was safe is noted when the attempt
//     starts: the configuration may change meanwhile.
//   - The fence grows with every attempt; a Settle with an older one changes
//     nothing.
//   - Nothing leaves without a slot, and the write's lease goes with the slot:
//     it outlasts the request that the slot is good for. Whoever comes late,
//     with a body or a token that took its time, asks for another one, and gets
//     none for a write that meanwhile is no longer its own. The drain's own
//     sweep leaves alone what that drain has under way.
//   - An idempotency key has one write while that is open or undecided, and for
//     72 h after: the lookup and the insert are one transaction.
//   - What has ended is kept for the retention, or for less if it is over MaxKept;
//     what would fill the object is refused before it is accepted. An object that
//     is full could not note that a write was delivered, and would repeat it.
//   - G10: the object belongs to one tenant and destination; a call that names
//     another is refused.
//   - The lock is held for synchronous SQL only, never across a call out.
//
// # Failure modes
//
// The queue refuses or loses a reference: the alarm sends it again. A consumer
// dies: its lease runs out. The object dies in the middle of a drain: the same.
// A body or a token takes longer than a lease: its key waits, for its drain
// knows what it has under way; another instance takes it for vanished, and the
// write is repeated if that is safe, otherwise parked, without having been
// sent. A panic in an attempt: nobody knows whether it arrived.
// A transaction that notes an answer fails: it is tried once more, and if that
// fails too, the lease runs out.
// A shared budget does not answer: nothing is sent until it does.
// A notice that the queue `events` refuses stays in the outbox. The platform
// gives an alarm up after six failures: each alarm sets the next one before it
// does anything else. It does not run a failed one again that has done so:
// after a crash the writes of a destination stand still until that next one,
// for 10 s at most, and those that were under way until their lease is over.
package lane
