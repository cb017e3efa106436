// Package event is the one shape in which a provider's event travels: from
// the worker or a poll, through the queue and the Ledger, to the agent.
//
//	worker / poll ─▶ Encode ─▶ queue `events` ─▶ Decode ─▶ Ledger ─▶ CloudEvent ─▶ agent
//
// Two messages are the same event when their keys are equal; Key is
// `{tenant}/{source}/{id}` (DESIGN §4). The body is the provider's bytes and
// is never re-serialised.
//
// The package links into the worker: no reflection, no encoding/json.
package event
