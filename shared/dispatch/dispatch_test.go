package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/dispatch"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/queue"
)

// fakeLane answers with what a test put in; the real one is tested with this
// package in shared/lane.
type fakeLane struct {
	claim    func(req lane.ClaimRequest) (lane.Claimed, error)
	settled  []lane.Settlement
	settle   []error // answers, then nil
	permits  []outbound.PermitRequest
	grant    outbound.Grant
	givenUp  []int64
	givenErr error
}

func (f *fakeLane) Claim(_ context.Context, req lane.ClaimRequest) (lane.Claimed, error) {
	return f.claim(req)
}

func (f *fakeLane) Settle(_ context.Context, s lane.Settlement) error {
	if len(f.settle) > 0 {
		err := f.settle[0]
		f.settle = f.settle[1:]
		return err
	}
	f.settled = append(f.settled, s)
	return nil
}

func (f *fakeLane) Permit(_ context.Context, r outbound.PermitRequest) (outbound.Grant, error) {
	f.permits = append(f.permits, r)
	return f.grant, nil
}

func (f *fakeLane) GivenUp(_ context.Context, seqs []int64) error {
	f.givenUp = append(f.givenUp, seqs...)
	return f.givenErr
}

type world struct {
	t           *testing.T
	now         time.Time
	lanes       map[string]*fakeLane
	sent        []string
	status      int
	quarantined []string
	quarantine  error
	d           *dispatch.Dispatcher
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), lanes: map[string]*fakeLane{}, status: 200}
	var err error
	w.d, err = dispatch.New(dispatch.Config{
		Now: func() time.Time { return w.now }, Rand: func() float64 { return 0.5 },
		Lane: func(tenant, dest string) dispatch.Lane { return w.lanes[tenant+"/"+dest] },
		Performer: &lane.Performer{
			Sender: &outbound.Sender{
				Now: func() time.Time { return w.now },
				Fetch: func(_ context.Context, r fetch.Request) (fetch.Response, error) {
					w.sent = append(w.sent, r.URL)
					return fetch.Response{Status: w.status}, nil
				},
			},
			Sleep: func(_ context.Context, d time.Duration) { w.now = w.now.Add(d) },
		},
		Quarantine: func(_ context.Context, id string, _ []byte) error {
			w.quarantined = append(w.quarantined, id)
			return w.quarantine
		},
		Log: func(string, ...string) {},
	})
	require.NoError(t, err)
	return w
}

// sends has a Lane hand out every message as work, one at a time.
func (w *world) sends(slots []time.Duration, slack time.Duration) *fakeLane {
	f := &fakeLane{}
	f.claim = func(req lane.ClaimRequest) (lane.Claimed, error) {
		var out lane.Claimed
		for _, seq := range req.Seqs {
			out.Decisions = append(out.Decisions, lane.Decision{Kind: lane.Send, Work: &lane.Work{Seq: seq, ID: "shop.x", Fence: 1, Attempt: 1, Method: "POST", Path: "/x"}})
		}
		out.Grant = outbound.Grant{ID: 3, Slots: slots, Slack: slack, Parallel: 1, Target: outbound.Target{Config: destination.New("https://api.example.com")}}
		return out, nil
	}
	w.lanes["acme/shop"] = f
	return f
}

func message(id string, seq int64) queue.Message {
	return queue.Message{ID: id, Attempts: 1, Body: lane.EncodeReference(lane.Reference{Tenant: "acme", Destination: "shop", Seq: seq})}
}

