package lane_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/destination"
)

// logged are how many lines of log tell of an event.
func (w *world) logged(event string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.logs {
		if strings.HasPrefix(line, event+" ") {
			n++
		}
	}
	return n
}

// TestLogTellsWhatIsStored: a transaction that fails has said nothing, so that
// each change of state is told once, when it is one.
func TestLogTellsWhatIsStored(t *testing.T) {
	for event, status := range map[string]int{"write_delivered": 200, "write_retry": 503, "write_dead": 422} {
		in(t, func(t *testing.T, w *world) {
			w.put(func(c *destination.Config) { c.OnFailure = destination.Skip })
			w.server.answer = func(r request) (int, [][2]string) {
				w.mu.Lock()
				defer w.mu.Unlock()
				if r.n == 1 {
					w.badCommit = true
					return status, nil
				}
				return 200, nil
			}
			w.accept(keyed("a", "a1"))
			w.empty(5 * time.Minute)
			assert.False(t, w.badCommit, "the transaction that notes the answer failed")
			assert.Equal(t, 1, w.logged(event), "%s: %q", event, w.logs)
		})
	}
}

// TestLogTellsOfOpenings: the breaker's too.
func TestLogTellsOfOpenings(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(func(c *destination.Config) {
			c.Breaker.Ratio, c.Breaker.Requests, c.Breaker.Window = 0.5, 1, time.Minute
		})
		w.server.answer = func(r request) (int, [][2]string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if r.n == 1 {
				w.badCommit = true
				return 503, nil
			}
			return 200, nil
		}
		w.accept(keyed("a", "a1"))
		w.empty(10 * time.Minute)
		assert.Equal(t, 1, w.logged("breaker_opened"), "%q", w.logs)
		assert.Equal(t, 1, w.logged("breaker_closed"), "%q", w.logs)
	})
}
