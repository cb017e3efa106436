package ledger

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/page"
)

// model is the ledger told as plainly as possible: a map, no SQL, no wire.
type model struct {
	rows map[string]*modelRow
}

type modelRow struct {
	state      string
	owner      string
	fence      int64
	attempts   int
	leaseUntil time.Time
	nextAt     time.Time
	due        time.Time
	expires    time.Time
	sweeps     int
	duplicates int
	replays    int
	body       string
}

func (m *model) claim(now time.Time, id, key, body string, ref bool) (Kind, *modelRow) {
	r := m.rows[key]
	if r == nil {
		if ref {
			return Unknown, nil
		}
		r = &modelRow{state: Pending, owner: id, body: body}
		m.rows[key] = r
	}
	finished := r.state == Delivered || r.state == Dead || r.state == Purged
	if finished || r.owner != "" && r.owner != id {
		if !ref && r.owner != id {
			r.duplicates++
		}
		return Done, r
	}
	if r.state == Delivering && now.Before(r.leaseUntil) || r.state == Pending && now.Before(r.nextAt) {
		return Wait, r
	}
	if next := r.leaseUntil.Add(abandonedPause(key, r.attempts)); r.state == Delivering && now.Before(next) {
		r.state, r.nextAt, r.due = Pending, next, next.Add(DefaultSweepGrace)
		return Wait, r
	}
	if r.attempts == MaxAttempts {
		r.state, r.due = Dead, time.Time{}
		return Done, r
	}
	r.state, r.owner, r.leaseUntil, r.nextAt, r.sweeps = Delivering, id, now.Add(lease30), time.Time{}, 0
	r.fence++
	r.attempts++
	r.due = r.leaseUntil.Add(DefaultSweepGrace)
	return Deliver, r
}

func (m *model) settle(now time.Time, key string, fence int64, o Outcome, after time.Duration) Settled {
	r := m.rows[key]
	switch {
	case r == nil || r.fence != fence:
		return Settled{Ack: true, Stale: true}
	case r.state == Delivered || r.state == Dead && o != OutcomeDelivered:
		return Settled{Ack: true, Attempts: r.attempts}
	case o == OutcomeDelivered:
		r.state, r.sweeps = Delivered, 0
		r.expires = now.Add(72 * time.Hour)
		r.due = r.expires.Truncate(10 * time.Minute)
		if r.due.Before(r.expires) {
			r.due = r.due.Add(10 * time.Minute)
		}
		return Settled{Ack: true, Attempts: r.attempts}
	case o == OutcomeDead || o == OutcomeRetry && r.attempts >= MaxAttempts:
		r.state, r.due = Dead, time.Time{}
		return Settled{Ack: true, Died: true, Attempts: r.attempts}
	}
	if o == OutcomeRelease && r.state == Delivering {
		r.attempts--
	}
	r.state, r.nextAt = Pending, now.Add(after)
	r.due = r.nextAt.Add(DefaultSweepGrace)
	return Settled{RetryAfter: after, Attempts: r.attempts}
}

// alarm returns the keys that must be sent again.
func (m *model) alarm(now time.Time) map[string]bool {
	lost := map[string]bool{}
	for key, r := range m.rows {
		switch {
		case r.due.IsZero() || r.due.After(now):
		case r.state == Delivered || r.state == Purged:
			delete(m.rows, key)
		default:
			if r.state == Delivering {
				r.nextAt = r.leaseUntil.Add(abandonedPause(key, r.attempts))
			}
			r.state, r.owner = Pending, ""
			pause := DefaultSweepGrace
			for range min(r.sweeps, 6) {
				pause *= 2
			}
			r.sweeps++
			r.due = now.Add(pause)
			if later := r.nextAt.Add(DefaultSweepGrace); later.After(r.due) {
				r.due = later
			}
			lost[key] = true
		}
	}
	return lost
}

func (m *model) replay(now time.Time, key string) error {
	r := m.rows[key]
	switch {
	case r == nil || r.state == Delivered && !r.expires.After(now):
		return ErrNotFound
	case r.state == Delivering && now.Before(r.leaseUntil):
		return ErrInFlight
	case r.state == Purged:
		return ErrPurged
	}
	r.state, r.owner, r.attempts, r.sweeps = Pending, "", 0, 0
	r.fence++
	r.replays++
	r.nextAt, r.due = now, now.Add(DefaultSweepGrace)
	return nil
}

func (m *model) purge(now time.Time, key string) error {
	r := m.rows[key]
	switch {
	case r == nil:
		return ErrNotFound
	case r.state == Pending || r.state == Delivering:
		return ErrOpen
	case r.state == Purged:
		return nil
	}
	r.state, r.owner, r.sweeps, r.body = Purged, "", 0, ""
	r.fence++
	r.expires = now.Add(72 * time.Hour)
	r.due = r.expires.Add(10*time.Minute - 1).Truncate(10 * time.Minute)
	return nil
}

