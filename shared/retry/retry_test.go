package retry_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/retry"
)

func TestCeiling(t *testing.T) {
	b := retry.Backoff{Base: 10 * time.Second, Cap: 24 * time.Hour}
	for attempt, want := range map[int]time.Duration{
		math.MinInt: 10 * time.Second, -1: 10 * time.Second, 0: 10 * time.Second,
		1: 10 * time.Second, 2: 20 * time.Second, 3: 40 * time.Second,
		13: 40960 * time.Second, 14: 81920 * time.Second,
		15: 24 * time.Hour, 64: 24 * time.Hour, 65: 24 * time.Hour, math.MaxInt: 24 * time.Hour,
	} {
		assert.Equal(t, want, b.Ceiling(attempt), "attempt %d", attempt)
	}
	most := time.Duration(math.MaxInt64)
	for _, c := range []struct {
		name    string
		b       retry.Backoff
		attempt int
		want    time.Duration
	}{
		{"no base", retry.Backoff{Cap: time.Hour}, 9, 0},
		{"no cap", retry.Backoff{Base: time.Second}, 9, 0},
		{"negative base", retry.Backoff{Base: -1, Cap: time.Hour}, 9, 0},
		{"negative cap", retry.Backoff{Base: time.Second, Cap: -1}, 9, 0},
		{"base over cap", retry.Backoff{Base: time.Hour, Cap: time.Second}, 1, time.Second},
		{"largest cap", retry.Backoff{Base: 1, Cap: most}, 64, most},
		{"largest cap, half way", retry.Backoff{Base: 1, Cap: most}, 63, 1 << 62},
		{"largest both", retry.Backoff{Base: most, Cap: most}, 1000, most},
		{"cap is a power", retry.Backoff{Base: 1, Cap: 8}, 4, 8},
		{"cap is one over a power", retry.Backoff{Base: 1, Cap: 9}, 4, 8},
		{"cap is one over a power, next", retry.Backoff{Base: 1, Cap: 9}, 5, 9},
	} {
		assert.Equal(t, c.want, c.b.Ceiling(c.attempt), c.name)
	}
}

func TestDelayIsFullJitter(t *testing.T) {
	b := retry.Backoff{Base: time.Second, Cap: time.Minute}
	for _, c := range []struct {
		attempt int
		rnd     float64
		want    time.Duration
	}{
		{1, 0, 0},
		{1, 0.5, 500 * time.Millisecond},
		{3, 0.25, time.Second},
		{50, 0.5, 30 * time.Second},
		{50, 1, time.Minute},
		{50, 7, time.Minute},
		{50, -1, 0},
		{50, math.NaN(), 0},
		{50, math.Inf(1), time.Minute},
		{50, math.Inf(-1), 0},
	} {
		assert.Equal(t, c.want, b.Delay(c.attempt, c.rnd), "attempt %d rnd %v", c.attempt, c.rnd)
	}
	most := time.Duration(math.MaxInt64)
	d := retry.Backoff{Base: most, Cap: most}.Delay(9, math.Nextafter(1, 0))
	assert.Positive(t, d)
}

func TestAfter(t *testing.T) {
	now := time.Date(2026, 8, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header string
		want   time.Duration
		ok     bool
	}{
		{"120", 2 * time.Minute, true},
		{" \t120\t ", 2 * time.Minute, true},
		{"0", 0, true},
		{"-5", 0, true},
		{"86400", retry.MaxAfter, true},
		{"86401", retry.MaxAfter, true},
		{"9223372036854775808", retry.MaxAfter, true},
		{strings.Repeat("9", 60), retry.MaxAfter, true},

		{"Tue, 04 Aug 2026 12:00:30 GMT", 30 * time.Second, true},
		{"Tuesday, 04-Aug-26 12:00:30 GMT", 30 * time.Second, true},
		{"Tue Aug  4 12:00:30 2026", 30 * time.Second, true},
		{"Tue, 04 Aug 2026 11:59:30 GMT", 0, true},
		{"Fri, 31 Dec 9999 23:59:59 GMT", retry.MaxAfter, true},
		{"Sat, 01 Jan 0000 00:00:00 GMT", 0, true},
		// 76 is 2076, exactly 50 years ahead; 77 would be 51, so it is 1977.
		{"Tuesday, 04-Aug-76 12:00:30 GMT", retry.MaxAfter, true},
		{"Thursday, 04-Aug-77 12:00:30 GMT", 0, true},

		{"", 0, false},
		{"  ", 0, false},
		{"-", 0, false},
		{"--1", 0, false},
		{"+5", 0, false},
		{"1.5", 0, false},
		{"1e3", 0, false},
		{"0x10", 0, false},
		{"12 0", 0, false},
		{"120, 120", 0, false},
		{"soon", 0, false},
		{"٣", 0, false},
		{"Tue, 04 Aug 2026 12:00:30 PST", 0, false},
		{"Tue, 32 Aug 2026 12:00:30 GMT", 0, false},
		{"Tue, 04 Aug 2026 12:00:30", 0, false},
		{"2026-08-04T12:00:30Z", 0, false},
		{strings.Repeat("9", 65), 0, false},
	} {
		d, ok := retry.After(c.header, now)
		assert.Equal(t, c.ok, ok, "%q", c.header)
		assert.Equal(t, c.want, d, "%q", c.header)
	}
}

func TestTwoDigitYearNearACenturysEnd(t *testing.T) {
	now := time.Date(2099, 12, 31, 23, 59, 50, 0, time.UTC)
	d, ok := retry.After("Friday, 01-Jan-00 00:00:00 GMT", now)
	assert.True(t, ok)
	assert.Equal(t, 10*time.Second, d)
}

func FuzzAfter(f *testing.F) {
	for _, s := range []string{
		"120", "-5", "99999999999999999999", "Tue, 04 Aug 2026 12:00:30 GMT",
		"Tuesday, 04-Aug-26 12:00:30 GMT", "Tue Aug  4 12:00:30 2026", "",
	} {
		f.Add(s, int64(1785844800))
	}
	f.Fuzz(func(t *testing.T, header string, unix int64) {
		d, ok := retry.After(header, time.Unix(unix, 0).UTC())
		assert.GreaterOrEqual(t, d, time.Duration(0))
		assert.LessOrEqual(t, d, retry.MaxAfter)
		if !ok {
			assert.Zero(t, d)
		}
	})
}

func FuzzDelay(f *testing.F) {
	f.Add(int64(time.Second), int64(time.Hour), 3, 0.5)
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), math.MaxInt, 0.999)
	f.Fuzz(func(t *testing.T, base, limit int64, attempt int, rnd float64) {
		d := retry.Backoff{Base: time.Duration(base), Cap: time.Duration(limit)}.Delay(attempt, rnd)
		assert.GreaterOrEqual(t, d, time.Duration(0))
		assert.LessOrEqual(t, d, time.Duration(max(limit, 0)))
	})
}
