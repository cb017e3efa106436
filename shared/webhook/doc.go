// Package webhook decides whether a request is what its provider sent, and
// which event it is.
//
//	request ─▶ header set ─▶ signatures ─▶ timestamp ─▶ signed content ─▶ MAC ─▶ event id, type, time
//	              │ missing     │ malformed    │ stale         (raw bytes)    │        │
//	              │ repeated    │ too many     │ future                       ▼        ▼
//	              ▼             ▼              ▼                          mismatch   handshake?
//	             401           401            401                           401      answer it
//
// A provider is one row of the catalogue (catalogue.go): constants and typed
// quirk fields that the engine reads. Nothing in the engine asks which
// provider it serves.
//
// # Invariants
//
//   - Fail closed. A [Verifier] cannot be built without a usable secret, and
//     [Verifier.Verify] returns either an error and the zero [Result], or a
//     Result some active secret vouches for. There is no option to skip.
//   - The signed content is built from the bytes as received. The body is not
//     looked into, not even for a challenge, before the signature matched;
//     the one thing asked of it before is whether it starts with a digit (see
//     below).
//   - A header that occurs twice, or that the platform has joined by a comma,
//     is refused wherever the row's format does not itself use commas.
//   - MACs are compared as decoded bytes, in constant time, in one function.
//     Wrong lengths never match.
//   - Every active secret is tried before a signature is refused. A match
//     ends the search, so time tells which secret matched, but only to one
//     who holds a valid signature; what a forger sees does not depend on how
//     nearly he guessed.
//   - A concatenation that two requests could share is refused: in
//     `{id}.{timestamp}.{body}` a captured delivery could be cut one segment
//     earlier, its timestamp becoming part of the body, if the id ends in
//     digits. Such a body starts with digits and a full stop, which no JSON
//     object does.
//
// # What a signature does not say
//
// Some schemes sign the body alone (GitHub, Shopify): the id and the type
// come from headers that somebody who captured one delivery can change, and
// the body never goes stale. Redeliveries by the provider keep their id and
// are recognised; a replay by a third party under a new id is not. Rows say
// so in IDSigned. TLS is what protects the captured delivery.
//
// # Event ids
//
// A row's rules name the provider's id (a header, or a path in the body).
// Where none applies, the id is `sha256-` and the hash of the signed content.
// An id that would not fit in a key is replaced by its own hash, so two
// different ids never become one.
//
// The package links into the worker: no reflection, no encoding/json, no fmt.
package webhook
