// Package source is the configuration of one webhook source as the worker
// reads it: which provider, which secrets, how long its events are remembered.
//
//	TENANT object ─▶ SealConfig ─▶ KV CONFIG `src:{tenant}/{source}` ─▶ OpenConfig ─▶ worker
//
// KV is read by everyone with access to the account, so the whole
// configuration is sealed under SOURCE_KEYS. The generation rises with every
// change and stands in the sealed text; KV may serve an older one for a
// minute, which is why a rotation keeps the old secret for an overlap.
//
// Invariants: a configuration that was copied to another tenant's or source's
// key does not open; printing a Config or a Secret shows no secret.
//
// Failure modes: [ErrFormat] and wire's errors for bytes this build cannot
// read, seal's errors for text that does not open. No source is ever taken to
// be unprotected: no active secret means that nothing verifies.
//
// The package links into the worker: no fmt, no encoding/json.
package source
