// Package dispatch is the consumer of the queue `writes`: it sends what may go
// in any order.
//
//	batch of references ─▶ by destination ─▶ Lane.Claim ─▶ work and slots
//	                                            │ each waits for a slot, sends
//	                                            ▼
//	                                         Lane.Settle ─▶ verdicts
//
// The Lane keeps the writes and decides everything; a message only says where
// one is. So a message is acknowledged whatever became of its write, unless
// the Lane could not be asked or says when to come back.
//
// # Invariants
//
//   - One Claim for all messages of a destination, and one Settle; a few of
//     both while it waits for slots.
//   - Nothing is sent without a slot, nor after the claim's time: then another
//     consumer may hold the write.
//   - Destinations do not wait for each other within a batch, as far as six
//     connections allow.
//
// # Failure modes
//
// A Settle that does not get through leaves the writes under their lease; the
// Lane repeats what may be repeated when it is over. A message that cannot be
// read comes back and ends, by way of `writes-dead`, in quarantine. A panic is
// the end of one attempt, of which nobody knows whether it arrived, or of one
// destination's part of the batch.
package dispatch

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/retry"
)

const (
	// maxConnections is how many requests of a batch are under way at once: a
	// Worker may have six connections waiting for headers.
	maxConnections = 6
	// lastResort is after how many deliveries by `writes-dead` a readable
	// message is acknowledged although its Lane does not answer: the Lane's
	// own alarm looks after the write, the message adds nothing.
	lastResort = 20
)

var (
	// laneBackoff paces messages whose Lane did not answer.
	laneBackoff = retry.Backoff{Base: 2 * time.Second, Cap: 5 * time.Minute}
	// settleBackoff paces the tries of a Settle.
	settleBackoff = retry.Backoff{Base: 250 * time.Millisecond, Cap: 4 * time.Second}
	// deadBackoff paces `writes-dead`.
	deadBackoff = retry.Backoff{Base: 10 * time.Second, Cap: time.Hour}
)

// Lane is a destination's object; [lane.Client] is one.
type Lane interface {
	Claim(ctx context.Context, req lane.ClaimRequest) (lane.Claimed, error)
	Settle(ctx context.Context, s lane.Settlement) error
	Permit(ctx context.Context, r outbound.PermitRequest) (outbound.Grant, error)
	GivenUp(ctx context.Context, seqs []int64) error
}

// Config is what a Dispatcher needs.
type Config struct {
	Now       func() time.Time
	Rand      func() float64 // uniform in [0, 1), for jitter
	Lane      func(tenant, destination string) Lane
	Performer *lane.Performer
	// Quarantine keeps a message that nobody can read, outside the queue.
	Quarantine func(ctx context.Context, id string, body []byte) error
	// Log writes one structured line: a stable name and pairs of strings.
	Log func(event string, pairs ...string)
}

// Dispatcher sends writes.
type Dispatcher struct{ cfg Config }

// New checks the configuration.
func New(cfg Config) (*Dispatcher, error) {
	if cfg.Now == nil || cfg.Rand == nil || cfg.Lane == nil || cfg.Performer == nil || cfg.Quarantine == nil || cfg.Log == nil {
		return nil, errors.New("dispatch: incomplete configuration")
	}
	return &Dispatcher{cfg}, nil
}

// place is a destination.
type place struct{ tenant, destination string }

// group is what a batch has for one destination.
type group struct {
	place
	messages []message
}

// message is one of a group: its write, and what is to become of it.
type message struct {
	seq     int64
	verdict *queue.Verdict
}

func seqs(messages []message) []int64 {
	out := make([]int64, len(messages))
	for i, m := range messages {
		out[i] = m.seq
	}
	return out
}

func acknowledge(messages []message) {
	for _, m := range messages {
		*m.verdict = queue.Verdict{Ack: true}
	}
}

// Handle sends the writes of a batch of the queue `writes` and returns a
// verdict per message, in order.
func (d *Dispatcher) Handle(ctx context.Context, batch []queue.Message) []queue.Verdict {
	verdicts := make([]queue.Verdict, len(batch))
	groups := d.groups(batch, verdicts, laneBackoff, nil)
	share := max(maxConnections/max(len(groups), 1), 1)
	slots := make(chan struct{}, maxConnections/share)
	var wg bulkhead.Group
	for _, g := range groups {
		wg.Go(d.apart(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			d.newRun(g, share).send(ctx)
		}))
	}
	wg.Wait()
	return verdicts
}

// apart is one goroutine's part of a batch. If it panics, its messages keep the
// verdict they have, and writes that were claimed their lease.
func (d *Dispatcher) apart(part func()) func() {
	return func() { _ = bulkhead.Run(d.cfg.Log, "dispatch_panic", part) }
}

// groups sorts a batch by destination. Until something better is known, every
// message comes back later.
func (d *Dispatcher) groups(batch []queue.Message, verdicts []queue.Verdict, b retry.Backoff, unreadable func(i int)) []*group {
	var list []*group
	index := map[place]*group{}
	for i, m := range batch {
		verdicts[i].Delay = wholeSeconds(time.Second + b.Delay(m.Attempts, d.cfg.Rand()))
		ref, ok := lane.DecodeReference(m.Body)
		if !ok || !name.Valid(ref.Tenant) || !name.Valid(ref.Destination) {
			d.cfg.Log("message_undecodable", "message", m.ID)
			if unreadable != nil {
				unreadable(i)
			}
			continue
		}
		p := place{ref.Tenant, ref.Destination}
		g := index[p]
		if g == nil {
			g = &group{place: p}
			index[p] = g
			list = append(list, g)
		}
		g.messages = append(g.messages, message{ref.Seq, &verdicts[i]})
	}
	return list
}

// HandleDead takes a batch of the queue `writes-dead`: messages that `writes`
// gave up. Their writes go back to the Lane; what cannot be read goes to
// quarantine.
func (d *Dispatcher) HandleDead(ctx context.Context, batch []queue.Message) []queue.Verdict {
	verdicts := make([]queue.Verdict, len(batch))
	var wg bulkhead.Group
	groups := d.groups(batch, verdicts, deadBackoff, func(i int) {
		wg.Go(d.apart(func() {
			if err := d.cfg.Quarantine(ctx, batch[i].ID, batch[i].Body); err != nil {
				d.cfg.Log("quarantine_unavailable", "message", batch[i].ID)
				return
			}
			d.cfg.Log("message_quarantined", "message", batch[i].ID)
			verdicts[i] = queue.Verdict{Ack: true}
		}))
	})
	attempts := 0
	for _, m := range batch {
		attempts = max(attempts, m.Attempts)
	}
	for _, g := range groups {
		wg.Go(d.apart(func() {
			err := d.cfg.Lane(g.tenant, g.destination).GivenUp(ctx, seqs(g.messages))
			if err != nil && !errors.Is(err, outbound.ErrNotFound) {
				d.cfg.Log("lane_unavailable", "tenant", g.tenant, "destination", g.destination, "call", "given_up")
				if attempts < lastResort {
					return
				}
			}
			d.cfg.Log("writes_given_up", "tenant", g.tenant, "destination", g.destination, "count", strconv.Itoa(len(g.messages)))
			acknowledge(g.messages)
		}))
	}
	wg.Wait()
	return verdicts
}

// wholeSeconds rounds up: a queue counts in seconds.
func wholeSeconds(t time.Duration) time.Duration {
	return (max(t, 0) + time.Second - 1).Truncate(time.Second)
}
