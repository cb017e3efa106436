package lane

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
)

// A budget that several destinations share (those of one connection, unless
// they say otherwise) is decided by one object of its own, a Lane without a
// destination. It gives slots to the destinations' Lanes, which give them to
// whoever sends:
//
//	Permit, Claim, drain ─▶ Lane of a destination ─ stock short? ─▶ Lane of the budget
//	                         │ concurrency, breaker, order           GCRA, pauses,
//	                         ◀──────────────────── slots ◀────────── provider's budgets
//	Report ─────────────────▶ learn ──────────────── teach ────────▶ learn
//
// A slot in stock that passes unused is lost, like any other: sharing never
// adds a request.

const (
	// budgetPrefix begins the name of a budget's object; no destination's name
	// has a colon.
	budgetPrefix = "budget:"
	// askedFor is how long what a destination says of the budget holds for the
	// others, at least: one that has sent nothing for a day has no say.
	askedFor = 24 * time.Hour
	// budgetPause is when a budget that did not answer is asked again.
	budgetPause = 5 * time.Second
)

// BudgetObject is the destination under whose name a budget's object is called.
func BudgetObject(budget string) string { return budgetPrefix + budget }

func (l *Lane) isBudget() bool { return strings.HasPrefix(l.destination, budgetPrefix) }

// asked is what destinations say of the budget that they share: the strictest
// of their rates holds for all.
type asked struct {
	Since  time.Time  `json:"since,omitzero"`
	Now    pace.Limit `json:"now,omitzero"`    // since then
	Before pace.Limit `json:"before,omitzero"` // in the time before
}

func (a *asked) tell(limit pace.Limit, now time.Time) {
	since := now.Truncate(askedFor)
	switch {
	case since.Equal(a.Since):
	case since.Sub(a.Since) == askedFor:
		a.Since, a.Before, a.Now = since, a.Now, pace.Limit{}
	default:
		*a = asked{Since: since}
	}
	a.Now = strictest(a.Now, limit)
}

func (a *asked) limit() pace.Limit { return strictest(a.Now, a.Before) }

// strictest is a limit under which both hold: the longer interval with the
// smaller burst. One without a rate limits nothing.
func strictest(a, b pace.Limit) pace.Limit {
	switch {
	case a.Interval() == 0:
		return b
	case b.Interval() == 0:
		return a
	}
	burst := min(max(a.Burst, 1), max(b.Burst, 1))
	if b.Interval() > a.Interval() {
		a = b
	}
	a.Burst = burst
	return a
}

// allot serves a destination's Lane from the budget.
func (l *Lane) allot(r outbound.PermitRequest, now time.Time) (outbound.Grant, error) {
	var g outbound.Grant
	err := l.tx(func(h *head) error {
		h.state.Asked.tell(*r.Budget, now)
		h.cfg.Rate = h.state.Asked.limit()
		if r.MayBeFree {
			h.free = now.Add(min(max(r.Lease, minLease), maxLease))
		}
		a := h.reserve(now, r.N, r.Horizon)
		g = outbound.Grant{Slots: since(a.slots, now), Slack: a.slack, Wait: a.wait, Reason: a.reason, Free: a.free}
		return nil
	})
	return g, err
}

// learnBudget takes what destinations' exchanges taught of the budget. Whether
// one of them works is the business of its own breaker.
func (l *Lane) learnBudget(h *head, now time.Time, seen []outbound.Observation) error {
	for i := range seen {
		seen[i] = outbound.Observation{Pause: seen[i].Pause, Budgets: seen[i].Budgets}
	}
	return l.learn(h, now, 0, seen)
}

// teach passes on what an exchange of a destination said of the budget that it
// shares. What does not arrive holds here all the same.
func (l *Lane) teach(budget string, r outbound.Report) {
	told := outbound.Report{Free: outbound.Free{ID: r.Free.ID}, WasFree: r.WasFree}
	for _, o := range r.Seen {
		if o.Pause > 0 || len(o.Budgets) > 0 {
			told.Seen = append(told.Seen, outbound.Observation{Pause: o.Pause, Budgets: o.Budgets})
		}
	}
	if r.Free.Budget != budget { // it shares another one meanwhile
		told.Free = outbound.Free{}
	}
	if budget == "" || len(told.Seen) == 0 && told.Free.ID == 0 {
		return
	}
	if err := l.cfg.Budget(l.tenant, budget).Report(context.Background(), told); err != nil {
		l.cfg.Log("budget_unavailable", "tenant", l.tenant, "destination", l.destination, "budget", budget)
	}
}

// stock are slots of the shared budget that nobody has taken yet.
type stock struct {
	Slots []stocked `json:"slots,omitempty"`
	// Next is when the budget has another slot, as far as it said.
	Next time.Time `json:"next,omitzero"`
	// Down says that it did not answer.
	Down bool `json:"down,omitempty"`
}

