// Package target decides which URLs Hookweir calls on a tenant's behalf: the
// agent, destinations, upstream MCP servers. A tenant chooses the URL and
// Hookweir makes the call, which is how server-side request forgery begins.
//
//	URL ─▶ Check ─▶ nil ─▶ fetch (redirects are not followed)
//	         │
//	         ▼
//	      an Error that says which rule it breaks
//
// Only https to a public host passes. The danger is not the obvious 10.0.0.1
// but two parsers that disagree: what net/url reads as a name, the fetch of a
// WHATWG runtime reads as an address (`0x7f.1`, `2130706433`, `１２７.0.0.1`).
// So Check accepts one plain spelling of a host and refuses what any parser
// could read otherwise, rather than normalise it.
//
// Invariants: the accepted host is a dotted ASCII name whose last label is no
// number, or a global unicast address written canonically; the URL has no
// user information, no fragment and no byte outside printable ASCII.
//
// What it cannot do: a public name may resolve to a private address. Workers
// reach the public Internet only, so such a call ends nowhere in production;
// with workerd on a developer's machine it would arrive.
package target
