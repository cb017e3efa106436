// Package service puts the private Worker together from its parts, in plain
// Go: consumers/main_js.go only hands it the platform.
//
//	service binding ─▶ API (package admin) ──────┐
//	queue `events`, `events-dead` ─▶ deliver ────┤ calls ─▶ Ledger, Tenant, Vault objects
//	Durable Object call ─▶ Object(class) ◀───────┘
//
// Objects are named by what they belong to, so tenants cannot meet (G10):
// `{tenant}/{shard}` for a Ledger, `{tenant}` for a Tenant or a Vault, whose
// index is `.index`. Each object also
// checks, on every call, that it is the one the call means.
//
// A setting that is missing or malformed stops no instance: /healthz and the log
// name it and where it is set, the API and the agent's endpoint are closed with
// the same words (503 not_ready), and queues and alarms go on, where whatever
// needs it fails and is tried again.
package service
