package ledger

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/page"
	"github.com/hookweir/hookweir/shared/wire"
)

// fill stores n events, two per second, of alternating sources and types:
// every third delivered, every third dead, the rest pending.
func fill(r *rig, n int) []string {
	var keys []string
	for i, id := 0, 0; i < n; id++ {
		e := newEvent(fmt.Sprintf("e%d", id))
		e.Source = []string{"gh", "stripe"}[i%2]
		e.Type = []string{"t.a", "t.b"}[i/2%2]
		e.Accepted = start.Add(time.Duration(i/2) * time.Second)
		if ShardOf(e.Key()) != 0 {
			continue
		}
		d := r.claim1("m-"+e.ID, event.Encode(e))
		require.Equal(r.t, Deliver, d.Kind)
		out := []Outcome{OutcomeDelivered, OutcomeDead, OutcomeRetry}[i%3]
		r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: out, RetryAfter: time.Hour})
		keys = append(keys, d.Key)
		i++
	}
	return keys
}

func TestListPages(t *testing.T) {
	r := newRig(t)
	keys := fill(r, 60)
	c := r.client()
	for _, f := range []Filter{
		{},
		{State: Dead},
		{State: Delivered},
		{State: Pending},
		{State: Delivering},
		{Source: "gh"},
		{Type: "t.b"},
		{Source: "stripe", Type: "t.a", State: Dead},
		{Since: start.Add(5 * time.Second), Until: start.Add(20 * time.Second)},
		{Since: start.Add(time.Hour)},
		{Source: "none"},
	} {
		want := map[string]bool{}
		for i, k := range keys {
			at := start.Add(time.Duration(i/2) * time.Second)
			state := []string{Delivered, Dead, Pending}[i%3]
			if (f.State == "" || f.State == state) && (f.Source == "" || f.Source == []string{"gh", "stripe"}[i%2]) &&
				(f.Type == "" || f.Type == []string{"t.a", "t.b"}[i/2%2]) && !at.Before(f.Since) && (f.Until.IsZero() || at.Before(f.Until)) {
				want[k] = true
			}
		}
		for _, limit := range []int{0, 1, 7, page.Max} {
			f.Limit, f.Cursor = limit, ""
			got := map[string]bool{}
			var last Entry
			for pages := 0; ; pages++ {
				page, err := c.List(context.Background(), f)
				require.NoError(t, err)
				require.Less(t, pages, 100)
				for _, e := range page.Events {
					require.False(t, got[e.Key], "%s twice", e.Key)
					if last.Key != "" {
						require.False(t, e.Accepted.After(last.Accepted), "newest first")
					}
					got[e.Key], last = true, e
				}
				if page.Next == "" {
					break
				}
				require.NotEmpty(t, page.Events)
				f.Cursor = page.Next
			}
			require.Equal(t, want, got, "%+v", f)
		}
	}
	stats, err := c.Stats(context.Background())
	require.NoError(t, err)
	require.Equal(t, Counts{Pending: 20, Delivered: 20, Dead: 20}, stats)
}

func TestListUsesItsIndices(t *testing.T) {
	r := newRig(t)
	for _, f := range []Filter{{}, {State: Dead}, {Since: start}, {Cursor: Entry{Accepted: start, Key: "acme/gh/1"}.Cursor()}} {
		where, args, err := f.where()
		require.NoError(t, err)
		rows, err := r.db.Exec(`EXPLAIN QUERY PLAN SELECT `+entryColumns+` FROM events`+where+` ORDER BY accepted DESC, key DESC LIMIT ?`, append(args, 5)...)
		require.NoError(t, err)
		plan := fmt.Sprint(rows.Values)
		require.NotContains(t, plan, "TEMP B-TREE", "%+v", f)
		require.Contains(t, plan, "USING INDEX events_", "%+v", f)
		if f.State == Dead {
			require.Contains(t, plan, "events_open")
		}
	}
	rows, err := r.db.Exec(`EXPLAIN QUERY PLAN SELECT key, state, claim, sweeps, next_at FROM events WHERE due_at <= ? ORDER BY due_at LIMIT ?`, 1, 1)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(rows.Values), "USING INDEX events_due")
}

