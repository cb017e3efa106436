// Package ratelimit reads what providers say about their budgets in response
// headers, and says how much to slow down.
//
//	response header ─▶ Read (one table) ─▶ []Budget {scope, limit, remaining, reset}
//	                                            │ over 70 % used
//	                                            ▼
//	                                       Spacing, or Wait until the reset
//
// # Encodings of a reset
//
// Four are in use: seconds from now, Unix seconds, Unix milliseconds and
// ISO 8601. Providers use the same header name for different ones
// (`x-ratelimit-reset` is Unix seconds at GitHub, milliseconds at Exact
// Online, ISO at Jira), so a value says by itself which it is: no delta is
// over 31 years, and no Unix time in milliseconds below 1973 is meant.
//
// # Invariants
//
//   - The table goes by header, not by provider: a destination need not say
//     whose API it is.
//   - What cannot be read is ignored; a header never makes a request faster
//     than its destination's own rate, only slower.
//   - No reset is further away than MaxReset, so a nonsense value from outside
//     cannot stop a destination for good.
//   - Bytes from outside: no panic, no unbounded work (FuzzRead).
//
// # Failure modes
//
// A provider that announces nothing (Slack, Stripe, Notion, Asana, Klaviyo)
// answers 429 with Retry-After when it is too late; package retry reads that.
package ratelimit
