package lane_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

// TestClockJumpsBack: what a clock that ran ahead has left behind is over as
// soon as it could be over by the right one, though nothing leaves meanwhile.
func TestClockJumpsBack(t *testing.T) {
	right := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		learned []outbound.Observation
		within  time.Duration
	}{
		"slots":   {nil, 12 * time.Second},
		"a pause": {[]outbound.Observation{{Pause: time.Minute}}, pace.MaxPause + 12*time.Second},
	} {
		db, err := memsql.Open()
		require.NoError(t, err)
		now := right.Add(365 * 24 * time.Hour)
		l, err := lane.New(lane.Config{
			DB: db, Now: func() time.Time { return now }, Jitter: func() float64 { return 0.5 },
			SendWrites: func([][]byte) error { return nil }, SendEvents: func([][]byte) error { return nil },
			SetAlarm:   func(time.Time) error { return nil },
			PutPayload: func(string, []byte) error { return nil }, DropPayload: func(string) error { return nil },
			Performer: &lane.Performer{}, Budget: func(string, string) outbound.Lane { return nil },
		})
		require.NoError(t, err)
		w := &world{t: t, client: lane.Client{Tenant: "acme", Destination: "shop"}}
		w.client.Invoke = func(_ context.Context, method string, payload []byte) ([]byte, error) {
			return l.Invoke(method, payload)
		}
		w.put(func(c *destination.Config) { c.Rate = pace.Limit{Requests: 10, Per: time.Second, Burst: 5} })
		ask := func() int {
			g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1})
			require.NoError(t, err)
			return len(g.Slots)
		}
		require.Equal(t, 1, ask(), name)
		require.NoError(t, w.client.Report(ctx(), outbound.Report{Seen: c.learned}))
		now = right
		for end := right.Add(c.within); now.Before(end) && ask() == 0; {
			now = now.Add(max(end.Sub(right)/100, time.Second))
		}
		assert.LessOrEqual(t, now.Sub(right), c.within, name)
		now = now.Add(time.Second)
		assert.Equal(t, 1, ask(), name)
		require.NoError(t, db.Close())
	}
}
