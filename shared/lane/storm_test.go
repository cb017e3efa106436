package lane_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
)

// TestStorm: three minutes of 503. Everything is delivered after it, each
// once, and the agent was told that the breaker opened.
func TestStorm(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		storm := time.Now().Add(3 * time.Minute)
		w.server.script(func(r request) (int, [][2]string) {
			if r.at.Before(storm) {
				return 503, [][2]string{{"retry-after", "2"}}
			}
			return 201, nil
		})
		for i := range 200 {
			w.accept(write(fmt.Sprint(i)), keyed("k"+strconv.Itoa(i%7), fmt.Sprintf("o%d", i)))
		}
		w.empty(4 * time.Hour)
		assert.Len(t, w.server.effects, 400)
		for key, n := range w.server.effects {
			assert.Equal(t, 1, n, key)
		}
		assert.Positive(t, w.told("hookweir.breaker.opened"))
		during := 0
		for _, r := range w.server.requests() {
			if r.at.Before(storm) {
				during++
			}
		}
		assert.Less(t, during, 60, "a broken destination is left alone")
	})
}

// TestOrderUnderCrashes: 50 keys of 100 writes, a fifth of the answers are
// failures, and the instance ends again and again, between any two of its
// calls. The order is exact per key.
func TestOrderUnderCrashes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 7)
		defer w.stop()
		w.put(func(c *destination.Config) {
			c.Retry.Backoff.Base, c.Retry.Backoff.Cap, c.Retry.MaxAttempts = time.Second, 5*time.Second, 100
			c.Breaker.Ratio, c.Breaker.Requests = 1, 1000
		})
		w.server.answer = func(request) (int, [][2]string) {
			if w.rnd.IntN(5) == 0 {
				return []int{500, 503, 429, 408}[w.rnd.IntN(4)], nil
			}
			return 200, nil
		}
		const keys, each = 50, 100
		for i := range each {
			var list []lane.Write
			for k := range keys {
				list = append(list, keyed(string(rune('A'+k)), fmt.Sprintf("%c%03d", 'A'+k, i)))
			}
			w.accept(list...)
		}
		assert.Greater(t, w.emptyCrashing(211), 20, "it did crash")
		w.ordered(keys, each)
		w.check()
	})
}

// TestUnorderedUnderCrashes: with an idempotency key whatever is interrupted
// is repeated, and nothing is lost, though the queue loses messages too.
func TestUnorderedUnderCrashes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 8)
		defer w.stop()
		w.put(nil)
		var list []lane.Write
		for i := range 600 {
			list = append(list, write(fmt.Sprint(i)))
		}
		w.accept(list...)
		w.mu.Lock()
		w.crashEvery, w.loseEvery = 173, 19
		w.mu.Unlock()
		w.empty(48 * time.Hour)
		w.mu.Lock()
		w.crashEvery = 0
		epochs := w.epoch
		w.mu.Unlock()
		assert.Greater(t, epochs, 3)
		assert.Len(t, w.server.effects, 600)
		w.check()
	})
}

// TestInterruptedAndNotRepeatable: what was being sent when the instance ended
// waits for a decision if a repeat could do harm; it is never sent twice.
func TestInterruptedAndNotRepeatable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 9)
		defer w.stop()
		w.put(func(c *destination.Config) { c.IdempotencyHeader, c.OnFailure = "", destination.Skip })
		for i := range 200 {
			w.accept(write(fmt.Sprint(i)), keyed(fmt.Sprint(i%9), fmt.Sprintf("o%d", i)))
		}
		w.mu.Lock()
		w.crashEvery = 37
		w.mu.Unlock()
		w.empty(48 * time.Hour)
		w.mu.Lock()
		w.crashEvery = 0
		w.mu.Unlock()
		for body, n := range w.server.effects {
			assert.Equal(t, 1, n, body)
		}
		q := w.describe().Queue
		assert.Positive(t, q.Parked)
		assert.EqualValues(t, 400, int64(len(w.server.effects))+q.Parked-w.both(), "delivered, or somebody decides")
		w.check()
	})
}

