package breaker

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	t0  = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	cfg = Config{Ratio: 0.5, Requests: 10, Window: time.Minute, Pause: 30 * time.Second, MaxPause: 5 * time.Minute}
)

func at(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }

func TestOpensOnRatio(t *testing.T) {
	s := cfg.Report(State{}, at(0), at(0), 0, 9)
	assert.Equal(t, Closed, s.Phase(at(0)), "too few to tell")
	s = cfg.Report(s, at(1), at(1), 10, 0)
	s = cfg.Report(s, at(2), at(2), 1, 0)
	assert.Equal(t, Closed, s.Phase(at(2)), "9 of 20")
	s = cfg.Report(s, at(3), at(3), 0, 2)
	assert.Equal(t, Open, s.Phase(at(3)), "11 of 22")
	assert.Equal(t, "failures", s.Reason)
	assert.EqualValues(t, 1, s.Opened)

	n, _, wait := cfg.Allow(s, at(4), 5, time.Second)
	assert.Zero(t, n)
	assert.Equal(t, 29*time.Second, wait)
}

func TestOldFailuresAreForgotten(t *testing.T) {
	s := cfg.Report(State{}, at(0), at(0), 0, 9)
	s = cfg.Report(s, at(31), at(31), 1, 0)
	assert.Equal(t, 9, s.Previous.Failures)
	s = cfg.Report(s, at(61), at(61), 0, 1)
	assert.Equal(t, Closed, s.Phase(at(61)))
	s = cfg.Report(s, at(300), at(300), 0, 9)
	assert.Equal(t, Closed, s.Phase(at(300)), "nine again, the rest is long ago")
	s = cfg.Report(s, at(100), at(100), 0, 9)
	assert.Equal(t, Closed, s.Phase(at(100)), "a clock that jumps back counts anew")
}

func TestProbes(t *testing.T) {
	s := cfg.Trip(State{}, at(0), "needs_reauth", time.Minute)
	assert.Equal(t, at(60), s.Until)
	assert.Equal(t, HalfOpen, s.Phase(at(60)))

	n, s, wait := cfg.Allow(s, at(60), 100, 20*time.Second)
	assert.Equal(t, 1, n, "one probe")
	assert.Positive(t, wait)
	n, s, wait = cfg.Allow(s, at(70), 100, 20*time.Second)
	assert.Zero(t, n)
	assert.Equal(t, 10*time.Second, wait)
	n, s, _ = cfg.Allow(s, at(80), 100, 20*time.Second)
	assert.Equal(t, 1, n, "the first prober vanished")

	late := cfg.Report(s, at(81), at(-5), 1, 0)
	assert.True(t, late.Open, "sent before it opened")

	failed := cfg.Report(s, at(82), at(80), 0, 1)
	assert.Equal(t, at(142), failed.Until, "twice the pause")
	assert.EqualValues(t, 1, failed.Opened, "still the same opening")
	again := cfg.Trip(s, at(82), "needs_reauth", 0)
	assert.Equal(t, at(142), again.Until)
	for range 50 {
		before := failed.Until
		failed = cfg.Report(failed, before, before, 0, 1)
		assert.LessOrEqual(t, failed.Until.Sub(before), cfg.MaxPause)
	}
}

func TestCloses(t *testing.T) {
	s := cfg.Trip(State{}, at(0), "failures", 0)
	_, s, _ = cfg.Allow(s, at(30), 1, time.Second)
	s = cfg.Report(s, at(30.5), at(30), 1, 0)
	assert.Equal(t, State{Opened: 1}, s)
	n, _, _ := cfg.Allow(s, at(31), 100, time.Second)
	assert.Equal(t, 100, n)
	assert.EqualValues(t, 2, cfg.Trip(s, at(40), "failures", 0).Opened)
}

// TestNeverStuck: from whatever state, without answers, a request is allowed
// within the longest pause and a probe's time.
func TestNeverStuck(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		s, now := State{}, t0
		for range 200 {
			now = now.Add(time.Duration(rnd.Int64N(int64(20 * time.Second))))
			switch rnd.IntN(4) {
			case 0:
				s = cfg.Report(s, now, now, rnd.IntN(3), rnd.IntN(20))
			case 1:
				s = cfg.Trip(s, now, "x", time.Duration(rnd.IntN(60))*time.Second)
			default:
				_, s, _ = cfg.Allow(s, now, 1+rnd.IntN(5), 10*time.Second)
			}
		}
		waited := time.Duration(0)
		for {
			n, next, wait := cfg.Allow(s, now.Add(waited), 1, 10*time.Second)
			if n > 0 {
				break
			}
			require.Positive(t, wait)
			s, waited = next, waited+wait
			require.LessOrEqual(t, waited, cfg.MaxPause+time.Minute+10*time.Second, "seed %d", seed)
		}
	}
}

func TestZeroConfigNeverOpens(t *testing.T) {
	s := Config{}.Report(State{}, t0, t0, 0, 1000)
	assert.False(t, s.Open)
}
