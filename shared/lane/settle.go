package lane

import (
	"encoding/json"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/planted"
)

// keptAttempts is how many failed attempts are kept per write: a full run and
// a few replays.
const keptAttempts = 50

// Outcome is what became of an attempt.
type Outcome uint8

const (
	// OutcomeDelivered: the destination answered 2xx.
	OutcomeDelivered Outcome = iota + 1
	// OutcomeRetry: it refused for now; try again, or dead if that was the
	// last.
	OutcomeRetry
	// OutcomeDead: no further attempt makes sense.
	OutcomeDead
	// OutcomeUnknown: it may have arrived or not. Repeated when that is safe,
	// otherwise parked for a decision.
	OutcomeUnknown
	// OutcomeRelease: nothing was sent; the attempt does not count.
	OutcomeRelease
)

// Result reports one attempt.
type Result struct {
	Seq     int64         `json:"seq"`
	Fence   int64         `json:"fence"`
	Outcome Outcome       `json:"outcome"`
	Status  int           `json:"status,omitempty"`
	Reason  string        `json:"reason,omitempty"` // a code; never text from outside
	After   time.Duration `json:"after,omitempty"`  // the least wait before the next
	Took    time.Duration `json:"took,omitempty"`
	// Answer is what is kept of the response; nil when there was none.
	Answer *outbound.Answer `json:"answer,omitempty"`
}

// Settlement reports a batch: what became of the writes, and what their
// exchanges taught.
type Settlement struct {
	Results []Result        `json:"results"`
	Report  outbound.Report `json:"report"`
}

// Settle records a batch in one transaction and puts more on the queue. It may
// be called again with the same results. Errors: ErrRequest.
func (l *Lane) Settle(s Settlement) error {
	if len(s.Results) > maxItems {
		return ErrRequest
	}
	budget, err := l.settle(s)
	if err != nil {
		return err
	}
	l.teach(budget, s.Report)
	l.sendReady()
	return l.armNext()
}

// settle names the budget that the destination shares.
func (l *Lane) settle(s Settlement) (budget string, err error) {
	now := l.now()
	err = l.tx(func(h *head) error {
		budget = h.cfg.SharedBudget()
		return l.settleIn(h, s, now)
	})
	return budget, err
}

// settleIn is settle within a transaction.
func (l *Lane) settleIn(h *head, s Settlement, now time.Time) error {
	if s.Report.Done {
		if err := l.release(s.Report.Grant); err != nil {
			return err
		}
	}
	if err := l.learn(h, now, s.Report.Sent, s.Report.Seen); err != nil {
		return err
	}
	for _, r := range s.Results {
		if err := l.settleOne(h, r, now); err != nil {
			return err
		}
	}
	return l.lighten(h, now)
}

func (l *Lane) settleOne(h *head, r Result, now time.Time) error {
	v, ok, err := l.find(r.Seq)
	if err != nil {
		return err
	}
	if !ok || v.fence != r.Fence {
		return nil // no longer the caller's
	}
	// Even if the lease ran out meanwhile: the destination has it.
	late := r.Outcome == OutcomeDelivered && (v.state == Pending || v.state == Parked || v.state == Dead)
	if v.state != Delivering && !late {
		return nil // settled before
	}
	r.Reason = reasonCode(r.Reason)
	switch r.Outcome {
	case OutcomeDelivered:
		return l.delivered(h, &v, r, now)
	case OutcomeDead:
		return l.fail(h, &v, Dead, r, now)
	case OutcomeRetry:
		return l.retry(h, &v, r, now)
	case OutcomeUnknown:
		if v.safe || planted.Bug == "blindretry" {
			return l.retry(h, &v, r, now)
		}
		return l.fail(h, &v, Parked, r, now)
	case OutcomeRelease:
		v.attempts--
		if _, err := l.cfg.DB.Exec(`UPDATE writes SET attempts = ?, reason = ? WHERE seq = ?`, v.attempts, r.Reason, v.seq); err != nil {
			return err
		}
		if age := now.Sub(v.since); age+r.After > h.cfg.Retry.MaxAge {
			return l.fail(h, &v, Dead, r, now)
		}
		return l.again(h, &v, r.After, now)
	}
	return ErrRequest
}

func (l *Lane) delivered(h *head, v *row, r Result, now time.Time) error {
	text, err := answerText(r.Answer)
	if err != nil {
		return err
	}
	_, err = l.cfg.DB.Exec(`UPDATE writes SET last_status = ?, took_ms = ?, answer = ? WHERE seq = ?`, r.Status, max(r.Took, 0).Milliseconds(), text, v.seq)
	if err != nil {
		return err
	}
	if !v.open() { // it is counted already
		h.state.Kept += int64(len(text) - len(v.answer))
	}
	v.answer = text
	l.log(h, "write_delivered", v, r)
	return l.end(h, v, Delivered, "", now)
}