func TestBadFilters(t *testing.T) {
	r := newRig(t)
	enc := base64.RawURLEncoding.EncodeToString
	for name, f := range map[string]Filter{
		"state":               {State: "lost"},
		"limit below":         {Limit: -1},
		"limit above":         {Limit: MaxReplay + 1},
		"cursor not base64":   {Cursor: "%"},
		"cursor without key":  {Cursor: enc([]byte("12 "))},
		"cursor without time": {Cursor: enc([]byte("x k"))},
		"cursor out of range": {Cursor: enc([]byte("9007199254740993 k"))},
		"cursor too long":     {Cursor: strings.Repeat("A", 601)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.client().List(context.Background(), f)
			require.ErrorIs(t, err, ErrFilter)
			_, err = r.client().ReplayWhere(context.Background(), f)
			require.ErrorIs(t, err, ErrFilter)
		})
	}
	_, err := r.l.List(Filter{Limit: page.Max + 1})
	require.ErrorIs(t, err, ErrFilter)
	for _, s := range []string{Pending, Delivering} {
		_, err := r.l.ReplayWhere(Filter{State: s})
		require.ErrorIs(t, err, ErrFilter)
	}
	_, err = r.client().List(context.Background(), Filter{Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.ErrorIs(t, err, ErrFilter)
}

func TestReplay(t *testing.T) {
	r, e := newRig(t), one()
	c, ctx := r.client(), context.Background()
	require.ErrorIs(t, c.Replay(ctx, e.Key()), ErrNotFound)
	d := r.claim1("m1", event.Encode(e))
	require.ErrorIs(t, c.Replay(ctx, e.Key()), ErrInFlight)
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered})

	require.NoError(t, c.Replay(ctx, e.Key()))
	got := r.get(e.Key())
	require.Equal(t, Pending, got.State)
	require.Zero(t, got.Attempts)
	require.Equal(t, 1, got.Replays)
	require.True(t, got.ExpiresAt.IsZero())
	require.Equal(t, Settled{Ack: true, Stale: true}, r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered}), "the lease before the replay is over")

	d = r.claim1("ref", r.takeQueued()[0])
	require.Equal(t, Deliver, d.Kind)
	require.Equal(t, 1, d.Attempt)
	require.Equal(t, e.Body, d.Event.Body)
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered})
	require.Len(t, r.get(e.Key()).Tries, 2)
}

func TestReplayOfAnAbandonedLease(t *testing.T) {
	r, e := newRig(t), one()
	r.claim1("m1", event.Encode(e))
	r.pass(lease30)
	require.NoError(t, r.l.Replay(e.Key()))
}

func TestReplayWithTheQueueDown(t *testing.T) {
	r, e := newRig(t), one()
	r.deliveredNow(e)
	r.queueDown = true
	require.ErrorIs(t, r.client().Replay(context.Background(), e.Key()), ErrRequeue)
	require.Equal(t, Pending, r.get(e.Key()).State)
	out, err := r.client().ReplayWhere(context.Background(), Filter{})
	require.NoError(t, err)
	require.Zero(t, out.Replayed, "pending already")
	r.queueDown = false
	r.pass(DefaultSweepGrace)
	require.Equal(t, 1, r.ring().Requeued, "the sweep does what the call could not")
}

func TestReplayWhere(t *testing.T) {
	r := newRig(t)
	keys := fill(r, 360)
	r.takeQueued()
	f := Filter{State: Dead, Limit: 50}
	total := 0
	for calls := 0; ; calls++ {
		require.Less(t, calls, 5)
		out, err := r.client().ReplayWhere(context.Background(), f)
		require.NoError(t, err)
		total += out.Replayed
		if f.Cursor = out.Next; f.Cursor == "" {
			break
		}
	}
	require.Equal(t, 120, total)
	queued := map[string]bool{}
	for _, m := range r.takeQueued() {
		queued[string(m)] = true
	}
	for i, k := range keys {
		require.Equal(t, i%3 == 1, queued[string(event.EncodeReference("acme", k))], "%d %s", i, k)
	}
	out, err := r.l.ReplayWhere(Filter{})
	require.NoError(t, err)
	require.Equal(t, Replayed{Replayed: 120}, out, "delivered ones")
	require.Len(t, r.queued, 120)

	r.queueDown = true
	r.clock = start.Add(time.Hour)
	for _, m := range r.takeQueued() {
		d := r.claim1("r"+string(m), m)
		r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered})
	}
	out, err = r.client().ReplayWhere(context.Background(), Filter{})
	require.ErrorIs(t, err, ErrRequeue)
	require.Equal(t, 120, out.Replayed, "the result holds beside the error")
}