// both counts the parked writes that did arrive.
func (w *world) both() (n int64) {
	w.t.Helper()
	for cursor := ""; ; {
		page, err := w.client.List(context.Background(), lane.Filter{State: lane.Parked, Limit: 200, Cursor: cursor})
		require.NoError(w.t, err)
		for _, e := range page.Writes {
			if w.server.effects[string(w.get(e.ID).Body)] > 0 {
				n++
			}
		}
		if cursor = page.Next; cursor == "" {
			return n
		}
	}
}

// TestStuckKey: a key that cannot move does not slow the other 49 by more than
// a tenth.
func TestStuckKey(t *testing.T) {
	t.Parallel()
	took := func(t *testing.T, stuck func(r request) (int, [][2]string)) (d time.Duration) {
		in(t, func(t *testing.T, w *world) {
			w.put(func(c *destination.Config) {
				c.Rate = pace.Limit{Requests: 50, Per: time.Second, Burst: 10}
				c.Breaker.Ratio, c.Breaker.Requests = 1, 1000
			})
			w.server.script(func(r request) (int, [][2]string) {
				if r.body[:2] == "00" {
					return stuck(r)
				}
				return 200, nil
			})
			began := time.Now()
			for i := range 8 {
				var list []lane.Write
				for k := range 50 {
					list = append(list, keyed(fmt.Sprint(k), fmt.Sprintf("%02d %d", k, i)))
				}
				w.accept(list...)
			}
			w.until("the 49 done", time.Hour, func() bool {
				n := 0
				for _, r := range w.server.requests() {
					if r.body[:2] != "00" {
						n++
					}
				}
				return n == 49*8
			})
			d = time.Since(began)
		})
		return d
	}
	free := took(t, func(request) (int, [][2]string) { return 200, nil })
	for name, stuck := range map[string]func(request) (int, [][2]string){
		"refused": func(request) (int, [][2]string) { return 503, nil },
		"dead":    func(request) (int, [][2]string) { return 400, nil },
		"silent":  func(request) (int, [][2]string) { return 0, nil },
	} {
		d := took(t, stuck)
		t.Logf("%s: %v against %v", name, d, free)
		assert.LessOrEqual(t, float64(d), 1.1*float64(free), name)
	}
}

// TestQueueDown: the queue refuses for an hour; then everything goes out.
func TestQueueDown(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		w.queueDown = true
		w.accept(write("a"), write("b"))
		time.Sleep(time.Hour)
		assert.Empty(t, w.server.requests())
		w.mu.Lock()
		w.queueDown = false
		w.mu.Unlock()
		w.empty(time.Minute)
		assert.Len(t, w.server.requests(), 2)
	})
}

// TestRetryAfterIsAFloor: for the write and for the whole destination.
func TestRetryAfterIsAFloor(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		until := time.Now().Add(100 * time.Second)
		early := 0
		w.server.script(func(r request) (int, [][2]string) {
			if len(w.server.got) == 1 {
				return 429, [][2]string{{"retry-after", until.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")}}
			}
			if r.at.Before(until.Add(-time.Second)) { // a date has whole seconds
				early++
			}
			return 200, nil
		})
		w.accept(keyed("k", "first"))
		w.until("the 429", time.Minute, func() bool { return len(w.server.requests()) == 1 })
		w.accept(write("unordered"), keyed("other", "x"), keyed("k", "second"))
		w.empty(time.Hour)
		assert.Len(t, w.server.requests(), 5)
		assert.Zero(t, early)
	})
}

// TestProvidersBudget: over 70 % used, what is left is spread until the reset;
// with nothing left, nothing is sent.
func TestProvidersBudget(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		const limit = 100
		reset := time.Now().Add(5 * time.Minute)
		used, over := 0, 0
		w.server.script(func(r request) (int, [][2]string) {
			if !r.at.Before(reset) {
				reset, used = reset.Add(5*time.Minute), 0
			}
			if used++; used > limit {
				over++
				return 429, nil
			}
			return 200, [][2]string{
				{"x-ratelimit-limit", strconv.Itoa(limit)},
				{"x-ratelimit-remaining", strconv.Itoa(limit - used)},
				{"x-ratelimit-reset", reset.UTC().Format(time.RFC3339)}, // a bubble begins in 2000
			}
		})
		for i := range 250 {
			w.accept(keyed(fmt.Sprint(i%10), fmt.Sprint(i)))
		}
		w.empty(time.Hour)
		assert.Zero(t, over)
		got := w.server.requests()
		assert.Less(t, got[69].at.Sub(got[0].at), 10*time.Second, "no slower before 70 %")
		assert.Greater(t, got[95].at.Sub(got[80].at), 45*time.Second, "spread after")
	})
}

