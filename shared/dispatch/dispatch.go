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
//   - One Claim for all messages of a destination, and one Settle, or a few
//     while it waits for slots.
//   - Nothing is sent without a slot, nor after the claim's time: then another
//     consumer may hold the write.
//   - Destinations do not wait for each other within a batch, as far as six
//     connections allow.
//
// # Failure modes
//
// A Settle that does not get through leaves the writes under their lease; the
// Lane repeats what may be repeated when it is over. A message that cannot be
// read comes back and ends, by way of `writes-dead`, in quarantine.
package dispatch

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

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
	// sendTime is how long after its claim a batch starts to send. The rest
	// goes back to the Lane, so that a destination which answers slowly holds
	// a consumer for this long and one timeout.
	sendTime = 20 * time.Second
	// settleTries is how often a Settle is tried: it may be repeated, and the
	// alternative is a lease that runs out.
	settleTries = 3
	// pacedFrom and settleEarly: a batch whose slots reach further than this
	// settles so many at a time while it waits for the others. At its end, when
	// the budget goes by unused until the next batch has its slots, little is
	// left to do.
	pacedFrom   = 500 * time.Millisecond
	settleEarly = 25
	// maxFailed is after how many refusals in a row a batch stops sending.
	maxFailed = 10
	// moreSlots is how many slots are asked for when those of the claim have
	// gone by unused: about what a slow destination takes in the time.
	moreSlots = 2
	// slotHorizon is how far ahead those may lie.
	slotHorizon = 2 * time.Second
	// lastResort is after how many deliveries by `writes-dead` a readable
	// message is acknowledged although its Lane does not answer: the Lane's
	// own alarm looks after the write, the message adds nothing.
	lastResort = 20
)

var (
	// laneBackoff paces messages whose Lane did not answer.
	laneBackoff = retry.Backoff{Base: 2 * time.Second, Cap: 5 * time.Minute}
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
	seqs     []int64
	verdicts []*queue.Verdict
}

// Handle sends the writes of a batch of the queue `writes` and returns a
// verdict per message, in order.
func (d *Dispatcher) Handle(ctx context.Context, batch []queue.Message) []queue.Verdict {
	verdicts := make([]queue.Verdict, len(batch))
	groups := d.groups(batch, verdicts, laneBackoff, nil)
	share := max(maxConnections/max(len(groups), 1), 1)
	slots := make(chan struct{}, maxConnections/share)
	var wg sync.WaitGroup
	for _, g := range groups {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			d.send(ctx, g, share)
		})
	}
	wg.Wait()
	return verdicts
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
		g.seqs = append(g.seqs, ref.Seq)
		g.verdicts = append(g.verdicts, &verdicts[i])
	}
	return list
}

// send takes one destination's messages from claim to verdict.
func (d *Dispatcher) send(ctx context.Context, g *group, parallel int) {
	l := d.cfg.Lane(g.tenant, g.destination)
	asked := d.cfg.Now()
	claimed, err := l.Claim(ctx, lane.ClaimRequest{Seqs: g.seqs, Lease: sendTime, Parallel: parallel})
	if errors.Is(err, outbound.ErrNotFound) { // there is no such lane, and no write
		for _, v := range g.verdicts {
			*v = queue.Verdict{Ack: true}
		}
		return
	}
	if err != nil {
		d.cfg.Log("lane_unavailable", "tenant", g.tenant, "destination", g.destination, "call", "claim")
		return
	}
	got := d.cfg.Now()
	var work []*lane.Work
	for i, dec := range claimed.Decisions {
		*g.verdicts[i] = queue.Verdict{Ack: true}
		switch {
		case dec.Kind == lane.Wait:
			*g.verdicts[i] = queue.Verdict{Delay: wholeSeconds(dec.After)}
		case dec.Work != nil:
			work = append(work, dec.Work)
		}
	}
	if len(work) == 0 {
		return
	}
	r := &run{
		Dispatcher: d, group: g, lane: l, grant: &claimed.Grant, work: work,
		slots: claimed.Grant.At(asked, got), got: got, ends: asked.Add(sendTime),
	}
	r.paced = r.slots[len(r.slots)-1].At.Sub(got) > pacedFrom
	r.perform(ctx, min(parallel, max(claimed.Grant.Parallel, 1), len(work)))
	r.settle(ctx, r.take(0), true)
}

// run is one destination's part of a batch while it is being sent.
type run struct {
	*Dispatcher
	*group
	lane  Lane
	grant *outbound.Grant
	got   time.Time // when the claim was there
	ends  time.Time // of sending
	paced bool      // it waits more than it sends

	mu    sync.Mutex // guards the rest; never held across a call out
	work  []*lane.Work
	slots []outbound.Slot
	seen  []outbound.Observation
	done  []lane.Result
	// failed counts the refusals in a row. With maxFailed of them the rest of
	// the batch is left to what the Lane makes of it.
	failed int
}

