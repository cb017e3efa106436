package vault

import (
	"errors"
	"slices"
	"time"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// tendRows is how many connections one alarm looks at; with more due, the
	// next follows at once.
	tendRows = 50
	// sendRetry is the pause after the queue refused notices, or the index an
	// entry.
	sendRetry = 30 * time.Second
	// alarmLost is how long past its time an alarm is still believed in. The
	// platform gives one up after six failures.
	alarmLost = 10 * time.Minute
)

// Alarm does what is due: refreshes ahead of need, outcomes that nobody came
// back with, warnings, revocations, notices. A slow provider holds up its own
// connections only: each is tended by a goroutine of its own.
func (v *Vault) Alarm() error {
	v.mu.Lock()
	v.alarm = time.Time{} // it has fired
	err := v.open(false)
	v.mu.Unlock()
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	failed := v.register()
	v.flush() // what waits does not wait for providers
	due, err := v.dueConnections()
	if err != nil {
		return err
	}
	failed = errors.Join(failed, v.tendAll(due))
	v.flush()
	_, err = v.revokeDue("")
	failed = errors.Join(failed, err, v.bury(""), v.sweepFlows())
	v.flush()
	return errors.Join(failed, v.arm())
}

// flush sends what is to be told.
func (v *Vault) flush() {
	if _, err := v.box.Flush(); err != nil {
		v.cfg.Log("vault.notices_wait", "tenant", v.tenant)
		v.mu.Lock()
		v.sendAt = v.now().Add(sendRetry)
		v.mu.Unlock()
	}
}

func (v *Vault) dueConnections() ([]string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	rows, err := v.cfg.DB.Exec(`SELECT name FROM connections WHERE due_at <= ? ORDER BY due_at LIMIT ?`, v.now().UnixMilli(), tendRows)
	if err != nil {
		return nil, err
	}
	var names []string
	for c := range rows.All() {
		names = append(names, c.Text())
	}
	return names, nil
}

// tendAll tends connections side by side. A panic of one goes on here, in the
// event's own goroutine, where the bridge knows what to do with it.
func (v *Vault) tendAll(names []string) error {
	var group bulkhead.Group
	results, panics := make([]error, len(names)), make([]any, len(names))
	for i, name := range names {
		group.Go(func() {
			defer func() { panics[i] = recover() }()
			results[i] = v.tend(name)
		})
	}
	group.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
	return errors.Join(results...)
}

// tend does what is due for one connection.
func (v *Vault) tend(name string) error {
	f, lead, err := v.attend(name)
	if err != nil || f == nil {
		return err
	}
	if lead {
		v.fly(f)
	}
	return nil // another event flies it
}

// attend does what takes storage only, and names the refresh that is due.
func (v *Vault) attend(name string) (f *flight, lead bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	var made *flight
	err = v.cfg.DB.Tx(func() error {
		r, err := v.load(name)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.state != Active && r.state != Degraded {
			return v.save(r)
		}
		v.remind(r, now)
		p, err := v.provider(r.settings, r.endpoints)
		if err != nil { // the table lost this provider: say so, and look again
			r.refreshAt, r.retryAt = now.Add(unreadableRetry), now.Add(unreadableRetry)
			v.turn(r, Degraded, ReasonClientRefused, "unknown_provider", now)
			return v.saveAndTell(r)
		}
		switch {
		case v.flying(name, now) != nil: // it is being done, or waits for a slot
			r.flying = v.flying(name, now).until
			if r.refreshAt.Before(now) {
				r.refreshAt = now.Add(settleAfter)
			}
		case !r.intentAt.IsZero():
			if !now.Before(r.intentAt.Add(settleAfter)) {
				return v.forsake(r, &p, now)
			}
		case !r.refreshable:
			if !r.usable(now) {
				return v.over(r, ReasonExpired, now)
			}
		case r.refreshAt.IsZero() || now.Before(r.refreshAt):
		case r.mayPost(&p, now):
			made = newFlight(r, &p, now)
		case !r.usable(now), r.isRefused() && !r.retryAt.IsZero() && !now.Before(r.retryAt):
			return v.over(r, ReasonRotationLost, now)
		default: // parked until the token ends
			r.refreshAt = r.expires
		}
		return v.saveAndTell(r)
	})
	if err == nil && made != nil {
		v.flights[name] = made
		return made, true, nil
	}
	return nil, false, err
}

// remind warns of an end that no refresh moves, and of scopes nobody has
// looked at for a year.
func (v *Vault) remind(r *row, now time.Time) {
	if at := r.warnAt(); !at.IsZero() && !now.Before(at) {
		r.warned = r.deadline()
		v.cfg.Log("vault.connection_expiring", "tenant", v.tenant, "connection", r.name)
		v.tell(r, NoticeExpiring, now, told{Deadline: r.warned, Authorize: "/v1/tenants/" + v.tenant + "/connections/" + r.name + "/authorize"})
	}
	if !r.reviewAt.IsZero() && !now.Before(r.reviewAt) {
		d := told{}
		if s, err := v.scopes(r, DefaultUnused, now); err == nil {
			d.Unused, d.Excess = s.Unused, s.OverGranted
		}
		r.tellAs(NoticeScopesReview, "connection.scopes_review/"+r.name+"/"+r.reviewAt.Format(time.DateOnly), now, d)
		r.reviewAt = now.Add(reviewEvery)
	}
}

// sweepFlows forgets flows that nobody finished.
func (v *Vault) sweepFlows() error {
	return v.tx(func() error {
		_, err := v.cfg.DB.Exec(`DELETE FROM flows WHERE expires <= ?`, v.now().UnixMilli())
		return err
	})
}

