package breaker

import "time"

// Phases of a breaker.
const (
	Closed   = "closed"
	Open     = "open"
	HalfOpen = "half_open"
)

// Config is when to open and for how long. A zero Ratio never opens by itself.
type Config struct {
	Ratio    float64       // of failures, over 0 and at most 1
	Requests int           // at least so many within Window before Ratio counts
	Window   time.Duration // over which failures are counted
	Pause    time.Duration // the first; doubled by each failed probe
	MaxPause time.Duration
}

// maxDoublings keeps the pause from overflowing: 2^20 times any pause that
// makes sense is over every MaxPause.
const maxDoublings = 20

// State is what a breaker remembers. The zero State is closed.
type State struct {
	Open   bool      `json:"open,omitempty"`
	Reason string    `json:"reason,omitempty"` // why it opened, a code
	Until  time.Time `json:"until,omitzero"`   // open: when to probe
	Probe  time.Time `json:"probe,omitzero"`   // open: a probe is under way until then
	Failed int       `json:"failed,omitempty"` // failed probes in a row
	Opened int64     `json:"opened,omitempty"` // how often it has opened, ever

	// Counts of this half window and the one before it.
	Start    time.Time `json:"start,omitzero"`
	Now      Counts    `json:"now,omitzero"`
	Previous Counts    `json:"previous,omitzero"`
}

// Counts of answers.
type Counts struct {
	Total    int `json:"total,omitempty"`
	Failures int `json:"failures,omitempty"`
}

// Phase names the state at now.
func (s State) Phase(now time.Time) string {
	switch {
	case !s.Open:
		return Closed
	case now.Before(s.Until):
		return Open
	}
	return HalfOpen
}

// Allow says how many of n requests may leave now, and otherwise how long to
// wait before asking again. Half-open it lets one through, the probe, and
// expects its answer within probe.
func (c Config) Allow(s State, now time.Time, n int, probe time.Duration) (allowed int, next State, wait time.Duration) {
	switch {
	case !s.Open || n <= 0:
		return n, s, 0
	case now.Before(s.Until):
		return 0, s, s.Until.Sub(now)
	case now.Before(s.Probe):
		return 0, s, s.Probe.Sub(now)
	}
	s.Probe = now.Add(probe)
	return 1, s, max(probe, 1)
}

// Report counts answers of requests that were allowed at the time sent.
func (c Config) Report(s State, now, sent time.Time, successes, failures int) State {
	if s.Open {
		switch {
		case sent.Before(s.Until) || successes+failures == 0:
			return s // sent before it opened, or during a pause that is over
		case successes > 0:
			return State{Opened: s.Opened}
		}
		s.Failed++
		s.Probe = time.Time{}
		s.Until = now.Add(c.pause(s.Failed))
		return s
	}
	s = c.roll(s, now)
	s.Now.Total += successes + failures
	s.Now.Failures += failures
	total, failed := s.Now.Total+s.Previous.Total, s.Now.Failures+s.Previous.Failures
	if failures > 0 && c.Ratio > 0 && total >= max(c.Requests, 1) && float64(failed) >= c.Ratio*float64(total) {
		return c.Trip(s, now, "failures", 0)
	}
	return s
}

// Trip opens the breaker for a reason of its own, for at least so long.
// Tripping an open one changes nothing but a failed probe.
func (c Config) Trip(s State, now time.Time, reason string, least time.Duration) State {
	if s.Open && now.Before(s.Until) {
		return s
	}
	failed := 0
	opened := s.Opened + 1
	if s.Open { // the probe met it
		failed, opened = s.Failed+1, s.Opened
	}
	return State{Open: true, Reason: reason, Until: now.Add(max(c.pause(failed), least)), Failed: failed, Opened: opened}
}

func (c Config) pause(failed int) time.Duration {
	p := c.Pause
	for range min(failed, maxDoublings) {
		if p >= c.MaxPause {
			break
		}
		p *= 2
	}
	return min(p, max(c.MaxPause, c.Pause))
}

// roll moves to the half window that now is in.
func (c Config) roll(s State, now time.Time) State {
	half := max(c.Window/2, 1)
	switch age := now.Sub(s.Start); {
	case age < 0 || age >= 2*half: // the clock jumped, or long ago
		s.Start, s.Now, s.Previous = now, Counts{}, Counts{}
	case age >= half:
		s.Start, s.Previous, s.Now = s.Start.Add(half), s.Now, Counts{}
	}
	return s
}
