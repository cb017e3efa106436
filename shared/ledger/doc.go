// Package ledger decides, for every event of a tenant, who delivers it and
// whether it still has to be delivered: one Durable Object per tenant and
// shard, plain Go over its SQLite.
//
//	queue `events` ─▶ consumer ─ Claim ──▶ ledger: new, or retry whose time has come?
//	                     │                   │ yes: a lease, fenced      │ no
//	                     ▼                   ▼                           ▼
//	                  POST to the agent ◀─ Deliver                 Done / Wait
//	                     │
//	                     └─ Settle ──▶ delivered | pending (retry) | dead
//
//	Alarm: whatever waits too long is put on the queue again, by reference.
//
// # States
//
//	          Claim              Settle
//	(new) ──────────▶ delivering ──────▶ delivered ──(retention)──▶ forgotten
//	                   ▲      │ retry, or its consumer vanished
//	                   │      ▼      attempts used up, or 410
//	                  pending ─────────▶ dead (kept until replayed or purged)
//	                   ▲                  │
//	                   ├───── Replay ◀────┤ (also from delivered)
//	                                      └ Purge ──▶ purged ──(retention)──▶ forgotten
//
// # Invariants
//
//   - G4: an event key has one row, one owner (the queue message that carries
//     it) and at most one live lease. Another message with the same key is a
//     duplicate and is acknowledged. The event stored first is the event:
//     a later message's body is never delivered in its place.
//   - The fence grows with every lease and every replay; a Settle with an
//     older fence changes nothing. (A lease alone is not enough: its holder
//     may be slow rather than gone.)
//   - G3: a row that is neither delivered nor dead always has a due time, and
//     an alarm is set no later than the earliest due time. The queue may
//     forget a message and a consumer may die at any point; the alarm
//     re-sends a reference. Nothing but delivery and then retention deletes
//     an event, or an operator's Purge: dead rows stay. A purged event has no
//     content; its key answers for the retention all the same (G4).
//   - G10: the object belongs to one tenant and shard, stored at first use;
//     a call that names another is refused.
//   - Rows change before the outside world is told (Requeue, DropPayload), so
//     a failure in between means a second try, never a forgotten event.
//   - The lock is held for synchronous SQL only, never across a call out.
//
// # Failure modes
//
// A consumer that dies after its POST and before Settle leads to a second
// POST with the same webhook-id: that much is inherent in two systems without
// a shared transaction; the agent's own check of the id closes it. A platform
// alarm that was lost is set again by the next call. An event whose consumers
// die one after the other may be what kills them: from the second time on it
// waits, as long as after failures of the agent and each for its own time, so
// that those it came with do not die of it.
package ledger
