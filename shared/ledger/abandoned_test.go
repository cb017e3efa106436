package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
)

// waiting is a message on a queue and when it comes.
type waiting struct {
	id       string
	message  []byte
	at       time.Time
	attempts int
}

// TestAnEventThatKillsItsConsumer: whoever takes it dies, with all that it has
// claimed. Those that happened to come in the same batch must not come with it
// each time until they are dead like it, within the half hour; they are other
// tenants' as well as this one's.
func TestAnEventThatKillsItsConsumer(t *testing.T) {
	const (
		batchSize  = 24               // max_batch_size of `events`
		gathering  = time.Second      // max_batch_timeout
		redelivery = 5 * time.Second  // retry_delay
		lease      = 70 * time.Second // of a full batch
		given      = 101              // deliveries until the queue gives a message up
	)
	r := newRig(t)
	keys := ids(batchSize)
	killer := event.Key("acme", "gh", keys[11])
	var queued []waiting
	for _, id := range keys {
		queued = append(queued, waiting{id: "m-" + id, message: event.Encode(newEvent(id)), at: r.clock})
	}
	var killed []time.Time
	for len(queued) > 0 {
		slices.SortStableFunc(queued, func(a, b waiting) int { return a.at.Compare(b.at) })
		r.clock = later(r.clock, queued[0].at).Add(gathering)
		var batch []waiting
		for len(queued) > 0 && len(batch) < batchSize && !queued[0].at.After(r.clock) {
			batch, queued = append(batch, queued[0]), queued[1:]
		}
		var items []Item
		for i := range batch {
			batch[i].attempts++
			require.Less(t, batch[i].attempts, given)
			items = append(items, Item{MessageID: batch[i].id, Attempts: batch[i].attempts, Message: batch[i].message})
		}
		decisions, err := r.l.Claim(ClaimRequest{Lease: lease, Items: items})
		require.NoError(t, err)
		if slices.ContainsFunc(decisions, func(d Decision) bool { return d.Kind == Deliver && d.Key == killer }) {
			killed = append(killed, r.clock)
			for _, m := range batch { // nobody has said a word about any of them
				m.at = r.clock.Add(redelivery)
				queued = append(queued, m)
			}
			continue
		}
		for i, d := range decisions {
			switch d.Kind {
			case Deliver:
				r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered, Status: 200})
			case Wait:
				m := batch[i]
				m.at = r.clock.Add(max(wholeSeconds(d.After), time.Second))
				queued = append(queued, m)
			default:
				require.Equal(t, killer, d.Key)
				require.True(t, d.Died)
			}
		}
	}

	for _, id := range keys {
		d := r.get(event.Key("acme", "gh", id))
		if d.Key == killer {
			require.Equal(t, Dead, d.State)
			require.Equal(t, ReasonAbandoned, d.LastError)
			continue
		}
		require.Equal(t, Delivered, d.State)
		require.Less(t, d.Attempts, MaxAttempts/2, "the event that kills took it along")
		require.Less(t, d.DeliveredAt.Sub(start), time.Hour)
	}
	require.Len(t, killed, MaxAttempts)
	require.Greater(t, killed[MaxAttempts-1].Sub(killed[0]), 24*time.Hour, "what kills may be mended within a day")
	require.Less(t, killed[1].Sub(killed[0]), 2*lease, "a consumer that was merely replaced costs little")
}

// TestAbandonedByTheQueueToo: nor does what kills come back at once when its
// message is lost with its consumer each time, and the alarm brings it back.
func TestAbandonedByTheQueueToo(t *testing.T) {
	r, e := newRig(t), one()
	message := event.Encode(e)
	var tries []time.Time
	for r.get1(e.Key()).State != Dead {
		switch d := r.claim1("m-"+r.clock.String(), message); d.Kind {
		case Deliver:
			tries = append(tries, r.clock)
		case Wait:
			r.pass(d.After)
			continue
		}
		for r.queued == nil && r.get1(e.Key()).State != Dead {
			require.False(t, r.alarm.IsZero())
			r.clock = r.alarm
			r.ring()
		}
		if q := r.takeQueued(); len(q) > 0 {
			message = q[0]
		}
	}
	require.Len(t, tries, MaxAttempts)
	require.Greater(t, tries[MaxAttempts-1].Sub(tries[0]), 24*time.Hour)
}

func (r *rig) get1(key string) Entry {
	d, _ := r.l.Get(key) // not there yet: no state
	return d.Entry
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
