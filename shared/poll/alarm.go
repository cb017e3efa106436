package poll

import (
	"context"
	"errors"
	"time"
)

// Alarm is the dead man's switch: it looks whether the clock has had the poll
// run, and runs it where it has not; it says when the poll has stalled; and it
// does what could not be done before. Its error makes the platform call again.
func (p *Poll) Alarm() error {
	ctx := context.Background()
	r, busy, err := p.look()
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case busy: // a run sets the alarm itself; if it does not come back, this does
		return p.cfg.SetAlarm(p.now().Add(MinEvery))
	}
	listing := p.list(ctx)
	p.flush()
	if r.deleted {
		if listing != nil {
			return p.cfg.SetAlarm(p.now().Add(listRetry))
		}
		return nil
	}
	now, h := p.now(), &r.health
	due := later(h.NextAt, h.NotBefore)
	if !h.CronSilent {
		due = due.Add(h.Interval)
	}
	switch {
	case !now.Before(due):
		if err := p.silent(now, r); err != nil && !errors.Is(err, errOvertaken) {
			return err
		}
		ran, err := p.Run(ctx, byAlarm)
		if err != nil {
			return err
		}
		if ran.Outcome != RanBusy && ran.Outcome != RanEarly {
			return p.after(p.list(ctx)) // Run has set the alarm for the next
		}
	case !h.Stalled && !now.Before(h.StallAt):
		if err := p.stalled(now, r); err != nil && !errors.Is(err, errOvertaken) {
			return err
		}
		p.flush()
	}
	return p.rearm(listing != nil)
}

// look reads the row, and whether a run is under way.
func (p *Poll) look() (r *row, busy bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.open(false); err != nil {
		return nil, false, err
	}
	r, err = p.loadAny()
	return r, p.now().Before(p.running), err
}

// silent tells the agent that the clock is silent, once an hour. Perhaps the
// schedule has lost the poll: it is told again.
func (p *Poll) silent(now time.Time, r *row) error {
	if r.health.CronSilent && r.health.LastRun.Truncate(cronHour).Equal(now.Truncate(cronHour)) {
		return nil
	}
	p.cfg.Log("cron.stalled", "tenant", p.tenant, "poll", p.name)
	r.health.CronSilent = true
	return p.tx(func() error {
		if err := p.tellCron(now, noticeData{Poll: p.name, LastSuccess: r.health.LastSuccess}); err != nil {
			return err
		}
		if _, err := p.cfg.DB.Exec(`UPDATE poll SET listed = 0`); err != nil {
			return err
		}
		return p.store(r)
	})
}

// stalled tells the agent that nothing has succeeded for three intervals.
func (p *Poll) stalled(now time.Time, r *row) error {
	reason := r.health.Reason
	if reason == "" {
		reason = ReasonSilent
	}
	p.cfg.Log("poll.stalled", "tenant", p.tenant, "poll", p.name, "reason", reason)
	r.health.Stalled, r.health.Reason = true, reason
	return p.tx(func() error {
		if err := p.tell(r, NoticeStalled, now, noticeData{Reason: reason, LastSuccess: r.health.LastSuccess}); err != nil {
			return err
		}
		return p.store(r)
	})
}

// rearm sets the alarm by what is stored, and stores when.
func (p *Poll) rearm(soon bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := p.load()
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now := p.now()
	r.health.AlarmAt = time.Time{}
	at := r.alarmTime(now)
	if soon || !at.After(now) {
		at = now.Add(listRetry)
	}
	r.health.AlarmAt = at
	if err := p.cfg.SetAlarm(at); err != nil {
		return err
	}
	return p.cfg.DB.Tx(func() error { return p.store(r) })
}

// after makes sure of what a call has left to do: notices that the queue did
// not take, or a schedule that has not been told.
func (p *Poll) after(listing error) error {
	waiting, err := p.waiting()
	if err != nil {
		return err
	}
	if !waiting && listing == nil {
		return nil
	}
	return p.cfg.SetAlarm(p.now().Add(listRetry)) // it looks, and sets itself anew
}

func (p *Poll) waiting() (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.box.Waiting()
}

// flush sends the notices. What the queue does not take is the alarm's.
func (p *Poll) flush() {
	for {
		n, err := p.box.Flush()
		if err != nil {
			p.cfg.Log("poll.notices_wait", "tenant", p.tenant, "poll", p.name)
			return
		}
		if n == 0 {
			return
		}
	}
}
