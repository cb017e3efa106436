package pace

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var t0 = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// reference is the token bucket in exact rational numbers: tokens refill at
// the rate, never past the burst.
type reference struct {
	tokens, rate, burst *big.Rat // rate in tokens per nanosecond
	at                  time.Time
}

func newReference(l Limit) *reference {
	burst := new(big.Rat).SetInt64(int64(max(l.Burst, 1)))
	return &reference{
		tokens: new(big.Rat).Set(burst), burst: burst,
		rate: big.NewRat(int64(l.Requests), int64(l.Per)), at: t0,
	}
}

func (r *reference) refill(at time.Time) {
	if d := at.Sub(r.at); d > 0 {
		r.tokens.Add(r.tokens, new(big.Rat).Mul(r.rate, new(big.Rat).SetInt64(int64(d))))
		if r.tokens.Cmp(r.burst) > 0 {
			r.tokens.Set(r.burst)
		}
		r.at = at
	}
}

// take reports whether a whole token is there at that time, and takes it.
func (r *reference) take(at time.Time) bool {
	r.refill(at)
	one := big.NewRat(1, 1)
	if r.tokens.Cmp(one) < 0 {
		return false
	}
	r.tokens.Sub(r.tokens, one)
	return true
}

// missing is how much of a token was missing so shortly before at.
func (r *reference) ready(at time.Time) bool {
	c := &reference{tokens: new(big.Rat).Set(r.tokens), rate: r.rate, burst: r.burst, at: r.at}
	return c.take(at)
}

// TestReserveAgainstExactBucket: every slot is one the exact bucket grants,
// and none comes later than the exact bucket would have granted it but for
// the rounding of T.
func TestReserveAgainstExactBucket(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		l := Limit{
			Requests: 1 + rnd.IntN(1000), Per: time.Duration(1 + rnd.Int64N(int64(2*time.Minute))),
			Burst: 1 + rnd.IntN(30),
		}
		if l.Interval() < 100 { // rounding T up by a nanosecond would be a percent of it
			l.Per *= 1000
		}
		ref, s, now, taken := newReference(l), State{}, t0, 0
		for range 60 {
			now = now.Add(time.Duration(rnd.Int64N(int64(4*l.Interval()) + 1)))
			n := 1 + rnd.IntN(12)
			before := s
			slots, next, wait := l.Reserve(s, now, n, time.Duration(rnd.Int64N(int64(3*l.Interval())+1)))
			s = next
			require.Equal(t, len(slots) < n, wait > 0, "seed %d", seed)
			for _, at := range slots {
				taken++
				require.True(t, ref.take(at), "seed %d: %+v gave a slot the bucket does not have; state %+v", seed, l, before)
			}
			if wait > 0 {
				// T's rounding adds less than 1 ns per request so far.
				early := now.Add(wait - time.Duration(taken) - 1)
				if early.After(ref.at) {
					require.False(t, ref.ready(early), "seed %d: %+v waits longer than the bucket", seed, l)
				}
			}
		}
		require.NotZero(t, taken)
	}
}

// TestWindows: whatever the callers do, no span of time holds more than burst
// and what the rate gives.
func TestWindows(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		l := Limit{Requests: 1 + rnd.IntN(100), Per: time.Second, Burst: 1 + rnd.IntN(20)}
		s, now := State{}, t0
		var all []time.Time
		for range 100 {
			now = now.Add(time.Duration(rnd.IntN(60)) * time.Millisecond)
			var slots []time.Time
			slots, s, _ = l.Reserve(s, now, rnd.IntN(9), time.Duration(rnd.IntN(2))*time.Second)
			all = append(all, slots...)
			if rnd.IntN(20) == 0 {
				s = l.Pause(s, now.Add(time.Duration(rnd.IntN(500))*time.Millisecond))
			}
		}
		for i := range all {
			for j := i; j < len(all); j++ {
				span := all[j].Sub(all[i])
				most := l.Burst + int(span/l.Interval())
				require.LessOrEqual(t, j-i+1, most, "seed %d: %d slots in %v of %+v", seed, j-i+1, span, l)
			}
		}
	}
}