// next is when the alarm is needed next; zero for never. Call it under mu.
func (v *Vault) next(now time.Time) (time.Time, error) {
	var times []time.Time
	for _, query := range [...]string{
		`SELECT min(due_at) FROM connections WHERE due_at IS NOT NULL`,
		`SELECT min(due_at) FROM revocations`,
		`SELECT min(expires) FROM flows`,
	} {
		rows, err := v.cfg.DB.Exec(query)
		if err != nil {
			return time.Time{}, err
		}
		if c, ok := rows.First(); ok {
			t := c.Time()
			if !t.IsZero() && t.Before(now) {
				t = now
			}
			times = append(times, t)
		}
	}
	waiting, err := v.box.Waiting()
	if err != nil {
		return time.Time{}, err
	}
	if waiting {
		at := now
		if v.sendAt.After(now) {
			at = v.sendAt
		}
		times = append(times, at)
	}
	if v.cfg.Register != nil {
		_, behind, err := v.unregistered()
		if err != nil && !errors.Is(err, ErrUnreadable) {
			return time.Time{}, err
		}
		if behind {
			times = append(times, now.Add(sendRetry))
		}
	}
	return earliest(times...), nil
}

// arm makes sure that an alarm is set for what is due first. The known alarm
// lives in memory only: an object that has just started sets it once more,
// which also heals one that the platform lost.
func (v *Vault) arm() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	at, err := v.next(now)
	if err != nil || at.IsZero() {
		return err
	}
	if !v.alarm.IsZero() && !v.alarm.After(at) && v.alarm.Add(alarmLost).After(now) {
		return nil
	}
	if err := v.cfg.SetAlarm(at); err != nil {
		v.alarm = time.Time{}
		return err
	}
	v.alarm = at
	return nil
}

// Health is what the watchdog finds.
type Health struct {
	Connections map[string]int `json:"connections"` // by state
	// Overdue are connections whose time is past and whom no alarm tended.
	Overdue int `json:"overdue"`
	// Rewrapped: the tenant's key was put under the primary master key.
	Rewrapped bool  `json:"rewrapped"`
	Entry     Entry `json:"entry"`
}

// overdueAfter is how long past its time a connection is left to the alarm.
const overdueAfter = 2 * time.Minute

// Watch is the watchdog's visit: it does what a lost alarm left undone, and
// puts the tenant's key under the primary master key.
func (v *Vault) Watch() (Health, error) {
	h := Health{Connections: map[string]int{}}
	err := v.tx(func() error {
		rows, err := v.cfg.DB.Exec(`SELECT state, count(*) FROM connections GROUP BY state`)
		if err != nil {
			return err
		}
		for c := range rows.All() {
			state := c.Text()
			h.Connections[state] = c.Int()
		}
		n, err := sqlstore.Int64(v.cfg.DB, `SELECT count(*) FROM connections WHERE due_at <= ?`, v.now().Add(-overdueAfter).UnixMilli())
		if err != nil {
			return err
		}
		h.Overdue = int(n)
		before, err := v.wrapped()
		if err != nil || before == "" {
			return err
		}
		if _, err := v.ring(false); err != nil && !errors.Is(err, ErrUnreadable) {
			return err
		}
		after, err := v.wrapped()
		h.Rewrapped = before != after
		return err
	})
	if err != nil {
		return h, err
	}
	if h.Overdue > 0 {
		v.cfg.Log("vault.alarm_lost", "tenant", v.tenant)
		err = v.Alarm()
	} else {
		err = errors.Join(v.register(), v.arm())
	}
	if err != nil {
		return h, err
	}
	return h, v.tx(func() (err error) {
		h.Entry, err = v.entry()
		return err
	})
}

// Shredded is what is left of a vault that was shredded.
type Shredded struct {
	Connections int `json:"connections"`
	// NotRevoked are connections whose provider was not told: their tokens are
	// unreadable here and good there.
	NotRevoked []string `json:"not_revoked"`
}

// Shred drops the tenant's key and everything sealed under it. What storage
// keeps in logs or backups cannot be opened any more. Providers are not told:
// disconnect first, where that matters.
func (v *Vault) Shred() (Shredded, error) {
	out := Shredded{NotRevoked: []string{}}
	err := v.tx(func() error {
		rows, err := v.cfg.DB.Exec(`SELECT name, generation FROM connections ORDER BY name`)
		if err != nil {
			return err
		}
		out.Connections = rows.Len()
		for c := range rows.All() {
			name := c.Text()
			if c.Int64() != 0 {
				out.NotRevoked = append(out.NotRevoked, name)
			}
		}
		pending, err := v.cfg.DB.Exec(`SELECT DISTINCT connection FROM revocations ORDER BY connection`)
		if err != nil {
			return err
		}
		for c := range pending.All() {
			if name := c.Text(); !slices.Contains(out.NotRevoked, name) {
				out.NotRevoked = append(out.NotRevoked, name)
			}
		}
		for _, table := range [...]string{"tokens", "revocations", "flows", "uses", "connections", "outbox"} {
			if _, err := v.cfg.DB.Exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		_, err = v.cfg.DB.Exec(`UPDATE identity SET key = ''`)
		return err
	})
	if err != nil {
		return out, err
	}
	v.cfg.Log("vault.shredded", "tenant", v.tenant)
	if err := v.register(); err != nil {
		return out, err
	}
	return out, v.arm()
}
