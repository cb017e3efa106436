package schedule

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/poll"
)

// TestATouchDuringARun: the webhook came after the run had asked its provider.
func TestATouchDuringARun(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	require.NoError(t, r.client("acme").Add(ctx, "a", "stripe", time.Minute, noon))
	r.answer = func(string) (poll.Ran, error) {
		r.mu.Unlock()
		defer r.mu.Lock()
		_, err := r.client("acme").Touch(ctx, []string{"stripe"})
		require.NoError(t, err)
		return poll.Ran{Outcome: poll.RanOK, Next: r.clock.Add(30 * time.Minute)}, nil
	}
	require.Equal(t, []string{"acme/a"}, r.tick(true))
	r.answer = func(string) (poll.Ran, error) {
		return poll.Ran{Outcome: poll.RanOK, Next: r.clock.Add(30 * time.Minute)}, nil
	}
	require.Equal(t, []string{"acme/a"}, r.tick(true), "at its floor, not in half an hour")
	assert.Equal(t, poll.Touched, r.why["acme/a"])
	assert.Empty(t, r.tick(true), "once")
}

// TestASettlementOfAnEarlierPoll: what a run says that began before the poll
// was made anew, or changed, is not about this one.
func TestASettlementOfAnEarlierPoll(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	c := r.client("acme")
	require.NoError(t, c.Add(ctx, "a", "", time.Minute, noon))
	r.answer = func(string) (poll.Ran, error) {
		r.mu.Unlock()
		defer r.mu.Lock()
		require.NoError(t, c.Remove(ctx, "a"))
		require.NoError(t, c.Add(ctx, "a", "", time.Minute, r.clock))
		return poll.Ran{Outcome: poll.RanGone}, nil
	}
	require.Equal(t, []string{"acme/a"}, r.tick(true))
	r.answer = func(string) (poll.Ran, error) {
		r.mu.Unlock()
		defer r.mu.Lock()
		require.NoError(t, c.Add(ctx, "a", "", time.Minute, r.clock))
		return poll.Ran{Outcome: poll.RanOK, Next: r.clock.Add(24 * time.Hour)}, nil
	}
	require.Equal(t, []string{"acme/a"}, r.tick(true), "made anew")
	r.answer = func(string) (poll.Ran, error) {
		return poll.Ran{Outcome: poll.RanOK, Next: r.clock.Add(24 * time.Hour)}, nil
	}
	require.Equal(t, []string{"acme/a"}, r.tick(true), "changed")
	assert.Empty(t, r.tick(true))
}

// TestAWakerThatWasNotHeard tells it again a minute later.
func TestAWakerThatWasNotHeard(t *testing.T) {
	down, told, now := true, 0, noon
	w := &Waker{Now: func() time.Time { return now }, Touch: func(_ context.Context, _ string, sources []string) ([]string, error) {
		told++
		if down {
			return nil, errors.New("no answer")
		}
		return sources, nil
	}}
	w.Arrived(context.Background(), "acme", []string{"stripe"})
	down, now = false, now.Add(time.Minute)
	w.Arrived(context.Background(), "acme", []string{"stripe"})
	assert.Equal(t, 2, told)
	w.Arrived(context.Background(), "acme", []string{"stripe"})
	assert.Equal(t, 2, told)
}
