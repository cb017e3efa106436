package schedule

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/poll"
)

// TestPanicIsOnePollsFailure: a panic in a goroutine would end the module; that
// poll is due again by its lease, and the others do not notice.
func TestPanicIsOnePollsFailure(t *testing.T) {
	r := newRig(t)
	for _, p := range []string{"a", "b"} {
		require.NoError(t, r.client("acme").Add(context.Background(), p, "", time.Minute, noon))
	}
	answer := r.answer
	r.answer = func(key string) (poll.Ran, error) {
		if key == "acme/a" {
			panic("a secret of the request")
		}
		return answer(key)
	}
	assert.ElementsMatch(t, []string{"acme/a", "acme/b"}, r.tick(true))
	r.answer = answer
	assert.Equal(t, []string{"acme/b"}, r.tick(true), "the other one is believed to be under way")
	r.clock = r.clock.Add(Lease)
	assert.ElementsMatch(t, []string{"acme/a", "acme/b"}, r.tick(true))
}

// TestPanicIsOneShardsFailure: the tick fails, so that it is seen, and hands
// out what the other shards have.
func TestPanicIsOneShardsFailure(t *testing.T) {
	r := newRig(t)
	tenants := []string{"acme", "other"}
	require.NotEqual(t, ShardOf(tenants[0]), ShardOf(tenants[1]))
	for _, tenant := range tenants {
		require.NoError(t, r.client(tenant).Add(context.Background(), "a", "", time.Minute, noon))
	}
	c := r.clockwork()
	c.Shard = func(n int) Shard {
		if n == ShardOf("acme") {
			panic("a secret of the request")
		}
		return r.shard(n)
	}
	r.clock = r.clock.Add(time.Minute)
	require.ErrorIs(t, c.Tick(context.Background()), bulkhead.ErrPanic)
	require.Len(t, r.queue, 1)
	assert.Contains(t, string(r.queue[0]), `"other"`)
}