// TestConcurrency: the queue's consumers and the drain together stay within
// the destination's concurrency, and both get on.
func TestConcurrency(t *testing.T) {
	for _, limit := range []int{1, 3} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.put(func(c *destination.Config) { c.Concurrency = limit })
				w.server.latency = func(request) time.Duration { return 300 * time.Millisecond }
				for i := range 40 {
					w.accept(write(fmt.Sprint(i)), keyed(fmt.Sprint(i%8), fmt.Sprintf("o%d", i)))
				}
				grants := 0
				for range 20 {
					g, err := w.client.Permit(context.Background(), outbound.PermitRequest{N: 1, Lease: time.Second})
					require.NoError(t, err)
					if g.ID != 0 {
						grants++
						require.NoError(t, w.client.Report(context.Background(), outbound.Report{Grant: g.ID, Done: true}))
					}
					time.Sleep(300 * time.Millisecond)
				}
				w.empty(10 * time.Minute)
				assert.LessOrEqual(t, w.server.most, limit)
				assert.Len(t, w.server.requests(), 80)
			})
		})
	}
}

// TestAmbiguity is the table of what is repeated when nobody knows whether it
// arrived.
func TestAmbiguity(t *testing.T) {
	for _, c := range []struct {
		name   string
		method string
		header string // the destination's idempotency header
		own    bool   // the caller set Idempotency-Key
		err    error
		want   string
	}{
		{"POST with the header", "POST", "idempotency-key", false, fetch.ErrTimeout, lane.Delivered},
		{"POST with another header", "POST", "x-request-key", false, fetch.ErrTimeout, lane.Delivered},
		{"POST without", "POST", "", false, fetch.ErrTimeout, lane.Parked},
		{"POST without, network", "POST", "", false, outbound.ErrNetwork, lane.Parked},
		{"POST with the caller's own key", "POST", "", true, fetch.ErrTimeout, lane.Delivered},
		{"PATCH without", "PATCH", "", false, fetch.ErrTimeout, lane.Parked},
		{"PUT without", "PUT", "", false, fetch.ErrTimeout, lane.Delivered},
		{"DELETE without", "DELETE", "", false, outbound.ErrNetwork, lane.Delivered},
	} {
		for _, key := range []string{"", "k"} {
			in(t, func(t *testing.T, w *world) {
				w.put(func(d *destination.Config) { d.IdempotencyHeader = c.header })
				n := 0
				w.sender.Fetch = func(_ context.Context, r fetch.Request) (fetch.Response, error) {
					if n++; n == 1 {
						return fetch.Response{}, c.err
					}
					return w.server.serve(r)
				}
				v := write("x")
				v.Method, v.PartitionKey = c.method, key
				if c.own {
					v.Header = append(v.Header, [2]string{"idempotency-key", "mine"})
				}
				id := w.accept(v)[0]
				w.empty(time.Hour)
				time.Sleep(time.Minute) // the notice
				assert.Equal(t, c.want, w.get(id).State, "%s %s", c.name, key)
				assert.Equal(t, map[string]int{lane.Parked: 1}[c.want], w.told("hookweir.write.parked"), c.name)
			})
		}
	}
}

// emptyCrashing is empty while every n-th call is the last of an instance. It
// says how many instances there have been.
func (w *world) emptyCrashing(n int) int {
	w.t.Helper()
	w.mu.Lock()
	w.crashEvery = n
	w.mu.Unlock()
	w.empty(48 * time.Hour)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.crashEvery = 0
	return w.epoch
}
