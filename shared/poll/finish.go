package poll

import (
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/crawl"
	"github.com/hookweir/hookweir/shared/planted"
)

// finish draws the conclusions of a run, in one transaction: when the next one
// is, how the poll does, and what the agent is to be told.
func (j *job) finish(failure error) (Ran, error) {
	var s *stop
	if failure != nil && !errors.As(failure, &s) {
		return Ran{}, failure
	}
	now := j.now()
	h := &j.row.health
	ran := Ran{Outcome: RanOK, Found: j.found, Missed: j.missed, More: j.more && s == nil}
	h.LastRun = now
	h.Totals.Runs++
	h.Totals.Requests += int64(j.requests)
	h.Totals.Free += int64(j.free)
	h.Totals.Redelivered += int64(j.redelivered)
	if j.known != nil {
		h.Totals.Changed += int64(j.known.changed)
	}
	if j.newest.After(h.Newest) {
		h.Newest = j.newest
	}
	h.Used = j.used
	signals := Signals{
		Active: j.found > 0 || j.redelivered > 0 || j.why&(Touched|Asked) != 0,
		Empty:  s == nil, Used: j.used, Reset: j.reset, Interval: j.minInterval, More: ran.More,
	}
	h.Reason, h.NotBefore = "", time.Time{}
	var tell []func() error
	say := func(kind string, data noticeData) {
		tell = append(tell, func() error { return j.tell(j.row, kind, now, data) })
	}
	switch {
	case s == nil && h.Endless && ran.More:
		h.Reason = crawl.CodeEndless // a part of a list that had no end is no success
	case s == nil:
		j.succeeded(now, say)
	case s.reauth:
		ran.Outcome = RanPaused
		if !h.Paused {
			h.Paused = true
			say(NoticePaused, noticeData{Reason: s.reason, LastSuccess: h.LastSuccess})
		}
	case s.throttled:
		ran.Outcome = RanThrottled
		h.Totals.Throttled++
		signals.Throttled = true
	default:
		ran.Outcome = RanFailed
		h.Failures++
		h.Totals.Failed++
		h.Endless = h.Endless || s.reason == crawl.CodeEndless
		signals.Failures = h.Failures
	}
	if s != nil {
		h.Reason, ran.Reason = s.reason, s.reason
		signals.Wait = s.wait
	}
	stuck := h.Failures > 0 && h.Failures%stuckFailures == 0 && j.row.state.Crawl.Pages > 0
	if stuck { // the page, most likely; the cursor is older
		j.row.state = j.row.recipe.Abandon(j.row.state)
	}
	h.CronSilent = j.why&byAlarm != 0
	j.schedule(now, signals, s)
	if s != nil && !h.Stalled && !now.Before(h.StallAt) {
		h.Stalled = true
		say(NoticeStalled, noticeData{Reason: s.reason, LastSuccess: h.LastSuccess})
	}
	// The alarm first: a run without one would have no safety net.
	if at := j.row.alarmTime(now); !at.Equal(h.AlarmAt) {
		if err := j.cfg.SetAlarm(at); err != nil {
			return Ran{}, err
		}
		h.AlarmAt = at
	}
	ran.Next = later(h.NextAt, h.NotBefore)
	err := j.tx(func() error {
		for _, f := range tell {
			if err := f(); err != nil {
				return err
			}
		}
		if err := j.storeKnown(); err != nil { // contents that changed
			return err
		}
		if stuck {
			if err := j.unstage(); err != nil {
				return err
			}
		}
		return j.store(j.row)
	})
	return ran, err
}

// succeeded ends what was wrong, unless the cursor stands still.
func (j *job) succeeded(now time.Time, say func(string, noticeData)) {
	h := &j.row.health
	if h.Paused {
		say(NoticeResumed, noticeData{LastSuccess: h.LastSuccess})
	}
	h.LastSuccess, h.Failures, h.Paused, h.Endless = now, 0, false, false
	switch {
	case j.found == 0, j.more, j.held, j.row.state.Cursor != j.cursor, j.row.recipe.Rule == crawl.RuleWindow:
		h.Unmoved = 0
	default:
		h.Unmoved++
	}
	if h.Unmoved >= unmovedRuns {
		h.Reason = ReasonUnmoved
		if !h.Stalled {
			h.Stalled = true
			say(NoticeStalled, noticeData{Reason: ReasonUnmoved, Count: h.Unmoved, LastSuccess: h.LastSuccess})
		}
		return
	}
	if h.Stalled {
		h.Stalled = false
		say(NoticeRecovered, noticeData{LastSuccess: h.LastSuccess})
	}
}

// schedule sets when the next run is, and when the poll counts as stalled.
func (j *job) schedule(now time.Time, signals Signals, s *stop) {
	h, d := &j.row.health, &j.row.definition
	pace := Pace{Floor: time.Duration(d.Every), Cap: time.Duration(d.AtMost)}
	if d.Lazy && now.After(h.TightUntil) {
		pace.Floor = pace.Cap // webhooks do it
	}
	if j.missed > 0 {
		signals.Active = true
	}
	signals.Stalled = h.Stalled
	interval, wait := pace.Next(h.Interval, signals, j.cfg.Rand())
	if h.Paused {
		wait = min(wait, pausedEvery)
	}
	wait = wholeMilliseconds(wait)
	h.Interval, h.NextAt = interval, now.Add(wait)
	if signals.Wait > 0 || signals.Interval > 0 || signals.Throttled {
		h.NotBefore = now.Add(wholeMilliseconds(max(signals.Wait, signals.Interval)))
	}
	if s == nil && !h.Endless {
		h.StallAt = now.Add(max(interval, wait) + (stallIntervals-1)*interval)
	}
}

// wholeMilliseconds rounds up to what alarms and the clock have: an alarm for a
// time between two milliseconds rings at the first of them, finds that it is
// too early, and rings again.
func wholeMilliseconds(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// alarmTime is when the alarm has to look: an interval after the next run was
// to be, or when the poll counts as stalled. An alarm that is set for earlier
// than that stays: it looks, and sets itself anew, which writes less than an
// alarm with every run.
func (r *row) alarmTime(now time.Time) time.Time {
	h := &r.health
	if planted.Bug == "unwatched" {
		return now.Add(maxWait * 365)
	}
	want := later(h.NextAt, h.NotBefore)
	if !h.CronSilent { // else the alarm is the clock
		// Later by as much as the jitter, so that a clock that works is there
		// first, and the alarm finds that out once in two intervals.
		want = want.Add(h.Interval + time.Duration(jitter*float64(h.Interval)))
	}
	if !h.Stalled && h.StallAt.Before(want) {
		want = h.StallAt
	}
	if h.AlarmAt.After(now) && h.AlarmAt.Before(want) {
		return h.AlarmAt
	}
	return want
}
