package lane_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
)

func ctx() context.Context { return context.Background() }

func TestIdempotencyKeys(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		v := write("a")
		v.IdempotencyKey = "k1"
		first := w.accept(v, v)
		assert.Equal(t, first[0], first[1], "within one list too")
		other := write("b")
		other.IdempotencyKey = "k1"
		_, err := w.client.Accept(ctx(), []lane.Write{write("c"), other})
		var item *lane.ItemError
		require.ErrorAs(t, err, &item)
		assert.Equal(t, lane.ItemError{Index: 1, Rule: lane.RuleConflict, Detail: item.Detail}, *item)
		assert.ErrorIs(t, err, lane.ErrConflict)
		w.empty(time.Minute)
		require.NoError(t, w.client.Purge(ctx(), first[0]))
		assert.Equal(t, lane.Purged, w.get(first[0]).State)
		time.Sleep(71 * time.Hour)
		assert.Equal(t, first[0], w.accept(v)[0], "71 h later, though purged")
		time.Sleep(2 * time.Hour)
		assert.NotEqual(t, first[0], w.accept(v)[0], "73 h later it is a new one")
		w.empty(time.Minute)
		assert.Len(t, w.server.requests(), 2, "nothing of the refused list")
	})
}

func TestOnFailure(t *testing.T) {
	for policy, want := range map[string]struct{ failed, next string }{
		destination.Block: {lane.Dead, lane.Pending},
		destination.Park:  {lane.Parked, lane.Delivered},
		destination.Skip:  {lane.Dead, lane.Delivered},
	} {
		in(t, func(t *testing.T, w *world) {
			w.put(func(c *destination.Config) { c.OnFailure = policy })
			fixed := false
			w.server.script(func(r request) (int, [][2]string) {
				if r.body == "1" && !fixed {
					return 400, nil
				}
				return 200, nil
			})
			ids := w.accept(keyed("k", "0"), keyed("k", "1"), keyed("k", "2"), keyed("k", "3"), keyed("other", "x"))
			time.Sleep(time.Minute)
			states := func() (out []string) {
				for _, id := range ids {
					out = append(out, w.get(id).State)
				}
				return out
			}
			assert.Equal(t, []string{lane.Delivered, want.failed, want.next, want.next, lane.Delivered}, states(), policy)
			assert.Equal(t, 1, w.told("hookweir.write."+want.failed), policy)
			w.check()
			w.server.mu.Lock()
			fixed = true
			w.server.mu.Unlock()
			require.NoError(t, w.client.Replay(ctx(), ids[1]))
			w.empty(time.Minute)
			for _, s := range states() {
				assert.Equal(t, lane.Delivered, s, policy)
			}
			if policy == destination.Block {
				got := ""
				for _, r := range w.server.requests() {
					got += r.body
				}
				assert.Equal(t, "01123", strings.ReplaceAll(got, "x", ""), "in its place")
			}
		})
	}
}

func TestBlockedKeyGoesOnAfterADecision(t *testing.T) {
	for name, decide := range map[string]func(w *world, id string) error{
		"cancel": func(w *world, id string) error { return w.client.Cancel(ctx(), id) },
		"purge":  func(w *world, id string) error { return w.client.Purge(ctx(), id) },
	} {
		in(t, func(t *testing.T, w *world) {
			w.put(nil)
			w.server.script(func(r request) (int, [][2]string) {
				if r.body == "1" {
					return 404, nil
				}
				return 200, nil
			})
			ids := w.accept(keyed("k", "1"), keyed("k", "2"))
			time.Sleep(time.Minute)
			assert.Equal(t, lane.Pending, w.get(ids[1]).State)
			require.NoError(t, decide(w, ids[0]), name)
			w.empty(time.Minute)
			assert.Equal(t, lane.Delivered, w.get(ids[1]).State, name)
		})
	}
}