func (r *run) perform(ctx context.Context, parallel int) {
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			for w := r.nextWork(); w != nil; w = r.nextWork() {
				p := r.cfg.Performer.Perform(ctx, r.tenant, r.destination, r.grant.Target, w, func() (outbound.Slot, bool) { return r.nextSlot(ctx) })
				r.mu.Lock()
				r.done = append(r.done, p.Result)
				r.learn(p.Seen)
				r.mu.Unlock()
				if s := r.take(settleEarly); s != nil {
					r.settle(ctx, s, false)
				}
			}
		})
	}
	wg.Wait()
}

// learn notes what an exchange taught; the caller holds the lock.
func (r *run) learn(seen []outbound.Observation) {
	r.seen = append(r.seen, seen...)
	for _, o := range seen {
		switch {
		case o.OK:
			r.failed = 0
		case o.Failed, o.Pause > 0:
			r.failed++
		}
	}
}

// take cuts off what is done and not settled yet; nil for fewer than least.
func (r *run) take(least int) *lane.Settlement {
	r.mu.Lock()
	defer r.mu.Unlock()
	if least > 0 && (len(r.done) < least || !r.paced) {
		return nil
	}
	s := &lane.Settlement{Results: r.done, Report: outbound.Report{Seen: r.seen}}
	r.done, r.seen = nil, nil
	return s
}

func (r *run) settle(ctx context.Context, s *lane.Settlement, last bool) {
	s.Report.Grant, s.Report.Done, s.Report.Sent = r.grant.ID, last, r.cfg.Now().Sub(r.got)
	for range settleTries {
		if r.lane.Settle(ctx, *s) == nil {
			return
		}
	}
	r.cfg.Log("lane_unavailable", "tenant", r.tenant, "destination", r.destination, "call", "settle")
}

func (r *run) nextWork() *lane.Work {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.work) == 0 {
		return nil
	}
	w := r.work[0]
	r.work = r.work[1:]
	return w
}

// nextSlot is the next slot that has not gone by, if need be one of a new
// grant; false when there is none within the batch's time.
func (r *run) nextSlot(ctx context.Context) (outbound.Slot, bool) {
	if s, ok := r.pop(); ok {
		return s, true
	}
	asked := r.cfg.Now()
	r.mu.Lock()
	over := !asked.Before(r.ends)
	r.mu.Unlock()
	if over {
		return outbound.Slot{}, false
	}
	under := r.grant.ID
	if under == 0 {
		under = -1 // no limit of concurrency, and none to be noted
	}
	grant, err := r.lane.Permit(ctx, outbound.PermitRequest{N: moreSlots, Horizon: slotHorizon, Under: under})
	if err != nil || len(grant.Slots) == 0 {
		return outbound.Slot{}, false
	}
	slots := grant.At(asked, r.cfg.Now())
	r.mu.Lock()
	r.slots = append(r.slots, slots[1:]...)
	r.mu.Unlock()
	return slots[0], true
}

func (r *run) pop() (outbound.Slot, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed >= maxFailed {
		r.ends = time.Time{}
	}
	now := r.cfg.Now()
	for len(r.slots) > 0 {
		s := r.slots[0]
		r.slots = r.slots[1:]
		if !s.Until.Before(now) {
			return s, s.At.Before(r.ends)
		}
	}
	return outbound.Slot{}, false
}

// HandleDead takes a batch of the queue `writes-dead`: messages that `writes`
// gave up. Their writes go back to the Lane; what cannot be read goes to
// quarantine.
func (d *Dispatcher) HandleDead(ctx context.Context, batch []queue.Message) []queue.Verdict {
	verdicts := make([]queue.Verdict, len(batch))
	var wg sync.WaitGroup
	groups := d.groups(batch, verdicts, deadBackoff, func(i int) {
		wg.Go(func() {
			if err := d.cfg.Quarantine(ctx, batch[i].ID, batch[i].Body); err != nil {
				d.cfg.Log("quarantine_unavailable", "message", batch[i].ID)
				return
			}
			d.cfg.Log("message_quarantined", "message", batch[i].ID)
			verdicts[i] = queue.Verdict{Ack: true}
		})
	})
	attempts := 0
	for _, m := range batch {
		attempts = max(attempts, m.Attempts)
	}
	for _, g := range groups {
		wg.Go(func() {
			err := d.cfg.Lane(g.tenant, g.destination).GivenUp(ctx, g.seqs)
			if err != nil && !errors.Is(err, outbound.ErrNotFound) {
				d.cfg.Log("lane_unavailable", "tenant", g.tenant, "destination", g.destination, "call", "given_up")
				if attempts < lastResort {
					return
				}
			}
			d.cfg.Log("writes_given_up", "tenant", g.tenant, "destination", g.destination, "count", strconv.Itoa(len(g.seqs)))
			for _, v := range g.verdicts {
				*v = queue.Verdict{Ack: true}
			}
		})
	}
	wg.Wait()
	return verdicts
}

// wholeSeconds rounds up: a queue counts in seconds.
func wholeSeconds(t time.Duration) time.Duration {
	return (max(t, 0) + time.Second - 1).Truncate(time.Second)
}
