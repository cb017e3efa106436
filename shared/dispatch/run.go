package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/queue"
)

const (
	// sendTime is how long after its first claim a batch starts to send. The
	// rest goes back to the Lane, so that a destination which answers slowly
	// holds a consumer for this long and one timeout.
	sendTime = 20 * time.Second
	// claimAhead is how long before its last slot a batch claims for those that
	// got none: early enough for the answer to be there, and late enough that
	// a second's worth of new slots is to be had.
	claimAhead = time.Second
	// holdLongest is the longest wait for a slot that a message is held for
	// while others of its batch are sent; longer ones go back to the queue.
	holdLongest = 5 * time.Second
	// settleTries is how often a Settle is tried: it may be repeated, and the
	// alternative is a lease that runs out, and a write of which nobody knows
	// whether it arrived. With settleBackoff they take up to eight seconds: an
	// object that is replaced is away for less.
	settleTries = 6
	// pacedFrom, settleEarly and settleLeast: a batch whose slots reach further
	// than this settles so many at a time while it waits for the others, or
	// the half of it, if that is no less than settleLeast. Then the Lane puts
	// more on the queue early enough, and at the batch's end, when the budget
	// goes by unused until the next batch has its slots, little is left to do.
	pacedFrom   = 500 * time.Millisecond
	settleEarly = 25
	settleLeast = 5
	// maxFailed is after how many failures in a row a batch stops sending. It
	// stops at once when the destination asks to be left alone, or refuses a
	// fresh token.
	maxFailed = 10
	// moreSlots is how many slots are asked for when those of the claim have
	// gone by unused: about what a slow destination takes in the time.
	moreSlots = 2
	// slotHorizon is how far ahead those may lie.
	slotHorizon = 2 * time.Second
)

// run is one destination's part of a batch while it is being sent.
//
//	waiting ─ Claim ─▶ work and slots ─ up to parallel at once ─▶ done ─▶ Settle
//	   ▲        │ no slot yet                     │ the last slot is near
//	   └────────┴─────────────────────────────────┘
type run struct {
	*Dispatcher
	*group
	lane     Lane
	parallel int

	wg bulkhead.Group

	mu      sync.Mutex // guards the rest; never held across a call out
	began   time.Time  // when the first claim was there
	ends    time.Time  // of sending
	grant   int64      // of the concurrency; zero before the first claim, -1 for no limit
	paced   bool       // it waits more than it sends
	least   int        // results that are settled early
	workers int
	// waiting are the messages that have no slot yet; claiming that somebody
	// asks for them.
	waiting  []message
	claiming bool
	work     []job
	slots    []outbound.Slot
	seen     []outbound.Observation
	done     []lane.Result
	// failed counts the failures in a row. With maxFailed of them, or one answer
	// that speaks for all, the rest of the batch is left to what the Lane makes
	// of it.
	failed int
}

// job is a write to be sent, and where to.
type job struct {
	*lane.Work
	target outbound.Target
}

func (d *Dispatcher) newRun(g *group, parallel int) *run {
	return &run{
		Dispatcher: d, group: g, lane: d.cfg.Lane(g.tenant, g.destination), parallel: parallel,
		waiting: g.messages, claiming: true, ends: d.cfg.Now().Add(sendTime),
	}
}

// send takes one destination's messages from claim to verdict.
func (r *run) send(ctx context.Context) {
	if err := r.claim(ctx); errors.Is(err, outbound.ErrNotFound) { // there is no such lane, and no write
		acknowledge(r.messages)
	}
	if r.grant == 0 { // nothing to be sent
		return
	}
	r.wg.Wait()
	r.settle(ctx, r.take(true), true)
}

