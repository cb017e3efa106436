// Package fetch is one outbound HTTP exchange as domain packages see it: the
// platform sends it, keeps the deadline and follows no redirect.
//
//	domain package ─ Request ─▶ Func ─ host's fetch ─▶ outside server
//	               ◀─ Response, or an error ─┘
//	               ◀─ Stream: its head, then piece by piece, where an answer
//	                  has to be read before it is whole (StreamFunc)
//
// # Invariants
//
//   - Header values cross in UTF-8, never split or joined.
//   - A redirect is an answer: what was meant for one URL, with its token or
//     signature, goes to no other.
//   - An error says nothing about whether the far side acted. Whoever retries
//     must know that the request may be repeated.
//   - Callers check a tenant's URL with package target first; this package
//     does not.
package fetch
