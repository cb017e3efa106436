package lane_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
)

// left are the requests that left, as the first two bytes of their bodies.
func (w *world) left() (list []string) {
	for _, r := range w.server.requests() {
		list = append(list, r.body[:2])
	}
	return list
}

// inTurn checks that no request left before the one ahead of it was answered.
func (w *world) inTurn() {
	w.t.Helper()
	assert.Equal(w.t, 1, w.server.most, "one under way per key")
}

// large is a body that is kept in the bucket.
func large(start string) string { return start + strings.Repeat("x", 150<<10) }

// TestBodyTakesLongerThanTheLease: a body that comes after the write's lease
// is over holds its key up, and is then sent, once, and in its turn.
func TestBodyTakesLongerThanTheLease(t *testing.T) {
	for _, header := range []string{"", "idempotency-key"} {
		in(t, func(t *testing.T, w *world) {
			w.payloadLag = 18 * time.Second
			w.put(func(c *destination.Config) {
				c.Timeout, c.IdempotencyHeader, c.OnFailure = 5*time.Second, header, destination.Park
			})
			w.accept(keyed("a", large("a1")), keyed("a", "a2"), keyed("b", "b1"))
			w.empty(5 * time.Minute)
			time.Sleep(time.Minute) // the notices
			assert.Equal(t, []string{"b1", "a1", "a2"}, w.left(), "header %q", header)
			assert.Zero(t, w.told("hookweir.write.parked"))
			w.inTurn()
		})
	}
}

// TestTokenTakesLongerThanTheLease: so does a token that is refreshed for that
// long.
func TestTokenTakesLongerThanTheLease(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		start := time.Now()
		w.sender.Tokens = func(context.Context, outbound.TokenRequest) (outbound.Token, error) {
			time.Sleep(time.Until(start.Add(19 * time.Second)))
			return outbound.Token{Value: "abcdefgh", Generation: 1}, nil
		}
		w.boot()
		w.put(func(c *destination.Config) { c.Connection, c.Timeout = "c", 5*time.Second })
		w.server.latency = func(request) time.Duration { return 4900 * time.Millisecond }
		w.accept(keyed("a", "a1"), keyed("a", "a2"))
		w.empty(5 * time.Minute)
		assert.Equal(t, []string{"a1", "a2"}, w.left())
		w.inTurn()
	})
}

// TestRepeatTakesLongerThanTheLease: a 401 and the repeat with a fresh token
// take nearly the timeout each; nobody is told that the write is parked.
func TestRepeatTakesLongerThanTheLease(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.sender.Tokens = func(_ context.Context, r outbound.TokenRequest) (outbound.Token, error) {
			return outbound.Token{Value: "abcdefgh", Generation: r.Refused + 1}, nil
		}
		w.boot()
		w.put(func(c *destination.Config) { c.Connection, c.IdempotencyHeader = "c", "" })
		w.server.latency = func(request) time.Duration { return 14 * time.Second }
		w.server.answer = func(r request) (int, [][2]string) {
			if r.body == "a1" && r.n == 1 {
				return 401, nil
			}
			return 200, nil
		}
		w.accept(keyed("a", "a1"), keyed("a", "a2"))
		w.empty(5 * time.Minute)
		time.Sleep(time.Minute) // the notices
		assert.Equal(t, []string{"a1", "a1", "a2"}, w.left())
		assert.Zero(t, w.told("hookweir.write.parked"))
		w.inTurn()
	})
}

// TestAnotherInstanceDecided: while an instance waits for a body, its lease
// runs out and another one decides about the write. The first one then sends
// nothing, whether the write is parked or under way again.
func TestAnotherInstanceDecided(t *testing.T) {
	for _, header := range []string{"", "idempotency-key"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 3)
			defer w.stop()
			w.payloadLag = 18 * time.Second
			w.put(func(c *destination.Config) {
				c.Timeout, c.IdempotencyHeader, c.OnFailure = 5*time.Second, header, destination.Park
			})
			ids := w.accept(keyed("a", large("a1")), keyed("a", "a2"))
			time.Sleep(17500 * time.Millisecond)
			w.payloadLag = 0
			w.boot() // the first one has its alarm under way
			require.NoError(t, w.lane.Alarm())
			w.empty(5 * time.Minute)
			time.Sleep(time.Minute) // the first one has its body
			if header == "" {
				assert.Equal(t, []string{"a2"}, w.left())
				assert.Equal(t, lane.Parked, w.get(ids[0]).State)
				return
			}
			assert.Equal(t, []string{"a1", "a2"}, w.left())
			w.inTurn()
			w.check()
		})
	}
}

// TestCommitFails: a delivery is noted although the transaction that was to
// note it, and to take the next write, failed.
func TestCommitFails(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		w.server.answer = func(r request) (int, [][2]string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.badCommit = r.body == "a1" && r.n == 1
			return 200, nil
		}
		w.accept(keyed("a", "a1"), keyed("a", "a2"))
		w.empty(5 * time.Minute)
		assert.Equal(t, []string{"a1", "a2"}, w.left())
	})
}

// TestOrderUnderCrashesWithSlowParts: bodies and tokens that often outlast a
// lease, and instances that end between any two calls: the order is exact, and
// no two writes of a key are under way at once but by one that was cut off.
func TestOrderUnderCrashesWithSlowParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 11)
		defer w.stop()
		w.payloadLag = 9 * time.Second
		w.sender.Tokens = func(_ context.Context, r outbound.TokenRequest) (outbound.Token, error) {
			time.Sleep(time.Duration(w.jitter() * float64(19*time.Second)))
			return outbound.Token{Value: "abcdefgh", Generation: r.Refused + 1}, nil
		}
		w.boot()
		w.put(func(c *destination.Config) {
			c.Connection, c.Timeout = "c", 2*time.Second
			c.Retry.Backoff.Base, c.Retry.Backoff.Cap, c.Retry.MaxAttempts = time.Second, 5*time.Second, 100
		})
		const keys, each = 4, 12
		for i := range each {
			for k := range keys {
				body := string(rune('A'+k)) + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
				w.accept(keyed(body[:1], body))
			}
		}
		assert.Greater(t, w.emptyCrashing(23), 5, "it did crash")
		w.ordered(keys, each)
		w.check()
	})
}
