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
//     looked into before the signature matched, but by rows whose proof
//     stands in it (InBody), and for challenges that anybody may have (Open).
//     Of every other it is asked at most whether it starts with a digit (see
//     below) or is an object (ObjectBody).
//   - A header that occurs twice, or that the platform has joined by a comma,
//     is refused wherever the row's format does not itself use commas.
//   - MACs are compared as decoded bytes, in constant time, in one function.
//     Wrong lengths never match.
//   - Every active secret is tried before a signature is refused. A match
//     ends the search, so time tells which secret matched, but only to one
//     who holds a valid signature; what a forger sees does not depend on how
//     nearly he guessed.
//   - A bare hash with the secret in it (SHA256Digest) can be extended by who
//     has seen it: with it no body is taken but a JSON text, which an extended
//     one is not.
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
// # Handshakes
//
// Most handshakes are signed and answered like events. An open one is
// answered to anybody, before there is anything to verify with; it puts back
// what the stranger sent, within a charset, as text that is no page. Three give
// out a MAC of the challenge: Zoom's only to who has signed the request, X's
// and Smartcar's to anybody. The MAC of a challenge must not be the signature
// of an event: Zoom's signed content has colons, the others' is a JSON object,
// and a challenge has neither (TokenText, ObjectBody; FuzzOpenMAC).
//
// One provider asks the host, not a source, whose deliveries it takes
// (Fastly, [HostProof]): the worker answers from its own settings.
//
// # Keys that are fetched
//
// Certificates (SNS, PayPal) and key sets (OpenID Connect) come over
// [Request].Fetch, from the places of the row (host and path, see [Place]), by TLS
// and without redirects. That is what vouches for them, and why a document must
// be nothing but certificates: of a chain it is checked that each certificate is
// valid now and each but the last issued and signed by the next; not that its
// end is a trusted root, nor names, usages (beyond that an issuer is a CA) or
// revocation. [Documents] keeps them, at most 64 and only what could be
// read, and bounds the fetches to thirty a minute for each tenant, none of a URL
// that failed within the last. When nothing newer can be had, the copy at hand
// serves on: a key set until it is a day old, a chain three, so a key that was
// withdrawn may live that long while its issuer cannot be reached. The sender's identity (topic, e-mail) is asked before
// anything is fetched wherever the delivery has one. Keys that cannot be
// fetched are ErrKeysUnavailable, which is 503: the provider tries again.
//
// # Event ids
//
// A row's rules name the provider's id (a header, or a path in the body).
// Where none applies, the id is `sha256-` and the hash of the signed content.
// A provider that says in a header what happened may send one body for two
// things ([HashTyped]: Contentful, WooCommerce, Help Scout, Discourse): the
// header is then a part of what names the event, signed or not.
// Notifications that repeat byte for byte and mean something each time have
// [HashRequest] (Dropbox, Microsoft Graph). Of the other rows without an id,
// bodies hold a time or a state of their own (Asana, Xero, Aircall), so equal
// bytes are a retry; where a provider says neither (Commerce Layer, Help Scout,
// Terra, Webflow, and the generic rows without parameters) two equal bodies are
// one event all the same. Google's channels number their messages. Fastly's
// lines are the operator's own: equal ones of one batch are told apart by their
// place ([Batch].Placed), equal batches are one delivery.
//
// An id that would not fit in a key is replaced by its own hash, so two
// different ids never become one.
//
// The package links into the worker: no reflection, no encoding/json, no fmt,
// and no cryptography but crypto/subtle: that is [Config].Crypto.
package webhook
