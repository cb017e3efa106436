package lane

import (
	"time"

	"github.com/hookweir/hookweir/shared/breaker"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/notice"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/ratelimit"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// state is what the lane remembers of its destination. It is stored with every
// decision: an object that restarts must not have its whole burst again (G8),
// and for a while two Go instances may hold the same object.
type state struct {
	Pace    pace.State         `json:"pace"`
	Breaker breaker.State      `json:"breaker"`
	Budgets []ratelimit.Budget `json:"budgets,omitempty"`
	// Free are slots whose requests may turn out not to count.
	Free   []freeSlot `json:"free,omitempty"`
	FreeID int64      `json:"free_id,omitempty"` // of the last
	// Stock are slots of the budget that the destination shares, and Asked, in
	// the object of such a budget, what its destinations say of it.
	Stock stock `json:"stock,omitzero"`
	Asked asked `json:"asked,omitzero"`
	// Drain is the share of the concurrency that a drain under way holds.
	Drain drainShare `json:"drain,omitzero"`
	// Kept is what writes that have ended count for, in bytes, and Lightened the
	// last that was forgotten before its time.
	Kept      int64     `json:"kept,omitempty"`
	Lightened lightened `json:"lightened,omitzero"`
	// Wake is when what was held back from the queue may go on.
	Wake time.Time `json:"wake,omitzero"`
	// Yield is until when the drain leaves the concurrency to the queue's
	// consumers, after it had all of it.
	Yield time.Time `json:"yield,omitzero"`
}

// lightened is a write by when its time is over, in Unix milliseconds, and its
// number.
type lightened struct {
	Due int64 `json:"due"`
	Seq int64 `json:"seq"`
}

type drainShare struct {
	Parallel int       `json:"parallel"`
	Until    time.Time `json:"until"`
}

// admission is the answer to who wants to send.
type admission struct {
	slots  []time.Time
	slack  time.Duration
	wait   time.Duration // with fewer slots than asked for
	reason string
	free   outbound.Free // with one slot, if it was asked for
}

// admit takes slots from the budget: the breaker first, then what the provider
// told about its own limits, then the rate.
func (h *head) admit(now time.Time, n int, horizon time.Duration) admission {
	a := admission{}
	allowed, next, wait := h.cfg.Breaker.Allow(h.state.Breaker, now, n, h.cfg.Timeout+leaseGrace)
	if h.repeat && h.state.Breaker.Phase(now) == breaker.HalfOpen {
		allowed, next = n, h.state.Breaker // it was let through as the probe, and is not answered yet
	}
	if allowed < n {
		a.wait, a.reason = wait, outbound.ReasonBreaker
		if n = allowed; n == 0 {
			return a
		}
	}
	var got admission
	if h.cfg.SharedBudget() != "" {
		got = h.fromStock(now, n, horizon)
	} else {
		got = h.reserve(now, n, horizon)
	}
	if len(got.slots) < n {
		a.wait, a.reason = got.wait, got.reason
	}
	if len(got.slots) == 0 { // an unused probe stays to be had
		return a
	}
	h.state.Breaker = next
	a.slots, a.slack, a.free = got.slots, got.slack, got.free
	return a
}

// reserve takes slots from what the object itself decides about.
func (h *head) reserve(now time.Time, n int, horizon time.Duration) admission {
	limit, slack, from := h.budget(now)
	slots, paced, late := limit.Reserve(from, now, n, horizon)
	a := admission{slots: slots, slack: slack}
	if len(slots) < n {
		a.wait, a.reason = late, outbound.ReasonBudget
	}
	if len(slots) == 0 {
		return a
	}
	a.free = h.followFree(limit, from, slots, now)
	h.state.Pace = paced
	ratelimit.Spend(h.state.Budgets, len(slots))
	return a
}

// budget is the rate as it holds now: the destination's own, stretched or
// stopped by what its provider told.
func (h *head) budget(now time.Time) (limit pace.Limit, slack time.Duration, from pace.State) {
	limit, slack = h.cfg.Rate.Margin()
	h.state.Pace = limit.Sane(h.state.Pace, now) // kept, also where there is no slot
	from = h.state.Pace
	spacing, pause := ratelimit.Plan(h.state.Budgets, now)
	if pause > 0 {
		from = limit.Pause(from, now.Add(pause))
	}
	limit.Spacing = max(limit.Spacing, spacing)
	if s := &h.state.Stock; h.cfg.SharedBudget() != "" && s.Next.After(from.NotBefore) && s.count(now, from.NotBefore) == 0 {
		from.NotBefore = s.Next
	}
	return limit, slack, from
}

// providerPause is until when the provider's own budgets, as they are known
// here, allow nothing.
func (h *head) providerPause(now time.Time) time.Time {
	if _, pause := ratelimit.Plan(h.state.Budgets, now); pause > 0 {
		return now.Add(pause)
	}
	return time.Time{}
}

// learn applies what exchanges taught, sent at the earliest so long ago, and
// raises a notice when the breaker opens.
func (l *Lane) learn(h *head, now time.Time, sent time.Duration, seen []outbound.Observation) error {
	if len(seen) == 0 {
		return nil
	}
	was := h.state.Breaker
	ok, failed, reauth := 0, 0, false
	for _, o := range seen {
		switch {
		case o.Reauth:
			reauth = true
		case o.Failed:
			failed++
		case o.OK:
			ok++
		}
		if o.Pause > 0 {
			limit, _ := h.cfg.Rate.Margin()
			h.state.Pace = limit.Pause(h.state.Pace, now.Add(o.Pause))
			l.quiet = later(l.quiet, now.Add(o.Pause))
			h.state.Free = nil // what follows is no longer theirs alone
		}
		if len(o.Budgets) > 0 {
			h.merge(o.Budgets, now)
		}
	}
	h.state.Breaker = h.cfg.Breaker.Report(was, now, now.Add(-max(sent, 0)), ok, failed)
	if reauth {
		h.state.Breaker = h.cfg.Breaker.Trip(h.state.Breaker, now, ReasonNeedsReauth, reauthPause)
	}
	switch b := h.state.Breaker; {
	case b.Open && b.Opened != was.Opened:
		h.log("breaker_opened", "tenant", l.tenant, "destination", l.destination, "reason", b.Reason)
		return l.tell("hookweir.breaker.opened", "breaker.opened/"+l.destination+"/"+itoa(b.Opened), now, map[string]any{
			"destination": l.destination, "reason": b.Reason, "until": b.Until, "waiting": h.depth,
		})
	case was.Open && !b.Open:
		h.log("breaker_closed", "tenant", l.tenant, "destination", l.destination)
	}
	return nil
}

// reauthPause is how long the breaker stays open at least when the connection
// needs a person: people take minutes.
const reauthPause = time.Minute

// tell puts a notice to the agent into the outbox; call it in the transaction
// of what it tells.
func (l *Lane) tell(kind, id string, now time.Time, data any) error {
	e, err := notice.New(l.tenant, kind, id, now, data)
	if err != nil {
		return err
	}
	return l.notice.Add(event.Encode(e))
}

// take finds room for so many parallel requests under the destination's
// concurrency, and notes it until then. With no limit it answers want and id
// 0: there is nothing to note.
func (l *Lane) take(h *head, now, until time.Time, want int) (id int64, parallel int, err error) {
	if h.cfg.Concurrency == 0 {
		return 0, want, nil
	}
	used, err := l.inUse(h, now)
	if err != nil {
		return 0, 0, err
	}
	parallel = min(want, h.cfg.Concurrency-used)
	if parallel <= 0 {
		return 0, 0, nil
	}
	id, err = sqlstore.Int64(l.cfg.DB, `INSERT INTO grants (parallel, until) VALUES (?, ?) RETURNING id`, parallel, until.UnixMilli())
	return id, parallel, err
}

// inUse is the concurrency that is taken, leases that ran out set free.
func (l *Lane) inUse(h *head, now time.Time) (int, error) {
	if _, err := l.cfg.DB.Exec(`DELETE FROM grants WHERE until <= ?`, now.UnixMilli()); err != nil {
		return 0, err
	}
	n, err := sqlstore.Int64(l.cfg.DB, `SELECT COALESCE(SUM(parallel), 0) FROM grants`)
	if now.Before(h.state.Drain.Until) {
		n += int64(h.state.Drain.Parallel)
	}
	return int(n), err
}

func (l *Lane) release(id int64) error {
	if id == 0 {
		return nil
	}
	_, err := l.cfg.DB.Exec(`DELETE FROM grants WHERE id = ?`, id)
	return err
}
