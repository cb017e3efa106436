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

// TestCost counts what the platform bills for a delivered write; docs/writes.md
// has the table. Index entries come on top of the rows.
func TestCost(t *testing.T) {
	for _, c := range []struct {
		name   string
		keys   int
		budget string
		most   float64 // Lane calls and alarms per write
		shared float64 // calls of the shared budget per write
	}{{"unordered", 0, "", 0.1, 0}, {"ordered", 20, "", 0.05, 0}, {"unordered, shared", 0, "acct", 0.1, 0.1}, {"ordered, shared", 20, "acct", 0.05, 1}} {
		in(t, func(t *testing.T, w *world) {
			w.put(func(d *destination.Config) {
				d.Rate, d.Budget = pace.Limit{Requests: 100, Per: time.Second, Burst: 20}, c.budget
			})
			n := 1000
			if c.budget != "" {
				n = 300
			}
			list := make([]lane.Write, n)
			for i := range list {
				list[i] = write(fmt.Sprint(i))
				if c.keys > 0 {
					list[i].PartitionKey = fmt.Sprint(i % c.keys)
				}
			}
			w.mu.Lock()
			w.count = struct{ invokes, alarms, setAlarms, messages, writes, budget, budgetWrites int }{}
			w.mu.Unlock()
			w.accept(list...)
			time.Sleep(time.Minute)
			w.mu.Lock()
			got := w.count
			w.mu.Unlock()
			assert.Len(t, w.server.requests(), n)
			t.Logf("%s, per write: %.3f Lane calls, %.3f alarms, %.3f queue messages, %.2f rows written, %.3f alarms set, %.3f calls of the shared budget and %.3f rows", c.name,
				float64(got.invokes)/float64(n), float64(got.alarms)/float64(n), float64(got.messages)/float64(n), float64(got.writes)/float64(n), float64(got.setAlarms)/float64(n),
				float64(got.budget)/float64(n), float64(got.budgetWrites)/float64(n))
			assert.LessOrEqual(t, float64(got.budget)/float64(n), c.shared)
			assert.LessOrEqual(t, float64(got.invokes+got.alarms)/float64(n), c.most)
		})
	}
}

// TestCostOfARead counts the Lane's part of a poll or a read, with a budget of
// its own and with a shared one, whose provider tells its own limits; the table
// in docs/polling.md has the figures.
func TestCostOfARead(t *testing.T) {
	for _, c := range []struct {
		name                string
		budget              string
		free                bool
		calls, rows, shared float64 // at most, per read; shared are calls of the budget's object
	}{
		{"own", "", false, 2, 2, 0}, {"own, 304", "", true, 2, 2, 0}, {"shared", "acct", false, 2, 4, 2}, {"shared, 304", "acct", true, 2, 4, 2},
	} {
		in(t, func(t *testing.T, w *world) {
			w.put(func(d *destination.Config) {
				d.Rate, d.Budget = pace.Limit{Requests: 60, Per: time.Minute, Burst: 10}, c.budget
			})
			const n = 50
			for i := range n + 1 {
				if i == 1 { // after the first, which learns what there is
					w.mu.Lock()
					w.count = struct{ invokes, alarms, setAlarms, messages, writes, budget, budgetWrites int }{}
					w.mu.Unlock()
				}
				time.Sleep(time.Minute)
				g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1, Lease: time.Minute, MayBeFree: c.free})
				require.NoError(t, err)
				require.Len(t, g.Slots, 1)
				told := []ratelimit.Budget{{Scope: "requests", Limit: 5000, Remaining: 4999 - i, Reset: time.Now().Truncate(time.Hour).Add(2 * time.Hour)}}
				require.NoError(t, w.client.Report(ctx(), outbound.Report{
					Grant: g.ID, Done: true, Free: g.Free, WasFree: c.free, Seen: []outbound.Observation{{OK: true, Budgets: told}},
				}))
			}
			w.mu.Lock()
			got := w.count
			w.mu.Unlock()
			t.Logf("%s, per read: %.2f Lane calls and %.2f rows written, %.2f calls of the shared budget and %.2f rows", c.name,
				float64(got.invokes)/n, float64(got.writes)/n, float64(got.budget)/n, float64(got.budgetWrites)/n)
			assert.LessOrEqual(t, float64(got.invokes)/n, c.calls)
			assert.LessOrEqual(t, float64(got.writes)/n, c.rows)
			assert.LessOrEqual(t, float64(got.budget)/n, c.shared)
		})
	}
}
