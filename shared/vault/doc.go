// Package vault keeps a tenant's OAuth connections and hands out live access
// tokens: one Durable Object per tenant, plain Go over its SQLite.
//
//	browser ─ authorize ─▶ state, PKCE ─▶ provider ─▶ callback ─▶ Finish ─▶ tokens
//
//	caller ─ Token ─▶ fresh? ─ yes ─────────────────────────────▶ token
//	                   │ no: one flight per connection              ▲
//	                   ▼                                            │
//	             intent row ─▶ one POST ─▶ both tokens in one ──────┘
//	             generation g   20 s       write, WHERE generation = g
//	                              │
//	                              └─ failure ─▶ state, cause, notice
//
//	alarm: refreshes at 80 % of life, open intents, warnings, revocations
//	cron ─▶ Index ─▶ Watch: what a lost alarm left undone, key rotation
//
// # States
//
//	         Finish                    refresh fails, may pass
//	pending ────────▶ active ◀──────────────────────▶ degraded
//	                    ▲ Finish                         │ cannot pass
//	                    └──────── needs_reauth ◀─────────┘
//	any ─ Disconnect ─▶ revoked ─(the provider knows)─▶ gone
//
// # Invariants
//
//   - G5: one refresh at a time per connection. In memory, callers share one
//     flight; in storage, an intent written before the POST keeps any other
//     instance out. The outcome is stored only if the generation is still the
//     one that was sent. New tokens are stored, both in one transaction, before
//     anybody sees them.
//   - A refresh token that may have been spent is never sent again where that
//     could end the grant: see mayPost in policy.go.
//   - G6: a caller gets a live token or an error. A connection that only a
//     person can mend says needs_reauth: to the agent (package notice, through
//     the outbox, in the transaction of the change), to the log, and in its
//     state.
//   - A disconnect and a new authorization win over a refresh under way: it
//     finds another generation and stores nothing.
//   - Tokens, client secrets and PKCE verifiers are sealed under the tenant's
//     own key, bound to purpose, tenant, connection, field and generation.
//     States and cookies are kept as hashes.
//   - A slow provider holds up its own connections only: no lock is held across
//     a call, and one server gets at most four of the platform's connections.
//   - The object belongs to one tenant, stored at the first write (G10). A read
//     creates nothing.
//
// # Failure modes
//
// An instance that dies between the intent and the outcome leaves the intent;
// the alarm finds it after 30 s and treats the answer as lost. An alarm that
// the platform loses is replaced by the next call, or by the watchdog. Without
// the right key ring nothing is handed out, and nothing is thrown away but by a
// disconnect, which says so.
package vault
