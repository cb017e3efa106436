package tenant

import (
	"context"
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/retry"
	"github.com/hookweir/hookweir/shared/source"
)

const (
	// putLease is how long a put may be under way before another may start:
	// the request that made it may have been cancelled, and then nobody
	// returns.
	putLease = 30 * time.Second
	// alarmRows is how many sources one alarm publishes: each is a call out.
	alarmRows = 50
	// alarmLost is how long past its time an alarm is still believed in.
	alarmLost = 10 * time.Minute
)

// publishPause is the time between two tries. KV takes one write per key and
// second, so the first pause is above that.
var publishPause = retry.Backoff{Base: 2 * time.Second, Cap: 5 * time.Minute}

// publishNow publishes and returns the source as it then is.
func (t *Tenant) publishNow(n string) (Source, error) {
	if _, err := t.publish(n); err != nil {
		return Source{}, err
	}
	return t.Source(n)
}

// publish brings KV up to date with one row and reports whether it is. Only a
// failing database is an error; what KV did not take is left to the alarm.
func (t *Tenant) publish(n string) (bool, error) {
	// The alarm comes first: from here on the row will reach KV, even if this
	// call dies in the middle.
	if err := t.arm(); err != nil {
		return false, err
	}
	return t.putToKV(n)
}

func (t *Tenant) putToKV(n string) (bool, error) {
	row, ok, err := t.beginPut(n)
	if err != nil || !ok {
		return err == nil && row.Published, err
	}
	defer t.endPut(n)

	key := source.KVKey(t.tenant, n)
	if row.deleted {
		err = t.cfg.Publisher.Delete(context.Background(), key)
	} else {
		err = t.cfg.Publisher.Put(context.Background(), key, row.sealed, 0)
	}
	if err != nil {
		return false, t.tx(func() error {
			_, err := t.cfg.DB.Exec(`UPDATE sources SET tries = tries + 1 WHERE name = ? AND generation = ?`, n, row.Generation)
			return err
		})
	}
	done := false
	err = t.tx(func() error {
		// Only if no newer generation came meanwhile; that one is for the alarm.
		query := `UPDATE sources SET published = 1, tries = 0 WHERE name = ? AND generation = ? RETURNING name`
		if row.deleted {
			query = `DELETE FROM sources WHERE name = ? AND generation = ? RETURNING name`
		}
		rows, err := t.cfg.DB.Exec(query, n, row.Generation)
		done = rows.Len() > 0
		return err
	})
	if err == nil && !done {
		err = t.putAgain(n, key)
	}
	return done, err
}

// putAgain mends KV after a write that came so late that the row is another by
// now: what stands there may be old, though the row says that it is published.
func (t *Tenant) putAgain(n, key string) error {
	there := false
	err := t.tx(func() error {
		rows, err := t.cfg.DB.Exec(`UPDATE sources SET published = 0 WHERE name = ? RETURNING name`, n)
		there = rows.Len() > 0
		return err
	})
	if err != nil {
		return err
	}
	if there {
		return t.arm()
	}
	return t.cfg.Publisher.Delete(context.Background(), key)
}

// beginPut reads the row and claims the right to put it. It reports false
// when there is nothing to put, or a put of that source is under way.
func (t *Tenant) beginPut(n string) (sourceRow, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row, err := t.loadSource(n)
	if errors.Is(err, ErrNotFound) { // deleted, and KV has been told
		return sourceRow{Source: Source{Published: true}}, false, nil
	}
	if err != nil || row.Published {
		return row, false, err
	}
	now := t.cfg.Now()
	if until, busy := t.putting[n]; busy && now.Before(until) {
		return row, false, nil
	}
	t.putting[n] = now.Add(putLease)
	return row, true, nil
}

func (t *Tenant) endPut(n string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.putting, n)
}

// arm sets the alarm for the unpublished row that is due first, unless an
// earlier one is set.
func (t *Tenant) arm() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, err := t.cfg.DB.Exec(`SELECT MIN(tries) FROM sources WHERE published = 0`)
	if err != nil {
		return err
	}
	row, ok := rows.First()
	if !ok || row.IsNull() {
		return nil
	}
	now := t.now()
	at := now.Add(publishPause.Ceiling(row.Int() + 1))
	if err := row.Done(); err != nil {
		return err
	}
	if !t.alarm.IsZero() && !t.alarm.After(at) && t.alarm.After(now.Add(-alarmLost)) {
		return nil
	}
	if err := t.cfg.SetAlarm(at); err != nil {
		return err
	}
	t.alarm = at
	return nil
}

// Alarm publishes what is not published yet and sets the next alarm if
// anything is left. An error makes the platform call it again.
func (t *Tenant) Alarm() error {
	names, err := t.unpublished()
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// No alarm is set in advance: the platform repeats one that does not end.
	for _, n := range names {
		if _, err := t.putToKV(n); err != nil {
			return err
		}
	}
	return t.arm()
}

func (t *Tenant) unpublished() ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.alarm = time.Time{} // it has fired
	if err := t.open(false); err != nil {
		return nil, err
	}
	rows, err := t.cfg.DB.Exec(`SELECT name FROM sources WHERE published = 0 ORDER BY tries, name LIMIT ?`, alarmRows)
	if err != nil {
		return nil, err
	}
	var names []string
	for r := range rows.All() {
		names = append(names, r.Text())
		if err := r.Done(); err != nil {
			return nil, err
		}
	}
	return names, nil
}