func TestDecisionsRefused(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		w.server.latency = func(request) time.Duration { return 5 * time.Second }
		id := w.accept(keyed("k", "1"))[0]
		time.Sleep(2 * time.Second)
		for _, f := range []func(context.Context, string) error{w.client.Replay, w.client.Cancel, w.client.Purge} {
			assert.ErrorIs(t, f(ctx(), id), lane.ErrBusy)
			assert.ErrorIs(t, f(ctx(), "shop.0000000000000000000v0"), outbound.ErrNotFound)
			assert.ErrorIs(t, f(ctx(), "other.0000000000000000000v0"), outbound.ErrNotFound)
		}
		assert.ErrorIs(t, w.client.Delete(ctx()), lane.ErrOpen)
		w.empty(time.Minute)
		assert.ErrorIs(t, w.client.Replay(ctx(), id), lane.ErrState, "delivered")
		assert.ErrorIs(t, w.client.Cancel(ctx(), id), lane.ErrState)
		_, err := w.client.ReplayWhere(ctx(), lane.Filter{})
		assert.ErrorIs(t, err, lane.ErrFilter)
		_, err = w.client.List(ctx(), lane.Filter{State: "odd"})
		assert.ErrorIs(t, err, lane.ErrFilter)
		stranger := w.client
		stranger.Tenant = "umbrella"
		_, err = stranger.Describe(ctx())
		assert.ErrorIs(t, err, lane.ErrTenant)
		require.NoError(t, w.client.Delete(ctx()))
		_, err = w.client.Accept(ctx(), []lane.Write{write("x")})
		assert.ErrorIs(t, err, outbound.ErrNotFound)
	})
}

func TestExpiryAndPriority(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(func(c *destination.Config) { c.Rate = pace.Limit{Requests: 1, Per: 10 * time.Second, Burst: 1} })
		var list []lane.Write
		for i := range 12 {
			list = append(list, write(fmt.Sprint(i)))
		}
		ids := w.accept(list...)
		hasty := write("hasty")
		hasty.ExpiresAt = time.Now().Add(20 * time.Second)
		expired := w.accept(hasty)[0]
		urgent := write("urgent")
		urgent.Priority = 9
		urgentID := w.accept(urgent)[0]
		w.empty(time.Hour)
		time.Sleep(time.Minute) // the notice
		assert.Equal(t, []string{lane.Dead, lane.ReasonExpired}, []string{w.get(expired).State, w.get(expired).Reason})
		assert.Equal(t, 1, w.told("hookweir.write.dead"))
		assert.True(t, w.get(urgentID).SettledAt.Before(w.get(ids[11]).SettledAt), "it passed the others")
		for _, r := range w.server.requests() {
			assert.NotEqual(t, "hasty", r.body)
		}
	})
}

func TestClaimCheck(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		large := write("")
		large.Body = bytes.Repeat([]byte("x"), 200<<10)
		large.IdempotencyKey = "k"
		id := w.accept(large)[0]
		w.accept(large) // its body is an orphan
		assert.Len(t, w.payloads, 2)
		_, err := w.client.Accept(ctx(), []lane.Write{large, {Method: "GET", Path: "/"}})
		assert.ErrorIs(t, err, lane.ErrInvalid)
		w.empty(time.Minute)
		assert.Len(t, w.server.requests()[0].body, 200<<10)
		assert.True(t, w.get(id).Stored)
		time.Sleep(2 * time.Hour)
		assert.Len(t, w.payloads, 1, "orphans are dropped")
		time.Sleep(80 * time.Hour)
		assert.Empty(t, w.payloads, "gone with its write")
		_, err = w.client.Get(ctx(), id)
		assert.ErrorIs(t, err, outbound.ErrNotFound)
	})
}

