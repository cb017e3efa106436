package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// sweepRows is how many events one alarm looks at; with more due, the
	// next alarm follows at once. 100 references are one send.
	sweepRows = 100
	// dropRows is how many payloads one alarm deletes: each is a call out.
	dropRows = 20
	// dropRetry is when a payload is dropped, and dropped again after a
	// failure.
	dropRetry = time.Hour
	// maxSweepDoublings bounds the growing pause between two sweeps of one
	// event: with a grace of 5 minutes, 5 h 20 min. It grows because an event
	// nobody claims may mean a long queue, and sending more makes it longer.
	maxSweepDoublings = 6
	// forgetEvery is the grid that deletions are put on, so that a steady stream
	// of expiring events is one alarm in ten minutes and not one per event.
	forgetEvery = 10 * time.Minute
	// forgetAfterDrop is how long a row outlives its payload: longer than a
	// message stays on the way from the edge to its first claim.
	forgetAfterDrop = 24 * time.Hour
	// alarmLost is how long past its time an alarm is still believed in. The
	// platform gives one up after six failures.
	alarmLost = 10 * time.Minute
)

// Swept reports what an alarm did.
type Swept struct {
	Requeued  int  // events sent again
	Failed    bool // the queue refused them; they are due again after a first pause
	Forgotten int  // delivered and purged events past their retention
	Dropped   int  // payloads deleted
	Undropped int  // payloads whose deletion failed
	Next      time.Time
}

// Alarm is the safety net (G3) and the housekeeping. It returns an error only
// when the database failed or the next alarm could not be set; the platform
// then calls it again.
func (l *Ledger) Alarm() (Swept, error) {
	l.mu.Lock()
	l.alarm = time.Time{} // it has fired
	l.mu.Unlock()

	var s Swept
	now := l.now()
	var lost []string
	more := false
	err := l.tx(func() (err error) {
		lost, s.Forgotten, more, err = l.sweep(now)
		return err
	})
	if err != nil {
		return s, err
	}
	if len(lost) > 0 {
		s.Requeued = len(lost)
		if err := l.requeue(lost); err != nil {
			s.Requeued, s.Failed = 0, true
			if err := l.refused(lost, now); err != nil {
				return s, err
			}
		}
	}
	if err := l.dropPayloads(&s, now); err != nil {
		return s, err
	}
	l.mu.Lock()
	s.Next, err = l.next(now)
	l.mu.Unlock()
	if err != nil {
		return s, err
	}
	if more {
		s.Next = now
	}
	if s.Next.IsZero() {
		return s, nil
	}
	return s, l.arm(s.Next)
}

