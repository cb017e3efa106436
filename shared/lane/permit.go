package lane

import (
	"time"

	"github.com/hookweir/hookweir/shared/outbound"
)

const (
	minLease = time.Second      // a promise shorter than a request is none
	maxLease = 15 * time.Minute // a queue consumer's wall-clock limit
	// busyWait is when to ask again while the concurrency is used up; nobody
	// knows when one of those ends.
	busyWait = time.Second
)

// Permit hands out slots for requests that are not writes: reads, polls, tool
// calls. They come from the same budget. A path that
// is not listed costs none. Errors: outbound.ErrNotFound, outbound.ErrNotListed,
// ErrRequest.
func (l *Lane) Permit(r outbound.PermitRequest) (outbound.Grant, error) {
	if r.N < 1 || r.N > outbound.MaxPermits || r.MayBeFree && r.N > 1 || (r.Budget != nil) != l.isBudget() {
		return outbound.Grant{}, ErrRequest
	}
	var g outbound.Grant
	now := l.now()
	if r.Budget != nil {
		return l.allot(r, now)
	}
	err := l.paced(false, func(h *head) error {
		now := l.now() // it may run a second time, later
		if !h.configured {
			return outbound.ErrNotFound
		}
		if r.Path != "" && !h.cfg.Readable(r.Path) {
			return outbound.ErrNotListed
		}
		g = outbound.Grant{Target: h.target()}
		until := now.Add(min(max(r.Lease, minLease), maxLease))
		id, parallel := int64(0), r.N
		if r.Under == 0 {
			var err error
			if id, parallel, err = l.take(h, now, until, r.N); err != nil {
				return err
			}
		}
		if parallel == 0 {
			g.Wait, g.Reason = busyWait, outbound.ReasonConcurrency
			return nil
		}
		if r.MayBeFree {
			h.free = until
		}
		h.repeat = r.Repeat
		a := h.admit(now, r.N, r.Horizon)
		g.Wait, g.Reason = a.wait, a.reason
		if len(a.slots) == 0 {
			return l.release(id)
		}
		g.ID, g.Parallel, g.Slack = id, parallel, a.slack
		g.Slots, g.Free = since(a.slots, now), a.free
		return nil
	})
	return g, err
}

// Report takes what became of a grant.
func (l *Lane) Report(r outbound.Report) error {
	now := l.now()
	shared := ""
	err := l.tx(func(h *head) error {
		h.settleFree(r.Free, r.WasFree)
		if l.isBudget() {
			return l.learnBudget(h, now, r.Seen)
		}
		shared = h.cfg.SharedBudget()
		if r.WasFree { // there may be one before the budget said
			h.state.Stock.Next = time.Time{}
		}
		if r.Done {
			if err := l.release(r.Grant); err != nil {
				return err
			}
		}
		if !h.configured { // deleted meanwhile: there is nothing to learn for
			return nil
		}
		return l.learn(h, now, r.Sent, r.Seen)
	})
	if err != nil {
		return err
	}
	l.teach(shared, r)
	return l.armNotices()
}

func (h *head) target() outbound.Target {
	return outbound.Target{Config: h.cfg, Generation: h.generation, Sealed: h.sealed}
}

func since(slots []time.Time, now time.Time) []time.Duration {
	out := make([]time.Duration, len(slots))
	for i, at := range slots {
		out[i] = at.Sub(now)
	}
	return out
}