func TestAttemptsRunOut(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(func(c *destination.Config) {
			c.Retry.MaxAttempts = 3
			c.Breaker.Ratio, c.Breaker.Requests = 1, 1000
		})
		w.server.script(func(request) (int, [][2]string) { return 500, [][2]string{{"x-request-id", "req_1"}} })
		ids := w.accept(write("a"), keyed("k", "b"))
		w.empty(time.Hour)
		for _, id := range ids {
			d := w.get(id)
			assert.Equal(t, []any{lane.Dead, "http_500", 3}, []any{d.State, d.Reason, d.Attempts})
			require.Len(t, d.Tries, 3)
			assert.Equal(t, [][2]string{{"x-request-id", "req_1"}}, d.Tries[2].Answer.Header)
			assert.Equal(t, []string{"retry", "retry", "dead"}, []string{d.Tries[0].Outcome, d.Tries[1].Outcome, d.Tries[2].Outcome})
		}
		keys := map[string]int{}
		for _, r := range w.server.requests() {
			keys[r.key]++
		}
		assert.Equal(t, map[string]int{ids[0]: 3, ids[1]: 3}, keys, "the same key over all attempts")
		w.server.script(func(request) (int, [][2]string) { return 200, nil })
		done, err := w.client.ReplayWhere(ctx(), lane.Filter{State: lane.Dead, Limit: 1})
		require.NoError(t, err)
		assert.Equal(t, lane.Decided{Done: 1, Next: "more"}, done)
		done, err = w.client.ReplayWhere(ctx(), lane.Filter{State: lane.Dead})
		require.NoError(t, err)
		assert.Equal(t, lane.Decided{Done: 1}, done)
		w.empty(time.Minute)
		assert.Equal(t, lane.Delivered, w.get(ids[1]).State)
	})
}

// TestMessagesGivenUp: what the queue gives up is not dead; the lane sends it
// again.
func TestMessagesGivenUp(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		w.loseEvery = 1
		id := w.accept(write("a"))[0]
		w.loseEvery = 0
		require.NoError(t, w.client.GivenUp(ctx(), []int64{1, 7}))
		assert.Equal(t, lane.Pending, w.get(id).State)
		w.empty(10 * time.Minute)
		assert.Len(t, w.server.requests(), 1)
	})
}

// TestReadPaths: a path that is not listed is refused before it costs anything,
// and the list is the configuration of that moment.
func TestReadPaths(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		rate := func(c *destination.Config) { c.Rate = pace.Limit{Requests: 1, Per: time.Hour, Burst: 2} }
		w.put(rate)
		for range 5 {
			_, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1, Path: "/items/1"})
			require.ErrorIs(t, err, outbound.ErrNotListed)
		}
		w.put(func(c *destination.Config) { rate(c); c.ReadPaths = []string{"/items/*"} })
		w.boot()
		_, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1, Path: "/items"})
		require.ErrorIs(t, err, outbound.ErrNotListed)
		g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1, Path: "/items/1?x=1"})
		require.NoError(t, err)
		assert.Len(t, g.Slots, 1)
		w.put(rate)
		_, err = w.client.Permit(ctx(), outbound.PermitRequest{N: 1, Path: "/items/1"})
		require.ErrorIs(t, err, outbound.ErrNotListed)
	})
}

// TestStoredBudget: an object that restarts does not have its burst again.
func TestStoredBudget(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(func(c *destination.Config) { c.Rate = pace.Limit{Requests: 1, Per: time.Minute, Burst: 4} })
		taken := 0
		for range 5 {
			g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 4})
			require.NoError(t, err)
			taken += len(g.Slots)
			w.boot()
		}
		assert.Equal(t, 2, taken)
	})
}

// TestAtRest: an object that has nothing left to do sets no more alarms.
func TestAtRest(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1})
		require.NoError(t, err)
		require.NoError(t, w.client.Report(ctx(), outbound.Report{Grant: g.ID, Done: true, Seen: []outbound.Observation{{Reauth: true}}}))
		time.Sleep(24 * time.Hour)
		assert.Equal(t, 1, w.told("hookweir.breaker.opened"))
		w.mu.Lock()
		defer w.mu.Unlock()
		assert.Positive(t, w.count.alarms)
		assert.LessOrEqual(t, w.count.alarms, 2)
	})
}
