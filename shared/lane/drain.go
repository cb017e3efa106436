package lane

import (
	"context"
	"slices"
	"time"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/planted"
)

const (
	// drainParallel is how many writes the drain has under way: an object may
	// have six connections that wait for headers.
	drainParallel = 6
	// maxDrain is how long a drain starts new attempts before it returns and
	// the alarm starts another: well within an alarm's 15 minutes, whatever
	// the attempts take, and the next one runs in a fresh instance if this one
	// is to be replaced.
	maxDrain = 30 * time.Second
	// maxDrained is how many attempts a drain starts before it returns and the
	// alarm starts another: an event may make 10,000 subrequests of a kind, and
	// an attempt takes up to four (token, its share of a budget, payload).
	maxDrained = 2_000
	// idleDrain is the longest a drain with nothing under way waits for a slot
	// instead of leaving it to the alarm.
	idleDrain = time.Second
	// drainTick bounds every wait within a drain, and so how long one stays
	// after its last attempt: a timer must not outlive its event.
	drainTick = time.Second
	// yieldPause is how long the queue's consumers have the concurrency to
	// themselves after a drain that left them none.
	yieldPause = 3 * time.Second
)

// job is a write the drain is about to send.
type job struct {
	work Work
	slot outbound.Slot
}

// drain sends writes with a partition key: one under way per key, several keys
// at once. Every wait is for something of this very alarm: an attempt, or a
// timer; the wake channel only cuts it short.
func (l *Lane) drain() error {
	ends := l.now().Add(maxDrain)
	done := make(chan Settlement, drainParallel)
	timer := make(chan struct{})
	var tick time.Time  // of the earliest timer that is under way
	var check time.Time // when it looks again at what is due
	var ended []Settlement
	under := flights{}
	timers, begun, dirty := 0, 0, false
	for {
		now := l.now()
		over := !now.Before(ends)
		if over && len(ended) == 0 && len(under) == 0 && timers == 0 {
			break
		}
		if !over || len(ended) > 0 {
			if !over && !now.Before(check) {
				if err := l.sweep(under); err != nil {
					return l.drained(ended, under, timers, done, timer, err)
				}
				l.sendReady()
			}
			p, err := l.pick(ended, under, ends)
			if err != nil {
				return l.drained(ended, under, timers, done, timer, err)
			}
			ended, check = nil, earliest(now.Add(drainTick), p.due)
			dirty = dirty || p.shared
			for i := range p.jobs {
				under.add(&p.jobs[i])
				bulkhead.Go(func() { done <- l.attemptApart(p.target, &p.jobs[i]) })
			}
			if begun += len(p.jobs); begun >= maxDrained {
				ends, over = now, true
			}
			idle := len(under) == 0 && (over || p.wait == 0 || p.wait > idleDrain)
			if idle && timers == 0 {
				break
			}
			wait := drainTick
			if p.wait > 0 {
				wait = min(wait, p.wait)
			}
			if at := now.Add(wait); !idle && !over && (!tick.After(now) || at.Before(tick)) {
				tick = at
				timers++
				bulkhead.Go(func() {
					_ = bulkhead.Run(l.cfg.Log, "lane_panic", func() { l.cfg.Performer.Sleep(context.Background(), wait) })
					timer <- struct{}{}
				})
			}
		}
		select {
		case s := <-done:
			under.remove(&s)
			ended = append(ended, s)
		case <-timer:
			timers--
		case <-l.wake:
		}
	}
	if !dirty {
		return nil
	}
	return l.endShare()
}

// drained settles, if it can, what has ended when a transaction failed, and what
// is under way; it waits for that, so that the alarm that is run again meets
// none of it. Settling twice changes nothing.
func (l *Lane) drained(ended []Settlement, under flights, timers int, done chan Settlement, timer chan struct{}, err error) error {
	for _, s := range ended {
		_, _ = l.settle(s)
	}
	for range under {
		_, _ = l.settle(<-done) // if not, its lease runs out
	}
	for range timers {
		<-timer
	}
	return err
}

// wakeDrain tells a drain under way that there is more. Without one nothing
// happens; the alarm is set all the same.
func (l *Lane) wakeDrain() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

type picked struct {
	jobs   []job
	target outbound.Target
	wait   time.Duration // until more can be picked; zero for nobody knows
	due    time.Time     // of the first row the sweep is to look at; zero for none
	shared bool          // the lane's row notes a share of the concurrency
}

