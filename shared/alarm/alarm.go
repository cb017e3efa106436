// Package alarm lets several parts of one Durable Object share its one alarm:
// each has a slot with a time of its own, kept in the object's database, and
// the object's alarm is the earliest.
//
//	part ─ Set(slot, at) ─▶ alarm_slots ─ min ─▶ SetAlarm
//	platform ─ Ring(run) ─▶ each slot that is due ─▶ run(slot) ─▶ the rest is set again
//
// # Invariants
//
//   - A slot is cleared only after its run succeeded, and only if it was not
//     set anew meanwhile. An error leaves every slot that is due, and the
//     platform rings again.
//   - Slots outlive the object's memory: a part that sets its own does not
//     delay another's.
package alarm

import (
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Schema creates the table; it is a statement of the owner's migrations.
const Schema = `CREATE TABLE alarm_slots (slot TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID`

// Clock is an object's alarm.
type Clock struct {
	DB sqlstore.DB
	// SetAlarm sets the platform's one alarm, in place of any other.
	SetAlarm func(time.Time) error
}

// Set asks for slot to be run at a time, in place of any other time of it.
func (c Clock) Set(slot string, at time.Time) error {
	if _, err := c.DB.Exec(`INSERT INTO alarm_slots (slot, at) VALUES (?, ?) ON CONFLICT (slot) DO UPDATE SET at = excluded.at`, slot, at.UnixMilli()); err != nil {
		return err
	}
	return c.arm()
}

func (c Clock) arm() error {
	rows, err := c.DB.Exec(`SELECT MIN(at) FROM alarm_slots`)
	if err != nil {
		return err
	}
	r, ok := rows.First()
	if !ok || r.IsNull() {
		return nil
	}
	at := r.Time()
	if err := r.Done(); err != nil {
		return err
	}
	return c.SetAlarm(at)
}

// Ring runs every slot that is due and sets the alarm for the rest. The errors
// of runs are joined.
func (c Clock) Ring(now time.Time, run func(slot string) error) error {
	rows, err := c.DB.Exec(`SELECT slot, at FROM alarm_slots WHERE at <= ? ORDER BY at, slot`, now.UnixMilli())
	if err != nil {
		return err
	}
	var failed error
	for r := range rows.All() {
		slot, at := r.Text(), r.Int64()
		if err := r.Done(); err != nil {
			return err
		}
		if err := run(slot); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if _, err := c.DB.Exec(`DELETE FROM alarm_slots WHERE slot = ? AND at = ?`, slot, at); err != nil {
			return err
		}
	}
	if failed != nil {
		return failed // the platform rings again, later each time
	}
	return c.arm()
}
