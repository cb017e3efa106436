package dispatch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/dispatch"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/queue"
)

// TestPanicIsOneWritesFailure: a panic in a goroutine would end the module; it
// is the end of that attempt, of which nobody knows whether it arrived.
func TestPanicIsOneWritesFailure(t *testing.T) {
	w := newWorld(t)
	f := w.sends([]time.Duration{0, 0, 0}, time.Second)
	fetched := 0
	lines := w.panics(func(call string) bool {
		if call != "fetch" {
			return false
		}
		fetched++
		return fetched == 2
	})
	batch := []queue.Message{message("a", 1), message("b", 2), message("c", 3)}
	assert.Equal(t, []queue.Verdict{{Ack: true}, {Ack: true}, {Ack: true}}, w.d.Handle(context.Background(), batch))
	require.Len(t, f.settled, 1)
	r := f.settled[0].Results
	require.Len(t, r, 3)
	assert.Equal(t, []lane.Outcome{lane.OutcomeDelivered, lane.OutcomeUnknown, lane.OutcomeDelivered}, []lane.Outcome{r[0].Outcome, r[1].Outcome, r[2].Outcome})
	assert.Equal(t, lane.Result{Seq: 2, Fence: 1, Outcome: lane.OutcomeUnknown, Reason: lane.ReasonInternal}, r[1])
	assert.Equal(t, []string{"dispatch_panic"}, *lines)
}

// TestPanicsAround: nor does it end the module where there is no write to
// blame. The messages come back, and other destinations do not notice.
func TestPanicsAround(t *testing.T) {
	for _, call := range []string{"lane acme/shop", "quarantine x"} {
		w := newWorld(t)
		f := w.sends([]time.Duration{0}, time.Second)
		w.lanes["acme/other"] = &fakeLane{claim: f.claim}
		lines := w.panics(func(c string) bool { return c == call })
		batch := []queue.Message{message("a", 1), {ID: "b", Attempts: 1, Body: lane.EncodeReference(lane.Reference{Tenant: "acme", Destination: "other", Seq: 1})}}
		dead := append(batch, queue.Message{ID: "x", Attempts: 1, Body: []byte("nonsense")})
		verdicts, ends := w.d.Handle(context.Background(), batch), w.d.HandleDead(context.Background(), dead)
		ok := call != "lane acme/shop"
		assert.Equal(t, []bool{ok, true}, []bool{verdicts[0].Ack, verdicts[1].Ack}, call)
		assert.Equal(t, []bool{ok, true, !ok}, []bool{ends[0].Ack, ends[1].Ack, ends[2].Ack}, call)
		assert.NotEmpty(t, *lines)
		assert.NotContains(t, fmt.Sprint(*lines), "secret")
	}
}

// panics makes a Dispatcher whose calls out panic when asked to. It returns the
// lines that tell of it.
func (w *world) panics(when func(call string) bool) *[]string {
	w.t.Helper()
	lines := &[]string{}
	may := func(call string) {
		if when(call) {
			panic("a secret of the request")
		}
	}
	var err error
	w.d, err = dispatch.New(dispatch.Config{
		Now: func() time.Time { return w.now }, Rand: func() float64 { return 0.5 },
		Lane: func(tenant, dest string) dispatch.Lane {
			may("lane " + tenant + "/" + dest)
			return w.lanes[tenant+"/"+dest]
		},
		Performer: &lane.Performer{
			Sender: &outbound.Sender{
				Now: func() time.Time { return w.now },
				Fetch: func(context.Context, fetch.Request) (fetch.Response, error) {
					may("fetch")
					return fetch.Response{Status: w.status}, nil
				},
			},
			Sleep: func(_ context.Context, d time.Duration) { w.now = w.now.Add(d) },
		},
		Quarantine: func(_ context.Context, id string, _ []byte) error {
			may("quarantine " + id)
			return nil
		},
		Log: func(event string, pairs ...string) {
			if strings.HasSuffix(event, "_panic") {
				*lines = append(*lines, strings.Join(append([]string{event}, pairs...), " "))
			}
		},
	})
	require.NoError(w.t, err)
	return lines
}
