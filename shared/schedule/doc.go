// Package schedule is the clock of polls: which are due, without a write for
// each of them. A handful of Durable Objects, plain Go over their SQLite;
// every tenant's polls are in one of them.
//
//	cron, every minute ─▶ Due of each shard ─▶ chunks ─▶ queue `polls`
//	                        ▲                               │
//	                        │ Settle: when next             ▼
//	                        └──────────────── consumer ─▶ Poll.Run, 20 at once
//	consumer of `events` ─▶ Touch(source): its polls are due at their floor
//	Poll.Put ─▶ Add (room?)   Poll.Delete ─▶ Remove   API ─▶ List
//
// # What is stored
//
// A poll is a row, written when it is added. When each is due is in one row
// for all of a shard, five bytes each, written once per chunk that was run:
// with 100,000 polls a write per poll and run would be most of the bill.
//
// # Invariants
//
//   - A poll that is due is handed out again a lease later unless it was
//     settled: a lost message, a dead consumer and a crash cost minutes. Being
//     handed out twice costs a call, since the Poll itself knows when it may
//     run.
//   - What is only in memory may be lost at any time: then polls are due too
//     early, never too late.
//   - G10: a shard holds several tenants; every call names its tenant and
//     sees that one's polls only. Due and Settle are the clock's alone.
//
// # Failure modes
//
// A shard that does not answer: its polls wait for the next tick, and their
// own alarms poll when that takes too long. The queue refuses: the same.
package schedule