func TestReserve(t *testing.T) {
	l := Limit{Requests: 50, Per: time.Second, Burst: 3}
	offsets := func(slots []time.Time) (out []int) {
		for _, s := range slots {
			out = append(out, int(s.Sub(t0)/time.Millisecond))
		}
		return out
	}
	slots, s, wait := l.Reserve(State{}, t0, 10, 50*time.Millisecond)
	assert.Equal(t, []int{0, 0, 0, 20, 40}, offsets(slots))
	assert.Equal(t, 60*time.Millisecond, wait)
	assert.InDelta(t, 1.0, l.Used(s, t0), 1e-9)

	slots, _, wait = l.Reserve(s, t0, 1, 0)
	assert.Empty(t, slots)
	assert.Equal(t, 60*time.Millisecond, wait)

	// A pause, and no burst after it.
	s = l.Pause(s, t0.Add(time.Second))
	slots, s, _ = l.Reserve(s, t0, 3, 2*time.Second)
	assert.Equal(t, []int{1000, 1020, 1040}, offsets(slots))
	assert.Zero(t, l.Used(s, t0.Add(time.Hour)))

	// A stretched budget has no burst either.
	slots, _, _ = Limit{Requests: 50, Per: time.Second, Burst: 3, Spacing: time.Second}.Reserve(State{}, t0, 3, 5*time.Second)
	assert.Equal(t, []int{0, 1000, 2000}, offsets(slots))

	// No limit: everything now.
	slots, _, wait = Limit{}.Reserve(State{}, t0, 100, 0)
	assert.Len(t, slots, 100)
	assert.Zero(t, wait)
	assert.Equal(t, t0, slots[99])
}

func TestClockJumpsBack(t *testing.T) {
	l := Limit{Requests: 10, Per: time.Second, Burst: 5}
	_, s, _ := l.Reserve(State{}, t0.Add(time.Hour), 5, 0)
	_, _, wait := l.Reserve(s, t0, 1, 0)
	assert.LessOrEqual(t, wait, MaxHorizon+time.Second)
}

func TestMargin(t *testing.T) {
	usable, slack := Limit{Requests: 50, Per: time.Second, Burst: 10}.Margin()
	assert.Equal(t, 5, usable.Burst)
	assert.Equal(t, 100*time.Millisecond, slack)
	usable, slack = Limit{Requests: 50, Per: time.Second, Burst: 1}.Margin()
	assert.Equal(t, 1, usable.Burst)
	assert.Equal(t, minSlack, slack)
	usable, slack = Limit{Requests: 1, Per: 10 * time.Second}.Margin()
	assert.Equal(t, 10_400*time.Millisecond, usable.Spacing)
	assert.Equal(t, 200*time.Millisecond, slack)
	usable, slack = Limit{Requests: 1, Per: time.Hour, Spacing: 2 * time.Hour}.Margin()
	assert.Equal(t, 2*time.Hour, usable.Spacing)
	assert.Equal(t, maxSlack/2, slack)
	_, slack = Limit{}.Margin()
	assert.Equal(t, maxSlack, slack)
}

// TestMarginCoversLateness: slots used up to slack late still fit the whole
// limit, counted by the far side's clock; without a burst, from a slack of
// minSlack on.
func TestMarginCoversLateness(t *testing.T) {
	for _, l := range []Limit{
		{Requests: 50, Per: time.Second, Burst: 10},
		{Requests: 2, Per: time.Second, Burst: 1},
		{Requests: 1, Per: 10 * time.Second, Burst: 1},
	} {
		coversLateness(t, l)
	}
}

func coversLateness(t *testing.T, l Limit) {
	t.Helper()
	usable, slack := l.Margin()
	step := l.Interval() * 3 / 2
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		ref, s, now := newReference(l), State{}, t0
		last := t0
		for range 400 {
			var slots []time.Time
			slots, s, _ = usable.Reserve(s, now, 10, 0)
			for _, at := range slots {
				at = at.Add(time.Duration(rnd.Int64N(int64(slack))))
				if at.Before(last) { // the far side sees them in some order
					at = last
				}
				last = at
				require.True(t, ref.take(at), "seed %d", seed)
			}
			now = now.Add(time.Duration(rnd.Int64N(int64(step))))
		}
	}
}

func FuzzReserve(f *testing.F) {
	f.Add(50, int64(time.Second), 10, int64(0), int64(0), 5, int64(time.Second), int64(0))
	f.Add(-1, int64(-1), -5, int64(1<<62), int64(-1<<62), 1<<10, int64(1<<62), int64(1<<62))
	f.Fuzz(func(t *testing.T, requests int, per int64, burst int, tat, notBefore int64, n int, horizon, spacing int64) {
		l := Limit{Requests: requests, Per: time.Duration(per), Burst: burst, Spacing: time.Duration(spacing)}
		s := State{TAT: t0.Add(time.Duration(tat)), NotBefore: t0.Add(time.Duration(notBefore) / 8)}
		n = min(n, 2000)
		slots, next, wait := l.Reserve(s, t0, n, time.Duration(horizon))
		last := t0
		for _, at := range slots {
			if at.Before(last) || at.Sub(t0) > MaxHorizon {
				t.Fatalf("slot %v after %v", at, last)
			}
			last = at
		}
		if len(slots) < n && wait <= 0 || wait < 0 {
			t.Fatalf("%d of %d slots and a wait of %v", len(slots), n, wait)
		}
		if u := l.Used(next, t0); !(u >= 0 && u <= 1) {
			t.Fatalf("used %v", u)
		}
	})
}
