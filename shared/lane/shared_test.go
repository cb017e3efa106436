package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/ratelimit"
)

// neighbour is another destination that shares the budget `acct`.
func (w *world) neighbour(dest string, rate pace.Limit) lane.Client {
	c := w.object("acme", dest)
	cfg := destination.New(base)
	cfg.Rate, cfg.Budget = rate, "acct"
	_, err := c.Put(ctx(), lane.PutDestination{Config: cfg})
	require.NoError(w.t, err)
	return c
}

// read takes one slot and uses it; false when there is none within the wait.
func (w *world) read(c lane.Client, wait time.Duration) bool {
	asked := time.Now()
	g, err := c.Permit(ctx(), outbound.PermitRequest{N: 1, Horizon: wait, Lease: time.Minute})
	require.NoError(w.t, err)
	if len(g.Slots) == 0 {
		require.Positive(w.t, g.Wait)
		return false
	}
	time.Sleep(time.Until(g.At(asked, time.Now())[0].At))
	w.server.charge()
	require.NoError(w.t, c.Report(ctx(), outbound.Report{Grant: g.ID, Done: true, Seen: []outbound.Observation{{OK: true}}}))
	return true
}

// TestSharedBudget: writes of one destination, with keys and without, and reads
// of another, whose requests one server counts together.
func TestSharedBudget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		rate pace.Limit
		n    int
		keys int
	}{
		{"by the queue", pace.Limit{Requests: 50, Per: time.Second, Burst: 10}, 2000, 0},
		{"by the drain", pace.Limit{Requests: 50, Per: time.Second, Burst: 10}, 1000, 40},
		{"slow", pace.Limit{Requests: 1, Per: 10 * time.Second, Burst: 2}, 20, 0},
		{"slow, by the drain", pace.Limit{Requests: 1, Per: 10 * time.Second, Burst: 2}, 20, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.put(func(d *destination.Config) { d.Rate, d.Budget = c.rate, "acct"; d.Retry.MaxAge = 700 * time.Hour })
				other := w.neighbour("files", c.rate)
				w.server.bucket = &bucket{limit: c.rate}
				began := time.Now()
				for i := range c.n {
					v := write(fmt.Sprint(i))
					if c.keys > 0 {
						v.PartitionKey = fmt.Sprint(i % c.keys)
					}
					w.accept(v)
				}
				stop, reads := make(chan struct{}), 0
				w.wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						case <-time.After(5 * c.rate.Interval()):
							if w.read(other, 2*time.Second) {
								reads++
							}
						}
					}
				})
				w.empty(24 * time.Hour)
				close(stop)
				got := w.server.requests()
				require.Len(t, got, c.n, "every write once")
				took := time.Since(began)
				ideal := time.Duration(c.n+reads) * c.rate.Interval()
				t.Logf("%d writes, %d reads in %v, ideal %v", c.n, reads, took, ideal)
				if c.rate.Interval() < time.Second { // else the drain, which waits for each slot, has most of them
					assert.Positive(t, reads, "neither starves")
				}
				assert.Zero(t, w.server.excess)
				assert.Greater(t, float64(ideal)/float64(took), 0.8, "and little is lost between two objects")
			})
		})
	}
}

// TestSharedBudgetLearns: what one destination is told holds for the others,
// and the strictest of the rates.
func TestSharedBudgetLearns(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		a := w.neighbour("a", pace.Limit{Requests: 100, Per: time.Second, Burst: 20})
		b := w.neighbour("b", pace.Limit{Requests: 1, Per: time.Second, Burst: 4})
		permit := func(c lane.Client, n int) outbound.Grant {
			g, err := c.Permit(ctx(), outbound.PermitRequest{N: n})
			require.NoError(t, err)
			return g
		}
		assert.Len(t, permit(b, 10).Slots, 2, "half of its burst")
		assert.Empty(t, permit(a, 10).Slots, "of one bucket")
		time.Sleep(3 * time.Second)
		assert.Len(t, permit(a, 10).Slots, 2, "at the rate that b says the account has")
		time.Sleep(time.Minute)

		require.NoError(t, a.Report(ctx(), outbound.Report{Seen: []outbound.Observation{{Pause: time.Minute}}}))
		g := permit(b, 1)
		assert.Empty(t, g.Slots, "a Retry-After of the account")
		assert.Equal(t, outbound.ReasonBudget, g.Reason)
		assert.InDelta(t, time.Minute, g.Wait, float64(time.Second))
		time.Sleep(2 * time.Minute)

		reset := time.Now().Add(time.Hour)
		told := []ratelimit.Budget{{Scope: "requests", Limit: 100, Remaining: 1, Reset: reset}}
		require.NoError(t, b.Report(ctx(), outbound.Report{Seen: []outbound.Observation{{OK: true, Budgets: told}}}))
		assert.Len(t, permit(a, 1).Slots, 1)
		time.Sleep(time.Minute)
		assert.Empty(t, permit(b, 1).Slots, "what the provider had left went to a")
		assert.Empty(t, permit(a, 1).Slots)
		time.Sleep(time.Hour)
		assert.Len(t, permit(a, 1).Slots, 1)
	})
}

// TestSharedBudgetDown: no answer, no slots.
func TestSharedBudgetDown(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(func(d *destination.Config) { d.Budget = "acct" })
		w.budgetDown = true
		g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1})
		require.NoError(t, err)
		assert.Empty(t, g.Slots)
		assert.Equal(t, outbound.ReasonUnavailable, g.Reason)
		w.accept(write("a"), keyed("k", "b"))
		time.Sleep(time.Minute)
		assert.Empty(t, w.server.requests())
		w.budgetDown = false
		w.empty(time.Hour)
	})
}

