package sim

import (
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// sound is a run in which every guarantee holds.
func sound() *Events {
	at := func(s int) time.Time { return time.Date(2026, 1, 1, 0, 0, s, 0, time.UTC) }
	e := newEvents()
	e.Genuine("a", "a/gh/1", "{}")
	e.Promise("a", "a/gh/1")
	e.Forged("a", "a/gh/2", "wrong secret")
	e.Genuine("b", "b/gh/1", "[]")
	e.Posts = []*Post{
		{At: at(4), Tenant: "a", Key: "a/gh/1", Body: "{}", Signed: true, Status: 503},
		{At: at(9), Tenant: "a", Key: "a/gh/1", Body: "{}", Signed: true, Status: 204},
	}
	return e
}

func TestCheckEvents(t *testing.T) {
	require.Empty(t, violations(sound().Check))
	tests := []struct {
		name   string
		change func(e *Events)
		want   string
	}{
		{"forged and delivered", func(e *Events) { e.Posts[0].Key = "a/gh/2" }, "G1"},
		{"invented", func(e *Events) { e.Posts[0].Key = "a/gh/9" }, "G1"},
		{"another body", func(e *Events) { e.Posts[1].Body = "{ }" }, "G2"},
		{"accepted and unknown", func(e *Events) { e.Posts = nil }, "G2"},
		{"accepted and pending for ever", func(e *Events) {
			e.Posts = nil
			e.Final["a/gh/1"] = Final{200, "pending"}
		}, "G3"},
		{"dead and not replayable", func(e *Events) {
			e.Posts = nil
			e.Final["a/gh/1"] = Final{200, "dead"}
		}, "G3"},
		{"twice", func(e *Events) { e.Posts[0].Status = 200 }, "G4"},
		{"unsigned", func(e *Events) { e.Posts[0].Signed = false }, "G6"},
		{"replayed and not delivered again", func(e *Events) {
			e.Replays = []Replay{{At: e.Posts[1].At.Add(time.Second), Answered: e.Posts[1].At.Add(time.Second), Key: "a/gh/1", Status: 202}}
		}, "G3"},
		{"another tenant's", func(e *Events) { e.Posts[0].Tenant = "b" }, "G10"},
	}
	for _, tt := range tests {
		e := sound()
		tt.change(e)
		found := violations(e.Check)
		require.Len(t, found, 1, tt.name)
		require.Equal(t, tt.want, found[0].Guarantee, tt.name)
	}
	e := sound()
	e.Genuine("a", "a/gh/1", "{ }")
	e.Posts[1].Body = "{ }"
	require.Empty(t, violations(e.Check), "another source words it differently")
}

func TestCheckExcuses(t *testing.T) {
	twice := func() *Events {
		e := sound()
		e.Posts[0].Status = 200
		return e
	}
	e := twice()
	first := e.Posts[0].At
	e.Replays = []Replay{{At: first.Add(time.Second), Answered: first.Add(2 * time.Second), Key: "a/gh/1"}}
	require.Empty(t, violations(e.Check))
	e.Replays[0].Key = "a/gh/2"
	require.Len(t, violations(e.Check), 1, "a replay of another event")
	e = twice()
	e.Faults = []wasmtest.Happened{{Hit: wasmtest.Hit{Fault: wasmtest.FetchLost, Nth: 1}, At: first}}
	require.Empty(t, violations(e.Check))
	e.Faults[0].At = first.Add(-time.Second)
	require.Len(t, violations(e.Check), 1, "a lost answer of an earlier call")
	e.Faults[0].At = first.Add(answerTime + time.Second)
	e.Posts[1].At = first.Add(time.Minute)
	require.Len(t, violations(e.Check), 1, "a lost answer of some later call")
	e = twice()
	e.Faults = []wasmtest.Happened{{Hit: wasmtest.Hit{Fault: wasmtest.FetchLate, Nth: 1}, At: first}}
	require.Len(t, violations(e.Check), 1, "late, and yet in time")
	e.Posts[0].Took = slowest
	require.Empty(t, violations(e.Check), "slow and late")
	e = twice()
	e.Faults = []wasmtest.Happened{{Hit: wasmtest.Hit{Fault: wasmtest.QueueDuplicate, Nth: 1}, At: first}}
	require.Len(t, violations(e.Check), 1, "duplication is what the Ledger is for")
}
