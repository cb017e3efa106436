// Package notice makes the events that Hookweir itself tells an agent: a
// connection that needs a person, a write that is dead, a poll that stalls.
//
//	object ─▶ New(…) ─▶ outbox, in the transaction of what happened
//	                      └─▶ queue `events` ─▶ Ledger ─▶ agent
//
// A notice is an event like any other: delivered once per key, retried, kept,
// replayable, signed. Its source is the reserved name `hookweir`, which no
// tenant can give a webhook source, so a notice cannot be forged from outside
// and cannot meet a provider's event under one key.
//
// Notices carry names, states and reasons, never a secret, a token or a
// payload. One is never longer than a message of the queue: nothing that
// somebody outside makes long keeps it, or those behind it in an outbox, from
// being told.
package notice
