package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
)

// TestKeyOutlivesItsWrite: an idempotency key is one write for as long as that
// waits or wants a decision, and for 72 h after, however long ago it was
// accepted.
func TestKeyOutlivesItsWrite(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		v := write("a")
		v.IdempotencyKey, v.NotBefore = "k", time.Now().Add(5*24*time.Hour)
		id := w.accept(v)[0]
		time.Sleep(4 * 24 * time.Hour)
		assert.Equal(t, id, w.accept(v)[0], "it still waits")
		time.Sleep(24*time.Hour + 71*time.Hour)
		require.Equal(t, lane.Delivered, w.get(id).State)
		assert.Equal(t, id, w.accept(v)[0], "71 h after it was delivered")
		require.NoError(t, w.client.Purge(ctx(), id))
		assert.Equal(t, id, w.accept(v)[0], "though purged")
		assert.Len(t, w.server.requests(), 1)
		time.Sleep(2 * time.Hour)
		assert.NotEqual(t, id, w.accept(v)[0], "73 h after it was delivered")
		w.empty(time.Minute)
	})
}

// TestKeyOfAnUndecidedWrite: what may have arrived, or may be replayed, is not
// made a second time by the key that was to prevent it.
func TestKeyOfAnUndecidedWrite(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(func(c *destination.Config) { c.IdempotencyHeader = "" })
		w.server.script(func(r request) (int, [][2]string) { return 0, nil })
		v := write("a")
		v.IdempotencyKey = "k"
		id := w.accept(v)[0]
		time.Sleep(100 * time.Hour)
		require.Equal(t, lane.Parked, w.get(id).State)
		assert.Equal(t, id, w.accept(v)[0])
		require.NoError(t, w.client.Purge(ctx(), id))
		time.Sleep(71 * time.Hour)
		assert.Equal(t, id, w.accept(v)[0], "71 h after the decision")
		assert.Len(t, w.server.requests(), 1)
	})
}

// TestRepeatAfterExpiry: whoever hands a write in again because the answer was
// lost hears of the first one, although by now it could not be accepted.
func TestRepeatAfterExpiry(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		v := write("a")
		v.IdempotencyKey, v.ExpiresAt = "k", time.Now().Add(time.Minute)
		id := w.accept(v)[0]
		time.Sleep(2 * time.Minute)
		out, err := w.client.Accept(ctx(), []lane.Write{v})
		require.NoError(t, err)
		assert.Equal(t, []lane.Accepted{{ID: id, Duplicate: true}}, out)
		v.IdempotencyKey = ""
		_, err = w.client.Accept(ctx(), []lane.Write{v})
		var item *lane.ItemError
		require.ErrorAs(t, err, &item)
		assert.Equal(t, lane.RuleExpired, item.Rule)
	})
}
