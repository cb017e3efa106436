package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
)

func TestLostMessageIsSentAgain(t *testing.T) {
	r, e := newRig(t), one()
	r.claim1("m1", event.Encode(e)) // and nobody ever hears of it again
	r.pass(lease30 + DefaultSweepGrace)
	require.Equal(t, 1, r.ring().Requeued)
	require.Equal(t, [][]byte{reference(e)}, r.queued)

	d := r.claim1("ref1", r.takeQueued()[0])
	require.Equal(t, Deliver, d.Kind)
	require.Equal(t, 2, d.Attempt)
	require.Equal(t, e.Body, d.Event.Body)
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered})
	require.Equal(t, Done, r.claim1("m1", event.Encode(e)).Kind)
}

func TestLostRetryIsSentAgain(t *testing.T) {
	r, e := newRig(t), one()
	d := r.claim1("m1", event.Encode(e))
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeRetry, RetryAfter: time.Hour})
	r.pass(lease30 + DefaultSweepGrace)
	require.Zero(t, r.ring().Requeued, "not due yet")
	r.pass(time.Hour)
	require.Equal(t, 1, r.ring().Requeued)
	require.Equal(t, Deliver, r.claim1("ref", r.queued[0]).Kind)
}

func TestSweepAgainIfTheReferenceIsLostToo(t *testing.T) {
	r, e := newRig(t), one()
	r.claim1("m1", event.Encode(e))
	r.pass(lease30 + DefaultSweepGrace)
	var pauses []time.Duration
	for range 10 {
		require.Equal(t, 1, r.ring().Requeued)
		pauses = append(pauses, r.alarm.Sub(r.clock))
		r.clock = r.alarm
	}
	require.Equal(t, 5*time.Minute, pauses[0])
	require.Equal(t, 10*time.Minute, pauses[1])
	require.Equal(t, 320*time.Minute, pauses[9], "the pause grows, up to a limit")
	require.Equal(t, Deliver, r.claim1("ref", r.queued[3]).Kind, "any of them will do")
	require.Equal(t, Done, r.claim1("ref2", r.queued[4]).Kind)
}

func TestLateSettleAfterASweepCounts(t *testing.T) {
	r, e := newRig(t), one()
	d := r.claim1("m1", event.Encode(e))
	r.pass(lease30 + DefaultSweepGrace)
	r.ring()
	require.Equal(t, Settled{Ack: true, Attempts: 1}, r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered, Status: 200}))
	require.Equal(t, Done, r.claim1("ref", r.queued[0]).Kind, "the agent has it: not twice")
}

func TestQueueDownDuringSweep(t *testing.T) {
	r, e := newRig(t), one()
	r.claim1("m1", event.Encode(e))
	r.pass(lease30 + DefaultSweepGrace)
	r.queueDown = true
	s := r.ring()
	require.True(t, s.Failed)
	require.Zero(t, s.Requeued)
	r.queueDown = false
	r.clock = r.alarm
	require.Equal(t, 1, r.ring().Requeued)
}

func TestSweepInChunks(t *testing.T) {
	r := newRig(t)
	all := ids(sweepRows*2 + 5)
	for _, id := range all {
		r.claim1("m-"+id, event.Encode(newEvent(id)))
	}
	r.pass(lease30 + DefaultSweepGrace)
	require.Equal(t, sweepRows, r.ring().Requeued)
	require.Equal(t, r.clock, r.alarm, "the next one at once")
	require.Equal(t, sweepRows, r.ring().Requeued)
	require.Equal(t, 5, r.ring().Requeued)
	seen := map[string]bool{}
	for _, m := range r.queued {
		seen[string(m)] = true
	}
	require.Len(t, seen, len(all))
	require.True(t, r.alarm.After(r.clock))
}

