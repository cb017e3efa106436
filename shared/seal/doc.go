// Package seal keeps secrets unreadable at rest: webhook secrets in KV and in
// the TENANT object, tokens in the VAULT object (DESIGN §4).
//
//	SOURCE_KEYS "id:base64,…" ─▶ Parse ─▶ Ring
//	                                       │
//	plaintext, AAD ─▶ Seal (primary key) ──┤──▶ hw1.{key id}.{generation}.{base64url(nonce‖ciphertext‖tag)}
//	plaintext ◀────── Open (any key)  ◀────┘
//
// AES-256-GCM with a random nonce. The additional data binds a sealed value
// to its place (purpose, tenant, object, field), to its generation, to the
// format and to the key, so a value that is copied to another tenant's row,
// to another field, or back from an older generation does not open.
//
// The edge holds SOURCE_KEYS and the vault VAULT_KEYS; neither opens what the
// other sealed. Sealing a random key under the ring wraps it: a per-tenant key
// is kept that way, and dropping the wrapped key shreds the tenant.
//
// Rotation: put a new key first in the ring and keep the old one behind it;
// [Ring.NeedsRewrap] says which values still need the old one.
//
// Invariants: no error, and no formatting of a [Ring], shows a key or a
// plaintext. A value that was changed and a value under the wrong AAD give
// the same [ErrOpen].
//
// Failure modes: no ring is [ErrNoRing]; a ring with any entry that is not
// perfect is refused as a whole ([ErrKey]), since a half-read ring would look
// like data loss later.
//
// The package links into the worker: no fmt, no encoding/json, and no crypto,
// whose packages bring 300 KB whichever of them is used. The cipher is the
// caller's: package aesgcm, or the worker's platform.
package seal
