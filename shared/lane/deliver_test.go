package lane_test

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/pace"
)

// in runs a test in a bubble of virtual time.
func in(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		defer w.stop()
		f(t, w)
		w.check()
	})
}

func TestUnordered(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		var list []lane.Write
		for i := range 250 {
			list = append(list, write(fmt.Sprint(i)))
		}
		ids := w.accept(list...)
		w.empty(time.Minute)
		assert.Len(t, w.server.requests(), 250)
		d := w.get(ids[7])
		assert.Equal(t, lane.Delivered, d.State)
		assert.Equal(t, 200, d.Answer.Status)
		assert.Equal(t, `{"ok":true}`, d.Answer.Body)
		for _, r := range w.server.requests() {
			i, err := strconv.Atoi(r.body)
			require.NoError(t, err)
			assert.Equal(t, ids[i], r.key, "the idempotency key is the write's id")
		}
		assert.LessOrEqual(t, w.server.most, 6)
	})
}

func TestOrdered(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		w.server.answer = func(r request) (int, [][2]string) {
			if r.n < 3 && r.body[len(r.body)-1] == '3' {
				return 503, nil
			}
			return 200, nil
		}
		for i := range 20 {
			w.accept(keyed("a", fmt.Sprintf("a%02d", i)), keyed("b", fmt.Sprintf("b%02d", i)))
		}
		w.empty(time.Hour)
		w.ordered(2, 20)
	})
}

// ordered checks that per key (the body's first letter) the successes came in
// order, each once, and no later one before an earlier one had succeeded.
func (w *world) ordered(keys, each int) {
	w.t.Helper()
	last := map[string]string{}
	n := 0
	for _, r := range w.server.requests() {
		key, number := r.body[:1], r.body[1:]
		require.GreaterOrEqual(w.t, number, last[key], "key %s", key)
		if number != last[key] {
			last[key] = number
			n++
		}
	}
	require.Equal(w.t, keys*each, n)
}

func TestBudgetIsKept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		rate pace.Limit
		n    int
		keys int
	}{
		{"by the queue", pace.Limit{Requests: 50, Per: time.Second, Burst: 10}, 5000, 0},
		{"by the queue, batches that are not full", pace.Limit{Requests: 20, Per: time.Second, Burst: 5}, 400, 0},
		{"by the queue, a few", pace.Limit{Requests: 5, Per: time.Second, Burst: 2}, 60, 0},
		{"by the drain", pace.Limit{Requests: 50, Per: time.Second, Burst: 10}, 1000, 40},
		{"slow", pace.Limit{Requests: 1, Per: 10 * time.Second, Burst: 1}, 20, 0},
		{"slow, by the drain", pace.Limit{Requests: 1, Per: 10 * time.Second, Burst: 1}, 20, 3},
		{"a minute's budget", pace.Limit{Requests: 100, Per: time.Minute, Burst: 20}, 300, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.put(func(d *destination.Config) { d.Rate = c.rate; d.Retry.MaxAge = 700 * time.Hour })
				w.server.bucket = &bucket{limit: c.rate}
				began := time.Now()
				for i := range c.n {
					v := write(fmt.Sprint(i))
					if c.keys > 0 {
						v.PartitionKey = fmt.Sprint(i % c.keys)
					}
					w.accept(v)
				}
				w.empty(24 * time.Hour)
				got := w.server.requests()
				require.Len(t, got, c.n)
				took := got[len(got)-1].at.Sub(began)
				ideal := time.Duration(c.n-1) * c.rate.Interval()
				t.Logf("%v for %v: %.1f %%", took, ideal, 100*float64(ideal)/float64(took))
				assert.Zero(t, w.server.excess)
				assert.GreaterOrEqual(t, float64(ideal)/float64(took), 0.95)
			})
		})
	}
}