func TestHandle(t *testing.T) {
	w := newWorld(t)
	f := w.sends([]time.Duration{0, 100 * time.Millisecond}, 50*time.Millisecond)
	began := w.now
	verdicts := w.d.Handle(context.Background(), []queue.Message{message("a", 1), message("b", 2)})
	assert.Equal(t, []queue.Verdict{{Ack: true}, {Ack: true}}, verdicts)
	assert.Len(t, w.sent, 2)
	assert.Equal(t, 100*time.Millisecond, w.now.Sub(began), "the second waited for its slot")
	require.Len(t, f.settled, 1)
	assert.Len(t, f.settled[0].Results, 2)
	assert.Equal(t, int64(3), f.settled[0].Report.Grant)
	assert.True(t, f.settled[0].Report.Done)
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name    string
		claimed lane.Claimed
		err     error
		want    queue.Verdict
	}{
		{"done", lane.Claimed{Decisions: []lane.Decision{{Kind: lane.Done}}}, nil, queue.Verdict{Ack: true}},
		{"wait, in whole seconds", lane.Claimed{Decisions: []lane.Decision{{Kind: lane.Wait, After: 1500 * time.Millisecond}}}, nil, queue.Verdict{Delay: 2 * time.Second}},
		{"no such lane", lane.Claimed{}, outbound.ErrNotFound, queue.Verdict{Ack: true}},
		{"the lane is away", lane.Claimed{}, errors.New("x"), queue.Verdict{Delay: 2 * time.Second}},
	} {
		w := newWorld(t)
		w.lanes["acme/shop"] = &fakeLane{claim: func(lane.ClaimRequest) (lane.Claimed, error) { return c.claimed, c.err }}
		assert.Equal(t, []queue.Verdict{c.want}, w.d.Handle(context.Background(), []queue.Message{message("a", 1)}), c.name)
		assert.Empty(t, w.sent, c.name)
	}
	w := newWorld(t)
	verdicts := w.d.Handle(context.Background(), []queue.Message{{ID: "x", Attempts: 3, Body: []byte("nonsense")}})
	assert.Equal(t, []queue.Verdict{{Delay: 5 * time.Second}}, verdicts, "unreadable: it comes back, a newer build may know")
}

func TestSettleIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	f := w.sends([]time.Duration{0}, time.Second)
	f.settle = []error{errors.New("x"), errors.New("x")}
	assert.Equal(t, []queue.Verdict{{Ack: true}}, w.d.Handle(context.Background(), []queue.Message{message("a", 1)}))
	assert.Len(t, f.settled, 1)
}

func TestSlotsThatPassedAreReplaced(t *testing.T) {
	w := newWorld(t)
	f := w.sends([]time.Duration{0, 0}, 10*time.Millisecond)
	f.grant = outbound.Grant{Slots: []time.Duration{0}, Slack: time.Second}
	// The first exchange takes longer than the second slot lasts.
	w.lanes["acme/shop"] = f
	slow := f.claim
	f.claim = func(req lane.ClaimRequest) (lane.Claimed, error) {
		c, err := slow(req)
		c.Grant.Slots[1] = 0
		return c, err
	}
	fetched := 0
	d, err := dispatch.New(dispatch.Config{
		Now: func() time.Time { return w.now }, Rand: func() float64 { return 0 },
		Lane: func(string, string) dispatch.Lane { return f },
		Performer: &lane.Performer{
			Sender: &outbound.Sender{
				Now: func() time.Time { return w.now },
				Fetch: func(context.Context, fetch.Request) (fetch.Response, error) {
					fetched++
					w.now = w.now.Add(time.Second)
					return fetch.Response{Status: 200}, nil
				},
			},
			Sleep: func(_ context.Context, d time.Duration) { w.now = w.now.Add(d) },
		},
		Quarantine: func(context.Context, string, []byte) error { return nil }, Log: func(string, ...string) {},
	})
	require.NoError(t, err)
	d.Handle(context.Background(), []queue.Message{message("a", 1), message("b", 2)})
	assert.Equal(t, 2, fetched)
	require.Len(t, f.permits, 1)
	assert.Equal(t, int64(3), f.permits[0].Under, "under the grant it holds")
}

