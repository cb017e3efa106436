package pace

import "time"

// Pending is a slot whose request may turn out not to count: GitHub, for one,
// does not charge an answer of 304. It is charged like any other, and given
// back when the answer is there.
//
// What may be given back is less than T where a later request has begun a busy
// period of its own. So each Pending follows the theoretical arrival time that
// there would be without it: TAT is the maximum over all busy periods, and of
// those that end now, one with the request is shorter by T, one that began
// after it is After.
type Pending struct {
	Cost  time.Duration `json:"cost"` // T as it was charged
	After time.Time     `json:"after,omitzero"`
}

// Begin is the Pending of the slot that was reserved last, at a rate of l.
func (l Limit) Begin() Pending {
	t, _ := l.step()
	return Pending{Cost: t}
}

// Follow takes slots that were reserved after p, at a rate of l.
func (l Limit) Follow(p Pending, slots []time.Time) Pending {
	t, _ := l.step()
	for _, at := range slots {
		p.After = latest(at, p.After).Add(t)
	}
	return p
}

// Refund is the state without the request of p. Those of the others that were
// made before p are changed to follow without it too.
func Refund(s State, p Pending, earlier ...*Pending) State {
	without := func(tat time.Time) time.Time { return latest(tat.Add(-p.Cost), p.After) }
	s.TAT = without(s.TAT)
	for _, e := range earlier {
		e.After = without(e.After)
	}
	return s
}
