package ledger

import "time"

// PurgedEvents reports a PurgeWhere.
type PurgedEvents struct {
	Purged int    `json:"purged"`
	Next   string `json:"next,omitempty"` // cursor of the next call; empty when done
}

// Purge deletes what an event says, its body and its payload, because an
// operator has decided so. The row stays for the source's retention, counted
// from now: the provider may bring the event again, and nobody shall act on
// it. An event that is purged already stays as it is. Errors: ErrNotFound;
// ErrOpen for one that is still to be delivered.
func (l *Ledger) Purge(key string) error {
	if err := l.owns(key); err != nil {
		return err
	}
	now := l.now()
	var due time.Time
	err := l.tx(func() error {
		v, found, err := l.load(key)
		switch {
		case err != nil:
			return err
		case !found:
			return ErrNotFound
		case v.state == Purged:
			due = now // the call before may have failed to set the alarm
			return nil
		case v.state != Delivered && v.state != Dead:
			return ErrOpen
		}
		due, err = l.empty([]emptied{{key, v.claim, v.retention}}, now)
		return err
	})
	if err != nil || due.IsZero() {
		return err
	}
	return l.arm(due)
}

// PurgeWhere purges the delivered and dead events that match, newest first, at
// most f.Limit (zero means MaxReplay) per call, as ReplayWhere replays them.
// Errors: ErrFilter.
func (l *Ledger) PurgeWhere(f Filter) (PurgedEvents, error) {
	now := l.now()
	limit, where, args, err := f.settled(now)
	if err != nil {
		return PurgedEvents{}, err
	}
	var out PurgedEvents
	var due time.Time
	err = l.tx(func() error {
		rows, err := l.cfg.DB.Exec(`SELECT accepted, key, claim, retention_s FROM events`+where+` ORDER BY accepted DESC, key DESC LIMIT ?`, append(args, limit+1)...)
		if err != nil {
			return err
		}
		events := make([]emptied, 0, rows.Len())
		var last Entry
		for r := range rows.All() {
			if len(events) == limit {
				out.Next = last.Cursor()
				break
			}
			last = Entry{Accepted: r.Time(), Key: r.Text()}
			e := emptied{last.Key, r.Text(), time.Duration(r.Int64()) * time.Second}
			if err := r.Done(); err != nil {
				return err
			}
			events = append(events, e)
		}
		out.Purged = len(events)
		due, err = l.empty(events, now)
		return err
	})
	if err != nil {
		return PurgedEvents{}, err
	}
	if !due.IsZero() {
		err = l.arm(due)
	}
	return out, err
}

// emptied is what an event's row has to say before it is emptied.
type emptied struct {
	key, claim string
	retention  time.Duration
}

// empty takes the content out of settled events, and returns when the alarm
// has to look at one of them, zero for none. The fence moves on, so that a
// consumer that is late changes nothing.
func (l *Ledger) empty(events []emptied, now time.Time) (due time.Time, err error) {
	for _, e := range events {
		expires := now.Add(e.retention)
		gone := onGrid(expires)
		due = earliest(due, gone)
		_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, owner = '', fence = fence + 1, body = NULL, claim = '', lease_until = NULL, next_at = NULL,
			expires_at = ?, due_at = ?, sweeps = 0 WHERE key = ?`, Purged, millis(expires), millis(gone), e.key)
		if err != nil {
			return due, err
		}
		if e.claim != "" {
			if err := l.dropLater(e.claim, now); err != nil {
				return due, err
			}
			due = earliest(due, now)
		}
	}
	return due, nil
}
