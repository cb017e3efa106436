package lane

import (
	"time"

	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/page"
)

// MaxDecide is the most writes one ReplayWhere or PurgeWhere takes.
const MaxDecide = 1000

// Decided reports a ReplayWhere or PurgeWhere.
type Decided struct {
	Done int    `json:"done"`
	Next string `json:"next,omitempty"` // cursor of the next call; empty when done
}

// Replay sends a dead, parked or cancelled write again, from its first
// attempt, in its old place if it has a key: before whatever of the key is not
// under way yet. Its idempotency header is the same as before. Errors:
// outbound.ErrNotFound, ErrBusy, ErrState.
func (l *Lane) Replay(id string) error { return l.decide(id, l.replay) }

// Cancel ends a write that has not gone out, or one that waits for a decision.
// Errors: as Replay.
func (l *Lane) Cancel(id string) error {
	return l.decide(id, func(h *head, v *row, now time.Time) error {
		switch v.state {
		case Delivering:
			return ErrBusy
		case Pending, Dead, Parked:
			l.log(h, "write_cancelled", v, Result{})
			return l.end(h, v, Cancelled, "", now)
		}
		return ErrState
	})
}

// Purge deletes a write that is not open. Its idempotency key is remembered
// for as long as any. Errors: as Replay.
func (l *Lane) Purge(id string) error { return l.decide(id, l.purge) }

func (l *Lane) decide(id string, f func(h *head, v *row, now time.Time) error) error {
	now := l.now()
	err := l.tx(func(h *head) error {
		v, err := l.byID(id)
		if err != nil {
			return err
		}
		return f(h, &v, now)
	})
	if err != nil {
		return err
	}
	l.wakeDrain()
	l.sendReady()
	return l.armNext()
}

func (l *Lane) byID(id string) (row, error) {
	dest, seq, tag, ok := parseID(id)
	if !ok || dest != l.destination {
		return row{}, outbound.ErrNotFound
	}
	v, ok, err := l.find(seq)
	if err == nil && (!ok || l.id(v.seq, v.tag) != writeID(dest, seq, tag)) {
		err = outbound.ErrNotFound
	}
	return v, err
}

func (l *Lane) replay(h *head, v *row, now time.Time) error {
	switch v.state {
	case Delivering:
		return ErrBusy
	case Dead, Parked, Cancelled:
	default:
		return ErrState
	}
	if err := l.keep(h, v, -1); err != nil {
		return err
	}
	h.depth++
	h.bytes += v.size
	v.replays++
	_, err := l.cfg.DB.Exec(`UPDATE writes SET state = ?, holds = 1, rank = NULL, due_at = NULL, attempts = 0, since = ?, expires_at = NULL,
		not_before = NULL, settled_at = NULL, reason = '', replays = ? WHERE seq = ?`, Pending, millis(now), v.replays, v.seq)
	if err != nil {
		return err
	}
	v.state, v.holds, v.notBefore = Pending, true, time.Time{}
	l.log(h, "write_replayed", v, Result{})
	if !v.ordered {
		return l.ready(h, v)
	}
	return l.reorder(h, v.part, now)
}

// reorder is promote for a key that a write came back to: whichever is ready
// or waits for a retry steps back behind an earlier one. One that is under way
// stays, and the earlier one goes after it.
func (l *Lane) reorder(h *head, part string, now time.Time) error {
	active, err := l.rows(onItsWay, part)
	if err != nil {
		return err
	}
	for i := range active {
		if active[i].state == Delivering {
			return nil
		}
		if err := l.stepBack(&active[i]); err != nil {
			return err
		}
	}
	return l.promote(h, part, now)
}

func (l *Lane) purge(h *head, v *row, now time.Time) error {
	switch v.state {
	case Delivering:
		return ErrBusy
	case Pending:
		return ErrState
	case Purged:
		return nil
	}
	if v.state == Dead || v.state == Parked { // the others have ended, and their time runs
		if err := l.end(h, v, Purged, "", now); err != nil {
			return err
		}
	}
	return l.strip(h, v, now)
}

// ReplayWhere replays the dead or parked writes that match, oldest first, so
// that those of a key go in order again; at most f.Limit (zero: MaxDecide) per
// call. Errors: ErrFilter, also without a state.
func (l *Lane) ReplayWhere(f Filter) (Decided, error) { return l.decideWhere(f, l.replay) }

// PurgeWhere is Purge for those that match. Errors: as ReplayWhere.
func (l *Lane) PurgeWhere(f Filter) (Decided, error) { return l.decideWhere(f, l.purge) }

func (l *Lane) decideWhere(f Filter, each func(h *head, v *row, now time.Time) error) (Decided, error) {
	if f.State != Dead && f.State != Parked || f.Cursor != "" {
		return Decided{}, ErrFilter
	}
	if f.Limit == 0 {
		f.Limit = MaxDecide
	}
	limit, ok := page.Size(f.Limit, MaxDecide)
	if !ok {
		return Decided{}, ErrFilter
	}
	where, args, err := f.where(l.destination)
	if err != nil {
		return Decided{}, err
	}
	now := l.now()
	var out Decided
	err = l.tx(func(h *head) error {
		out = Decided{}
		list, err := l.rows(where+` ORDER BY seq LIMIT ?`, append(args, limit+1)...)
		if err != nil {
			return err
		}
		for i := range list {
			if i == limit {
				// They leave the state that is asked for: the next call finds
				// the others without a cursor.
				out.Next = "more"
				break
			}
			if err := each(h, &list[i], now); err != nil {
				return err
			}
			out.Done++
		}
		return nil
	})
	if err != nil {
		return Decided{}, err
	}
	l.wakeDrain()
	l.sendReady()
	return out, l.armNext()
}