type stocked struct {
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
	Free  int64     `json:"free,omitempty"`
}

// good reports that the slot can still be used, and may be.
func (s stocked) good(now, notBefore time.Time) bool {
	return s.Until.After(now) && !s.At.Before(notBefore)
}

func (s *stock) count(now, notBefore time.Time) (n int) {
	for _, slot := range s.Slots {
		if slot.good(now, notBefore) {
			n++
		}
	}
	return n
}

// fromStock takes slots that the budget has given. What was learned here since
// then holds: a pause, and the provider's own budgets.
func (h *head) fromStock(now time.Time, n int, horizon time.Duration) admission {
	s := &h.state.Stock
	limit, _, from := h.budget(now)
	from.NotBefore = later(h.state.Pace.NotBefore, h.providerPause(now))
	s.Slots = slices.DeleteFunc(s.Slots, func(x stocked) bool { return !x.good(now, from.NotBefore) })
	soon := 0
	for soon < len(s.Slots) && s.Slots[soon].At.Sub(now) <= horizon {
		soon++
	}
	if soon < n && h.ask && s.Next.Sub(now) <= horizon && from.NotBefore.Sub(now) <= horizon {
		h.lack = &lack{h.cfg.SharedBudget(), h.cfg.Rate, n - soon, horizon, h.free}
		return admission{}
	}
	var a admission
	for _, x := range s.Slots[:min(soon, n)] {
		at := later(now, x.At)
		if slack := x.Until.Sub(at); len(a.slots) == 0 || slack < a.slack {
			a.slack = slack
		}
		a.slots = append(a.slots, at)
		if x.Free != 0 && !h.free.IsZero() {
			a.free = outbound.Free{Budget: h.cfg.SharedBudget(), ID: x.Free}
		}
		// For what is shown and expected; the decision was the budget's.
		h.state.Pace.TAT = later(at, h.state.Pace.TAT).Add(limit.Interval())
	}
	s.Slots = s.Slots[len(a.slots):]
	if len(a.slots) < n {
		a.wait, a.reason = busyWait, outbound.ReasonBudget
		next := later(s.Next, from.NotBefore)
		if len(s.Slots) > 0 {
			next = earliest(next, s.Slots[0].At)
		}
		if next.After(now) {
			a.wait = next.Sub(now)
		}
		if s.Down {
			a.reason = outbound.ReasonUnavailable
		}
	}
	return a
}

// lack is what a decision lacks of the shared budget.
type lack struct {
	budget  string
	rate    pace.Limit
	n       int
	horizon time.Duration
	free    time.Time
}

func (*lack) Error() string { return "lane: the stock is short" }

// paced is tx for what takes slots. Where they are another object's to give
// and the stock is short, that object is asked, and f runs once more with what
// it gave. What f did the first time is taken back, unless keep is set.
func (l *Lane) paced(keep bool, f func(h *head) error) error {
	var short *lack
	err := l.tx(func(h *head) error {
		h.ask = true
		if err := f(h); err != nil {
			return err
		}
		if short = h.lack; short != nil && !keep {
			return short
		}
		return nil
	})
	if short == nil || err != nil && err != error(short) {
		return err
	}
	if err := l.restock(short); err != nil {
		return err
	}
	return l.tx(f)
}

// restock asks the budget for slots. One that does not answer gives none.
func (l *Lane) restock(short *lack) error {
	asked := l.now()
	request := outbound.PermitRequest{N: min(short.n, outbound.MaxPermits), Horizon: short.horizon, Budget: &short.rate}
	if !short.free.IsZero() && request.N == 1 {
		request.MayBeFree, request.Lease = true, short.free.Sub(asked)
	}
	g, err := l.cfg.Budget(l.tenant, short.budget).Permit(context.Background(), request)
	got := l.now()
	if err != nil {
		l.cfg.Log("budget_unavailable", "tenant", l.tenant, "destination", l.destination, "budget", short.budget)
		g = outbound.Grant{Wait: budgetPause}
	}
	return l.tx(func(h *head) error {
		if h.cfg.SharedBudget() != short.budget {
			return nil // it shares another one meanwhile
		}
		s := &h.state.Stock
		s.Down = err != nil
		for _, slot := range g.At(asked, got) {
			s.Slots = append(s.Slots, stocked{At: slot.At, Until: slot.Until, Free: g.Free.ID})
		}
		slices.SortFunc(s.Slots, func(a, b stocked) int { return a.At.Compare(b.At) })
		s.Next = time.Time{}
		if g.Wait > 0 {
			s.Next = got.Add(g.Wait)
		}
		return nil
	})
}
