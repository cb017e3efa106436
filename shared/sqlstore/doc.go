// Package sqlstore is the SQL that Durable Object packages are written
// against: the synchronous SQLite of one object, and nothing of the platform.
//
//	ledger, tenant, vault, lane, poll
//	         │ sqlstore.DB
//	   ┌─────┴───────────────┐
//	edge/backend.Storage   memsql.DB
//	(ctx.storage.sql)      (tests, wasmtest)
//
// Both implementations pass [sqlstoretest.Run].
//
// # Invariants
//
//   - A DB belongs to one object. Exec and Tx do not wait for anything outside
//     the object, so f in Tx must not either: no host call, no channel.
//   - Numbers cross the platform's boundary as JavaScript numbers. An integer
//     argument reaches SQLite as a REAL and a column of either kind comes back
//     as a float64. Columns that hold integers must therefore be declared
//     INTEGER (its affinity turns 5.0 back into 5), integer division needs a
//     CAST, and no integer may lie beyond ±2^53. memsql behaves the same way,
//     so that a mistake shows on the host.
//   - Callers read rows with [Row], which takes numbers of either kind.
//
// # Failure modes
//
// [Check] refuses, before SQLite sees them, what the platform would refuse:
// too many parameters, too long a statement or value, and transaction control
// in a statement. A failed Tx leaves no trace.
package sqlstore
