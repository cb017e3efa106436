package ledger

import (
	"hash/fnv"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/retry"
)

// Item is one queue message.
type Item struct {
	MessageID string // the queue's id, the same in every redelivery
	Attempts  int    // the queue's count, from 1
	Message   []byte // as encoded by package event
}

// ClaimRequest asks for the events of a batch, at most 100 of one tenant and
// shard.
type ClaimRequest struct {
	// Lease is how long the caller may take before it settles, counted from
	// before it called. Clamped to [1 s, 15 min].
	Lease time.Duration
	Items []Item
}

// Kind is what to do with a message.
type Kind uint8

const (
	// Deliver: post the event, then settle it under Fence.
	Deliver Kind = iota + 1
	// Done: acknowledge; the event is delivered or dead, or it is another
	// message's to deliver.
	Done
	// Wait: come back after After. The previous consumer of this very message
	// may still be running, or the agent asked for a pause.
	Wait
	// Unknown: acknowledge; a reference to an event that is gone.
	Unknown
	// Refused: the message is not one the ledger can hold. Let it run out of
	// retries, so that it ends in quarantine.
	Refused
)

// Decision answers one Item.
type Decision struct {
	Kind    Kind
	Key     string
	Fence   int64 // Deliver: the lease's number
	Attempt int   // Deliver: 1 for the first
	// Event is the stored event to deliver; nil means the message's own.
	Event *event.Event
	After time.Duration // Wait
	// State is the event's state after this call; empty for Unknown and
	// Refused.
	State string
	// Duplicate marks a Done that is a second message for one event.
	Duplicate bool
	// Died marks a Done by which the event became dead: its consumers
	// vanished MaxAttempts times without a word.
	Died bool
}

