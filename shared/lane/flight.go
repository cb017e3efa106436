package lane

import (
	"context"
	"slices"
	"strings"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
)

// flights are the writes that a drain has under way, by number. It is the
// drain's own, and ends with it: what another instance had under way is for
// the sweep, as soon as its lease is over.
type flights map[int64]struct{}

func (f flights) add(j *job) { f[j.work.Seq] = struct{}{} }

func (f flights) remove(s *Settlement) {
	for _, r := range s.Results {
		delete(f, r.Seq)
	}
}

// others is a condition on table writes that leaves them out, and its
// arguments.
func (f flights) others() (where string, args []any) {
	for seq := range f {
		args = append(args, seq)
	}
	return `seq NOT IN (` + strings.Join(slices.Repeat([]string{"?"}, len(f)), ", ") + `)`, args
}

// attemptApart is attempt in a goroutine of its own. If it panics, nobody knows
// whether the write arrived.
func (l *Lane) attemptApart(t outbound.Target, j *job) Settlement {
	s := Settlement{Results: []Result{Panicked(&j.work)}}
	_ = bulkhead.Run(l.cfg.Log, "lane_panic", func() { s = l.attempt(t, j) })
	return s
}

// attempt sends one write, and says what it taught to the budget that the
// destination shares.
func (l *Lane) attempt(t outbound.Target, j *job) Settlement {
	given := false
	began := l.now()
	done := l.cfg.Performer.Perform(context.Background(), l.tenant, l.destination, t, &j.work, func(repeat bool) (outbound.Slot, bool) {
		slot, ok := j.slot, !given && !l.now().After(j.slot.Until)
		if given = true; !ok {
			slot, ok = l.another(&t, &j.work, repeat)
		}
		if wait := slot.At.Sub(l.now()); ok && wait > 0 {
			l.cfg.Performer.Sleep(context.Background(), wait)
		}
		return slot, ok && !l.revoked(slot)
	})
	s := Settlement{
		Results: []Result{done.Result},
		Report:  outbound.Report{Sent: l.now().Sub(began), Seen: done.Seen},
	}
	l.teach(t.Config.SharedBudget(), s.Report)
	return s
}

// revoked reports that the destination has asked, since the slot was given, to
// be left alone for longer.
func (l *Lane) revoked(s outbound.Slot) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if most := l.now().Add(pace.MaxPause); l.quiet.After(most) {
		l.quiet = most // the clock has jumped
	}
	return s.At.Before(l.quiet)
}

// another takes one more slot for a write under way: for a repeat, or because
// its body or its token took longer than the first one was good for. The lease
// goes with the slot, so that no request leaves that could outlast it. There
// is none for a write that is no longer the drain's: its lease was over and
// another instance has decided about it, or sends it, or the next of its key.
func (l *Lane) another(t *outbound.Target, w *Work, repeat bool) (outbound.Slot, bool) {
	var a admission
	err := l.paced(false, func(h *head) error {
		a = admission{} // it may run a second time, later
		now := l.now()
		v, ok, err := l.find(w.Seq)
		if err != nil || !ok || v.state != Delivering || v.fence != w.Fence || !h.configured {
			return err
		}
		if h.cfg.Concurrency > 0 && !now.Before(h.state.Drain.Until) {
			return nil // its place may be another's
		}
		h.repeat = repeat
		if a = h.admit(now, 1, claimHorizon); len(a.slots) == 0 {
			return nil
		}
		// Of the configuration that it is sent by, whatever holds meanwhile.
		until := now.Add(lease(&t.Config))
		if h.state.Drain.Parallel > 0 {
			h.state.Drain.Until = later(h.state.Drain.Until, until)
		}
		return l.extend(w.Seq, until)
	})
	if err != nil || len(a.slots) == 0 {
		return outbound.Slot{}, false
	}
	return outbound.Slot{At: a.slots[0], Until: a.slots[0].Add(a.slack)}, true
}
