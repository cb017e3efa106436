// Package oauth is the client's half of OAuth 2.0: where a provider's
// endpoints are and how it departs from the standard (one table), the
// authorization request, and the three calls a client makes.
//
//	Lookup / Discover ─▶ Provider ─┐
//	                               ▼
//	  AuthorizeURL ─▶ browser ─▶ callback ─▶ Exchange ─▶ Tokens
//	       ▲ Push (PAR)                       Refresh ─▶ Tokens
//	       state, PKCE S256                   Revoke
//	                                            │ golang.org/x/oauth2
//	                                            ▼
//	                                  transport ─▶ fetch.Func, once
//
// # Invariants
//
//   - One call, one request. x/oauth2 is given a pinned AuthStyle, because
//     its automatic detection sends a failed request a second time, and a
//     transport that refuses to send twice and follows no redirect.
//   - PKCE with S256 goes into every flow, whatever the provider says it
//     needs; one that breaks on unknown parameters is marked in the table.
//   - A failure says whether the server may have acted ([Outcome]): whoever
//     holds a refresh token that works once must know.
//   - No error holds a token, a secret or a word the server chose freely:
//     error codes are cut to [a-z0-9_.-].
//   - The issuer of metadata must equal the one asked for (RFC 8414 §3.3),
//     every URL found passes package target.
//   - No switch on a provider's name: what differs is a typed field of its
//     row.
//
// # Failure modes
//
// The server says no, is not understood, or does not answer: see [Failure].
// ID tokens are not read: a connection is authority to call an API, not a
// proof of who someone is.
package oauth
