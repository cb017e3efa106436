// Package admin is the API under /v1, and /healthz: what an operator or a
// tenant's own key may see and change (DESIGN §5). Beside it stand the two
// routes that browsers come to, /oauth/start and /oauth/callback, which answer
// to whoever holds a state or a link.
//
//	request ─▶ authorize ─▶ tenant ─▶ route ─▶ method ─▶ strict body ─▶ Tenant / Ledger
//	              │ 401       │ 404     │ 404     │ 405      │ 413 415 400     │
//	              └───────────┴─────────┴─────────┴──────────┴───── problem+json ◀┘ 4xx 5xx
//
// It is a plain http.Handler: it starts no server, no goroutine and no timer,
// and takes a request whose body can be read without waiting.
//
// # Invariants
//
//   - Nothing is accepted without a token. An empty ADMIN_TOKEN setting opens
//     nothing. A tenant's key is checked by its own tenant's object, and for
//     any other tenant the answer is the same 404, whether that one exists or
//     not (G10).
//   - No answer holds a secret, save two shown once, when they are made here
//     (an API key, and an agent's signing secret that the caller did not give)
//     and the one that is asked for: a connection's access token.
//   - Every error is problem+json with a code of package problem, and no
//     detail repeats what the caller sent.
//   - Every answer says Cache-Control: no-store.
//   - The agent's URL passes target.Check before it is stored.
//
// # Event ids
//
// An event's id is its key, `{tenant}/{source}/{id}`. In a path it may be one
// percent-encoded segment or plain segments:
//
//	GET  /v1/tenants/acme/events/acme%2Fgithub%2F72d3…
//	GET  /v1/tenants/acme/events/acme/github/72d3…
//	POST /v1/tenants/acme/events/acme/github/72d3…/replay
//
// A last plain segment `replay` is always the action; an id that ends so is
// written in the first form.
//
// # Failure modes
//
// An object that does not answer is 503 with Retry-After; a missing key ring
// is 503 not_ready. A change that KV has not taken yet is a success with
// `"published": false`: it will be published (package tenant).
package admin
