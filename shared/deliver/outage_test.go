package deliver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/deliver"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/queue"
)

// TestANightOfOurOwn: while a part of our own fails (a key ring that is
// missing, an object that does not answer) no agent has been asked, so a night
// of it must not make every event of a tenant dead. The queue gives a message
// up after 100 retries; what it has given up is dead.
func TestANightOfOurOwn(t *testing.T) {
	for name, down := range map[string]string{"the tenant's object, or its key ring": "agent ", "the ledger": "claim"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fail = func(call string) error {
				if strings.Contains(call, down) {
					return errPlatform
				}
				return nil
			}
			var waited time.Duration
			for attempt := 1; attempt <= 100; attempt++ {
				v := w.d.Handle(context.Background(), []queue.Message{{ID: "m1", Attempts: attempt, Body: event.Encode(newEvent("1"))}})[0]
				require.False(t, v.Ack)
				require.LessOrEqual(t, v.Delay, 31*time.Minute, "it is mended, and the event still waits")
				waited += v.Delay
				if attempt == 6 {
					require.Less(t, waited, 2*time.Minute, "a hiccup costs little")
				}
			}
			require.Greater(t, waited, 18*time.Hour)
		})
	}
}

// TestALedgerThatIsAwayForDays: an event whose ledger has not answered while
// `events` and `events-dead` tried is neither given up nor put where no API
// brings it back from: it goes round, and is delivered once when the ledger is
// back (G3).
func TestALedgerThatIsAwayForDays(t *testing.T) {
	w := newWorld(t)
	var back [][]byte
	var refused error
	cfg := w.config()
	cfg.Back = func(messages [][]byte) error {
		if refused == nil {
			back = append(back, messages...)
		}
		return refused
	}
	d, err := deliver.New(cfg)
	require.NoError(t, err)
	w.fail = func(call string) error {
		if strings.HasPrefix(call, "quarantine") {
			return nil
		}
		return errPlatform
	}
	young, old, older := message("a", newEvent("1")), message("b", newEvent("2")), message("c", newEvent("3"))
	old.Attempts, older.Attempts = 80, 99
	v := d.HandleDead(context.Background(), []queue.Message{young, old, older})
	require.False(t, v[0].Ack)
	require.True(t, v[1].Ack)
	require.True(t, v[2].Ack)
	require.ElementsMatch(t, [][]byte{old.Body, older.Body}, back)
	require.Empty(t, w.quarantined)
	require.Equal(t, 0, w.logged("message_quarantined"))

	refused = errPlatform
	v = d.HandleDead(context.Background(), []queue.Message{young, older})
	require.False(t, v[0].Ack)
	require.True(t, v[1].Ack)
	require.Contains(t, w.quarantined, "c", "no queue either")

	w.fail = func(string) error { return nil }
	for range 2 { // and it may have been sent twice
		for i, body := range back {
			require.True(t, w.handle1("again-"+string(rune('0'+i)), body).Ack)
		}
	}
	require.Equal(t, 1, w.agent.times(newEvent("2")))
	require.Equal(t, 1, w.agent.times(newEvent("3")))
}

// TestALedgerThatIsAwayForSeconds: an object that is being replaced, or has too
// much to do, answers again after a moment. To have asked three times within
// it is no reason to post what the agent has taken once more.
func TestALedgerThatIsAwayForSeconds(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	cfg := w.config()
	cfg.Sleep = func(_ context.Context, d time.Duration) { w.pass(d) }
	d, err := deliver.New(cfg)
	require.NoError(t, err)
	w.fail = func(call string) error {
		if strings.HasSuffix(call, " settle") && w.clock.Before(start.Add(5*time.Second)) {
			return errPlatform
		}
		return nil
	}
	v := d.Handle(context.Background(), []queue.Message{message("m1", e)})
	require.Equal(t, queue.Verdict{Ack: true}, v[0])
	require.Equal(t, 1, w.agent.times(e))
	require.Equal(t, ledger.Delivered, w.detail(e).State)

	// One that stays away holds the batch for seconds, well within its lease.
	w.fail = func(call string) error {
		if strings.HasSuffix(call, " settle") {
			return errPlatform
		}
		return nil
	}
	before := w.now()
	v = d.Handle(context.Background(), []queue.Message{message("m2", newEvent("2"))})
	require.False(t, v[0].Ack)
	require.Less(t, w.now().Sub(before), 10*time.Second)
	require.Equal(t, 18*time.Second, v[0].Delay, "what is left of the lease")
}