// sweep looks at the rows that are due. Open ones become pending without an
// owner, so that whichever message comes first takes them; the fence stays,
// because a consumer that is merely late may still report the delivery.
func (l *Ledger) sweep(now time.Time) (lost []string, forgotten int, more bool, err error) {
	rows, err := l.cfg.DB.Exec(`SELECT key, state, claim, fence, attempts, sweeps, next_at, lease_until FROM events WHERE due_at <= ? ORDER BY due_at LIMIT ?`, millis(now), sweepRows)
	if err != nil {
		return nil, 0, false, err
	}
	for r := range rows.All() {
		key, state, claim := r.Text(), r.Text(), r.Text()
		fence, attempts, sweeps, next, lease := r.Int64(), r.Int(), r.Int(), r.Time(), r.Time()
		if err := r.Done(); err != nil {
			return nil, 0, false, err
		}
		if state == Delivered || state == Purged {
			if err := l.forget(key, claim, now); err != nil {
				return nil, 0, false, err
			}
			if claim == "" {
				forgotten++
			}
			continue
		}
		if state == Delivering {
			next = lease.Add(abandonedPause(key, attempts))
			if err := l.record(Result{Key: key, Fence: fence, Reason: ReasonAbandoned}, "abandoned", attempts, now); err != nil {
				return nil, 0, false, err
			}
		}
		due := now.Add(l.cfg.SweepGrace << min(sweeps, maxSweepDoublings))
		if next.Add(l.cfg.SweepGrace).After(due) {
			due = next.Add(l.cfg.SweepGrace)
		}
		_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, owner = '', lease_until = NULL, next_at = ?, due_at = ?, sweeps = sweeps + 1 WHERE key = ?`,
			Pending, millis(next), millis(due), key)
		if err != nil {
			return nil, 0, false, err
		}
		lost = append(lost, key)
	}
	return lost, forgotten, rows.Len() == sweepRows, nil
}

// refused takes back that these events were sent: the pause to their next
// sweep is as if this one had not been, since it grows for those that wait on
// the queue. Who was taken by another message meanwhile stays as it is.
func (l *Ledger) refused(keys []string, now time.Time) error {
	return l.tx(func() error {
		for chunk := range slices.Chunk(keys, sqlstore.MaxParams-3) {
			args := []any{millis(now), l.cfg.SweepGrace.Milliseconds(), Pending}
			for _, k := range chunk {
				args = append(args, k)
			}
			_, err := l.cfg.DB.Exec(`UPDATE events SET sweeps = MAX(sweeps - 1, 0), due_at = MAX(COALESCE(next_at, 0), ?) + ? WHERE state = ? AND owner = '' AND key IN (?`+strings.Repeat(",?", len(chunk)-1)+`)`, args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// forget deletes a settled event whose retention is over. One with a payload
// goes in two steps, a day apart: the payload first, while the row still
// answers for the key. The edge names a payload by event and content, so a
// duplicate that was stored just before the payload was dropped, and claimed
// just after the row was gone, would be a new event without a body (G3).
func (l *Ledger) forget(key, claim string, now time.Time) error {
	if claim != "" {
		if _, err := l.cfg.DB.Exec(`UPDATE events SET claim = '', due_at = ? WHERE key = ?`, millis(onGrid(now.Add(forgetAfterDrop))), key); err != nil {
			return err
		}
		return l.dropLater(claim, now)
	}
	if _, err := l.cfg.DB.Exec(`DELETE FROM attempts WHERE key = ?`, key); err != nil {
		return err
	}
	_, err := l.cfg.DB.Exec(`DELETE FROM events WHERE key = ?`, key)
	return err
}

// onGrid rounds up to the grid of deletions.
func onGrid(t time.Time) time.Time { return t.Add(forgetEvery - 1).Truncate(forgetEvery) }

func (l *Ledger) dropLater(claim string, due time.Time) error {
	_, err := l.cfg.DB.Exec(`INSERT INTO drops (claim, due_at) VALUES (?, ?) ON CONFLICT (claim) DO NOTHING`, claim, millis(due))
	return err
}

// dropPayloads deletes payloads nobody refers to. A failure is tried again in
// an hour and holds nobody up.
func (l *Ledger) dropPayloads(s *Swept, now time.Time) error {
	var claims []string
	err := l.tx(func() error {
		rows, err := l.cfg.DB.Exec(`SELECT claim FROM drops WHERE due_at <= ? ORDER BY due_at LIMIT ?`, millis(now), dropRows)
		for r := range rows.All() {
			claims = append(claims, r.Text())
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, claim := range claims {
		drop, err := l.unreferenced(claim)
		if err != nil {
			return err
		}
		if drop {
			if err := l.cfg.DropPayload(claim); err != nil {
				s.Undropped++
				if err := l.exec(`UPDATE drops SET due_at = ? WHERE claim = ?`, millis(now.Add(dropRetry)), claim); err != nil {
					return err
				}
				continue
			}
			s.Dropped++
		}
		if err := l.exec(`DELETE FROM drops WHERE claim = ?`, claim); err != nil {
			return err
		}
	}
	return nil
}

// unreferenced guards the payload of an event that came back meanwhile.
func (l *Ledger) unreferenced(claim string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := sqlstore.Int64(l.cfg.DB, `SELECT count(*) FROM events WHERE claim = ? AND claim <> ''`, claim)
	return n == 0, err
}

func (l *Ledger) exec(query string, args ...any) error {
	return l.tx(func() error {
		_, err := l.cfg.DB.Exec(query, args...)
		return err
	})
}

// next is when the alarm is needed next; zero for never.
func (l *Ledger) next(now time.Time) (time.Time, error) {
	open, err := l.minTime(`SELECT min(due_at) FROM events WHERE due_at IS NOT NULL`)
	if err != nil {
		return time.Time{}, err
	}
	if !open.IsZero() && open.Before(now) {
		open = now
	}
	drop, err := l.minTime(`SELECT min(due_at) FROM drops`)
	if err != nil {
		return time.Time{}, err
	}
	if !drop.IsZero() && drop.Before(now) {
		drop = now
	}
	return earliest(open, drop), nil
}

func (l *Ledger) minTime(query string) (time.Time, error) {
	rows, err := l.cfg.DB.Exec(query)
	if err != nil {
		return time.Time{}, err
	}
	r, ok := rows.First()
	if !ok {
		return time.Time{}, nil
	}
	t := r.Time()
	return t, r.Done()
}

// arm makes sure that an alarm is set for t or earlier. In normal traffic one
// is, and nothing happens. The known alarm lives in memory only: an object
// that has just started asks the database for the earliest time and sets it
// once more, which also heals an alarm the platform lost.
func (l *Ledger) arm(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	known := !l.alarm.IsZero() && l.alarm.Add(alarmLost).After(now)
	if known && !l.alarm.After(t) {
		return nil
	}
	if !known {
		stored, err := l.next(now)
		if err != nil {
			return err
		}
		t = earliest(t, stored)
	}
	if planted.Bug == "noalarm" {
		return nil
	}
	if err := l.cfg.SetAlarm(t); err != nil {
		l.alarm = time.Time{}
		return err
	}
	l.alarm = t
	return nil
}
