// Package ingest is the public edge's only job: turn a provider's webhook
// into one durable event, or refuse it.
//
//	POST /webhooks/{tenant}/{source}
//	   │
//	   ▼           no such source ▶ 404      too large ▶ 413
//	source config ─▶ body ─▶ verify ─▶ seen before? ─▶ [payload bucket] ─▶ queue ─▶ 202
//	                           │ bad        │ yes              │ down        │ down
//	                           ▼            ▼                  ▼             ▼
//	                          401      200 duplicate          503           503
//
// Every other path goes over the service binding, unread, but those at which a
// provider asks whose deliveries the host takes (webhook.HostProof).
//
// # Invariants
//
//   - G1: only what webhook.Verify accepted goes further. There is no
//     configuration, missing or broken, that skips it.
//   - G2: 202 (200 to a provider that would send again at any other status) is
//     answered after the queue took the event, body included, and the
//     idempotency key is written only after that. Whatever failed before
//     left nothing behind, so the provider's retry is fresh.
//   - G4: the KV lookup is a filter that saves work, never the arbiter: a
//     miss, stale or not, goes to the queue and the Ledger decides.
//   - G10: tenant and source come from the path and are part of the
//     configuration's key and AAD, the event key and the payload's key.
//
// # Failure modes
//
// The configuration store, queue or bucket being down is 503 with
// Retry-After. The idempotency store being down costs a duplicate on the
// queue, nothing else. A configuration that cannot be opened (a lost key
// ring) is 503 and a loud log line: the operator's fault must not make a
// provider give up.
package ingest
