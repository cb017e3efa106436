package pace

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRefundNeverExceeds: whatever is given back and when, the requests that
// count are ones that the exact bucket has tokens for.
func TestRefundNeverExceeds(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		l := Limit{Requests: 1 + rnd.IntN(50), Per: time.Duration(1+rnd.IntN(60)) * time.Second, Burst: 1 + rnd.IntN(6)}
		type sent struct {
			at   time.Time
			free bool
		}
		var all []sent
		var open []Pending
		var of []int // whose each of open is
		s, now, back := State{}, t0, 0
		for range 300 {
			now = now.Add(time.Duration(rnd.Int64N(int64(2*l.Interval()) + 1)))
			if len(open) > 0 && rnd.IntN(2) == 0 { // an answer
				i := rnd.IntN(len(open))
				if rnd.IntN(4) > 0 {
					all[of[i]].free = true
					before := s.TAT
					var earlier []*Pending
					for k := range i {
						earlier = append(earlier, &open[k])
					}
					s = Refund(s, open[i], earlier...)
					require.False(t, s.TAT.After(before))
					back++
				}
				open, of = append(open[:i], open[i+1:]...), append(of[:i], of[i+1:]...)
				continue
			}
			slots, next, _ := l.Reserve(s, now, 1+rnd.IntN(2), l.Interval()*time.Duration(rnd.IntN(3)))
			if s = next; len(slots) == 0 {
				continue
			}
			for i := range open {
				open[i] = l.Follow(open[i], slots)
			}
			for _, at := range slots {
				all = append(all, sent{at: at})
			}
			if rnd.IntN(3) > 0 {
				open, of = append(open, l.Begin()), append(of, len(all)-1)
			}
		}
		require.Positive(t, back)
		ref := newReference(l)
		for _, r := range all {
			if !r.free {
				require.True(t, ref.take(r.at), "seed %d: %+v", seed, l)
			}
		}
	}
}

// TestRefundIsWhole: requests that all turn out free cost nothing.
func TestRefundIsWhole(t *testing.T) {
	l := Limit{Requests: 1, Per: time.Minute, Burst: 3}
	s, now := State{}, t0
	for range 100 {
		slots, next, _ := l.Reserve(s, now, 1, 0)
		require.Len(t, slots, 1)
		s = Refund(next, l.Begin())
		now = now.Add(time.Second)
	}
	var open []Pending
	for range 3 { // and several at once
		slots, next, _ := l.Reserve(s, now, 1, 0)
		require.Len(t, slots, 1)
		for i := range open {
			open[i] = l.Follow(open[i], slots)
		}
		s, open = next, append(open, l.Begin())
	}
	assert.InDelta(t, 1, l.Used(s, now), 1e-9)
	for len(open) > 0 {
		s = Refund(s, open[0])
		open = open[1:]
	}
	assert.Zero(t, l.Used(s, now))
	slots, _, _ := l.Reserve(s, now, 3, 0)
	assert.Len(t, slots, 3)
}