// claim asks for what waits, sets the verdicts of all but what still waits,
// and has workers send the rest. The caller has set claiming.
func (r *run) claim(ctx context.Context) error {
	r.mu.Lock()
	asked, ends, grant := r.cfg.Now(), r.ends, r.grant
	waiting := r.waiting
	r.waiting = nil
	r.mu.Unlock()
	claimed, err := r.lane.Claim(ctx, lane.ClaimRequest{Seqs: seqs(waiting), Lease: ends.Sub(asked), Parallel: r.parallel, Under: grant})
	if err != nil && !errors.Is(err, outbound.ErrNotFound) {
		r.cfg.Log("lane_unavailable", "tenant", r.tenant, "destination", r.destination, "call", "claim")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.claiming = false
	if err != nil { // they come back
		return err
	}
	r.granted(&claimed, asked, r.cfg.Now())
	var held []message
	fresh := 0
	for i, dec := range claimed.Decisions {
		m := waiting[i]
		*m.verdict = queue.Verdict{Ack: true}
		switch {
		case dec.Kind == lane.Wait:
			*m.verdict = queue.Verdict{Delay: wholeSeconds(dec.After)}
			if dec.After <= holdLongest {
				held = append(held, m)
			}
		case dec.Work != nil:
			fresh++
			r.work = append(r.work, job{dec.Work, claimed.Grant.Target})
		}
	}
	if fresh == 0 { // nothing is to be had: not worth another call
		return nil
	}
	r.waiting = held
	for r.workers < min(r.parallel, len(r.work)) {
		r.workers++
		r.wg.Go(r.apart(func() { r.perform(ctx) }))
	}
	return nil
}

// granted notes the slots of a claim; the caller holds the lock.
func (r *run) granted(c *lane.Claimed, asked, got time.Time) {
	if len(c.Grant.Slots) == 0 {
		return
	}
	if r.grant == 0 {
		r.began, r.grant = got, c.Grant.ID
		if r.grant == 0 {
			r.grant = -1 // no limit of concurrency, and none to be noted
		}
		r.parallel = min(r.parallel, max(c.Grant.Parallel, 1))
		r.least = max(min(settleEarly, len(c.Grant.Slots)/2), settleLeast)
	}
	r.slots = append(r.slots, c.Grant.At(asked, got)...)
	r.paced = r.paced || r.slots[len(r.slots)-1].At.Sub(got) > pacedFrom
}

// perform sends one write after the other.
func (r *run) perform(ctx context.Context) {
	for {
		if r.low() {
			if s := r.take(true); len(s.Results) > 0 { // the Lane decides by what is known
				r.settle(ctx, s, false)
			}
			_ = r.claim(ctx) // is logged; what waits comes back by the queue
		}
		w, ok := r.next()
		if !ok {
			return
		}
		p := lane.Performed{Result: lane.Panicked(w.Work)}
		r.apart(func() {
			p = r.cfg.Performer.Perform(ctx, r.tenant, r.destination, w.target, w.Work, func(repeat bool) (outbound.Slot, bool) { return r.nextSlot(ctx, repeat) })
		})()
		r.mu.Lock()
		r.done = append(r.done, p.Result)
		r.learn(p.Seen)
		r.mu.Unlock()
		if s := r.take(false); s != nil {
			r.settle(ctx, s, false)
		}
	}
}

// low reports that the slots come to their end while messages wait for one,
// and that the caller is the one to claim.
func (r *run) low() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.cfg.Now()
	if r.claiming || len(r.waiting) == 0 || r.ends.Sub(now) < slotHorizon {
		return false
	}
	if n := len(r.slots); n > 0 && len(r.work) > 0 && r.slots[n-1].At.Sub(now) > claimAhead {
		return false
	}
	r.claiming = true
	return true
}

// next is the next write; the worker that finds none is done.
func (r *run) next() (job, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.work) == 0 {
		r.workers--
		return job{}, false
	}
	w := r.work[0]
	r.work = r.work[1:]
	return w, true
}

// learn notes what an exchange taught; the caller holds the lock.
func (r *run) learn(seen []outbound.Observation) {
	r.seen = append(r.seen, seen...)
	for _, o := range seen {
		switch {
		case o.Reauth, o.Pause > 0: // nor will it take the others
			r.failed = max(r.failed, maxFailed)
		case r.failed >= maxFailed: // that stays so
		case o.OK:
			r.failed = 0
		case o.Failed:
			r.failed++
		}
	}
}

// take cuts off what is done and not settled yet; nil while that is too
// little to be worth a call, unless all is asked for.
func (r *run) take(all bool) *lane.Settlement {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !all && (len(r.done) < r.least || !r.paced) {
		return nil
	}
	s := &lane.Settlement{Results: r.done, Report: outbound.Report{Seen: r.seen, Sent: r.cfg.Now().Sub(r.began)}}
	r.done, r.seen = nil, nil
	return s
}

func (r *run) settle(ctx context.Context, s *lane.Settlement, last bool) {
	r.mu.Lock()
	s.Report.Grant, s.Report.Done = max(r.grant, 0), last
	r.mu.Unlock()
	for n := range settleTries {
		if n > 0 {
			r.cfg.Performer.Sleep(ctx, settleBackoff.Ceiling(n))
		}
		err := r.lane.Settle(ctx, *s)
		if err == nil {
			return
		}
		if errors.Is(err, outbound.ErrNotFound) {
			break
		}
	}
	r.cfg.Log("lane_unavailable", "tenant", r.tenant, "destination", r.destination, "call", "settle")
}

// nextSlot waits for the next slot that has not gone by, if need be one of a
// new grant; false when there is none within the batch's time, or none is to
// be used any more.
func (r *run) nextSlot(ctx context.Context, repeat bool) (outbound.Slot, bool) {
	s, ok := r.slot(ctx, repeat)
	if !ok {
		return s, false
	}
	if wait := s.At.Sub(r.cfg.Now()); wait > 0 {
		r.cfg.Performer.Sleep(ctx, wait)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return s, r.failed < maxFailed
}

// slot is the next slot, without waiting for it.
func (r *run) slot(ctx context.Context, repeat bool) (outbound.Slot, bool) {
	if s, ok := r.pop(); ok {
		return s, true
	}
	asked := r.cfg.Now()
	r.mu.Lock()
	over, under := !asked.Before(r.ends), r.grant
	r.mu.Unlock()
	if over {
		return outbound.Slot{}, false
	}
	n := moreSlots
	if repeat {
		n = 1
	}
	grant, err := r.lane.Permit(ctx, outbound.PermitRequest{N: n, Horizon: slotHorizon, Under: under, Repeat: repeat})
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
