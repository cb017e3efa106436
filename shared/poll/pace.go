package poll

import (
	"time"

	"github.com/hookweir/hookweir/shared/retry"
)

const (
	// jitter spreads polls that were set up together: a tenth to either side.
	jitter = 0.1
	// slowFrom is the share of a budget from which polling slows, and
	// slowMost by how much at the end of it.
	slowFrom = 0.7
	slowMost = 10
	// throttledPause is the shortest pause after a 429 that names none
	// (docs.github.com, "Best practices": at least a minute).
	throttledPause = time.Minute
	// maxWait bounds any wait: a provider that says "next year" does not own
	// our polls.
	maxWait = 24 * time.Hour
)

// failureBackoff paces a poll that fails; never more than its interval, so
// that three failures fall within three intervals.
var failureBackoff = retry.Backoff{Base: 30 * time.Second, Cap: time.Hour}

// Signals are what a run saw, as far as its pace is concerned.
type Signals struct {
	// Active: something new was found, or a webhook of the source arrived.
	Active bool
	// Empty: the provider answered, and there was nothing new.
	Empty bool
	// Throttled: the provider, or our own budget, asked for a pause. That is
	// never an empty answer.
	Throttled bool
	Failures  int           // in a row, with this run
	Stalled   bool          // and the agent knows: no need to hurry any more
	Wait      time.Duration // the provider's Retry-After or our gate's pause: a floor
	Interval  time.Duration // what the provider wants between polls: a floor
	// Used is the share of the budget that is used; 0 for unknown.
	Used  float64
	Reset time.Duration // until the budget is new, when it is used up
	More  bool          // there is more to read at once
}

// Pace decides when to poll next.
type Pace struct {
	Floor, Cap time.Duration
}

// Next returns the interval from here on, and how long to wait now. rnd is
// uniform in [0, 1).
func (p Pace) Next(current time.Duration, s Signals, rnd float64) (interval, wait time.Duration) {
	if !(rnd >= 0 && rnd <= 1) { // broken randomness still gives a legal wait
		rnd = 0.5
	}
	interval = min(max(current, p.Floor), p.Cap)
	switch {
	case s.Active:
		interval = p.Floor
	case s.Empty && !s.Throttled:
		interval = min(2*interval, p.Cap)
	}
	wait = time.Duration(float64(interval) * (1 - jitter + 2*jitter*rnd))
	if s.Failures > 0 {
		backoff := max(failureBackoff.Ceiling(s.Failures), time.Second)
		if wait = min(wait, backoff); s.Stalled {
			wait = min(backoff, p.Cap)
		}
	}
	if s.More {
		wait = 0
	}
	if s.Throttled {
		wait = max(wait, throttledPause)
		if s.Wait > 0 { // it named its time
			wait = 0
		}
	}
	if s.Used >= slowFrom {
		share := min((s.Used-slowFrom)/(1-slowFrom), 1)
		wait = max(wait, time.Duration(float64(interval)*(2+(slowMost-2)*share)))
		if s.Used >= 1 {
			wait = max(wait, s.Reset)
		}
	}
	// Floors are never undercut, and those who wait for one do not all come
	// back at its very end.
	if floor := max(s.Wait, s.Interval); floor > wait {
		wait = floor + time.Duration(float64(floor)*jitter*rnd)
	}
	return interval, min(wait, maxWait)
}
