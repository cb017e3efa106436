package ledger

import (
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/page"
)

// MaxReplay is the most events one ReplayWhere or PurgeWhere takes: ten sends
// of 100 references fit an invocation easily.
const MaxReplay = 1000

// sendBatch is how many messages a queue takes at once.
const sendBatch = 100

// Replayed reports a ReplayWhere.
type Replayed struct {
	Replayed int    `json:"replayed"`
	Next     string `json:"next,omitempty"` // cursor of the next call; empty when done
}

// Replay sends an event again, from its first attempt, whatever its state.
// Errors: ErrNotFound; ErrPurged; ErrInFlight while a consumer holds a live lease;
// ErrRequeue, after which the event is pending all the same and goes out with
// the next sweep.
func (l *Ledger) Replay(key string) error {
	if err := l.owns(key); err != nil {
		return err
	}
	now := l.now()
	if err := l.arm(now.Add(l.cfg.SweepGrace)); err != nil {
		return err
	}
	err := l.tx(func() error {
		v, found, err := l.load(key)
		switch {
		case err != nil:
			return err
		case !found, v.state == Delivered && !v.expiresAt.After(now):
			return ErrNotFound // or about to be forgotten, its payload perhaps gone
		case v.state == Purged:
			return ErrPurged
		case v.state == Delivering && v.leaseUntil.After(now):
			return ErrInFlight
		}
		return l.rewind([]string{key}, now)
	})
	if err != nil {
		return err
	}
	return l.requeue([]string{key})
}

// ReplayWhere replays the delivered and dead events that match, newest first,
// at most f.Limit (zero means MaxReplay) per call. With Next as the cursor of
// the following call every matching event is replayed once. Errors: ErrFilter,
// also for the states pending and delivering, whose events are on their way;
// ErrRequeue as Replay, with a result that holds.
func (l *Ledger) ReplayWhere(f Filter) (Replayed, error) {
	now := l.now()
	limit, where, args, err := f.settled(now)
	if err != nil {
		return Replayed{}, err
	}
	if err := l.arm(now.Add(l.cfg.SweepGrace)); err != nil {
		return Replayed{}, err
	}
	var out Replayed
	var keys []string
	err = l.tx(func() error {
		rows, err := l.cfg.DB.Exec(`SELECT accepted, key FROM events`+where+` ORDER BY accepted DESC, key DESC LIMIT ?`, append(args, limit+1)...)
		if err != nil {
			return err
		}
		var last Entry
		for r := range rows.All() {
			if len(keys) == limit {
				out.Next = last.Cursor()
				break
			}
			last = Entry{Accepted: r.Time(), Key: r.Text()}
			if err := r.Done(); err != nil {
				return err
			}
			keys = append(keys, last.Key)
		}
		return l.rewind(keys, now)
	})
	if err != nil {
		return Replayed{}, err
	}
	out.Replayed = len(keys)
	return out, l.requeue(keys)
}

// settled is the filter of a ReplayWhere or PurgeWhere: events that are
// delivered or dead, and not those about to be forgotten, whose payload may be
// gone.
func (f Filter) settled(now time.Time) (limit int, where string, args []any, err error) {
	if f.State != "" && f.State != Delivered && f.State != Dead {
		return 0, "", nil, ErrFilter
	}
	if f.Limit == 0 {
		f.Limit = MaxReplay
	}
	limit, ok := page.Size(f.Limit, MaxReplay)
	if !ok {
		return 0, "", nil, ErrFilter
	}
	where, args, err = f.where()
	if err != nil {
		return 0, "", nil, err
	}
	if where == "" {
		where = " WHERE "
	} else {
		where += " AND "
	}
	return limit, where + "(state = 'dead' OR state = 'delivered' AND expires_at > ?)", append(args, millis(now)), nil
}

// rewind makes events pending as if new. The fence moves on, so whoever still
// believes to hold a lease settles in vain.
func (l *Ledger) rewind(keys []string, now time.Time) error {
	const chunk = 90 // of 100 bound parameters
	for len(keys) > 0 {
		n := min(chunk, len(keys))
		args := []any{Pending, millis(now), millis(now.Add(l.cfg.SweepGrace))}
		for _, k := range keys[:n] {
			args = append(args, k)
		}
		_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, owner = '', fence = fence + 1, attempts = 0, lease_until = NULL, next_at = ?, due_at = ?,
			expires_at = NULL, sweeps = 0, replays = replays + 1 WHERE key IN (?`+strings.Repeat(",?", n-1)+`)`, args...)
		if err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// requeue sends references. Every chunk is tried; one that fails is left to
// the sweep.
func (l *Ledger) requeue(keys []string) error {
	var failed error
	for len(keys) > 0 {
		n := min(sendBatch, len(keys))
		messages := make([][]byte, n)
		for i, k := range keys[:n] {
			messages[i] = event.EncodeReference(l.tenant, k)
		}
		if err := l.cfg.Requeue(messages); err != nil {
			failed = ErrRequeue // the cause is the binding's to log
		}
		keys = keys[n:]
	}
	return failed
}
