// Package pace decides when requests to one destination may leave, so that its
// budget is never exceeded (G8).
//
//	Limit (100 per 10 s, burst 20) ┐
//	State (one timestamp) ─────────┼─▶ Reserve(now, n, horizon) ─▶ n slots in time, new State
//	Retry-After ─▶ Pause ──────────┘                            └▶ or how long to wait
//
// It is the generic cell rate algorithm (ITU-T I.371 annex A, virtual
// scheduling): the theoretical arrival time TAT is when the bucket would be
// full again. A request conforms at t when t ≥ TAT − τ, and moves TAT to
// max(t, TAT) + T, where T is the interval of the rate and τ = (burst − 1)·T.
// That equals a token bucket, in one timestamp and without a refill loop, and
// it says exactly when the next request may go.
//
// # Invariants
//
//   - Slots conform: in any span of time w there are at most burst + w/T of
//     them, whatever n and horizon the callers asked for.
//
//   - T is rounded up to the nanosecond, so rounding never adds a request.
//
//   - After a Pause there is no burst: the first request goes when it ends,
//     the next ones at the rate. Who has just been told to stop does not want
//     the backlog at once.
//
//   - What is given back ([Refund]) never exceeds what the request took from
//     the budget as it is by then: those that count conform without the others.
//
// # What the far side sees
//
// Slots are exact and networks are not: a request that is late and a later one
// that is not come closer together than they were sent. [Limit.Margin] gives
// up half of the burst and turns it into the lateness a slot may be used with;
// with a burst of 1, a twenty-fifth of the rate. At more than two requests a
// second without a burst that is less than the lateness nobody can avoid.
//
// # Failure modes
//
// A clock that jumps back would leave TAT, or the end of a pause, far ahead and
// stop everything; Reserve never believes in one further ahead than it could
// have been put.
package pace