func (m *model) markDead(id, key, body string, ref bool) Marked {
	r := m.rows[key]
	switch {
	case r == nil && ref:
		return MarkedNothing
	case r == nil:
		m.rows[key] = &modelRow{state: Dead, owner: id, body: body}
		return MarkedDead
	case r.state == Delivered || r.state == Dead || r.state == Purged || r.owner != id:
		return MarkedNothing
	}
	r.state, r.due = Dead, time.Time{}
	return MarkedDead
}

// TestAgainstModel drives the ledger and the model by the same random calls,
// with evictions in between, and compares every answer and every row.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { walk(t, rand.New(rand.NewPCG(seed, 7)), 250) })
	}
}

type held struct {
	key   string
	fence int64
}

func walk(t *testing.T, rng *rand.Rand, steps int) {
	r := newRig(t)
	m := &model{rows: map[string]*modelRow{}}
	keys := ids(5)
	var leases []held
	for step := range steps {
		id := keys[rng.IntN(len(keys))]
		e := newEvent(id)
		body := fmt.Sprintf(`{"step":%d}`, step)
		e.Body, e.Accepted = []byte(body), r.clock
		msgID := fmt.Sprintf("m-%s-%d", id, rng.IntN(3))
		ref := rng.IntN(3) == 0
		message := event.Encode(e)
		if ref {
			message = reference(e)
		}
		switch rng.IntN(13) {
		case 0, 1, 2, 3:
			d := r.claim1(msgID, message)
			kind, row := m.claim(r.clock, msgID, e.Key(), body, ref)
			require.Equal(t, kind, d.Kind, "step %d", step)
			switch kind {
			case Deliver:
				require.Equal(t, row.fence, d.Fence)
				require.Equal(t, row.attempts, d.Attempt)
				if d.Event != nil {
					require.Equal(t, row.body, string(d.Event.Body))
				} else {
					require.Equal(t, row.body, body, "the message's own event must be the stored one")
				}
				leases = append(leases, held{d.Key, d.Fence})
			case Wait:
				until := row.leaseUntil
				if row.state == Pending {
					until = row.nextAt
				}
				require.Equal(t, until.Sub(r.clock), d.After)
			case Done:
				require.Equal(t, row.state, d.State)
			}
		case 4, 5, 6, 7:
			if len(leases) == 0 {
				continue
			}
			h := leases[rng.IntN(len(leases))] // old ones, too
			o := Outcome(1 + rng.IntN(4))
			if rng.IntN(2) == 0 {
				o = OutcomeRetry
			}
			after := time.Duration(rng.IntN(200)) * time.Second
			got := r.settle1(Result{Key: h.key, Fence: h.fence, Outcome: o, RetryAfter: after})
			require.Equal(t, m.settle(r.clock, h.key, h.fence, o, after), got, "step %d", step)
		case 8:
			err := r.l.Replay(e.Key())
			require.Equal(t, m.replay(r.clock, e.Key()), err, "step %d", step)
			r.takeQueued()
		case 9:
			if rng.IntN(4) > 0 {
				continue
			}
			ms, err := r.l.MarkDead([]Item{{MessageID: msgID, Message: message}})
			require.NoError(t, err)
			require.Equal(t, m.markDead(msgID, e.Key(), body, ref), ms[0], "step %d", step)
		case 10:
			r.pass([]time.Duration{time.Second, lease30, DefaultSweepGrace, time.Hour, 80 * time.Hour}[rng.IntN(5)])
			r.checkAlarm(m)
			if !r.alarm.IsZero() && !r.alarm.After(r.clock) {
				r.takeQueued()
				r.ring()
				want := m.alarm(r.clock)
				got := map[string]bool{}
				for _, b := range r.takeQueued() {
					msg, err := event.Decode(b)
					require.NoError(t, err)
					require.False(t, got[msg.Key], "sent twice")
					got[msg.Key] = true
				}
				require.Equal(t, want, got, "step %d", step)
			}
		case 11:
			r.restart()
		case 12:
			require.Equal(t, m.purge(r.clock, e.Key()), r.l.Purge(e.Key()), "step %d", step)
		}
		r.compare(m, step)
	}
}

// checkAlarm holds the invariant behind G3: whatever is due has an alarm.
func (r *rig) checkAlarm(m *model) {
	r.t.Helper()
	for key, row := range m.rows {
		if row.due.IsZero() {
			continue
		}
		require.False(r.t, r.alarm.IsZero(), "%s is due at %v and no alarm is set", key, row.due)
		require.False(r.t, r.alarm.After(row.due), "%s is due at %v, the alarm is at %v", key, row.due, r.alarm)
	}
}

func (r *rig) compare(m *model, step int) {
	r.t.Helper()
	page, err := r.l.List(Filter{Limit: page.Max})
	require.NoError(r.t, err)
	require.Len(r.t, page.Events, len(m.rows), "step %d", step)
	for _, e := range page.Events {
		row := m.rows[e.Key]
		require.NotNil(r.t, row, "step %d: %s", step, e.Key)
		require.Equal(r.t, []any{row.state, row.attempts, row.duplicates, row.replays},
			[]any{e.State, e.Attempts, e.Duplicates, e.Replays}, "step %d: %s", step, e.Key)
	}
	r.checkAlarm(m)
}
