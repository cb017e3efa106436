package lane

import (
	"time"

	"github.com/hookweir/hookweir/shared/breaker"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// sweepRows is how many rows one sweep looks at; with more due, another
	// follows at once.
	sweepRows = 200
	// dropRows is how many payloads one alarm deletes: each is a call out.
	dropRows = 20
	// dropRetry is when a payload is dropped again after a failure.
	dropRetry = time.Hour
	// alarmFloor is the least time from one alarm's end to the next alarm.
	alarmFloor = 20 * time.Millisecond
	// noticePause is when notices are sent again that the queue refused.
	noticePause = 30 * time.Second
)

// Alarm is the safety net (G3), the housekeeping, and the drain of what has a
// partition key (G7). It returns an error only when the database failed or the
// next alarm could not be set; the platform then calls it again.
func (l *Lane) Alarm() error {
	l.mu.Lock()
	l.alarm = time.Time{} // it has fired
	err := l.open(false)
	l.mu.Unlock()
	if err == outbound.ErrNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if idle, err := l.idle(); idle && err == nil {
		return nil // the heartbeat of an alarm that left nothing to do
	}
	if err := l.set(l.now().Add(heartbeat)); err != nil {
		return err
	}
	if err := l.sweep(nil); err != nil {
		return err
	}
	l.sendReady()
	refused := l.flushNotices()
	if err := l.drain(); err != nil {
		return err
	}
	if err := l.dropPayloads(); err != nil {
		return err
	}
	return l.rearm(refused)
}

// idle reports that no alarm is needed: an object at rest costs nothing.
func (l *Lane) idle() (bool, error) {
	var at time.Time
	err := l.view(func(h *head) (err error) {
		at, err = l.next(h, l.now(), false)
		return err
	})
	return at.IsZero(), err
}

func (l *Lane) flushNotices() (refused bool) {
	for {
		n, err := l.notice.Flush()
		if err != nil {
			l.cfg.Log("notices_unsent", "tenant", l.tenant, "destination", l.destination)
			return true
		}
		if n == 0 {
			return false
		}
	}
}

// rearm sets the alarm for whatever is due next, in place of any other.
func (l *Lane) rearm(refused bool) error {
	now := l.now()
	var at time.Time
	err := l.view(func(h *head) (err error) {
		at, err = l.next(h, now, refused)
		return err
	})
	if err != nil || at.IsZero() {
		return err
	}
	return l.set(later(at, now.Add(alarmFloor)))
}

