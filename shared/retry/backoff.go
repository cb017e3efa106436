package retry

import "time"

// Backoff is exponential backoff with full jitter.
type Backoff struct {
	Base time.Duration // ceiling of the first delay; zero or less means no delay at all
	Cap  time.Duration // ceiling of every delay; zero or less means no delay at all
}

// Delay is the wait after the attempt-th failure; attempt counts from 1 and
// anything lower counts as 1. rnd is uniform in [0, 1); a value outside is
// brought inside, so a broken source of randomness still gives a legal delay.
func (b Backoff) Delay(attempt int, rnd float64) time.Duration {
	ceiling := b.Ceiling(attempt)
	switch {
	case !(rnd > 0): // zero, negative, NaN
		return 0
	case rnd >= 1:
		return ceiling
	}
	// The product may round up to the ceiling, which float64 may hold rounded
	// up itself.
	return min(time.Duration(rnd*float64(ceiling)), ceiling)
}

// Ceiling is the longest Delay(attempt, …): min(Cap, Base·2^(attempt-1)).
func (b Backoff) Ceiling(attempt int) time.Duration {
	d, limit := max(b.Base, 0), max(b.Cap, 0)
	for n := 1; n < attempt && d > 0 && d < limit; n++ { // at most 63 rounds
		if d > limit-d { // doubling would pass the cap
			return limit
		}
		d *= 2
	}
	return min(d, limit)
}