func TestNormalTrafficSetsFewAlarms(t *testing.T) {
	r := newRig(t)
	for _, id := range ids(200) {
		r.deliveredNow(newEvent(id))
		r.pass(time.Second)
	}
	require.Equal(t, 1, r.alarms)
}

func TestAlarmStaysTheEarliest(t *testing.T) {
	r := newRig(t)
	id := ids(2)
	r.claim1("a", event.Encode(newEvent(id[0])))
	first := r.alarm
	r.restart() // forgets what it had set
	r.pass(time.Minute)
	r.claim1("b", event.Encode(newEvent(id[1])))
	require.Equal(t, first, r.alarm, "a later one must not replace it")
}

func TestLostAlarmIsSetAgain(t *testing.T) {
	r := newRig(t)
	id := ids(2)
	r.claim1("a", event.Encode(newEvent(id[0])))
	r.alarm = time.Time{} // the platform gave up
	r.pass(time.Hour)
	r.claim1("b", event.Encode(newEvent(id[1])))
	require.Equal(t, r.clock, r.alarm)
	require.Equal(t, 1, r.ring().Requeued)
}

func TestPurge(t *testing.T) {
	r := newRig(t)
	id := ids(4)
	r.deliveredNow(newEvent(id[0]))
	d := r.claim1("m1", event.Encode(newEvent(id[1])))
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDead, Reason: "agent_gone"})

	r.pass(72*time.Hour - time.Minute)
	r.ring()
	require.Equal(t, Delivered, r.get(newEvent(id[0]).Key()).State, "retention is a promise")
	require.Equal(t, Done, r.claim1("late", event.Encode(newEvent(id[0]))).Kind)
	r.clock = r.alarm
	r.ring()
	r.clock = start.Add(72*time.Hour + forgetEvery)
	r.ring()
	_, err := r.l.Get(newEvent(id[0]).Key())
	require.ErrorIs(t, err, ErrNotFound)
	require.Equal(t, Dead, r.get(newEvent(id[1]).Key()).State, "dead events stay until replayed")
	rows, err := r.db.Exec(`SELECT key FROM attempts`)
	require.NoError(t, err)
	require.Equal(t, 1, rows.Len())
	require.Equal(t, Deliver, r.claim1("new", event.Encode(newEvent(id[0]))).Kind)
}

func claimed(id, claim string) *event.Event {
	e := newEvent(id)
	e.Body, e.Claim, e.Size = nil, claim, 5<<20
	return e
}

// until rings every alarm up to t.
func (r *rig) until(t time.Time) {
	r.t.Helper()
	for n := 0; !r.alarm.IsZero() && !r.alarm.After(t); n++ {
		require.Less(r.t, n, 1000, "alarms without end")
		if r.alarm.After(r.clock) {
			r.clock = r.alarm
		}
		r.ring()
	}
	r.clock = t
}

func TestPayloadIsDroppedBeforeTheRow(t *testing.T) {
	r := newRig(t)
	e := claimed(ids(1)[0], "evt/acme/1")
	r.deliveredNow(e)
	r.until(start.Add(72 * time.Hour))
	require.Empty(t, r.dropped)

	r.bucketDown = true
	r.until(start.Add(73 * time.Hour))
	require.Empty(t, r.dropped)
	r.bucketDown = false
	r.until(start.Add(75 * time.Hour))
	require.Equal(t, []string{"evt/acme/1"}, r.dropped, "a failed drop is tried again")

	// A duplicate stored by the edge just before that: the row still answers,
	// and the payload it brought goes, too.
	require.Equal(t, Done, r.claim1("late", event.Encode(e)).Kind)
	require.ErrorIs(t, r.l.Replay(e.Key()), ErrNotFound, "its payload is gone")
	out, err := r.l.ReplayWhere(Filter{})
	require.NoError(t, err)
	require.Zero(t, out.Replayed)
	r.until(start.Add(77 * time.Hour))
	require.Equal(t, []string{"evt/acme/1", "evt/acme/1"}, r.dropped)

	r.until(start.Add(72*time.Hour + forgetAfterDrop + 2*forgetEvery))
	_, err = r.l.Get(e.Key())
	require.ErrorIs(t, err, ErrNotFound)
	require.True(t, r.alarm.IsZero(), "an empty object sleeps")
}

