package lane

import (
	"time"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// MaxKept bounds what is kept of writes that have ended, in bytes: bodies,
	// answers, rows. Beyond it the oldest that are delivered or cancelled go
	// before their time, but for their idempotency keys. At 50 a second and 2 KB
	// each that is after nine hours.
	MaxKept = 3 << 30
	// maxStored bounds all that an object stores, in bytes, writes that want a
	// decision included. An object stores 10 GB, and one that is full could not
	// even note that a write was delivered.
	maxStored = 8 << 30
	// rowBytes is what a row counts for without its texts: itself and its index
	// entries, generously.
	rowBytes = 1 << 10
	// lightenRows is how many writes one settlement forgets at most: as many as
	// it settles.
	lightenRows = maxItems
)

// weight is what a write that has ended counts for, in bytes.
func (l *Lane) weight(v *row) (int64, error) {
	n := int64(rowBytes + len(v.answer))
	if v.claim == "" {
		n += v.size
	}
	if v.fence <= 1 && v.answer != "" {
		return n, nil // the only attempt delivered it
	}
	tries, err := sqlstore.Int64(l.cfg.DB, `SELECT COALESCE(SUM(length(answer)), 0) FROM attempts WHERE seq = ?`, v.seq)
	return n + tries, err
}

// keep counts a write that has ended, or with a sign of -1 one that goes or is
// open again.
func (l *Lane) keep(h *head, v *row, sign int64) error {
	n, err := l.weight(v)
	h.state.Kept = max(h.state.Kept+sign*n, 0)
	return err
}

// nextToLighten is written so that the index of what is due serves it.
const nextToLighten = `due_at >= ? AND (due_at > ? OR seq > ?) AND state IN (?, ?) ORDER BY due_at, seq LIMIT ?`

// lighten forgets what is delivered or cancelled, the oldest first, while more
// is kept than may be. It goes by when their time is over, from where it has
// come to, so that no keys without a write are looked at again.
func (l *Lane) lighten(h *head, now time.Time) error {
	most := l.cfg.Keep
	if most == 0 {
		most = MaxKept
	}
	if h.state.Kept <= most {
		return nil
	}
	at := &h.state.Lightened
	list, err := l.rows(nextToLighten, at.Due, at.Due, at.Seq, Delivered, Cancelled, lightenRows)
	if err != nil {
		return err
	}
	for i := range list {
		if h.state.Kept <= most {
			break
		}
		at.Seq = list[i].seq
		if at.Due, err = sqlstore.Int64(l.cfg.DB, `SELECT due_at FROM writes WHERE seq = ?`, at.Seq); err != nil {
			return err
		}
		if err := l.strip(h, &list[i], now); err != nil {
			return err
		}
	}
	return nil
}

// strip leaves nothing of a settled write but its idempotency key, if it has
// one.
func (l *Lane) strip(h *head, v *row, now time.Time) error {
	if v.idem == "" {
		return l.forget(h, v, now)
	}
	if err := l.keep(h, v, -1); err != nil {
		return err
	}
	if err := l.shed(v, now); err != nil {
		return err
	}
	_, err := l.cfg.DB.Exec(`UPDATE writes SET state = ?, reason = '', header = '[]', path = '', claim = '', size = 0, body = NULL, answer = '' WHERE seq = ?`, Purged, v.seq)
	h.state.Kept += rowBytes
	return err
}

// forget deletes a settled write.
func (l *Lane) forget(h *head, v *row, now time.Time) error {
	if err := l.keep(h, v, -1); err != nil {
		return err
	}
	if err := l.shed(v, now); err != nil {
		return err
	}
	_, err := l.cfg.DB.Exec(`DELETE FROM writes WHERE seq = ?`, v.seq)
	return err
}

// shed lets go what of a write lies elsewhere: its body and its attempts.
func (l *Lane) shed(v *row, now time.Time) error {
	if v.claim != "" {
		if err := l.dropLater(v.claim, now); err != nil {
			return err
		}
	}
	_, err := l.cfg.DB.Exec(`DELETE FROM attempts WHERE seq = ?`, v.seq)
	return err
}
