package lane

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/planted"
)

const (
	maxItems = 100 // messages in a queue batch
	// claimBytes bounds the bodies that one claim hands out: they stand in
	// memory in both objects and on the way.
	claimBytes = 4 << 20
	// queueWait is the longest wait that is left to the queue's own delay; for
	// longer the write goes back to the lane.
	queueWait = 30 * time.Second
	// minRetry is the shortest delay of a message: a queue counts in seconds.
	minRetry = time.Second
)

// ClaimRequest asks for the writes of a queue batch, at most 100.
type ClaimRequest struct {
	Seqs []int64 `json:"seqs"`
	// Lease is how long the caller starts to send, counted from before it
	// called; an exchange may take the destination's timeout longer.
	Lease time.Duration `json:"lease"`
	// Parallel is how many it sends at once.
	Parallel int `json:"parallel"`
	// Under is the grant of an earlier claim that the caller still holds: more
	// slots, and no more of the concurrency; negative for one that noted none.
	// Zero for a grant of its own.
	Under int64 `json:"under,omitempty"`
}

// Kind is what to do with a message.
type Kind uint8

const (
	// Send: send it, then settle.
	Send Kind = iota + 1
	// Done: acknowledge; the write is somebody else's, or settled, or the lane
	// sends another message when its time has come.
	Done
	// Wait: come back after After.
	Wait
)

// Decision answers one message.
type Decision struct {
	Kind  Kind          `json:"kind"`
	After time.Duration `json:"after,omitempty"`
	Work  *Work         `json:"work,omitempty"` // with Send
}

// Work is one write to be sent.
type Work struct {
	Seq     int64       `json:"seq"`
	ID      string      `json:"id"`
	Fence   int64       `json:"fence"`
	Attempt int         `json:"attempt"` // 1 for the first
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Header  [][2]string `json:"headers,omitempty"`
	Claim   string      `json:"claim,omitempty"` // of a body in the bucket
	Size    int64       `json:"size"`
	HasBody bool        `json:"has_body,omitempty"`
	Body    []byte      `json:"-"`
}

// Claimed is the answer to a claim: a decision for each message, and slots for
// those to be sent. Any slot serves any of them.
type Claimed struct {
	Decisions []Decision     `json:"decisions"`
	Grant     outbound.Grant `json:"grant"`
}

// Claim decides for a whole batch in one transaction. Errors: ErrRequest.
func (l *Lane) Claim(req ClaimRequest) (Claimed, error) {
	if len(req.Seqs) > maxItems {
		return Claimed{}, ErrRequest
	}
	var until time.Time
	var out Claimed
	err := l.paced(false, func(h *head) error {
		now := l.now() // it may run a second time, later
		out = Claimed{Decisions: make([]Decision, len(req.Seqs))}
		until = now.Add(min(max(req.Lease, minLease), maxLease) + h.cfg.Timeout)
		// Only what is pending is ours to hand out; whatever else happens to a
		// write, the lane sees to it.
		var mine []candidate
		for i, seq := range req.Seqs {
			out.Decisions[i].Kind = Done
			v, ok, err := l.find(seq)
			if err != nil {
				return err
			}
			if !ok || v.state != Pending || v.ordered || !v.released || taken(mine, seq) {
				continue
			}
			if !v.expiresAt.IsZero() && !v.expiresAt.After(now) {
				if err := l.fail(h, &v, Dead, Result{Reason: ReasonExpired}, now); err != nil {
					return err
				}
				continue
			}
			mine = append(mine, candidate{i, v})
		}
		if len(mine) == 0 || !h.configured {
			return nil
		}
		return l.handOut(h, &out, mine, now, until, &req)
	})
	if err != nil {
		return Claimed{}, err
	}
	if err := l.arm(until.Add(leaseGrace)); err != nil {
		return Claimed{}, err
	}
	return out, l.armNotices()
}

type candidate struct {
	index int // in the batch
	row
}

func taken(list []candidate, seq int64) bool {
	return slices.ContainsFunc(list, func(c candidate) bool { return c.seq == seq })
}

