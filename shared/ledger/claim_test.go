package ledger

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

func TestNewEventIsDeliveredOnce(t *testing.T) {
	r, e := newRig(t), one()
	d := r.claim1("m1", event.Encode(e))
	require.Equal(t, Decision{Kind: Deliver, Key: e.Key(), Fence: 1, Attempt: 1, State: Delivering}, d)
	s := r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered, Status: 204, Took: time.Second})
	require.Equal(t, Settled{Ack: true, Attempts: 1}, s)

	got := r.get(e.Key())
	require.Equal(t, Delivered, got.State)
	require.Equal(t, 204, got.LastStatus)
	require.Equal(t, e.Body, got.Body)
	require.Equal(t, start, got.DeliveredAt)
	require.Equal(t, start.Add(72*time.Hour), got.ExpiresAt)
	require.Equal(t, []Attempt{{Attempt: 1, At: start, Outcome: Delivered, Status: 204, TookMs: 1000}}, got.Tries)
	require.Zero(t, got.Duplicates)

	// The acknowledgement got lost: the same message again is no duplicate.
	require.Equal(t, Decision{Kind: Done, Key: e.Key(), State: Delivered}, r.claim1("m1", event.Encode(e)))
	require.Zero(t, r.get(e.Key()).Duplicates)
	// The provider sent it again: it is one.
	require.Equal(t, Decision{Kind: Done, Key: e.Key(), State: Delivered, Duplicate: true}, r.claim1("m2", event.Encode(e)))
	require.Equal(t, 1, r.get(e.Key()).Duplicates)
}

func TestTwoMessagesInOneBatch(t *testing.T) {
	r, e := newRig(t), one()
	ds := r.claim(Item{MessageID: "m1", Message: event.Encode(e)}, Item{MessageID: "m2", Message: event.Encode(e)})
	require.Equal(t, Deliver, ds[0].Kind)
	require.Equal(t, Done, ds[1].Kind)
	require.True(t, ds[1].Duplicate)
	require.Equal(t, 1, r.get(e.Key()).Duplicates)
}

func TestTwoConsumersInterleaved(t *testing.T) {
	r, e := newRig(t), one()
	a := r.claim1("m1", event.Encode(e))
	require.Equal(t, Deliver, a.Kind)
	require.Equal(t, Done, r.claim1("m2", event.Encode(e)).Kind, "another message: not ours to deliver")

	// The queue redelivers m1 while its consumer is still at it.
	r.pass(10 * time.Second)
	require.Equal(t, Decision{Kind: Wait, Key: e.Key(), After: 20 * time.Second, State: Delivering}, r.claim1("m1", event.Encode(e)))

	// The lease runs out: the redelivery takes over and the first one's word
	// no longer counts.
	r.pass(20 * time.Second)
	b := r.claim1("m1", event.Encode(e))
	require.Equal(t, Deliver, b.Kind)
	require.EqualValues(t, 2, b.Fence)
	require.Equal(t, 2, b.Attempt)
	require.Equal(t, Settled{Ack: true, Stale: true}, r.settle1(Result{Key: a.Key, Fence: a.Fence, Outcome: OutcomeDelivered, Status: 200}))
	require.Equal(t, Delivering, r.get(e.Key()).State)
	r.settle1(Result{Key: b.Key, Fence: b.Fence, Outcome: OutcomeDelivered, Status: 200})

	tries := r.get(e.Key()).Tries
	require.Len(t, tries, 2)
	require.Equal(t, "abandoned", tries[0].Outcome)
	require.Equal(t, Delivered, tries[1].Outcome)
}

func TestStoredEventWins(t *testing.T) {
	r, e := newRig(t), one()
	d := r.claim1("m1", event.Encode(e))
	r.pass(lease30)
	r.pass(DefaultSweepGrace)
	require.Equal(t, 1, r.ring().Requeued)

	other := *e
	other.Body, other.Type = []byte(`{"forged":true}`), "com.github.other"
	d = r.claim1("m2", event.Encode(&other))
	require.Equal(t, Deliver, d.Kind, "the row had no owner any more")
	require.NotNil(t, d.Event)
	require.Equal(t, e.Body, d.Event.Body)
	require.Equal(t, e.Type, d.Event.Type)
	require.Equal(t, e.Key(), d.Event.Key())
	require.Equal(t, e.Retention, d.Event.Retention)
	require.True(t, e.Accepted.Equal(d.Event.Accepted))

	// Now the reference and the first message are the latecomers.
	require.Equal(t, Decision{Kind: Done, Key: e.Key(), State: Delivering}, r.claim1("ref", r.queued[0]))
	require.Equal(t, Done, r.claim1("m1", event.Encode(e)).Kind)
}