func TestPayloadInUseIsKept(t *testing.T) {
	r := newRig(t)
	e := claimed(ids(1)[0], "evt/acme/1")
	require.NoError(t, r.l.exec(`INSERT INTO drops VALUES ('evt/acme/1', ?)`, start.UnixMilli()))
	r.claim1("m", event.Encode(e))
	r.until(start.Add(time.Hour))
	require.Empty(t, r.dropped)
}

func TestDuplicatesPayloadIsDropped(t *testing.T) {
	r := newRig(t)
	e := claimed(ids(1)[0], "evt/acme/1")
	r.deliveredNow(e)
	other := claimed(e.ID, "evt/acme/2")
	require.Equal(t, Done, r.claim1("m2", event.Encode(other)).Kind)
	r.until(start.Add(2 * time.Hour))
	require.Equal(t, []string{"evt/acme/2"}, r.dropped)
}

func TestPurgesAreOnAGrid(t *testing.T) {
	r := newRig(t)
	for _, id := range ids(300) {
		r.deliveredNow(newEvent(id))
		r.pass(time.Second)
	}
	r.until(start.Add(71 * time.Hour))
	before := r.alarms
	r.until(start.Add(80 * time.Hour))
	require.Less(t, r.alarms-before, 8)
	c, err := r.l.Stats()
	require.NoError(t, err)
	require.Zero(t, c)
}

func TestMarkDead(t *testing.T) {
	mark := func(r *rig, id string, message []byte) Marked {
		ms, err := r.l.MarkDead([]Item{{MessageID: id, Message: message}})
		require.NoError(t, err)
		return ms[0]
	}
	t.Run("never seen", func(t *testing.T) {
		r, e := newRig(t), one()
		require.Equal(t, MarkedDead, mark(r, "m", event.Encode(e)))
		got := r.get(e.Key())
		require.Equal(t, Dead, got.State)
		require.Equal(t, ReasonQueueExhausted, got.LastError)
		require.Equal(t, MarkedNothing, mark(r, "m", event.Encode(e)))
		require.NoError(t, r.l.Replay(e.Key()))
		d := r.claim1("ref", r.queued[0])
		require.Equal(t, Deliver, d.Kind)
		require.Equal(t, e.Body, d.Event.Body)
	})
	t.Run("delivered stays delivered", func(t *testing.T) {
		r, e := newRig(t), one()
		r.deliveredNow(e)
		require.Equal(t, MarkedNothing, mark(r, "m-"+e.ID, event.Encode(e)))
		require.Equal(t, Delivered, r.get(e.Key()).State)
	})
	t.Run("the owner's own message", func(t *testing.T) {
		r, e := newRig(t), one()
		d := r.claim1("m", event.Encode(e))
		require.Equal(t, MarkedDead, mark(r, "m", event.Encode(e)))
		require.Equal(t, Dead, r.get(e.Key()).State)
		// Its consumer was only slow.
		r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered, Status: 200})
		require.Equal(t, Delivered, r.get(e.Key()).State)
	})
	t.Run("a duplicate's message does not kill the event", func(t *testing.T) {
		r, e := newRig(t), one()
		r.claim1("m", event.Encode(e))
		require.Equal(t, MarkedNothing, mark(r, "m2", event.Encode(e)))
		require.Equal(t, Delivering, r.get(e.Key()).State)
	})
	t.Run("a reference to nothing", func(t *testing.T) {
		r, e := newRig(t), one()
		require.Equal(t, MarkedNothing, mark(r, "ref", reference(e)))
		require.Equal(t, MarkedRefused, mark(r, "ref", []byte("?")))
	})
}
