package platform

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConnections(t *testing.T) {
	var c Connections
	var begun []int
	take := func(i int) (release func(), now bool) {
		return c.Take(func() { begun = append(begun, i) })
	}
	var releases []func()
	for i := range MaxConnections {
		release, now := take(i)
		require.True(t, now)
		releases = append(releases, release)
	}
	_, now := take(6)
	require.False(t, now)
	giveUp, _ := take(7)
	last, _ := take(8)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, begun)
	giveUp()
	releases[3]()
	releases[3]() // once
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6}, begun)
	releases[0]()
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 8}, begun, "the one that gave up is not begun")
	_, now = take(9)
	require.False(t, now)
	last()
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 8, 9}, begun)
}

func TestSubrequests(t *testing.T) {
	require.Equal(t, Subrequests{Outside: 10_000, Inside: 10_000}, Subrequests{}.OrDefault())
	free, spent := Subrequests{Outside: 2, Inside: 3}, Subrequests{}
	require.NoError(t, spent.Spend(free, true))
	require.NoError(t, spent.Spend(free, true))
	require.ErrorIs(t, spent.Spend(free, true), ErrSubrequests)
	for range 3 {
		require.NoError(t, spent.Spend(free, false))
	}
	require.ErrorIs(t, spent.Spend(free, false), ErrOperations)
}
