package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCallable is the model's reading of the default policy.
func TestCallable(t *testing.T) {
	for _, tt := range []struct {
		pinned, now definition
		want        bool
	}{
		{definition{}, definition{}, true},
		{definition{}, definition{words: 1}, false},
		{definition{}, definition{more: true}, true},
		{definition{more: true}, definition{}, false},
		{definition{}, definition{required: true}, false},
		{definition{required: true}, definition{}, true},
		{definition{}, definition{destructives: true}, false},
		{definition{destructives: true}, definition{}, false},
		{definition{required: true}, definition{more: true}, true},
		{definition{}, definition{more: true, required: true}, false},
	} {
		require.Equal(t, tt.want, tt.pinned.callable(tt.now), "%+v", tt)
	}
}

// TestCheckPins is the model of approvals, calls and drifts.
func TestCheckPins(t *testing.T) {
	now := start
	calm, other := map[string]*definition{"look": {}}, map[string]*definition{"look": {words: 1}}
	drift := func(at time.Time) []*Post {
		return []*Post{{
			Tenant: "a", Type: "hookweir.upstream.drift", Time: at, Status: 204,
			Body: `{"upstream":"desk","items":[{"kind":"tool","name":"look","class":"description","action":"block"}]}`,
		}}
	}
	tests := []struct {
		name   string
		happen func(p *Pins) []*Post
		want   string
	}{
		{"called as approved", func(p *Pins) []*Post { p.Called("a", "look", "a", "1", calm); return nil }, ""},
		{"called as nobody approved", func(p *Pins) []*Post { p.Called("a", "look", "a", "1", other); return nil }, "pin"},
		{"called and not looked at", func(p *Pins) []*Post { p.Called("a", "look", "a", "1", nil); return nil }, "pin"},
		{"called and gone", func(p *Pins) []*Post {
			p.Called("a", "look", "a", "1", map[string]*definition{"look": nil})
			return nil
		}, "pin"},
		{"called twice", func(p *Pins) []*Post {
			p.Called("a", "look", "a", "1", calm)
			p.Called("a", "look", "a", "1", calm)
			return nil
		}, "pin"},
		{"called for another tenant", func(p *Pins) []*Post { p.Called("b", "look", "a", "1", calm); return nil }, "G10"},
		{"perhaps approved", func(p *Pins) []*Post {
			p.Approve("a", other, false)
			p.Called("a", "look", "a", "1", other)
			return nil
		}, ""},
		{"approved since", func(p *Pins) []*Post {
			p.Approve("a", other, true)
			p.Called("a", "look", "a", "1", calm)
			return nil
		}, "pin"},
		{"gone, which was approved, and back as it was", func(p *Pins) []*Post {
			p.Approve("a", map[string]*definition{"look": nil}, true)
			p.Called("a", "look", "a", "1", calm)
			p.Listed("a", "look", calm["look"].describe("a", "look"))
			p.Reported("a", drifted{}, calm)
			return nil
		}, ""},
		{"gone, which was approved, and back with other words", func(p *Pins) []*Post {
			p.Approve("a", map[string]*definition{"look": nil}, true)
			p.Called("a", "look", "a", "1", other)
			return nil
		}, "pin"},
		{"gone, which was approved, and back with other words, and not reported", func(p *Pins) []*Post {
			p.Approve("a", map[string]*definition{"look": nil}, true)
			p.Reported("a", drifted{}, other)
			return nil
		}, "pin"},
		{"perhaps approved, and reported as it was", func(p *Pins) []*Post {
			p.Approve("a", other, false)
			p.Unchanged("a", calm)
			p.Called("a", "look", "a", "1", other)
			return nil
		}, "pin"},
		{"answered and never called", func(p *Pins) []*Post { p.Answered("a", "look", "1", "done", now); return nil }, "pin"},
		{"refused and called", func(p *Pins) []*Post {
			p.Called("a", "look", "a", "1", calm)
			p.Answered("a", "look", "1", "not_found", now)
			return nil
		}, "pin"},
		{"blocked and not told", func(p *Pins) []*Post { p.Answered("a", "look", "1", "tool_changed", now); return nil }, "drift"},
		{"blocked and told", func(p *Pins) []*Post { p.Answered("a", "look", "1", "tool_changed", now); return drift(now) }, ""},
		{"blocked again, and told of the first time", func(p *Pins) []*Post {
			p.Blocked("a", "look")
			p.fine["a/look"] = now.Add(time.Minute)
			p.Blocked("a", "look")
			return drift(now)
		}, "drift"},
		{"shown as approved", func(p *Pins) []*Post { p.Listed("a", "look", calm["look"].describe("a", "look")); return nil }, ""},
		{"shown as it is now", func(p *Pins) []*Post { p.Listed("a", "look", other["look"].describe("a", "look")); return nil }, "pin"},
		{"reported as it was", func(p *Pins) []*Post { p.Reported("a", drifted{}, other); return nil }, "pin"},
	}
	for _, tt := range tests {
		p := newPins(func() time.Time { return now })
		p.Approve("a", calm, true)
		p.Approve("b", calm, true)
		p.asked["1"] = "a"
		posts := tt.happen(p)
		found := violations(func(add adder) { p.Check(posts, add) })
		if tt.want == "" {
			require.Empty(t, found, tt.name)
			continue
		}
		require.Len(t, found, 1, tt.name)
		require.Equal(t, tt.want, found[0].Guarantee, tt.name)
	}
}
