package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
)

// TestQueueDownForHours: the pause between sweeps grows because what is on the
// queue may be waiting its turn. What the queue has refused is not on it: when
// it takes messages again, the event is minutes away and not hours.
func TestQueueDownForHours(t *testing.T) {
	r, id := newRig(t), ids(3)
	for _, id := range id {
		r.claim1("m-"+id, event.Encode(newEvent(id)))
	}
	r.queueDown = true
	for n := range 20 {
		r.clock = r.alarm
		s := r.ring()
		require.True(t, s.Failed)
		require.Equal(t, DefaultSweepGrace, r.alarm.Sub(r.clock), "after %d refusals", n+1)
	}
	r.queueDown = false
	r.clock = r.alarm
	require.Equal(t, len(id), r.ring().Requeued)
	require.Equal(t, DefaultSweepGrace, r.alarm.Sub(r.clock), "the first that was sent")
	r.clock = r.alarm
	require.Equal(t, len(id), r.ring().Requeued)
	require.Equal(t, 2*DefaultSweepGrace, r.alarm.Sub(r.clock))
}

// TestRefusedAndTakenMeanwhile: a message that comes while the queue makes up
// its mind has the event; that the reference was refused does not matter then.
func TestRefusedAndTakenMeanwhile(t *testing.T) {
	r, e := newRig(t), one()
	r.claim1("m1", event.Encode(e))
	r.clock = r.alarm
	r.queueDown = true
	var d Decision
	r.l.cfg.Requeue = func([][]byte) error {
		d = r.claim1("m1", event.Encode(e))
		return errPlatform
	}
	r.ring()
	require.Equal(t, Deliver, d.Kind)
	require.Equal(t, Wait, r.claim1("m1", event.Encode(e)).Kind)
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered, Status: 200})
	require.Equal(t, Delivered, r.get(e.Key()).State)
}
