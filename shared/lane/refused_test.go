package lane_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
)

// TestRefusedTokenIsToldOnce: a destination that refuses fresh tokens is probed
// less and less often, and the agent hears of it once, not with every probe.
func TestRefusedTokenIsToldOnce(t *testing.T) {
	for _, key := range []string{"", "k"} {
		in(t, func(t *testing.T, w *world) {
			w.sender.Tokens = func(_ context.Context, r outbound.TokenRequest) (outbound.Token, error) {
				return outbound.Token{Value: "abcdefgh", Generation: r.Refused + 1}, nil
			}
			w.boot()
			w.put(func(c *destination.Config) { c.Connection = "c" })
			w.server.script(func(request) (int, [][2]string) { return 401, nil })
			v := write("x")
			v.PartitionKey = key
			id := w.accept(v)[0]
			time.Sleep(2 * time.Hour)
			assert.Equal(t, lane.Pending, w.get(id).State)
			assert.Equal(t, lane.ReasonNeedsReauth, w.describe().Queue.Breaker.Reason)
			assert.Equal(t, 1, w.told("hookweir.breaker.opened"), key)
			assert.Less(t, len(w.server.requests()), 50, "two a probe, ten minutes apart in the end")
			w.server.script(func(request) (int, [][2]string) { return 200, nil })
			w.empty(20 * time.Minute)
		})
	}
}

// TestRefusedTokenStopsTheBatch: what one write of a batch has learned of the
// token, the others need not.
func TestRefusedTokenStopsTheBatch(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		var refreshed atomic.Int64
		w.sender.Tokens = func(_ context.Context, r outbound.TokenRequest) (outbound.Token, error) {
			if r.Refused > 0 {
				refreshed.Add(1)
			}
			return outbound.Token{Value: "abcdefgh", Generation: r.Refused + 1}, nil
		}
		w.boot()
		w.put(func(c *destination.Config) { c.Connection = "c" })
		w.server.script(func(request) (int, [][2]string) { return 401, nil })
		var list []lane.Write
		for i := range 100 {
			list = append(list, write(fmt.Sprint(i)))
		}
		w.accept(list...)
		time.Sleep(30 * time.Second)
		assert.LessOrEqual(t, refreshed.Load(), int64(6), "those that were under way")
		w.server.script(func(request) (int, [][2]string) { return 200, nil })
		w.empty(20 * time.Minute)
	})
}

// TestRetryAfterStopsWhatHoldsSlots: slots that were promised before the
// destination asked to be left alone are not used after it.
func TestRetryAfterStopsWhatHoldsSlots(t *testing.T) {
	for name, key := range map[string]func(i int) string{
		"queue": func(int) string { return "" },
		"drain": func(i int) string { return fmt.Sprint(i) },
	} {
		in(t, func(t *testing.T, w *world) {
			w.put(func(c *destination.Config) { c.Rate = pace.Limit{Requests: 10, Per: time.Second, Burst: 4} })
			var asked time.Time
			w.server.latency = func(request) time.Duration { return time.Millisecond }
			w.server.script(func(r request) (int, [][2]string) {
				if asked.IsZero() {
					asked = r.at
				}
				if r.at.Before(asked.Add(time.Minute)) {
					return 429, [][2]string{{"Retry-After", "60"}}
				}
				return 200, nil
			})
			var list []lane.Write
			for i := range 40 {
				v := write(fmt.Sprint(i))
				v.PartitionKey = key(i)
				list = append(list, v)
			}
			w.accept(list...)
			w.empty(time.Hour)
			refused := 0
			for _, r := range w.server.requests() {
				if r.at.Before(asked.Add(time.Minute)) {
					refused++
				}
			}
			assert.LessOrEqual(t, refused, 2, "%s: the two that left at once", name)
		})
	}
}

// TestProbesRepeat: a probe that was answered 401 may be sent once more with a
// fresh token; that is still the probe, and nobody else's.
func TestProbesRepeat(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		ask := func(repeat bool) int {
			g, err := w.client.Permit(ctx(), outbound.PermitRequest{N: 1, Repeat: repeat})
			assert.NoError(t, err)
			return len(g.Slots)
		}
		assert.NoError(t, w.client.Report(ctx(), outbound.Report{Seen: []outbound.Observation{{Reauth: true}}}))
		assert.Zero(t, ask(true), "open")
		time.Sleep(61 * time.Second)
		assert.Equal(t, []int{1, 0, 1, 0}, []int{ask(false), ask(false), ask(true), ask(false)})
	})
}
