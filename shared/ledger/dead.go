package ledger

import (
	"time"

	"github.com/hookweir/hookweir/shared/event"
)

// Marked says what MarkDead did with a message.
type Marked uint8

const (
	// MarkedDead: the event is dead now.
	MarkedDead Marked = iota + 1
	// MarkedNothing: it was delivered, dead or purged already, or this message does
	// not own it (another does, or the alarm sees to it), or it is a
	// reference to an event that is gone.
	MarkedNothing
	// MarkedRefused: the message is not one the ledger can hold; keep it
	// elsewhere.
	MarkedRefused
)

// MarkDead takes messages that the queue gave up (queue `events-dead`): no
// consumer could process them often enough. An event never seen is stored, so
// that it can be replayed. Errors: as Claim.
func (l *Ledger) MarkDead(items []Item) ([]Marked, error) {
	if len(items) > maxItems {
		return nil, ErrRequest
	}
	now := l.now()
	marks := make([]Marked, len(items))
	err := l.tx(func() error {
		for i, item := range items {
			m, err := l.markOne(item, now)
			if err != nil {
				return err
			}
			marks[i] = m
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return marks, l.arm(now.Add(dropRetry)) // for payloads found orphaned
}

func (l *Ledger) markOne(item Item, now time.Time) (Marked, error) {
	msg, err := event.Decode(item.Message)
	if err != nil {
		return MarkedRefused, nil
	}
	if msg.Tenant != l.tenant {
		return 0, ErrTenant
	}
	if err := l.owns(msg.Key); err != nil {
		return 0, err
	}
	if msg.Event != nil && !wellFormed(msg.Event) {
		return MarkedRefused, nil
	}
	v, found, err := l.load(msg.Key)
	if err != nil {
		return 0, err
	}
	switch {
	case !found && msg.Event == nil:
		return MarkedNothing, nil
	case !found:
		return MarkedDead, l.insert(normalise(msg.Event, now), lease{state: Dead, owner: item.MessageID}, nil, ReasonQueueExhausted)
	}
	if err := l.orphan(msg, v, now); err != nil {
		return 0, err
	}
	if v.state != Pending && v.state != Delivering || v.owner == "" || v.owner != item.MessageID {
		return MarkedNothing, nil
	}
	// The fence stays: a consumer that is still at it may yet report the
	// delivery, and that wins over dead.
	return MarkedDead, l.kill(msg.Key, 0, ReasonQueueExhausted)
}
