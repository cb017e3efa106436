package lane_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// kept is what the object counts for what has ended, and what that is.
func (w *world) kept() (counted, stored int64) {
	w.t.Helper()
	counted, err := sqlstore.Int64(w.db, `SELECT COALESCE(json_extract(state, '$.kept'), 0) FROM lane`)
	require.NoError(w.t, err)
	stored, err = sqlstore.Int64(w.db, `SELECT COALESCE(SUM(1024 + length(answer) + CASE claim WHEN '' THEN size ELSE 0 END
		+ (SELECT COALESCE(SUM(length(a.answer)), 0) FROM attempts a WHERE a.seq = w.seq)), 0) FROM writes w WHERE state NOT IN ('pending', 'delivering')`)
	require.NoError(w.t, err)
	return counted, stored
}

// TestKeptIsBounded: a destination that delivers for days does not fill its
// object; what wants a decision stays, and so do the keys.
func TestKeptIsBounded(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.keep = 300 << 10
		w.boot()
		w.put(func(c *destination.Config) { c.OnFailure = destination.Skip })
		w.server.script(func(r request) (int, [][2]string) {
			if strings.HasPrefix(r.body, "dead") {
				return 400, nil
			}
			return 200, nil
		})
		text := func(kind string, i int) string { return fmt.Sprintf("%s %d %s", kind, i, strings.Repeat("x", 1000)) }
		dead := w.accept(write(text("dead", 0)))[0]
		v := write(text("key", 0))
		v.IdempotencyKey = "k"
		key := w.accept(v)[0]
		var ids []string
		for i := range 180 {
			ids = append(ids, w.accept(write(text("plain", 2*i)), keyed(fmt.Sprint(i%7), text("ordered", 2*i+1)))...)
			if i%30 == 29 {
				time.Sleep(11 * time.Minute)
			}
		}
		w.empty(time.Minute)
		counted, stored := w.kept()
		assert.Equal(t, stored, counted)
		assert.LessOrEqual(t, stored, int64(310<<10))
		assert.Greater(t, stored, int64(280<<10), "no more than has to go")
		assert.Equal(t, lane.Dead, w.get(dead).State)
		assert.Contains(t, string(w.get(dead).Body), "dead 0")
		assert.Equal(t, lane.Purged, w.get(key).State)
		assert.Equal(t, key, w.accept(v)[0])
		assert.Equal(t, lane.Delivered, w.get(ids[len(ids)-1]).State)
		_, err := w.client.Get(ctx(), ids[0])
		assert.Error(t, err)

		plan, err := w.db.Exec(`EXPLAIN QUERY PLAN SELECT seq FROM writes WHERE due_at >= 1 AND (due_at > 1 OR seq > 1) AND state IN ('delivered', 'cancelled') ORDER BY due_at, seq LIMIT 9`)
		require.NoError(t, err)
		assert.Contains(t, fmt.Sprint(plan.Values), "writes_due")
		assert.NotContains(t, fmt.Sprint(plan.Values), "TEMP", "it reads what it takes")

		// Decisions and time keep the count.
		require.NoError(t, w.client.Replay(ctx(), dead))
		w.empty(time.Minute)
		require.NoError(t, w.client.Purge(ctx(), dead))
		counted, stored = w.kept()
		assert.Equal(t, stored, counted)
		time.Sleep(73 * time.Hour)
		counted, stored = w.kept()
		assert.Equal(t, []int64{0, 0}, []int64{counted, stored})
	})
}
