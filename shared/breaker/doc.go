// Package breaker stops calling a destination that fails, and finds out by
// single probes when it is back.
//
//	         ratio of failures        pause over
//	closed ──────────────────▶ open ────────────▶ half-open ─ probe ─┐
//	  ▲                         ▲                                    │
//	  │                         └── failed: twice the pause ─────────┤
//	  └──────────────────────────── succeeded ───────────────────────┘
//
// It is values in, values out: the owner stores [State] with what it decides,
// gives the clock, and keeps whatever waits. Nothing is lost by an open
// breaker, and waiting costs no attempt.
//
// # Invariants
//
//   - Closed, it counts over two half windows, so the ratio is never of less
//     than half a window nor of more than a whole one.
//   - Half-open, one probe is under way at a time. A prober that vanishes is
//     replaced when its time is over.
//   - Answers to what was sent before it opened change nothing.
package breaker
