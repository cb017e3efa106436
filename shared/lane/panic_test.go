package lane_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/lane"
)

// TestPanicIsOneWritesFailure: a panic in one of the drain's goroutines would
// end the module. It is the end of that attempt, of which nobody knows whether
// it arrived: repeated where that is safe, otherwise parked, loudly.
func TestPanicIsOneWritesFailure(t *testing.T) {
	for _, c := range []struct {
		header, state string
		left          []string
	}{
		{"idempotency-key", lane.Delivered, []string{"b1", "a1", "a2"}},
		{"", lane.Parked, []string{"b1", "a2"}},
	} {
		in(t, func(t *testing.T, w *world) {
			panicked := false
			w.sender.Fetch = func(_ context.Context, r fetch.Request) (fetch.Response, error) {
				if string(r.Body) == "a1" && !panicked {
					panicked = true
					panic("a secret of the request")
				}
				return w.server.serve(r)
			}
			w.put(func(d *destination.Config) { d.IdempotencyHeader, d.OnFailure = c.header, destination.Skip })
			ids := w.accept(keyed("a", "a1"), keyed("a", "a2"), keyed("b", "b1"))
			w.empty(time.Minute)
			if c.state == lane.Parked {
				time.Sleep(time.Minute) // the notice
				assert.Equal(t, 1, w.told("hookweir.write.parked"))
				assert.Equal(t, lane.ReasonInternal, w.get(ids[0]).Reason)
			}
			assert.Equal(t, c.state, w.get(ids[0]).State)
			assert.ElementsMatch(t, c.left, w.left())
			assert.Contains(t, strings.Join(w.logs, "\n"), "lane_panic")
			assert.NotContains(t, strings.Join(w.logs, "\n"), "secret")
		})
	}
}
