// Package poll is the safety net under webhooks, and the source of events
// where there are none: one Durable Object per tenant and poll, plain Go over
// its SQLite. Package crawl says what to ask and what the answer means.
//
//	cron ─▶ schedule ─▶ queue `polls` ─▶ Run ─▶ Caller ─▶ destination (budget, token)
//	                                      │ items, oldest first
//	                     Ledger: seen? ◀──┤  brought by the webhook already: leave it
//	                                      ▼  new
//	                                 queue `events`        accepted
//	                                      ▼
//	                    tx { cursor, what was taken, counts, notices }
//	Alarm at twice the interval: no run? ─▶ Run, and hookweir.cron.stalled
//
// # Invariants
//
//   - G9: the cursor moves only in the transaction that records what was
//     enqueued, and only after the queue has accepted it (or, for a crawl that
//     reads from the newest down, after its events are in the database, from
//     where they are sent oldest first). A crash anywhere repeats. The Ledger
//     takes each key once (G4).
//   - Whoever stores must hold the row's latest number: a run that was
//     overtaken by another, by a new instance of the module or by a new
//     definition stores nothing.
//   - What the webhook missed is counted in that same transaction: once, and
//     only if its event is older than the grace, from after the poll was made,
//     and known to the Ledger by no webhook.
//   - A pause that a provider or our own budget asked for is never undercut,
//     not by an operator either. A 429 is never an empty answer.
//   - There is always an alarm, set before the run is stored: an interval
//     after the next run is due, or when the poll counts as stalled.
//   - Notices go through the outbox, in the transaction of what they tell.
//   - An item that cannot be taken is among the dead letters before the cursor
//     passes it, and holds up nothing.
//   - G10: the object belongs to one tenant and poll, stored at first use. G6:
//     no request leaves without its token; that is the Caller's.
//   - The lock is held for synchronous SQL only, never across a call out.
//
// # Failure modes
//
// The destination, the Ledger or the queue fail: the run ends with a reason,
// the next one comes within the interval, and after three intervals without
// success `hookweir.poll.stalled` is raised. No token: the poll is paused,
// says so once, and goes on by itself when there is one. The provider has
// forgotten the cursor: the poll begins anew where the last crawl began that
// reached its end, and raises `hookweir.poll.gap` where the API leaves one. A queue of `events`
// that lags by more than the grace makes webhooks look missed that were only
// late; their events are still delivered once.
package poll