func TestRetryWaitsForItsTime(t *testing.T) {
	r, e := newRig(t), one()
	d := r.claim1("m1", event.Encode(e))
	s := r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeRetry, Status: 503, Reason: "http_503", RetryAfter: 1500 * time.Millisecond})
	require.Equal(t, Settled{RetryAfter: 2 * time.Second, Attempts: 1}, s, "whole seconds, rounded up")
	got := r.get(e.Key())
	require.Equal(t, Pending, got.State)
	require.Equal(t, start.Add(2*time.Second), got.NextAt)
	require.Equal(t, "http_503", got.LastError)

	// The verdict was lost and the queue came back at once: Retry-After holds.
	r.pass(500 * time.Millisecond)
	require.Equal(t, Decision{Kind: Wait, Key: e.Key(), After: 1500 * time.Millisecond, State: Pending}, r.claim1("m1", event.Encode(e)))
	r.pass(1500 * time.Millisecond)
	require.Equal(t, Deliver, r.claim1("m1", event.Encode(e)).Kind)
}

func TestDelayIsClamped(t *testing.T) {
	r, e := newRig(t), one()
	d := r.claim1("m1", event.Encode(e))
	s := r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeRetry, RetryAfter: 1000 * time.Hour})
	require.Equal(t, 24*time.Hour, s.RetryAfter)
	s = r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeRetry, RetryAfter: -time.Hour})
	require.Zero(t, s.RetryAfter)
	require.False(t, s.Ack)
}

func TestAttemptsRunOut(t *testing.T) {
	r, e := newRig(t), one()
	for n := 1; n <= MaxAttempts; n++ {
		d := r.claim1("m1", event.Encode(e))
		require.Equal(t, Deliver, d.Kind, "attempt %d", n)
		require.Equal(t, n, d.Attempt)
		s := r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeRetry, Status: 500, Reason: "http_500"})
		require.Equal(t, n == MaxAttempts, s.Died)
		require.Equal(t, n == MaxAttempts, s.Ack)
	}
	got := r.get(e.Key())
	require.Equal(t, Dead, got.State)
	require.Equal(t, "http_500", got.LastError)
	require.Len(t, got.Tries, MaxAttempts)
	require.Equal(t, e.Body, got.Body, "dead is replayable")
	require.Equal(t, Done, r.claim1("m1", event.Encode(e)).Kind)
}

func TestVanishingConsumersRunOut(t *testing.T) {
	r, e := newRig(t), one()
	for n := range MaxAttempts {
		if n > 1 { // once may be anything; more may be the event itself
			d := r.claim1("m1", event.Encode(e))
			require.Equal(t, Wait, d.Kind)
			require.Equal(t, Pending, d.State)
			require.Equal(t, Decision{Kind: Wait, Key: e.Key(), State: Pending, After: d.After}, r.claim1("m1", event.Encode(e)), "the same when it is asked again")
			r.pass(d.After)
		}
		require.Equal(t, Deliver, r.claim1("m1", event.Encode(e)).Kind)
		r.pass(lease30)
	}
	d := r.claim1("m1", event.Encode(e))
	require.Equal(t, Decision{Kind: Done, Key: e.Key(), State: Dead, Died: true}, d)
	require.Equal(t, ReasonAbandoned, r.get(e.Key()).LastError)
}

func TestReleaseCostsNoAttempt(t *testing.T) {
	r, e := newRig(t), one()
	for range MaxAttempts + 5 {
		d := r.claim1("m1", event.Encode(e))
		require.Equal(t, 1, d.Attempt)
		for range 2 { // a repeated Settle releases once
			s := r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeRelease, Reason: "lease_short"})
			require.Equal(t, 0, s.Attempts)
			require.False(t, s.Ack)
		}
	}
	require.Empty(t, r.get(e.Key()).Tries)
}