func TestClientRoundTrip(t *testing.T) {
	r, e := newRig(t), one()
	c, ctx := r.client(), context.Background()
	req := ClaimRequest{Lease: lease30, Items: []Item{{MessageID: "m1", Attempts: 3, Message: event.Encode(e)}, {MessageID: "m2", Message: event.Encode(e)}}}
	ds, err := c.Claim(ctx, req)
	require.NoError(t, err)
	require.Equal(t, []Decision{
		{Kind: Deliver, Key: e.Key(), Fence: 1, Attempt: 1, State: Delivering},
		{Kind: Done, Key: e.Key(), State: Delivering, Duplicate: true},
	}, ds)
	ss, err := c.Settle(ctx, []Result{{Key: e.Key(), Fence: 1, Outcome: OutcomeRetry, Status: 500, Reason: "http_500", RetryAfter: 3 * time.Second, Took: 40 * time.Millisecond}})
	require.NoError(t, err)
	require.Equal(t, []Settled{{RetryAfter: 3 * time.Second, Attempts: 1}}, ss)
	ds, err = c.Claim(ctx, req)
	require.NoError(t, err)
	require.Equal(t, 3*time.Second, ds[0].After)
	r.pass(3 * time.Second)
	ds, err = c.Claim(ctx, req)
	require.NoError(t, err)
	require.Equal(t, e.Body, ds[0].Event.Body)
	d, err := c.Get(ctx, e.Key())
	require.NoError(t, err)
	require.Equal(t, r.get(e.Key()), d)
	ms, err := c.MarkDead(ctx, req.Items)
	require.NoError(t, err)
	require.Equal(t, []Marked{MarkedDead, MarkedNothing}, ms)
	_, err = c.Claim(ctx, ClaimRequest{Items: []Item{{MessageID: "m", Message: event.EncodeReference("evil", "evil/gh/1")}}})
	require.ErrorIs(t, err, ErrTenant)
}

func TestObjectKeepsToItsFirstCaller(t *testing.T) {
	r := newRig(t)
	_, err := r.db.Exec(`DELETE FROM identity`)
	require.NoError(t, err)
	cfg := r.config()
	cfg.Tenant = ""
	r.l, err = New(cfg)
	require.NoError(t, err)
	_, err = r.l.Get("acme/gh/1")
	require.ErrorIs(t, err, ErrTenant, "belongs to nobody yet")

	ctx := context.Background()
	call := func(tenant string, shard int) error {
		c := r.client()
		c.Tenant, c.Shard = tenant, shard
		_, err := c.Stats(ctx)
		return err
	}
	require.ErrorIs(t, call("No Name", 0), ErrTenant)
	require.ErrorIs(t, call("acme", Shards), ErrRequest)
	require.NoError(t, call("acme", 2))
	require.ErrorIs(t, call("evil", 2), ErrTenant)
	require.ErrorIs(t, call("acme", 0), ErrShard)
	r.l, err = New(cfg) // after an eviction
	require.NoError(t, err)
	require.ErrorIs(t, call("evil", 2), ErrTenant)
	require.NoError(t, call("acme", 2))
}

func TestClientDistrustsAnswers(t *testing.T) {
	ctx := context.Background()
	for name, answer := range map[string][]byte{
		"empty": nil, "unknown code": {200}, "truncated": {0, 1}, "too few": {0, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := Client{Tenant: "acme", Invoke: func(context.Context, string, []byte) ([]byte, error) { return answer, nil }}
			_, err := c.Claim(ctx, ClaimRequest{Items: make([]Item, 2)})
			require.ErrorIs(t, err, call.ErrAnswer)
			_, err = c.Settle(ctx, make([]Result, 2))
			require.ErrorIs(t, err, call.ErrAnswer)
			_, err = c.Get(ctx, "k")
			require.ErrorIs(t, err, call.ErrAnswer)
			if name != "truncated" {
				_, err = c.MarkDead(ctx, make([]Item, 1))
				require.ErrorIs(t, err, call.ErrAnswer)
			}
		})
	}
	c := Client{Invoke: func(context.Context, string, []byte) ([]byte, error) { return nil, errPlatform }}
	require.ErrorIs(t, c.Replay(ctx, "k"), errPlatform)
}

func FuzzInvoke(f *testing.F) {
	head := wire.AppendUint32(wire.AppendBytes(nil, "acme"), 0)
	e := one()
	f.Add("claim", appendClaimRequest(head, ClaimRequest{Lease: lease30, Items: []Item{{MessageID: "m", Message: event.Encode(e)}}}))
	f.Add("settle", appendResults(head, []Result{{Key: e.Key(), Fence: 1, Outcome: OutcomeDelivered}}))
	f.Add("mark_dead", appendItems(head, []Item{{MessageID: "m", Message: event.Encode(e)}}))
	f.Add("list", append(head, `{"limit":3}`...))
	f.Add("replay_where", append(head, `{}`...))
	f.Add("get", append(head, e.Key()...))
	f.Add("nonsense", []byte{})
	f.Fuzz(func(t *testing.T, method string, payload []byte) {
		r := newRig(t)
		answer, err := r.l.Invoke(method, payload)
		if err != nil {
			t.Fatalf("bytes from outside must not look like a failure of the platform: %v", err)
		}
		if len(answer) == 0 || int(answer[0]) > len(answers) {
			t.Fatalf("answer %x", answer)
		}
	})
}
