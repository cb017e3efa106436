package pace

import "time"

const (
	// MaxHorizon is the furthest ahead that slots are reserved. A slot is a
	// promise: what is learned after it (a Retry-After) cannot take it back.
	MaxHorizon = 10 * time.Second

	// MaxPause is the longest pause that is kept: what package retry takes of a
	// Retry-After, and package ratelimit of a reset, at most.
	MaxPause = 24 * time.Hour

	// MaxRequests and MaxPer bound a rate; T then lies between 1 ns and 31
	// days, and no sum of times below overflows.
	MaxRequests = 1_000_000
	MaxPer      = 31 * 24 * time.Hour
	// MaxBurst bounds a burst; τ is at most a thousand times T.
	MaxBurst = 1000

	// minSlack is the least lateness allowed, whatever is left for it: a timer
	// and a TLS record take that long.
	minSlack = 20 * time.Millisecond
	// guardPart is the part of the rate that is given up where there is no
	// burst to give up.
	guardPart = 25
	// maxSlack bounds the lateness of very slow rates.
	maxSlack = time.Second
)

// Limit is a destination's budget. Its zero value limits nothing.
type Limit struct {
	Requests int           // so many …
	Per      time.Duration // … in that time; zero Requests or Per: no rate
	Burst    int           // at once after a pause; under 1 counts as 1
	// Spacing is the least time between two requests, if longer than T: how a
	// budget that runs low is stretched. It allows no burst.
	Spacing time.Duration
}

// State is what a limit remembers. The zero State is a full bucket.
type State struct {
	TAT       time.Time // theoretical arrival time
	NotBefore time.Time // nothing leaves before
}

// Interval is T: Per/Requests rounded up to the nanosecond; zero without a
// rate.
func (l Limit) Interval() time.Duration {
	if l.Requests <= 0 || l.Per <= 0 {
		return 0
	}
	n := time.Duration(min(l.Requests, MaxRequests))
	return (min(l.Per, MaxPer) + n - 1) / n
}

// tolerance is τ.
func (l Limit) tolerance() time.Duration {
	return time.Duration(min(max(l.Burst, 1), MaxBurst)-1) * l.Interval()
}

// step is the time a request takes from the budget, and τ with it.
func (l Limit) step() (t, tau time.Duration) {
	t = l.Interval()
	if spacing := min(l.Spacing, MaxPer); spacing > t {
		return spacing, 0
	}
	return t, l.tolerance()
}

// Margin gives up half of the burst to what happens between a slot and the
// destination's own clock: a slot may be used up to slack late. With a burst of
// 1 the requests are sent a little further apart instead, and half of that is
// slack; the other half is the network's.
func (l Limit) Margin() (usable Limit, slack time.Duration) {
	burst := min(max(l.Burst, 1), MaxBurst)
	spare := burst / 2
	usable = l
	usable.Burst = burst - spare
	t := l.Interval()
	if t == 0 {
		return usable, maxSlack
	}
	slack = time.Duration(spare) * t
	if spare == 0 {
		guard := min(t/guardPart, maxSlack)
		usable.Spacing = max(usable.Spacing, t+guard)
		slack = guard / 2
	}
	return usable, min(max(slack, minSlack), maxSlack)
}

// Reserve takes up to n slots between now and now+horizon (at most
// MaxHorizon), in order. When there are fewer than n, wait is how long from
// now until the first slot that was not taken.
func (l Limit) Reserve(s State, now time.Time, n int, horizon time.Duration) (slots []time.Time, next State, wait time.Duration) {
	t, tau := l.step()
	horizon = min(max(horizon, 0), MaxHorizon)
	next = l.Sane(s, now)
	for len(slots) < n {
		at := latest(now, next.NotBefore, next.TAT.Add(-tau))
		if at.Sub(now) > horizon {
			return slots, next, at.Sub(now)
		}
		slots = append(slots, at)
		next.TAT = latest(at, next.TAT).Add(t)
	}
	return slots, next, 0
}

// Pause keeps everything back until then; after it, requests go at the rate
// and without a burst.
func (l Limit) Pause(s State, until time.Time) State {
	s.NotBefore = latest(s.NotBefore, until)
	s.TAT = latest(s.TAT, until.Add(l.tolerance()))
	return s
}

// Used is the share of the burst that is spent at now, from 0 to 1: 0 is a
// full bucket, 1 means that the next request has to wait. Without a rate it
// is 0.
func (l Limit) Used(s State, now time.Time) float64 {
	t, tau := l.Interval(), l.tolerance()
	if t == 0 {
		return 0
	}
	ahead := max(l.Sane(s, now).TAT.Sub(now), 0)
	return min(float64(ahead)/float64(tau+t), 1)
}

// Sane takes back a TAT that no Reserve could have made by now, and a pause that
// nobody could have asked for: the clock has jumped. Reserve goes by it; whoever
// keeps the state of one that gave no slot keeps what it has taken back, or the
// end moves along with the clock.
func (l Limit) Sane(s State, now time.Time) State {
	t, tau := l.step()
	if most := now.Add(MaxPause); s.NotBefore.After(most) {
		s.NotBefore = most
	}
	most := latest(now, s.NotBefore).Add(MaxHorizon + max(tau, l.tolerance()) + t)
	if s.TAT.After(most) {
		s.TAT = most
	}
	return s
}

func latest(a time.Time, more ...time.Time) time.Time {
	for _, b := range more {
		if b.After(a) {
			a = b
		}
	}
	return a
}
