// Package retry decides how long to wait before the next try.
//
//	answer 429/503 ─▶ After(Retry-After) ─┐ floor
//	attempt n ──────▶ Backoff.Delay(n) ───┴▶ the larger of both ─▶ queue delay
//
// Delay is exponential backoff with full jitter: uniform between zero and
// min(Cap, Base·2ⁿ⁻¹). Full jitter spreads callers that failed together better
// than a jittered half ("Exponential Backoff And Jitter", AWS Architecture
// Blog, 2015).
//
// Invariants: no result is negative, none overflows, none is over its limit
// ([Backoff].Cap, [MaxAfter]). The clock and the random number come from the
// caller. Failure mode: a Retry-After that cannot be read is reported as
// absent, so the caller's own backoff decides.
package retry
