package sim

import (
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// sound is a history in which every guarantee holds.
func sound() *History {
	at := func(s int) time.Time { return time.Date(2026, 1, 1, 0, 0, s, 0, time.UTC) }
	return &History{
		Deliveries: []*Delivery{
			{At: at(1), Settled: at(1), Tenant: "a", ID: "1", Body: "{}", Status: 202},
			{At: at(2), Settled: at(2), Tenant: "a", ID: "2", Body: "{}", Forged: "wrong secret", Status: 401},
			{At: at(3), Settled: at(3), Tenant: "b", ID: "1", Body: "[]", Status: 503},
		},
		Posts: []*Post{
			{At: at(4), Tenant: "a", Key: "a/gh/1", Body: "{}", Signed: true, Status: 503},
			{At: at(9), Tenant: "a", Key: "a/gh/1", Body: "{}", Signed: true, Status: 204},
		},
		Final: map[string]Final{},
	}
}

func TestCheck(t *testing.T) {
	require.Empty(t, Check(sound()))
	tests := []struct {
		name   string
		change func(h *History)
		want   string
	}{
		{"forged and accepted", func(h *History) { h.Deliveries[1].Status = 202 }, "G1"},
		{"forged and delivered", func(h *History) { h.Posts[0].Key = "a/gh/2" }, "G1"},
		{"invented", func(h *History) { h.Posts[0].Key = "a/gh/9" }, "G1"},
		{"another body", func(h *History) { h.Posts[1].Body = "{ }" }, "G2"},
		{"accepted and unknown", func(h *History) { h.Posts = nil }, "G2"},
		{"accepted and pending for ever", func(h *History) {
			h.Posts = nil
			h.Final["a/gh/1"] = Final{200, "pending"}
		}, "G3"},
		{"dead and not replayable", func(h *History) {
			h.Posts = nil
			h.Final["a/gh/1"] = Final{200, "dead"}
		}, "G3"},
		{"twice", func(h *History) { h.Posts[0].Status = 200 }, "G4"},
		{"unsigned", func(h *History) { h.Posts[0].Signed = false }, "G6"},
		{"replayed and not delivered again", func(h *History) {
			h.Replays = []Replay{{At: h.Posts[1].At.Add(time.Second), Answered: h.Posts[1].At.Add(time.Second), Key: "a/gh/1", Status: 202}}
		}, "G3"},
		{"another tenant's", func(h *History) { h.Posts[0].Tenant = "b" }, "G10"},
	}
	for _, tt := range tests {
		h := sound()
		tt.change(h)
		found := Check(h)
		require.Len(t, found, 1, tt.name)
		require.Equal(t, tt.want, found[0].Guarantee, tt.name)
	}
}

func TestCheckExcuses(t *testing.T) {
	twice := func() *History {
		h := sound()
		h.Posts[0].Status = 200
		return h
	}
	h := twice()
	h.Replays = []Replay{{At: h.Posts[0].At.Add(time.Second), Answered: h.Posts[0].At.Add(2 * time.Second), Key: "a/gh/1"}}
	require.Empty(t, Check(h))
	h = twice()
	h.Replays = []Replay{{At: h.Posts[0].At.Add(time.Second), Answered: h.Posts[0].At.Add(2 * time.Second), Key: "a/gh/2"}}
	require.Len(t, Check(h), 1, "a replay of another event")
	h = twice()
	h.Faults = []wasmtest.Happened{{Hit: wasmtest.Hit{Fault: wasmtest.FetchLost, Nth: 1}, At: h.Posts[0].At}}
	require.Empty(t, Check(h))
	h.Faults[0].At = h.Posts[0].At.Add(-time.Second)
	require.Len(t, Check(h), 1, "a lost answer of an earlier call")
	h.Faults[0].At = h.Posts[0].At.Add(answerTime + time.Second)
	h.Posts[1].At = h.Posts[0].At.Add(time.Minute)
	require.Len(t, Check(h), 1, "a lost answer of some later call")
	h = twice()
	h.Faults = []wasmtest.Happened{{Hit: wasmtest.Hit{Fault: wasmtest.QueueDuplicate, Nth: 1}, At: h.Posts[0].At}}
	require.Len(t, Check(h), 1, "duplication is what the Ledger is for")
}
