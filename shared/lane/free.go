package lane

import (
	"slices"
	"time"

	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/ratelimit"
)

// maxFree bounds the slots that are waited for: a batch of polls runs 20 at
// once. Those beyond are charged for good.
const maxFree = 32

// freeSlot is a slot that is given back if its request turns out not to count.
type freeSlot struct {
	ID int64 `json:"id"`
	pace.Pending
	Until time.Time `json:"until"`
	// Told says that the provider's own budgets were charged too, and that
	// nothing was learned of them since that could have left it out.
	Told bool `json:"told,omitempty"`
}

// followFree notes slots that are being reserved, and with h.free set the
// first of them as one that may be given back. Call it before they are spent.
func (h *head) followFree(limit pace.Limit, from pace.State, slots []time.Time, now time.Time) outbound.Free {
	list := slices.DeleteFunc(h.state.Free, func(f freeSlot) bool { return !f.Until.After(now) })
	paused := !from.TAT.Equal(h.state.Pace.TAT)
	if paused { // the pause is no request's to give back
		list = nil
	}
	for i := range list {
		list[i].Pending = limit.Follow(list[i].Pending, slots)
	}
	h.state.Free = list
	if h.free.IsZero() || len(slots) != 1 || len(list) >= maxFree {
		return outbound.Free{}
	}
	whole := !slices.ContainsFunc(h.state.Budgets, func(b ratelimit.Budget) bool { return b.Remaining == 0 })
	h.state.FreeID = max(h.state.FreeID+1, now.UnixMilli()) // not again after a Delete
	h.state.Free = append(list, freeSlot{ID: h.state.FreeID, Pending: limit.Begin(), Until: h.free, Told: whole && !paused})
	return outbound.Free{ID: h.state.FreeID}
}

// settleFree ends the wait for one of the object's own slots.
func (h *head) settleFree(free outbound.Free, was bool) {
	i := slices.IndexFunc(h.state.Free, func(f freeSlot) bool { return f.ID == free.ID })
	if i < 0 || free.Budget != "" {
		return
	}
	f := h.state.Free[i]
	if was {
		earlier := make([]*pace.Pending, i)
		for k := range i {
			earlier[k] = &h.state.Free[k].Pending
		}
		h.state.Pace = pace.Refund(h.state.Pace, f.Pending, earlier...)
		if f.Told {
			ratelimit.Restore(h.state.Budgets, 1)
		}
	}
	h.state.Free = slices.Delete(h.state.Free, i, i+1)
}

// merge takes what a provider told of its budgets. Where that is news, nobody
// knows which of the requests under way are in it.
func (h *head) merge(told []ratelimit.Budget, now time.Time) {
	was := h.state.Budgets
	h.state.Budgets = ratelimit.Merge(was, told, now)
	if ratelimit.SameCount(was, h.state.Budgets) {
		return
	}
	for i := range h.state.Free {
		h.state.Free[i].Told = false
	}
}