// pick settles what has ended, and takes ready writes, as many as there is room
// for beside those under way, with a slot each. It is one transaction: what
// ends is what makes room for the next.
func (l *Lane) pick(ended []Settlement, under flights, ends time.Time) (picked, error) {
	var p picked
	n := drainParallel - len(under)
	if n <= 0 && len(ended) == 0 {
		return p, nil
	}
	err := l.paced(true, func(h *head) error {
		now := l.now() // it may run a second time, later
		for _, s := range ended {
			if err := l.settleIn(h, s, now); err != nil {
				return err
			}
		}
		ended = nil // that stays done
		p = picked{target: h.target()}
		if !h.configured || !now.Before(ends) || n <= 0 {
			return nil
		}
		list, err := l.rows(`ordered = 1 AND rank IS NOT NULL ORDER BY rank, seq LIMIT ?`, n)
		if err != nil {
			return err
		}
		others, seqs := under.others()
		if p.due, err = l.minTime(`SELECT min(due_at) FROM writes WHERE due_at IS NOT NULL AND `+others, seqs...); err != nil {
			return err
		}
		if !p.due.IsZero() {
			p.wait = max(p.due.Sub(now), time.Millisecond)
		}
		if list, err = l.expire(h, list, now); err != nil || len(list) == 0 {
			return err
		}
		return l.begin(h, &p, list, n, now, ends)
	})
	return p, err
}

// begin starts those of the list that get a slot.
func (l *Lane) begin(h *head, p *picked, list []row, n int, now, ends time.Time) error {
	room, err := l.share(h, now, ends, drainParallel-n)
	if err != nil {
		return err
	}
	p.shared = h.state.Drain.Parallel > 0
	if room == 0 {
		p.wait = sooner(p.wait, busyWait)
		return nil
	}
	a := h.admit(now, min(room, len(list)), claimHorizon)
	if planted.Bug == "nopace" {
		a = admission{slots: slices.Repeat([]time.Time{now}, len(list)), slack: time.Second}
	}
	if a.wait > 0 {
		p.wait = sooner(p.wait, a.wait)
	}
	for i, at := range a.slots {
		v := &list[i]
		w, err := l.work(v)
		if err != nil {
			return err
		}
		if err := l.start(h, v, now.Add(lease(&h.cfg)), repeatable(&h.cfg, w.Method, w.Header)); err != nil {
			return err
		}
		w.Fence, w.Attempt = v.fence, v.attempts
		p.jobs = append(p.jobs, job{w, outbound.Slot{At: at, Until: at.Add(a.slack)}})
	}
	return nil
}

// expire ends those whose time has passed and returns the others.
func (l *Lane) expire(h *head, list []row, now time.Time) ([]row, error) {
	left := list[:0]
	for i := range list {
		v := &list[i]
		if v.expiresAt.IsZero() || v.expiresAt.After(now) {
			left = append(left, *v)
			continue
		}
		if err := l.fail(h, v, Dead, Result{Reason: ReasonExpired}, now); err != nil {
			return nil, err
		}
	}
	return left, nil
}

func sooner(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// share is how many more the drain may have under way within the destination's
// concurrency: all that is free, but half of it while the queue's consumers
// have work too.
func (l *Lane) share(h *head, now, ends time.Time, flying int) (int, error) {
	if h.cfg.Concurrency == 0 {
		return drainParallel - flying, nil
	}
	if !now.Before(h.state.Drain.Until) || h.state.Drain.Parallel == 0 {
		if now.Before(h.state.Yield) {
			return 0, nil
		}
		h.state.Drain = drainShare{}
		used, err := l.inUse(h, now)
		if err != nil {
			return 0, err
		}
		free := min(h.cfg.Concurrency-used, drainParallel)
		if free <= 0 {
			return 0, nil
		}
		if h.released > 0 {
			free = max(free/2, 1)
		}
		h.state.Drain = drainShare{Parallel: free, Until: ends.Add(lease(&h.cfg))}
	}
	return max(h.state.Drain.Parallel-flying, 0), nil
}

// endShare gives the concurrency back.
func (l *Lane) endShare() error {
	now := l.now()
	return l.tx(func(h *head) error {
		if h.released > 0 && h.state.Drain.Parallel >= h.cfg.Concurrency {
			h.state.Yield = now.Add(yieldPause)
		}
		h.state.Drain = drainShare{}
		return nil
	})
}