// Claim decides for a whole batch in one transaction: either every decision
// holds or, on an error, none does. Errors: ErrTenant, ErrShard, ErrRequest
// for more than 100 items.
func (l *Ledger) Claim(req ClaimRequest) ([]Decision, error) {
	if len(req.Items) > maxItems {
		return nil, ErrRequest
	}
	now := l.now()
	until := now.Add(min(max(req.Lease, minLease), maxLease))
	if planted.Bug == "release" {
		until = now.Add(minLease - l.cfg.SweepGrace)
	}
	// The alarm first: a lease without one would have no safety net.
	if err := l.arm(until.Add(l.cfg.SweepGrace)); err != nil {
		return nil, err
	}
	decisions := make([]Decision, len(req.Items))
	err := l.tx(func() error {
		for i, item := range req.Items {
			d, err := l.claimOne(item, now, until)
			if err != nil {
				return err
			}
			decisions[i] = d
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return decisions, nil
}

func (l *Ledger) claimOne(item Item, now, until time.Time) (Decision, error) {
	msg, err := event.Decode(item.Message)
	if err != nil {
		return Decision{Kind: Refused}, nil
	}
	if msg.Tenant != l.tenant {
		return Decision{}, ErrTenant
	}
	if err := l.owns(msg.Key); err != nil {
		return Decision{}, err
	}
	if msg.Event != nil && !wellFormed(msg.Event) || item.MessageID == "" {
		return Decision{Kind: Refused, Key: msg.Key}, nil
	}
	v, found, err := l.load(msg.Key)
	if err != nil {
		return Decision{}, err
	}
	if !found {
		if msg.Event == nil {
			return Decision{Kind: Unknown, Key: msg.Key}, nil
		}
		return l.first(msg.Event, item.MessageID, now, until)
	}
	if err := l.orphan(msg, v, now); err != nil {
		return Decision{}, err
	}
	return l.again(msg, item.MessageID, v, now, until)
}

// first stores a new event and hands it out.
func (l *Ledger) first(e *event.Event, owner string, now, until time.Time) (Decision, error) {
	v := lease{state: Delivering, owner: owner, fence: 1, attempts: 1, leaseUntil: until}
	stored := normalise(e, now)
	if err := l.insert(stored, v, millis(until.Add(l.cfg.SweepGrace)), ""); err != nil {
		return Decision{}, err
	}
	d := Decision{Kind: Deliver, Key: e.Key(), Fence: 1, Attempt: 1, State: Delivering}
	if !sameAttributes(stored, e) { // every attempt delivers the same event, the first too
		d.Event = stored
	}
	return d, nil
}

// again decides about a message whose event is known.
func (l *Ledger) again(msg *event.Message, id string, v lease, now, until time.Time) (Decision, error) {
	if planted.Bug == "kvarbiter" && v.state == Delivered || planted.Bug == "nofence" && v.state == Delivering {
		return l.take(msg.Key, id, v, until)
	}
	d := Decision{Kind: Done, Key: msg.Key, State: v.state}
	open := v.state == Pending || v.state == Delivering
	if !open || v.owner != "" && v.owner != id {
		// A reference, and the owner's own message come back after a lost
		// acknowledgement, are ours and not a duplicate from the provider.
		d.Duplicate = msg.Event != nil && v.owner != id
		return d, l.countDuplicate(d)
	}
	switch {
	case v.state == Delivering && v.leaseUntil.After(now):
		d.Kind, d.After = Wait, v.leaseUntil.Sub(now)
		return d, nil
	case v.state == Pending && v.nextAt.After(now):
		d.Kind, d.After = Wait, v.nextAt.Sub(now)
		return d, nil
	}
	if v.state == Delivering { // its lease ran out without a Settle
		if err := l.record(Result{Key: msg.Key, Fence: v.fence, Reason: ReasonAbandoned}, "abandoned", v.attempts, now); err != nil {
			return Decision{}, err
		}
		if next := v.leaseUntil.Add(abandonedPause(msg.Key, v.attempts)); next.After(now) {
			d.Kind, d.State, d.After = Wait, Pending, next.Sub(now)
			return d, l.rest(msg.Key, next)
		}
	}
	if v.attempts >= MaxAttempts {
		d.State, d.Died = Dead, true
		return d, l.kill(msg.Key, 0, ReasonAbandoned)
	}
	return l.take(msg.Key, id, v, until)
}

// rest has an event whose consumer has vanished wait. The fence stays, as in a
// sweep: the consumer may be merely late.
func (l *Ledger) rest(key string, next time.Time) error {
	_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, lease_until = NULL, next_at = ?, due_at = ?, last_status = 0, last_error = ? WHERE key = ?`,
		Pending, millis(next), millis(next.Add(l.cfg.SweepGrace)), ReasonAbandoned, key)
	return err
}

// abandoned paces an event whose consumer vanished more than once. The event
// may be what kills it: then it shall not take those along that came in the
// same batch, and have them dead with it within the hour. So they come back at
// different times, from half of the backoff to all of it, and 20 attempts take
// more than a day, as they do where the agent fails. Once is none: consumers
// are replaced.
var abandoned = retry.Backoff{Base: 10 * time.Second, Cap: 8 * time.Hour}

// abandonedPause is the wait after the end of the lease of an event's
// attempt-th try; after the last there is none, and the event is dead.
func abandonedPause(key string, attempt int) time.Duration {
	if attempt < 2 || attempt >= MaxAttempts {
		return 0
	}
	h := fnv.New64a()
	// Keys differ in their last bytes, which only what follows them brings up
	// to the highest bits.
	_, _ = h.Write(append([]byte(key), byte(attempt), 0, 0, 0, 0, 0, 0, 0)) // never fails
	spread := float64(h.Sum64()>>11) / (1 << 53)                            // in [0, 1), the same each time
	return wholeSeconds(abandoned.Delay(attempt-1, (1+spread)/2))
}

// take hands a known event out again: always the stored one, because a
// duplicate that took over may carry another body.
func (l *Ledger) take(key, id string, v lease, until time.Time) (Decision, error) {
	_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, owner = ?, fence = ?, attempts = ?, lease_until = ?, next_at = NULL, due_at = ?, sweeps = 0 WHERE key = ?`,
		Delivering, id, v.fence+1, v.attempts+1, millis(until), millis(until.Add(l.cfg.SweepGrace)), key)
	if err != nil {
		return Decision{}, err
	}
	e, err := l.loadEvent(key)
	if err != nil {
		return Decision{}, err
	}
	return Decision{Kind: Deliver, Key: key, Fence: v.fence + 1, Attempt: v.attempts + 1, Event: e, State: Delivering}, nil
}

func (l *Ledger) countDuplicate(d Decision) error {
	if !d.Duplicate {
		return nil
	}
	_, err := l.cfg.DB.Exec(`UPDATE events SET duplicates = duplicates + 1 WHERE key = ?`, d.Key)
	return err
}

// orphan notes the payload of a message whose event has another one, so that
// the alarm drops it.
func (l *Ledger) orphan(msg *event.Message, v lease, now time.Time) error {
	if msg.Event == nil || msg.Event.Claim == "" || msg.Event.Claim == v.claim {
		return nil
	}
	return l.dropLater(msg.Event.Claim, now.Add(dropRetry))
}
