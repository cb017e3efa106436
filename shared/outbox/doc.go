// Package outbox sends a Durable Object's messages to a queue without losing
// one: a message is a row, written in the transaction of what it tells, and
// goes away when the queue has taken it.
//
//	tx { state changes; Add(message) } ─▶ alarm ─▶ Flush ─▶ queue
//	                                                 │ accepted
//	                                                 ▼
//	                                            row deleted
//
// # Invariants
//
//   - Oldest first. A row is deleted only after the queue accepted it, so a
//     crash in between sends it again: consumers go by the event key.
//   - Flush holds no lock and no transaction while the queue is asked. Two at
//     once may send a message twice, which is the same case.
//   - The owner sets its alarm while [Box.Waiting] says that rows are left.
//
// # Failure modes
//
// The queue refuses: Flush returns its error, the rows stay, the owner's alarm
// tries again.
package outbox
