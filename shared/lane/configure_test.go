package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/ratelimit"
)

// TestDeletedBudget: a destination that is deleted and made again has neither
// its burst again, nor a way round what its provider asked for.
func TestDeletedBudget(t *testing.T) {
	for _, c := range []struct {
		name string
		seen outbound.Observation
		used int // of a burst of four: half are the margin
		wait time.Duration
	}{
		{"its burst", outbound.Observation{OK: true}, 2, time.Minute},
		{"its Retry-After", outbound.Observation{Pause: time.Hour}, 1, time.Hour},
		{"its provider's own budget", outbound.Observation{OK: true, Budgets: []ratelimit.Budget{
			{Limit: 100, Remaining: 0, Reset: time.Date(2000, 1, 1, 2, 0, 0, 0, time.UTC)},
		}}, 1, 2 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				put := func() {
					w.put(func(d *destination.Config) { d.Rate = pace.Limit{Requests: 1, Per: time.Minute, Burst: 4} })
				}
				put()
				for range c.used {
					g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1})
					require.NoError(t, err)
					require.Len(t, g.Slots, 1)
				}
				require.NoError(t, w.client.Report(ctx(), outbound.Report{Seen: []outbound.Observation{c.seen}}))
				require.NoError(t, w.client.Delete(ctx()))
				put()
				g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1})
				require.NoError(t, err)
				assert.Empty(t, g.Slots)
				assert.Equal(t, c.wait, g.Wait.Round(time.Second))
			})
		})
	}
}
