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
	if err := l.arm(now); err != nil { // payloads go at once
		return err
	}
	return l.tx(func() error {
		v, found, err := l.load(key)
		switch {
		case err != nil:
			return err
		case !found:
			return ErrNotFound
		case v.state == Purged:
			return nil
		case v.state != Delivered && v.state != Dead:
			return ErrOpen
		}
		return l.empty(key, v.claim, v.retention, now)
	})
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
	if err := l.arm(now); err != nil {
		return PurgedEvents{}, err
	}
	var out PurgedEvents
	err = l.tx(func() error {
		rows, err := l.cfg.DB.Exec(`SELECT accepted, key, claim, retention_s FROM events`+where+` ORDER BY accepted DESC, key DESC LIMIT ?`, append(args, limit+1)...)
		if err != nil {
			return err
		}
		var last Entry
		for r := range rows.All() {
			if out.Purged == limit {
				out.Next = last.Cursor()
				break
			}
			last = Entry{Accepted: r.Time(), Key: r.Text()}
			claim, retention := r.Text(), time.Duration(r.Int64())*time.Second
			if err := r.Done(); err != nil {
				return err
			}
			if err := l.empty(last.Key, claim, retention, now); err != nil {
				return err
			}
			out.Purged++
		}
		return nil
	})
	if err != nil {
		return PurgedEvents{}, err
	}
	return out, nil
}

// empty takes the content out of a settled event. The fence moves on, so that
// a consumer that is late changes nothing.
func (l *Ledger) empty(key, claim string, retention time.Duration, now time.Time) error {
	expires := now.Add(retention)
	_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, owner = '', fence = fence + 1, body = NULL, claim = '', lease_until = NULL, next_at = NULL,
		expires_at = ?, due_at = ?, sweeps = 0 WHERE key = ?`, Purged, millis(expires), millis(onGrid(expires)), key)
	if err != nil || claim == "" {
		return err
	}
	return l.dropLater(claim, now)
}
