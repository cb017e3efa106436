package poll

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPace(t *testing.T) {
	p := Pace{Floor: time.Minute, Cap: 30 * time.Minute}
	const still = 0.5 // no jitter
	for _, c := range []struct {
		what           string
		current        time.Duration
		s              Signals
		interval, wait time.Duration
	}{
		{"the first", 0, Signals{}, time.Minute, time.Minute},
		{"nothing new doubles", time.Minute, Signals{Empty: true}, 2 * time.Minute, 2 * time.Minute},
		{"up to the cap", 20 * time.Minute, Signals{Empty: true}, 30 * time.Minute, 30 * time.Minute},
		{"activity brings it back", 30 * time.Minute, Signals{Active: true}, time.Minute, time.Minute},
		{"a webhook does, with nothing found", 30 * time.Minute, Signals{Active: true, Empty: true}, time.Minute, time.Minute},
		{"a 429 is not an empty answer", 4 * time.Minute, Signals{Throttled: true, Empty: true}, 4 * time.Minute, 4 * time.Minute},
		{"a 429 without a time is a minute at least", time.Second, Signals{Throttled: true}, time.Minute, time.Minute},
		{"Retry-After is a floor, and not a ceiling", 2 * time.Minute, Signals{Throttled: true, Wait: 10 * time.Minute}, 2 * time.Minute, 10*time.Minute + 30*time.Second},
		{"X-Poll-Interval is a floor", time.Minute, Signals{Active: true, Interval: 5 * time.Minute}, time.Minute, 5*time.Minute + 15*time.Second},
		{"a failure comes back sooner than an interval", 30 * time.Minute, Signals{Failures: 1}, 30 * time.Minute, 30 * time.Second},
		{"but never later", time.Minute, Signals{Failures: 9}, time.Minute, time.Minute},
		{"once it has stalled, later and later", time.Minute, Signals{Failures: 6, Stalled: true}, time.Minute, 16 * time.Minute},
		{"up to the cap", time.Minute, Signals{Failures: 20, Stalled: true}, time.Minute, 30 * time.Minute},
		{"70 % of the budget slow it down", time.Minute, Signals{Active: true, Used: 0.7}, time.Minute, 2 * time.Minute},
		{"85 % more so", time.Minute, Signals{Active: true, Used: 0.85}, time.Minute, 6 * time.Minute},
		{"all of it, until it is new", time.Minute, Signals{Active: true, Used: 1, Reset: time.Hour}, time.Minute, time.Hour},
		{"69 % do not", time.Minute, Signals{Active: true, Used: 0.69}, time.Minute, time.Minute},
		{"more to read at once", time.Minute, Signals{Active: true, More: true}, time.Minute, 0},
		{"more to read, but not on a used budget", time.Minute, Signals{Active: true, More: true, Used: 0.7}, time.Minute, 2 * time.Minute},
		{"a year is a day", time.Minute, Signals{Throttled: true, Wait: 365 * 24 * time.Hour}, time.Minute, maxWait},
	} {
		interval, wait := p.Next(c.current, c.s, still)
		assert.Equal(t, c.interval, interval, c.what)
		assert.InDelta(t, float64(c.wait), float64(wait), float64(time.Millisecond), c.what)
	}
}

// FuzzPace: whatever is seen, a wait is neither negative nor over a day, never
// under a floor, and three failures fall within three intervals.
func FuzzPace(f *testing.F) {
	f.Add(int64(60), true, false, false, 0, int64(0), int64(0), 0.5, 0.5)
	f.Add(int64(3600), false, true, true, 3, int64(1e9), int64(7200), 2.0, math.NaN())
	f.Fuzz(func(t *testing.T, current int64, active, empty, throttled bool, failures int, wait, floor int64, used, rnd float64) {
		p := Pace{Floor: time.Minute, Cap: time.Hour}
		s := Signals{Active: active, Empty: empty, Throttled: throttled, Failures: failures, Wait: time.Duration(wait % int64(time.Hour)), Interval: time.Duration(floor % int64(time.Hour)), Used: used}
		interval, d := p.Next(time.Duration(current), s, rnd)
		if interval < p.Floor || interval > p.Cap || d < 0 || d > maxWait {
			t.Fatalf("interval %v, wait %v", interval, d)
		}
		if d < s.Wait || d < s.Interval {
			t.Fatalf("wait %v under the floors %v and %v", d, s.Wait, s.Interval)
		}
		if failures > 0 && !throttled && s.Wait <= 0 && s.Interval <= 0 && !(used >= slowFrom) && float64(d) > float64(interval)*(1+jitter)+1 {
			t.Fatalf("after a failure %v at an interval of %v", d, interval)
		}
	})
}
