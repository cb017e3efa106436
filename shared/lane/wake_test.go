package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/breaker"
	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/pace"
)

// TestMendedDestinationGoesOn: who changes a destination has mended it, and no
// wait that came of the open breaker is left over.
func TestMendedDestinationGoesOn(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		set := func(c *destination.Config) {
			c.Breaker.Requests, c.Breaker.Pause, c.Breaker.MaxPause = 1, time.Hour, time.Hour
			c.Rate = pace.Limit{Requests: 1, Per: time.Second, Burst: 1}
		}
		w.put(set)
		w.server.script(func(r request) (int, [][2]string) {
			if r.body == "0" {
				return 503, nil
			}
			return 200, nil
		})
		v := write("1")
		id := w.accept(write("0"), v, v, v, v, v)[5]
		time.Sleep(time.Minute)
		require.Equal(t, breaker.Open, w.describe().Queue.Breaker.State)
		require.Equal(t, lane.Pending, w.get(id).State)
		w.server.script(func(request) (int, [][2]string) { return 200, nil })
		w.put(set)
		time.Sleep(20 * time.Second)
		assert.Equal(t, lane.Delivered, w.get(id).State)
		w.empty(time.Minute)
	})
}

// TestNotBeforeBesideOthers: a write with a time goes out then, whatever is
// accepted with it and although nothing else wakes the object.
func TestNotBeforeBesideOthers(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		w.mu.Lock()
		w.loseEvery = 1 // the queue loses everything
		w.mu.Unlock()
		w.accept(write("0"))
		time.Sleep(time.Second) // the alarm stands in five minutes
		v := keyed("k", "1")
		v.NotBefore = time.Now().Add(time.Minute)
		ids := w.accept(v, write("2"))
		time.Sleep(62 * time.Second)
		assert.Equal(t, lane.Delivered, w.get(ids[0]).State)
		w.mu.Lock()
		w.loseEvery = 0
		w.mu.Unlock()
		w.empty(time.Hour)
	})
}
