package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
)

// sent are the bodies of a key's requests, in the order of their arrival, and
// the most that were under way at once.
func (w *world) sent() (bodies string, most int) {
	for _, r := range w.server.requests() {
		bodies += r.body
	}
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	return bodies, w.server.most
}

// slowSecond is a key of which the first write was refused and waits for a
// decision, and the second is under way for ten seconds.
func slowSecond(t *testing.T, w *world, second func() int) []string {
	t.Helper()
	w.put(func(c *destination.Config) { c.OnFailure = destination.Park })
	first := 400
	w.server.script(func(r request) (int, [][2]string) {
		switch r.body {
		case "1":
			defer func() { first = 200 }()
			return first, nil
		case "2":
			return second(), nil
		}
		return 200, nil
	})
	w.server.latency = func(r request) time.Duration {
		if r.body == "2" {
			return 10 * time.Second
		}
		return 20 * time.Millisecond
	}
	ids := w.accept(keyed("k", "1"), keyed("k", "2"), keyed("k", "3"), keyed("k", "4"))
	time.Sleep(5 * time.Second)
	require.Equal(t, lane.Parked, w.get(ids[0]).State)
	require.Equal(t, lane.Delivering, w.get(ids[1]).State)
	return ids
}

// TestCancelBehindOneUnderWay: that a write of a key is cancelled lets nothing
// out beside the one that is under way.
func TestCancelBehindOneUnderWay(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		ids := slowSecond(t, w, func() int { return 200 })
		require.NoError(t, w.client.Replay(ctx(), ids[0]))
		require.NoError(t, w.client.Cancel(ctx(), ids[2]))
		w.check()
		w.empty(time.Minute)
		bodies, most := w.sent()
		assert.Equal(t, "1214", bodies)
		assert.Equal(t, 1, most, "one under way per key")
	})
}

// TestReplayedGoesBeforeARetry: a write that came back to its place goes before
// the later one that was under way then, as soon as that has to wait.
func TestReplayedGoesBeforeARetry(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		n := 0
		ids := slowSecond(t, w, func() int {
			if n++; n == 1 {
				return 503
			}
			return 200
		})
		require.NoError(t, w.client.Replay(ctx(), ids[0]))
		time.Sleep(20 * time.Second)
		w.check()
		w.empty(time.Hour)
		bodies, _ := w.sent()
		assert.Equal(t, "121234", bodies)
	})
}

// TestReplayedIsNotBehindABlock: what stands before a write that blocks its key
// is not held by it.
func TestReplayedIsNotBehindABlock(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		ids := slowSecond(t, w, func() int { return 400 })
		w.put(nil) // from now on a failure blocks
		require.NoError(t, w.client.Replay(ctx(), ids[0]))
		time.Sleep(time.Minute)
		w.check()
		assert.Equal(t, []string{lane.Delivered, lane.Dead, lane.Pending}, []string{w.get(ids[0]).State, w.get(ids[1]).State, w.get(ids[2]).State})
		require.NoError(t, w.client.Cancel(ctx(), ids[1]))
		w.empty(time.Minute)
		bodies, _ := w.sent()
		assert.Equal(t, "12134", bodies)
	})
}

// TestCancelKeepsTheBackoff: whatever is cancelled behind it, the first write of
// a key goes out when its wait is over, and no attempt of it is spent before.
func TestCancelKeepsTheBackoff(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(func(c *destination.Config) { c.Breaker.Requests = 1000 })
		w.server.script(func(r request) (int, [][2]string) {
			if r.n == 1 {
				return 503, [][2]string{{"Retry-After", "600"}}
			}
			return 200, nil
		})
		ids := w.accept(keyed("k", "1"), keyed("k", "2"), keyed("k", "3"))
		time.Sleep(10 * time.Second)
		waits := w.get(ids[0]).NextAt
		require.Greater(t, time.Until(waits), 9*time.Minute)
		require.NoError(t, w.client.Cancel(ctx(), ids[1]))
		assert.Equal(t, waits, w.get(ids[0]).NextAt)
		w.check()
		w.empty(2 * time.Hour)
	})
}

// TestCancelABlockBehindOneUnderWay: deciding about a write that blocks lets
// nothing out beside an earlier one that is under way or waits.
func TestCancelABlockBehindOneUnderWay(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		ids := slowSecond(t, w, func() int { return 200 })
		time.Sleep(10 * time.Second) // all but the first are delivered
		w.put(nil)
		w.server.script(func(r request) (int, [][2]string) {
			switch {
			case r.body == "5" && r.n == 1, r.body == "6":
				return 400, nil
			}
			return 200, nil
		})
		w.server.latency = func(request) time.Duration { return 10 * time.Second }
		more := w.accept(keyed("k", "5"), keyed("k", "6"))
		time.Sleep(15 * time.Second)
		require.Equal(t, lane.Dead, w.get(more[0]).State, "blocks")
		require.NoError(t, w.client.Replay(ctx(), more[0]))
		time.Sleep(5 * time.Second)
		require.Equal(t, lane.Delivering, w.get(more[0]).State)
		require.NoError(t, w.client.Replay(ctx(), ids[0]))
		require.NoError(t, w.client.Cancel(ctx(), more[1]))
		w.check()
		w.empty(time.Minute)
		bodies, most := w.sent()
		assert.Equal(t, "1234551", bodies)
		assert.Equal(t, 1, most)
	})
}
