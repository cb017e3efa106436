package ledger

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
)

// eventsOfShard makes events of acme's shard 0.
func eventsOfShard(n int, origin string) (events []*event.Event) {
	for i := 0; len(events) < n; i++ {
		e := &event.Event{Tenant: "acme", Source: "gh", ID: "id-" + origin + "-" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Origin: origin, Body: []byte("{}"), Accepted: start, Time: start}
		if ShardOf(e.Key()) == 0 {
			events = append(events, e)
		}
	}
	return events
}

func TestSeenSaysWhoWasFirst(t *testing.T) {
	r := newRig(t)
	client := r.client()
	hook, poll, none := eventsOfShard(1, event.OriginWebhook)[0], eventsOfShard(1, event.OriginPoll)[0], eventsOfShard(1, "none")[0]
	_, err := client.Claim(context.Background(), ClaimRequest{Items: []Item{{MessageID: "1", Message: event.Encode(hook)}, {MessageID: "2", Message: event.Encode(poll)}}})
	require.NoError(t, err)
	late := *poll
	late.Origin = event.OriginWebhook // a webhook that came after the poll
	_, err = client.Claim(context.Background(), ClaimRequest{Items: []Item{{MessageID: "3", Message: event.Encode(&late)}}})
	require.NoError(t, err)

	seen, err := client.Seen(context.Background(), []string{hook.Key(), none.Key(), poll.Key(), hook.Key()})
	require.NoError(t, err)
	assert.Equal(t, []Sighting{SeenWebhook, NotSeen, SeenOther, SeenWebhook}, seen)

	_, err = client.Seen(context.Background(), []string{"other/gh/1"})
	assert.ErrorIs(t, err, ErrTenant)
	_, err = client.Seen(context.Background(), make([]string, 101))
	assert.ErrorIs(t, err, ErrRequest)
}

func TestBuryIsDeadAndReplayable(t *testing.T) {
	r := newRig(t)
	client := r.client()
	e := eventsOfShard(1, event.OriginPoll)[0]
	for range 2 { // repeating it changes nothing
		require.NoError(t, client.Bury(context.Background(), "item_without_id", [][]byte{event.Encode(e)}))
	}
	d, err := client.Get(context.Background(), e.Key())
	require.NoError(t, err)
	assert.Equal(t, Dead, d.State)
	assert.Equal(t, "item_without_id", d.LastError)
	require.NoError(t, client.Replay(context.Background(), e.Key()))
	require.NoError(t, client.Bury(context.Background(), "item_without_id", [][]byte{event.Encode(e)}))
	d, err = client.Get(context.Background(), e.Key())
	require.NoError(t, err)
	assert.Equal(t, Pending, d.State, "what is under way stays so")
	assert.ErrorIs(t, client.Bury(context.Background(), "x", [][]byte{event.EncodeReference("acme", e.Key())}), ErrRequest)
}