// TestBudgetObjectsAreNoDestinations: they take nothing but requests for slots,
// and no destination gives any to another.
func TestBudgetObjectsAreNoDestinations(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		c := w.object("acme", lane.BudgetObject("acct"))
		_, err := c.Put(ctx(), lane.PutDestination{Config: destination.New(base)})
		require.ErrorIs(t, err, lane.ErrRequest)
		_, err = c.Accept(ctx(), []lane.Write{write("a")})
		require.ErrorIs(t, err, lane.ErrRequest)
		_, err = c.Permit(ctx(), outbound.PermitRequest{N: 1})
		require.ErrorIs(t, err, lane.ErrRequest)
		_, err = w.object("acme", lane.BudgetObject("a:b")).Permit(ctx(), outbound.PermitRequest{N: 1, Budget: &pace.Limit{}})
		require.ErrorIs(t, err, lane.ErrTenant)
		_, err = w.client.Permit(ctx(), outbound.PermitRequest{N: 1, Budget: &pace.Limit{}})
		require.ErrorIs(t, err, lane.ErrRequest)
	})
}

// TestFreeSlots: a slot whose request did not count is given back, the
// provider's own budget with it, by a budget of one's own and by a shared one.
func TestFreeSlots(t *testing.T) {
	for _, shared := range []string{"", "acct"} {
		t.Run("shared "+shared, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.put(func(d *destination.Config) {
					d.Rate, d.Budget = pace.Limit{Requests: 1, Per: time.Hour, Burst: 4}, shared
				})
				reset := time.Now().Add(2 * time.Hour)
				ask := func() outbound.Grant {
					g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1, MayBeFree: true, Lease: time.Minute})
					require.NoError(t, err)
					return g
				}
				report := func(g outbound.Grant, free bool, remaining int) {
					told := []ratelimit.Budget{{Scope: "requests", Limit: 10, Remaining: remaining, Reset: reset}}
					require.NoError(t, w.client.Report(ctx(), outbound.Report{
						Grant: g.ID, Done: true, Free: g.Free, WasFree: free, Seen: []outbound.Observation{{OK: true, Budgets: told}},
					}))
				}
				report(ask(), false, 9)
				for range 50 {
					time.Sleep(time.Second)
					g := ask()
					require.Len(t, g.Slots, 1, "a 304 costs nothing")
					report(g, true, 9)
				}
				a, b := ask(), ask() // the second and last of the usable burst, and none
				require.Len(t, a.Slots, 1)
				require.Empty(t, b.Slots)
				report(a, true, 9)
				report(a, true, 9) // told twice is given back once
				a = ask()
				require.Len(t, a.Slots, 1)
				require.Empty(t, ask().Slots)
				report(a, false, 8)
				require.Empty(t, ask().Slots, "one that counted is not")
				report(a, true, 8)
				require.Empty(t, ask().Slots, "nor later")
				_, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 2, MayBeFree: true})
				require.ErrorIs(t, err, lane.ErrRequest)
			})
		})
	}
}

// TestFreeSlotsAndWhatIsTold: what the provider told meanwhile is not given
// back on top.
func TestFreeSlotsAndWhatIsTold(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		reset := time.Now().Add(time.Hour)
		report := func(g outbound.Grant, free bool, remaining int) {
			seen := []outbound.Observation{{OK: true}}
			if remaining >= 0 {
				seen[0].Budgets = []ratelimit.Budget{{Scope: "requests", Limit: 100, Remaining: remaining, Reset: reset}}
			}
			require.NoError(t, w.client.Report(ctx(), outbound.Report{Free: g.Free, WasFree: free, Seen: seen}))
		}
		ask := func() outbound.Grant {
			g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1, MayBeFree: true, Lease: time.Minute})
			require.NoError(t, err)
			return g
		}
		remaining := func() int { return w.describe().Queue.Budgets[0].Remaining }
		report(outbound.Grant{}, false, 90)
		a, b := ask(), ask()
		require.Equal(t, 88, remaining())
		report(b, true, -1)
		assert.Equal(t, 89, remaining())
		report(outbound.Grant{}, false, 40) // another user of the account
		require.Equal(t, 40, remaining())
		report(a, true, -1)
		assert.Equal(t, 40, remaining(), "a is not in what was told")
	})
}

// TestSharedBudgetUnderCrashes: the instance ends between any two of its
// calls, those to the budget among them. Nothing is lost, nothing out of
// order, and the slots that went down with it are never used twice.
func TestSharedBudgetUnderCrashes(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, w *world) {
		rate := pace.Limit{Requests: 20, Per: time.Second, Burst: 5}
		w.put(func(c *destination.Config) {
			c.Rate, c.Budget = rate, "acct"
			c.Retry.Backoff.Base, c.Retry.Backoff.Cap, c.Retry.MaxAttempts = time.Second, 5*time.Second, 100
			c.Breaker.Ratio, c.Breaker.Requests = 1, 1000
		})
		w.server.bucket = &bucket{limit: rate}
		const keys, each = 10, 30
		for i := range each {
			for k := range keys {
				w.accept(keyed(string(rune('A'+k)), fmt.Sprintf("%c%03d", 'A'+k, i)))
			}
		}
		assert.Greater(t, w.emptyCrashing(47), 10, "it did crash")
		w.ordered(keys, each)
		assert.Zero(t, w.server.excess)
	})
}
