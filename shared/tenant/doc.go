// Package tenant is a tenant's configuration of record: its sources, its
// agent and its API keys. One Durable Object per tenant, plain Go over its
// SQLite.
//
//	admin API ─▶ Client ─▶ Invoke ─▶ SQL row (sealed, published = 0)
//	                                   │
//	                                   ├─▶ KV `src:{tenant}/{source}` ─▶ worker
//	                                   │         │ stored
//	                                   └◀────────┘ published = 1
//	                                   ▲
//	                     Alarm: whatever is not published yet
//	consumers ─▶ Client.AgentTarget ─▶ URL and signing secrets, opened
//
// # Invariants
//
//   - Secrets are sealed before SQL sees them: a source's whole configuration
//     under SOURCE_KEYS, exactly as KV holds it, and the agent's secrets under
//     VAULT_KEYS, which the edge does not have.
//   - Publication is an outbox. The row is committed as unpublished and an
//     alarm is set before KV is asked; a row counts as published only if it is
//     still the generation that was put. One put per source is under way at a
//     time, so an older one cannot land on a newer.
//   - Generations rise over the whole tenant and never repeat, also not for a
//     source that was deleted and made again.
//   - The object belongs to one tenant, stored at the first write; a call that
//     names another is refused (G10). A read never creates anything, so
//     guessing names costs no storage.
//   - No answer holds a secret, but two that are shown once, when they are
//     made here: an API key, and an agent secret that the caller did not give.
//   - API keys are kept as SHA-256. They are 256 random bits, so there is
//     nothing a slow hash would protect.
//   - The lock is held for synchronous SQL only, never across a call out.
//
// # Failure modes
//
// KV refuses (one write per key and second) or is down: the answer says
// `published: false`, and the alarm tries again after 2 s, doubling up to
// 5 min. KV itself may serve the old value for a minute after; rotation's
// overlap is for that. Without its key ring a call fails with seal.ErrNoRing;
// listing still works, since what a list shows is not sealed.
package tenant
