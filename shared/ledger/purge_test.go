package ledger

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
)

// deadNow claims e under a message of its own and gives it up.
func (r *rig) deadNow(e *event.Event) Decision {
	r.t.Helper()
	d := r.claim1("m-"+e.ID, event.Encode(e))
	require.True(r.t, r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDead, Reason: "agent_gone"}).Died)
	return d
}

// holds reports whether any column of any table has the text.
func (r *rig) holds(text string) bool {
	r.t.Helper()
	rows, err := r.db.Exec(`SELECT count(*) FROM events WHERE instr(body, ?) > 0`, text)
	require.NoError(r.t, err)
	row, _ := rows.First()
	return row.Int() > 0
}

func TestPurgeTakesTheContentAndKeepsTheKey(t *testing.T) {
	r, e := newRig(t), one()
	e.Body = []byte(`{"name":"Ada"}`)
	d := r.deadNow(e)
	require.True(t, r.holds("Ada"))
	require.NoError(t, r.client().Purge(context.Background(), e.Key()))
	require.False(t, r.holds("Ada"), "what it said is gone")
	got := r.get(e.Key())
	require.Equal(t, Purged, got.State)
	require.Nil(t, got.Body)
	require.Len(t, got.Tries, 1, "what became of it is still told")
	require.Equal(t, r.clock.Add(72*time.Hour).UnixMilli(), got.ExpiresAt.UnixMilli())

	again := r.claim1("late", event.Encode(e))
	require.Equal(t, Decision{Kind: Done, Key: e.Key(), State: Purged, Duplicate: true}, again, "a redelivery is not acted on (G4)")
	require.False(t, r.holds("Ada"))
	require.ErrorIs(t, r.client().Replay(context.Background(), e.Key()), ErrPurged)
	require.True(t, r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered}).Stale, "a consumer that is late")
	require.Equal(t, Purged, r.get(e.Key()).State)
	ms, err := r.l.MarkDead([]Item{{MessageID: "m-" + e.ID, Message: event.Encode(e)}})
	require.NoError(t, err)
	require.Equal(t, []Marked{MarkedNothing}, ms)
	seen, err := r.l.Seen([]string{e.Key()})
	require.NoError(t, err)
	require.Equal(t, []Sighting{SeenWebhook}, seen, "a poll does not bring it again")
	stats, err := r.l.Stats()
	require.NoError(t, err)
	require.Equal(t, Counts{Purged: 1}, stats)
	page, err := r.client().List(context.Background(), Filter{State: Purged})
	require.NoError(t, err)
	require.Len(t, page.Events, 1)

	r.until(start.Add(72*time.Hour - time.Minute))
	require.Equal(t, Purged, r.get(e.Key()).State, "retention is a promise")
	r.until(start.Add(72*time.Hour + forgetEvery))
	_, err = r.l.Get(e.Key())
	require.ErrorIs(t, err, ErrNotFound)
	require.True(t, r.alarm.IsZero(), "an empty object sleeps")
}

func TestPurgeDropsThePayload(t *testing.T) {
	r := newRig(t)
	e := claimed(ids(1)[0], "evt/acme/1")
	r.deadNow(e)
	r.bucketDown = true
	require.NoError(t, r.l.Purge(e.Key()))
	require.Equal(t, r.clock, r.alarm, "at once")
	r.until(start.Add(time.Minute))
	require.Empty(t, r.dropped)
	r.bucketDown = false
	r.until(start.Add(dropRetry + time.Minute))
	require.Equal(t, []string{"evt/acme/1"}, r.dropped)
}

func TestPurgeIsForSettledEvents(t *testing.T) {
	r, e := newRig(t), one()
	require.ErrorIs(t, r.client().Purge(context.Background(), e.Key()), ErrNotFound)
	d := r.claim1("m", event.Encode(e))
	require.ErrorIs(t, r.client().Purge(context.Background(), e.Key()), ErrOpen)
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeRetry, RetryAfter: time.Minute})
	require.ErrorIs(t, r.client().Purge(context.Background(), e.Key()), ErrOpen)
	require.ErrorIs(t, r.l.Purge(strings.Replace(e.Key(), "acme/", "other/", 1)), ErrTenant)
	r.pass(time.Minute)
	d = r.claim1("m", event.Encode(e))
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered})
	require.NoError(t, r.l.Purge(e.Key()), "a delivered one too: somebody has asked for their data to be deleted")
	require.False(t, r.holds("{"))
}

func TestPurgeWithoutItsAlarm(t *testing.T) {
	r := newRig(t)
	e := claimed(ids(1)[0], "evt/acme/1")
	r.deadNow(e)
	r.alarm, r.alarmDown = time.Time{}, true
	r.restart()
	require.ErrorIs(t, r.l.Purge(e.Key()), errPlatform)
	r.alarmDown = false
	require.NoError(t, r.l.Purge(e.Key()), "asked again")
	r.until(start.Add(time.Minute))
	require.Equal(t, []string{"evt/acme/1"}, r.dropped)
}

func TestPurgeWhere(t *testing.T) {
	r := newRig(t)
	keys := fill(r, 360) // a third each of pending, dead and delivered
	total, f := 0, Filter{State: Dead, Limit: 50}
	for calls := 0; ; calls++ {
		require.Less(t, calls, 5)
		out, err := r.client().PurgeWhere(context.Background(), f)
		require.NoError(t, err)
		total += out.Purged
		if f.Cursor = out.Next; f.Cursor == "" {
			break
		}
	}
	require.Equal(t, 120, total)
	for i, k := range keys {
		require.Equal(t, i%3 == 1, r.get(k).State == Purged, "%d %s", i, k)
	}
	stats, err := r.l.Stats()
	require.NoError(t, err)
	require.Equal(t, Counts{Pending: 120, Delivered: 120, Purged: 120}, stats)
	out, err := r.l.PurgeWhere(Filter{})
	require.NoError(t, err)
	require.Equal(t, PurgedEvents{Purged: 120}, out, "the delivered ones; those that wait stay")
	again, err := r.l.ReplayWhere(Filter{})
	require.NoError(t, err)
	require.Zero(t, again.Replayed)
	for _, s := range []string{Pending, Delivering, Purged, "x"} {
		_, err := r.client().PurgeWhere(context.Background(), Filter{State: s})
		require.ErrorIs(t, err, ErrFilter, s)
	}
}