// sweep looks at the rows that are due, but for those that its own drain has
// under way: nobody has vanished there.
func (l *Lane) sweep(under flights) error {
	others, seqs := under.others()
	for {
		now := l.now()
		var list []row
		err := l.tx(func(h *head) (err error) {
			list, err = l.rows(`due_at <= ? AND `+others+` ORDER BY due_at LIMIT ?`, append(append([]any{now.UnixMilli()}, seqs...), sweepRows)...)
			if err != nil {
				return err
			}
			for i := range list {
				if err := l.sweepOne(h, &list[i], now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(list) < sweepRows {
			return err
		}
	}
}

func (l *Lane) sweepOne(h *head, v *row, now time.Time) error {
	switch v.state {
	case Pending:
		if planted.Bug == "norelease" && v.released {
			_, err := l.cfg.DB.Exec(`UPDATE writes SET due_at = NULL WHERE seq = ?`, v.seq)
			return err
		}
		if v.released {
			h.log("write_overdue", "tenant", l.tenant, "write", l.id(v.seq, v.tag))
		}
		return l.ready(h, v)
	case Delivering:
		// Whoever was sending has vanished. The fence stays: if it is merely
		// late it may still report the delivery.
		return l.settleOne(h, Result{Seq: v.seq, Fence: v.fence, Outcome: OutcomeUnknown, Reason: ReasonAbandoned}, now)
	case Dead, Parked:
		_, err := l.cfg.DB.Exec(`UPDATE writes SET due_at = NULL WHERE seq = ?`, v.seq)
		return err
	}
	return l.forget(h, v, now)
}

// dropPayloads deletes bodies nobody refers to. A failure is tried again in an
// hour and holds nobody up.
func (l *Lane) dropPayloads() error {
	now := l.now()
	var claims []string
	err := l.view(func(*head) error {
		rows, err := l.cfg.DB.Exec(`SELECT claim FROM drops WHERE due_at <= ? ORDER BY due_at LIMIT ?`, now.UnixMilli(), dropRows)
		for r := range rows.All() {
			claims = append(claims, r.Text())
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, claim := range claims {
		failed := l.cfg.DropPayload(claim) != nil
		err := l.tx(func(*head) error {
			if failed {
				return l.dropLater(claim, now.Add(dropRetry))
			}
			_, err := l.cfg.DB.Exec(`DELETE FROM drops WHERE claim = ?`, claim)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// next is when the alarm is needed next; zero for never.
func (l *Lane) next(h *head, now time.Time, refused bool) (time.Time, error) {
	var at time.Time
	for _, query := range [...]string{
		`SELECT min(due_at) FROM writes WHERE due_at IS NOT NULL`,
		`SELECT min(due_at) FROM drops`,
	} {
		t, err := l.minTime(query)
		if err != nil {
			return at, err
		}
		if !t.IsZero() {
			at = earliest(at, later(t, now))
		}
	}
	waiting, err := l.notice.Waiting()
	if err != nil {
		return at, err
	}
	if waiting {
		t := now
		if refused {
			t = now.Add(noticePause)
		}
		at = earliest(at, t)
	}
	if ready, err := l.exists(`ordered = 1 AND rank IS NOT NULL`); err != nil {
		return at, err
	} else if ready {
		t, err := l.drainAt(h, now)
		if err != nil {
			return at, err
		}
		at = earliest(at, t)
	}
	if ready, err := l.exists(`ordered = 0 AND rank IS NOT NULL`); err != nil {
		return at, err
	} else if ready {
		switch window, until := h.window(now); {
		case window > h.released:
			at = earliest(at, now)
		case !until.IsZero():
			at = earliest(at, later(until, now))
		} // else a settlement makes room, or the sweep
	}
	return at, nil
}

func (l *Lane) exists(where string, args ...any) (bool, error) {
	n, err := sqlstore.Int64(l.cfg.DB, `SELECT EXISTS (SELECT 1 FROM writes WHERE `+where+`)`, args...)
	return n != 0, err
}

func (l *Lane) minTime(query string, args ...any) (time.Time, error) {
	rows, err := l.cfg.DB.Exec(query, args...)
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

// drainAt is when the drain could get a slot.
func (l *Lane) drainAt(h *head, now time.Time) (time.Time, error) {
	at := later(now, h.state.Yield)
	switch h.state.Breaker.Phase(now) {
	case breaker.Open:
		return later(at, h.state.Breaker.Until), nil
	case breaker.HalfOpen:
		at = later(at, h.state.Breaker.Probe)
	}
	if h.cfg.Concurrency > 0 {
		used, err := l.inUse(h, now)
		if err != nil {
			return at, err
		}
		if used >= h.cfg.Concurrency {
			at = later(at, now.Add(busyWait))
		}
	}
	limit, _, from := h.budget(now)
	slots, _, wait := limit.Reserve(from, now, 1, pace.MaxHorizon)
	if len(slots) > 0 {
		wait = slots[0].Sub(now)
	}
	return later(at, now.Add(wait-claimHorizon)), nil
}

// arm makes sure that an alarm is set for t or earlier. In normal traffic one
// is, and nothing happens. The known alarm lives in memory only, and another
// Go instance of the object may have had it fire: so one that is past is not
// believed in for long, and one that is not known is asked of the database.
func (l *Lane) arm(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	known := l.alarm.After(now)
	if known && !l.alarm.After(t) {
		return nil
	}
	if !known {
		h, err := l.load()
		if err != nil {
			return err
		}
		stored, err := l.next(h, now, false)
		if err != nil {
			return err
		}
		t = earliest(t, stored)
	}
	return l.setLocked(t)
}

// armNext arms for whatever is due next.
func (l *Lane) armNext() error {
	now := l.now()
	var at time.Time
	err := l.view(func(h *head) (err error) {
		at, err = l.next(h, now, false)
		return err
	})
	if err != nil || at.IsZero() {
		return err
	}
	return l.arm(at)
}

// armNotices arms when there is a notice to send.
func (l *Lane) armNotices() error {
	waiting, err := l.notice.Waiting()
	if err != nil || !waiting {
		return err
	}
	return l.arm(l.now())
}

func (l *Lane) set(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.setLocked(t)
}

func (l *Lane) setLocked(t time.Time) error {
	if err := l.cfg.SetAlarm(t); err != nil {
		l.alarm = time.Time{}
		return err
	}
	l.alarm = t
	return nil
}