// handOut gives slots to the candidates, the oldest first; those without one
// wait.
func (l *Lane) handOut(h *head, out *Claimed, mine []candidate, now, until time.Time, req *ClaimRequest) error {
	slices.SortFunc(mine, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(rank(a.accepted, a.priority), rank(b.accepted, b.priority)), cmp.Compare(a.seq, b.seq))
	})
	fit, size := 0, int64(0)
	for fit < len(mine) {
		if size += mine[fit].size; fit > 0 && size > claimBytes {
			break
		}
		fit++
	}
	grant := &out.Grant
	grant.Target = h.target()
	grant.Parallel = max(req.Parallel, 1)
	if req.Under == 0 {
		var err error
		if grant.ID, grant.Parallel, err = l.take(h, now, until, min(fit, grant.Parallel)); err != nil {
			return err
		}
	}
	var a admission
	if grant.Parallel > 0 {
		if a = h.admit(now, fit, claimHorizon); planted.Bug == "nopace" {
			a = admission{slots: slices.Repeat([]time.Time{now}, fit), slack: time.Second}
		}
	} else {
		a.wait = busyWait
	}
	if len(a.slots) == 0 {
		if err := l.release(grant.ID); err != nil {
			return err
		}
		grant.ID = 0
	}
	grant.Slots, grant.Slack = since(a.slots, now), a.slack
	limit, _, _ := h.budget(now)
	interval := max(limit.Interval(), limit.Spacing)
	for i := range mine {
		c := &mine[i]
		d := &out.Decisions[c.index]
		if i < len(a.slots) {
			work, err := l.work(&c.row)
			if err != nil {
				return err
			}
			if err := l.start(h, &c.row, until, repeatable(&h.cfg, work.Method, work.Header)); err != nil {
				return err
			}
			work.Fence, work.Attempt = c.fence, c.attempts
			d.Kind, d.Work = Send, &work
			continue
		}
		// Back as soon as a slot can be promised, not when it is there.
		wait := max(a.wait-claimHorizon, minRetry)
		if i >= fit && len(a.slots) == fit { // only too large to come along
			wait = minRetry
		}
		wait += time.Duration(i-len(a.slots)) * interval
		if wait > queueWait {
			// Back to the lane, whose alarm sends it again when the time comes.
			if err := l.ready(h, &c.row); err != nil {
				return err
			}
			h.state.Wake = later(h.state.Wake, now.Add(max(a.wait-claimHorizon, minRetry)))
			continue
		}
		d.Kind, d.After = Wait, wholeSeconds(wait)
		if _, err := l.cfg.DB.Exec(`UPDATE writes SET due_at = ? WHERE seq = ?`, millis(now.Add(d.After+sweepGrace)), c.seq); err != nil {
			return err
		}
	}
	return nil
}

// work reads what is to be sent.
func (l *Lane) work(v *row) (Work, error) {
	rows, err := l.cfg.DB.Exec(`SELECT method, path, header, claim, size, body FROM writes WHERE seq = ?`, v.seq)
	if err != nil {
		return Work{}, err
	}
	r, ok := rows.First()
	if !ok {
		return Work{}, outbound.ErrNotFound
	}
	w := Work{Seq: v.seq, ID: l.id(v.seq, v.tag), Method: r.Text(), Path: r.Text()}
	header := r.Text()
	w.Claim, w.Size = r.Text(), r.Int64()
	w.HasBody = w.Claim != "" || !r.IsNull()
	w.Body = r.Blob()
	if err := r.Done(); err != nil {
		return Work{}, err
	}
	return w, json.Unmarshal([]byte(header), &w.Header)
}

// GivenUp takes messages that the queue gave up (queue `writes-dead`): their
// writes are ready again, later; what makes a write dead is decided here, not
// there.
func (l *Lane) GivenUp(seqs []int64) error {
	if len(seqs) > maxItems {
		return ErrRequest
	}
	now := l.now()
	err := l.tx(func(h *head) error {
		for _, seq := range seqs {
			v, ok, err := l.find(seq)
			if err != nil {
				return err
			}
			if ok && v.state == Pending && v.released {
				if err := l.postpone(h, &v, now.Add(sweepGrace)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.arm(now.Add(sweepGrace))
}

// keyed adds the header that makes a repeat recognisable, unless the caller
// set one.
func keyed(cfg *destination.Config, w *Work) [][2]string {
	header := append([][2]string{}, w.Header...)
	if cfg.IdempotencyHeader == "" || hasHeader(header, cfg.IdempotencyHeader) {
		return header
	}
	return append(header, [2]string{cfg.IdempotencyHeader, w.ID})
}