// TestWaitingAreClaimedAgain: messages that got no slot are held while others
// of their batch are sent, and claimed again before the last slot is over, as
// long as there is something to be had.
func TestWaitingAreClaimedAgain(t *testing.T) {
	w := newWorld(t)
	f := w.sends(nil, time.Second)
	send := f.claim
	var asked []lane.ClaimRequest
	f.claim = func(req lane.ClaimRequest) (lane.Claimed, error) {
		asked = append(asked, req)
		out, err := send(req)
		most := map[int]int{1: 2, 2: 1}[len(asked)] // the third time there is nothing
		for i := range req.Seqs {
			switch {
			case i < most:
				out.Grant.Slots = append(out.Grant.Slots, time.Duration(i)*1500*time.Millisecond)
			case req.Seqs[i] == 5:
				out.Decisions[i] = lane.Decision{Kind: lane.Wait, After: 6 * time.Second}
			default:
				out.Decisions[i] = lane.Decision{Kind: lane.Wait, After: 2 * time.Second}
			}
		}
		return out, err
	}
	var batch []queue.Message
	for seq := range int64(5) {
		batch = append(batch, message("m", seq+1))
	}
	verdicts := w.d.Handle(context.Background(), batch)
	assert.Equal(t, []queue.Verdict{{Ack: true}, {Ack: true}, {Ack: true}, {Delay: 2 * time.Second}, {Delay: 6 * time.Second}}, verdicts)
	assert.Len(t, w.sent, 3)
	require.Len(t, asked, 3)
	assert.Equal(t, []int64{3, 4}, asked[1].Seqs, "the fifth waits too long to be held")
	assert.Equal(t, []int64{4}, asked[2].Seqs)
	assert.Equal(t, []int64{0, 3, 3}, []int64{asked[0].Under, asked[1].Under, asked[2].Under}, "under the grant it holds")
	require.Len(t, f.settled, 3)
	assert.Len(t, f.settled[0].Results, 2, "what is known is told before more is asked for")
	assert.Equal(t, []bool{false, false, true}, []bool{f.settled[0].Report.Done, f.settled[1].Report.Done, f.settled[2].Report.Done})
}

func TestStopsAtRefusalsInARow(t *testing.T) {
	w := newWorld(t)
	w.status = 503
	slots := make([]time.Duration, 40)
	f := w.sends(slots, time.Second)
	var batch []queue.Message
	for i := range slots {
		batch = append(batch, message("m", int64(i+1)))
	}
	w.d.Handle(context.Background(), batch)
	assert.Len(t, w.sent, 10)
	released := 0
	for _, s := range f.settled {
		for _, r := range s.Results {
			if r.Outcome == lane.OutcomeRelease {
				released++
			}
		}
	}
	assert.Equal(t, 30, released, "the rest does not count as tried")
}

func TestHandleDead(t *testing.T) {
	w := newWorld(t)
	f := &fakeLane{}
	w.lanes["acme/shop"] = f
	batch := []queue.Message{message("a", 1), {ID: "x", Attempts: 1, Body: []byte("nonsense")}, message("b", 2)}
	assert.Equal(t, []queue.Verdict{{Ack: true}, {Ack: true}, {Ack: true}}, w.d.HandleDead(context.Background(), batch))
	assert.Equal(t, []int64{1, 2}, f.givenUp)
	assert.Equal(t, []string{"x"}, w.quarantined)

	w.quarantine, f.givenErr = errors.New("x"), errors.New("x")
	for _, v := range w.d.HandleDead(context.Background(), batch) {
		assert.False(t, v.Ack)
		assert.Positive(t, v.Delay)
	}
	batch[0].Attempts = 20 // the Lane's own alarm looks after the write
	assert.True(t, w.d.HandleDead(context.Background(), batch)[0].Ack)
}

func FuzzReference(f *testing.F) {
	f.Add(lane.EncodeReference(lane.Reference{Tenant: "acme", Destination: "shop", Seq: 7}))
	f.Add([]byte{1, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, ok := lane.DecodeReference(b); ok {
			assert.Equal(t, b, lane.EncodeReference(r))
		}
	})
}
