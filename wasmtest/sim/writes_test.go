package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCheckWrites is the model of what destinations may see.
func TestCheckWrites(t *testing.T) {
	const shop, strict = true, "block"
	first := func() *sentWrite { return &sentWrite{n: 0, tenant: "a", key: "k", id: "till.0", acts: []int{1}} }
	second := func() *sentWrite { return &sentWrite{n: 1, tenant: "a", key: "k", id: "till.1", acts: []int{2}} }
	tests := []struct {
		name      string
		shop      bool
		onFailure string
		change    func(a, b *sentWrite)
		want      []Violation
	}{
		{"in order", shop, strict, func(_, _ *sentWrite) {}, nil},
		{
			"the other way round", shop, strict, func(a, b *sentWrite) { a.acts, b.acts = []int{2}, []int{1} },
			[]Violation{{"G7", "a/1", "acted on before number 0, which was accepted earlier with the key k"}},
		},
		{"of different keys", shop, strict, func(a, b *sentWrite) { a.acts, b.acts, b.key = []int{2}, []int{1}, "l" }, nil},
		{"sent again by an operator, past the one behind it", shop, "skip", func(a, b *sentWrite) {
			a.acts, a.replays, b.acts = []int{3}, []int{2}, []int{1}
		}, nil},
		{"sent again by an operator, and passed although it blocks", shop, strict, func(a, b *sentWrite) {
			a.acts, a.replays, b.acts = []int{3}, []int{2}, []int{1}
		}, []Violation{{"G7", "a/1", "acted on before number 0, which was accepted earlier with the key k"}}},
		{
			"twice", shop, strict, func(a, _ *sentWrite) { a.acts = []int{1, 3}; a.replays = []int{2} },
			[]Violation{{"G3", "a/0", "acted on 2 times, and sent again by an operator 1 times"}},
		},
		{"twice at a till, as an operator asked", !shop, strict, func(a, _ *sentWrite) { a.acts = []int{1, 3}; a.replays = []int{2} }, nil},
		{
			"twice at a till", !shop, strict, func(a, _ *sentWrite) { a.acts = []int{1, 3} },
			[]Violation{{"G3", "a/0", "acted on 2 times, and sent again by an operator 0 times"}},
		},
		{
			"lost", shop, "skip", func(_, b *sentWrite) { b.acts, b.wrong = nil, `"pending"` },
			[]Violation{{"G3", "a/1", `accepted, never acted on, and at the end "pending"`}},
		},
		{
			"taken for two", shop, strict, func(a, _ *sentWrite) { a.second = "till.9" },
			[]Violation{{"G3", "a/0", "one idempotency key and two writes, till.0 and till.9"}},
		},
		{
			"dead, and nobody told", shop, "skip", func(_, b *sentWrite) { b.acts, b.ended = nil, "dead" },
			[]Violation{{"G3", "a/1", "dead, and the agent was not told"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &simulation{events: newEvents(), parts: []part{{name: "agents"}}}
			w := &writes{simulation: s, sent: []*sentWrite{first(), second()}, tills: map[string]*till{"a": {knowsKeys: tt.shop, onFailure: tt.onFailure}}}
			tt.change(w.sent[0], w.sent[1])
			require.Equal(t, tt.want, violations(w.check))
		})
	}
}

// TestBudgetIsCounted is the destination's own clock.
func TestBudgetIsCounted(t *testing.T) {
	one := &till{}
	for i := range writesBurst + 1 {
		one.take(start.Add(time.Duration(i) * time.Millisecond))
	}
	require.Len(t, one.excess, 1)
	for i := range 10 { // at the rate
		one.take(start.Add(time.Duration(i+1) * time.Second / writesPerSecond))
	}
	require.Len(t, one.excess, 1)
}
