// Package access decides who calls the agent's endpoint, /mcp/{tenant}, and
// what they may use there.
//
//	bearer token ─▶ ADMIN_TOKEN?      ─▶ operator: every tool
//	             ─▶ hwk_… of a tenant ─▶ key: every tool of a tenant, or those it is restricted to
//	             ─▶ JWT               ─▶ subject: what its scopes allow
//	             │ none of them
//	             ▼
//	            401, WWW-Authenticate: Bearer resource_metadata=…
//
// # Invariants
//
//   - Nothing opens without a token, and a token opens one tenant: a key by
//     its tenant's own table, an access token by its audience, which is this
//     endpoint's URL and no other's (RFC 8707, RFC 9068 §4).
//   - The token is read here and handed on to nobody.
//   - An access token without a scope opens nothing that asks for one; which
//     would do is said in the answer (RFC 6750 §3.1, step-up).
//   - What is refused says the same whether the tenant exists or not (G10).
//
// # Failure modes
//
// The issuer's key set cannot be fetched: 503, never a pass. Package webhook
// keeps the last good one for a day.
package access