func TestOutcomeDead(t *testing.T) {
	r, e := newRig(t), one()
	d := r.claim1("m1", event.Encode(e))
	s := r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDead, Status: 410, Reason: "agent_gone"})
	require.Equal(t, Settled{Ack: true, Died: true, Attempts: 1}, s)
	require.Equal(t, Dead, r.get(e.Key()).State)
	// Settled twice, as after a lost answer.
	require.Equal(t, Settled{Ack: true, Attempts: 1}, r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDead, Status: 410, Reason: "agent_gone"}))
}

func TestReferences(t *testing.T) {
	r, e := newRig(t), one()
	require.Equal(t, Decision{Kind: Unknown, Key: e.Key()}, r.claim1("ref", reference(e)))
	r.deliveredNow(e)
	require.Equal(t, Decision{Kind: Done, Key: e.Key(), State: Delivered}, r.claim1("ref", reference(e)), "a reference is no duplicate")
}

func TestRefusedMessages(t *testing.T) {
	good := one()
	for name, change := range map[string]func(e *event.Event){
		"no id":              func(e *event.Event) { e.ID = "" },
		"long id":            func(e *event.Event) { e.ID = strings.Repeat("x", event.MaxIDBytes+1) },
		"id with line break": func(e *event.Event) { e.ID = "a\nb" },
		"id with space":      func(e *event.Event) { e.ID = "a b" },
		"id not ASCII":       func(e *event.Event) { e.ID = "é" },
		"source is no name":  func(e *event.Event) { e.Source = "a/b" },
		"inline over limit":  func(e *event.Event) { e.Body = make([]byte, event.InlineLimit+1) },
	} {
		t.Run(name, func(t *testing.T) {
			r, e := newRig(t), *good
			change(&e)
			// The shard is checked before the form; make it fit.
			r.l.shard = ShardOf(e.Key())
			require.Equal(t, Refused, r.claim1("m", event.Encode(&e)).Kind)
			marks, err := r.l.MarkDead([]Item{{MessageID: "m", Message: event.Encode(&e)}})
			require.NoError(t, err)
			require.Equal(t, []Marked{MarkedRefused}, marks)
			c, err := r.l.Stats()
			require.NoError(t, err)
			require.Zero(t, c)
		})
	}
	r := newRig(t)
	for _, bytes := range [][]byte{nil, {9}, {1, 2, 3}, append(event.Encode(good), 0)} {
		require.Equal(t, Refused, r.claim1("m", bytes).Kind)
	}
	require.Equal(t, Refused, r.claim1("", event.Encode(good)).Kind, "without an id nobody owns it")
	// A bad one holds nobody up.
	ds := r.claim(Item{MessageID: "a", Message: []byte{9}}, Item{MessageID: "b", Message: event.Encode(good)})
	require.Equal(t, Deliver, ds[1].Kind)
}

func TestOddAttributesAreBroughtInRange(t *testing.T) {
	r, e := newRig(t), one()
	e.Time = time.UnixMilli(1 << 62)
	e.Accepted = time.UnixMilli(-1 << 62)
	e.Retention, e.Claim, e.Size, e.Type, e.ContentType = time.Second, "k", -5, "a\xffb", "\xff"
	require.Equal(t, Deliver, r.claim1("m", event.Encode(e)).Kind)
	got := r.get(e.Key())
	require.Equal(t, start, got.Time)
	require.Equal(t, start, got.Accepted)
	require.Zero(t, got.Size)
	require.Equal(t, "a\ufffdb", got.Type)
	require.Equal(t, "k", got.Claim)
	require.Nil(t, got.Body)
	r.settle1(Result{Key: e.Key(), Fence: 1, Outcome: OutcomeDelivered})
	require.Equal(t, start.Add(MinRetention), r.get(e.Key()).ExpiresAt, "never under 24 h")
}

