package sched

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func order(seed uint64) string {
	l := New(epoch, NewRand(seed, Ties))
	var got []byte
	for _, c := range []byte("abcdefgh") {
		l.After(time.Second, "t", func() { got = append(got, c) })
	}
	_ = l.Run(epoch.Add(time.Hour), func() bool { return false })
	return string(got)
}

func TestSeedDecidesOrder(t *testing.T) {
	require.Equal(t, order(1), order(1))
	seen := map[string]bool{}
	for seed := range uint64(20) {
		seen[order(seed)] = true
	}
	require.Greater(t, len(seen), 10)
}

func TestLaneKeepsOrder(t *testing.T) {
	for seed := range uint64(50) {
		l := New(epoch, NewRand(seed, Ties))
		var lane Lane
		var got []byte
		for i, c := range []byte("abcd") {
			l.InLane(&lane, time.Duration(4-i)*time.Second, "t", func() { got = append(got, c) })
		}
		require.NoError(t, l.Run(epoch.Add(time.Hour), func() bool { return false }))
		require.Equal(t, "abcd", string(got))
	}
}

func TestClockMovesOnlyToTasks(t *testing.T) {
	l := New(epoch, NewRand(1, Ties))
	l.After(90*time.Second, "late", func() { t.Fatal("ran past the end") })
	ran := l.After(time.Second, "soon", func() {})
	require.NoError(t, l.Run(epoch.Add(time.Minute), func() bool { return false }))
	require.Equal(t, epoch.Add(time.Second), l.Now())
	require.False(t, l.Cancel(ran))
	l.Move(epoch.Add(time.Minute))
	require.Equal(t, epoch.Add(time.Minute), l.Now())
	require.Equal(t, 1, l.Pending())
}

func TestFuel(t *testing.T) {
	l := New(epoch, NewRand(1, Ties))
	var again func()
	again = func() { l.After(0, "again", again) }
	again()
	var fuel *FuelError
	require.ErrorAs(t, l.Run(epoch, func() bool { return false }), &fuel)
	require.Equal(t, "MaxTasksPerInstant", fuel.Limit)
	require.Equal(t, "again", fuel.Last)
}