// retry makes it wait for its next attempt, if there is one.
func (l *Lane) retry(h *head, v *row, r Result, now time.Time) error {
	wait, more := h.cfg.Retry.Next(v.attempts, now.Sub(v.since), r.After, l.cfg.Jitter())
	if more && !v.expiresAt.IsZero() && !v.expiresAt.After(now.Add(wait)) {
		more = false
	}
	if !more {
		return l.fail(h, v, Dead, r, now)
	}
	if err := l.record(v, r, "retry", now); err != nil {
		return err
	}
	l.log(h, "write_retry", v, r, "retry_after_ms", itoa(wait.Milliseconds()))
	return l.again(h, v, wait, now)
}

// again has it wait for its next attempt; behind an earlier one of its key, if
// one came back to its place while it was under way.
func (l *Lane) again(h *head, v *row, wait time.Duration, now time.Time) error {
	if v.ordered && planted.Bug != "noorder" {
		earlier, err := l.exists(`part = ? AND holds = 1 AND seq < ?`, v.part, v.seq)
		if err != nil {
			return err
		}
		if earlier {
			if err := l.stepBack(v); err != nil {
				return err
			}
			return l.promote(h, v.part, now)
		}
	}
	if wait <= 0 {
		return l.ready(h, v)
	}
	return l.postpone(h, v, now.Add(wait))
}

// noticeOf is what the agent is told of a write that ended so. Read only.
var noticeOf = map[string]string{Dead: "hookweir.write.dead", Parked: "hookweir.write.parked"}

// fail ends a write that was not delivered, and tells the agent. With on
// failure `park` a write of a key waits for a decision instead of being dead.
func (l *Lane) fail(h *head, v *row, state string, r Result, now time.Time) error {
	if state == Dead && v.ordered && h.cfg.OnFailure == destination.Park {
		state = Parked
	}
	if v.state == Delivering {
		if err := l.record(v, r, state, now); err != nil {
			return err
		}
	}
	if err := l.end(h, v, state, r.Reason, now); err != nil {
		return err
	}
	l.log(h, "write_"+state, v, r)
	return l.tell(noticeOf[state], "write."+state+"/"+l.id(v.seq, v.tag)+"/"+itoa(int64(v.replays))+"."+itoa(v.fence), now, map[string]any{
		"write": l.id(v.seq, v.tag), "destination": l.destination, "method": v.method, "partition_key": v.part,
		"reason": r.Reason, "status": r.Status, "attempts": v.attempts, "blocks_key": v.holds && v.ordered,
	})
}

// record notes a failed attempt with its answer; settling twice overwrites it.
// The oldest beyond keptAttempts go.
func (l *Lane) record(v *row, r Result, outcome string, now time.Time) error {
	text, err := answerText(r.Answer)
	if err != nil {
		return err
	}
	_, err = l.cfg.DB.Exec(`INSERT OR REPLACE INTO attempts (seq, fence, attempt, at, outcome, status, reason, took_ms, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.seq, v.fence, v.attempts, millis(now), outcome, r.Status, r.Reason, max(r.Took, 0).Milliseconds(), text)
	if err != nil {
		return err
	}
	_, err = l.cfg.DB.Exec(`UPDATE writes SET last_status = ?, reason = ?, took_ms = ? WHERE seq = ?`, r.Status, r.Reason, max(r.Took, 0).Milliseconds(), v.seq)
	if err != nil || v.fence <= keptAttempts {
		return err
	}
	_, err = l.cfg.DB.Exec(`DELETE FROM attempts WHERE seq = ? AND fence <= ?`, v.seq, v.fence-keptAttempts)
	return err
}

func answerText(a *outbound.Answer) (string, error) {
	if a == nil {
		return "", nil
	}
	b, err := json.Marshal(a)
	return string(b), err
}

func (l *Lane) log(h *head, event string, v *row, r Result, more ...string) {
	h.log(event, append([]string{
		"tenant", l.tenant, "write", l.id(v.seq, v.tag), "status", itoa(int64(r.Status)), "reason", r.Reason,
		"attempt", itoa(int64(v.attempts)), "took_ms", itoa(r.Took.Milliseconds()),
	}, more...)...)
}

// reasonCode keeps anything but a code out of the database: an error text from
// outside might hold a payload or a secret.
func reasonCode(s string) string {
	if len(s) > 32 {
		return "unspecified"
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return "unspecified"
		}
	}
	return s
}