func TestEmptyBody(t *testing.T) {
	r, e := newRig(t), one()
	e.Body, e.Size = nil, 0
	r.claim1("m", event.Encode(e))
	r.pass(lease30)
	d := r.claim1("m", event.Encode(e))
	require.NotNil(t, d.Event.Body)
	require.Empty(t, d.Event.Body)
}

func TestTenantAndShardAreTheObjects(t *testing.T) {
	r, e := newRig(t), one()
	other := *e
	other.Tenant = "evil"
	_, err := r.l.Claim(ClaimRequest{Items: []Item{{MessageID: "a", Message: event.Encode(e)}, {MessageID: "b", Message: event.Encode(&other)}}})
	require.ErrorIs(t, err, ErrTenant)
	_, err = r.l.Get(e.Key())
	require.ErrorIs(t, err, ErrNotFound, "a refused call leaves nothing")
	for _, call := range []func(key string) error{
		func(k string) error { _, err := r.l.Get(k); return err },
		r.l.Replay,
		func(k string) error { _, err := r.l.Settle([]Result{{Key: k, Outcome: OutcomeDelivered}}); return err },
		func(k string) error {
			_, err := r.l.MarkDead([]Item{{MessageID: "x", Message: event.EncodeReference(strings.Split(k, "/")[0], k)}})
			return err
		},
	} {
		require.ErrorIs(t, call(other.Key()), ErrTenant)
		wrong := *e
		for i := 0; ShardOf(wrong.Key()) == 0; i++ {
			wrong.ID += "x"
		}
		require.ErrorIs(t, call(wrong.Key()), ErrShard)
	}
	// A reference whose key is another tenant's.
	_, err = r.l.Claim(ClaimRequest{Items: []Item{{MessageID: "a", Message: event.EncodeReference("acme", other.Key())}}})
	require.ErrorIs(t, err, ErrTenant)

	cfg := r.config()
	cfg.Tenant = "evil"
	_, err = New(cfg)
	require.ErrorIs(t, err, ErrTenant)
	cfg.Tenant, cfg.Shard = "acme", 1
	_, err = New(cfg)
	require.ErrorIs(t, err, ErrShard)
}

func TestClaimNeedsItsAlarm(t *testing.T) {
	r, e := newRig(t), one()
	r.alarmDown = true
	_, err := r.l.Claim(ClaimRequest{Lease: lease30, Items: []Item{{MessageID: "m", Message: event.Encode(e)}}})
	require.ErrorIs(t, err, errPlatform)
	r.alarmDown = false
	require.Equal(t, Deliver, r.claim1("m", event.Encode(e)).Kind, "nothing had been claimed")
}

func TestBatchIsOneTransaction(t *testing.T) {
	r := newRig(t)
	_, err := r.l.Claim(ClaimRequest{Items: make([]Item, maxItems+1)})
	require.ErrorIs(t, err, ErrRequest)
	_, err = r.l.Settle(make([]Result, maxItems+1))
	require.ErrorIs(t, err, ErrRequest)
	_, err = r.l.MarkDead(make([]Item, maxItems+1))
	require.ErrorIs(t, err, ErrRequest)

	e := one()
	d := r.claim1("m", event.Encode(e))
	_, err = r.l.Settle([]Result{{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered}, {Key: d.Key, Fence: d.Fence + 1, Outcome: 99}, {Key: "evil/x/y"}})
	require.ErrorIs(t, err, ErrTenant)
	require.Equal(t, Delivering, r.get(e.Key()).State)
}

func TestReasonIsACode(t *testing.T) {
	r, e := newRig(t), one()
	d := r.claim1("m", event.Encode(e))
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeRetry, Reason: "dial tcp: secret=hunter2"})
	require.Equal(t, "unspecified", r.get(e.Key()).LastError)
}

func TestAttemptsAreBounded(t *testing.T) {
	r, e := newRig(t), one()
	for range keptAttempts + 20 {
		d := r.claim1("m", event.Encode(e))
		r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered})
		require.NoError(t, r.l.Replay(e.Key()))
	}
	n, err := sqlstore.Int64(r.db, `SELECT count(*) FROM attempts`)
	require.NoError(t, err)
	require.LessOrEqual(t, n, int64(keptAttempts))
	require.Greater(t, n, int64(keptAttempts/3))
}
