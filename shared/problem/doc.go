// Package problem writes the errors that leave Hookweir over HTTP: RFC 9457
// `application/problem+json` with one extension member, `code`.
//
//	sentinel error ─▶ (mapped once per module) ─▶ New(code) ─▶ Append ─▶ body
//
// `code` is the stable name a client branches on; `type` is the same name as
// a URI, for clients that follow RFC 9457 to the letter. It identifies and
// need not resolve (RFC 9457 §3.1.1). Title and detail are for people and may
// change.
//
// Invariants: the table in codes.go holds every code of the edge and of the
// API, so no two parts use one code for two things; detail says what the
// caller can change and never holds a secret, a payload or an internal error.
//
// The package links into the worker: no net/http, no encoding/json.
package problem
