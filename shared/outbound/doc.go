// Package outbound is the one gate to outside APIs: every write, read, poll
// and tool call of a tenant passes it.
//
//	Call ─▶ Lane.Permit ─▶ token ─▶ target check ─▶ fetch ─▶ Lane.Report ─▶ Response
//	          │ no budget,   │ none: no call                     │ outcome, budgets,
//	          │ breaker open ▼                                   │ Retry-After
//	          └─▶ *WaitError ErrNeedsReauth                      ▼
//	                                             401 with a connection: one fresh token
//
// [Gate.Do] is a whole call. The writes consumer and the Lane's own drain,
// which hold permits for many writes, use [Sender.Send] with them.
//
// # Invariants
//
//   - G8: nothing is sent without a slot of the destination's Lane, and not
//     later than the slot's Until; a repeat after 401 takes a slot of its own.
//   - G6: a destination that names a connection is called with its token or
//     not at all. A destination with a credential that does not open is not
//     called.
//   - The URL is checked right before it is called, whatever was checked when
//     it was stored; redirects are answers (package fetch).
//   - An [Answer] that is kept, shown or logged holds no token: the values
//     that were sent are cut out, and so is what is named like a secret.
//
// # Failure modes
//
// After ErrTimeout and ErrNetwork nobody knows whether the far side acted: the
// caller repeats only what is safe to repeat (retry.Idempotent, or an
// idempotency key). A Report that does not reach the Lane costs what it would
// have taught; the permit's lease frees its share of the concurrency.
package outbound
