package ledger

import "time"

// Outcome is what became of a delivery.
type Outcome uint8

const (
	// OutcomeDelivered: the agent answered 2xx.
	OutcomeDelivered Outcome = iota + 1
	// OutcomeRetry: try again after RetryAfter, or dead if that was the last.
	OutcomeRetry
	// OutcomeDead: no further attempt makes sense.
	OutcomeDead
	// OutcomeRelease: nothing was posted; the attempt does not count.
	OutcomeRelease
)

// Reasons the ledger itself gives; deliver has its own.
const (
	ReasonAbandoned      = "abandoned"       // the consumer vanished
	ReasonQueueExhausted = "queue_exhausted" // the queue gave the message up
)

// Result reports one delivery.
type Result struct {
	Key     string
	Fence   int64 // of the Decision
	Outcome Outcome
	Status  int    // HTTP status, 0 when there was none
	Reason  string // a stable code, [a-z0-9_]{1,32}; never text from outside
	// RetryAfter is the delay before the next attempt, rounded up to whole
	// seconds, because that is what a queue counts in. At most MaxDelay.
	RetryAfter time.Duration
	Took       time.Duration
}

// Settled answers one Result.
type Settled struct {
	Ack        bool          // acknowledge the message; else retry it
	RetryAfter time.Duration // when !Ack
	Stale      bool          // the lease was no longer the caller's; nothing changed
	Died       bool          // the event became dead by this
	Attempts   int           // so far
}

// Settle records a batch of deliveries in one transaction. It may be called
// again with the same results. Errors: ErrTenant, ErrShard, ErrRequest.
func (l *Ledger) Settle(results []Result) ([]Settled, error) {
	if len(results) > maxItems {
		return nil, ErrRequest
	}
	now := l.now()
	settled := make([]Settled, len(results))
	var due time.Time // the earliest of the batch
	err := l.tx(func() error {
		for i, r := range results {
			if err := l.owns(r.Key); err != nil {
				return err
			}
			s, at, err := l.settleOne(r, now)
			if err != nil {
				return err
			}
			settled[i] = s
			due = earliest(due, at)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !due.IsZero() {
		if err := l.arm(due); err != nil {
			return nil, err // the rows hold; the caller may settle again
		}
	}
	return settled, nil
}

// settleOne also returns when the alarm has to look at the event; zero for
// never, or for no change.
func (l *Ledger) settleOne(r Result, now time.Time) (Settled, time.Time, error) {
	v, found, err := l.load(r.Key)
	if err != nil {
		return Settled{}, time.Time{}, err
	}
	if !found || v.fence != r.Fence {
		return Settled{Ack: true, Stale: true}, time.Time{}, nil
	}
	r.Reason = reasonCode(r.Reason)
	s := Settled{Ack: true, Attempts: v.attempts}
	switch {
	case v.state == Delivered:
		return s, time.Time{}, nil // settled before
	case r.Outcome == OutcomeDelivered:
		// Even if the row went back to pending or to dead under this very
		// fence meanwhile: the agent has the event.
		at, err := l.deliver(r, v, now)
		return s, at, err
	case v.state == Dead:
		return s, time.Time{}, nil
	case r.Outcome == OutcomeDead, r.Outcome == OutcomeRetry && v.attempts >= MaxAttempts:
		s.Died = true
		if err := l.record(r, Dead, v.attempts, now); err != nil {
			return s, time.Time{}, err
		}
		return s, time.Time{}, l.kill(r.Key, r.Status, r.Reason)
	case r.Outcome == OutcomeRetry, r.Outcome == OutcomeRelease:
		return l.postpone(r, v, now)
	}
	return Settled{}, time.Time{}, ErrRequest
}

func (l *Ledger) deliver(r Result, v lease, now time.Time) (time.Time, error) {
	if err := l.record(r, Delivered, v.attempts, now); err != nil {
		return time.Time{}, err
	}
	// Retention counts from delivery: a provider's late duplicate is measured
	// against the effect it would repeat.
	expires := now.Add(v.retention)
	due := onGrid(expires)
	_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, delivered_at = ?, expires_at = ?, due_at = ?, lease_until = NULL, next_at = NULL, sweeps = 0, last_status = ?, last_error = '' WHERE key = ?`,
		Delivered, millis(now), millis(expires), millis(due), r.Status, r.Key)
	return due, err
}

func (l *Ledger) postpone(r Result, v lease, now time.Time) (Settled, time.Time, error) {
	delay := wholeSeconds(min(max(r.RetryAfter, 0), MaxDelay))
	s := Settled{RetryAfter: delay, Attempts: v.attempts}
	if r.Outcome == OutcomeRelease {
		if v.state == Delivering { // once only
			s.Attempts--
		}
	} else if err := l.record(r, "retry", v.attempts, now); err != nil {
		return s, time.Time{}, err
	}
	next := now.Add(delay)
	due := next.Add(l.cfg.SweepGrace)
	_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, attempts = ?, next_at = ?, due_at = ?, lease_until = NULL, last_status = ?, last_error = ? WHERE key = ?`,
		Pending, s.Attempts, millis(next), millis(due), r.Status, r.Reason, r.Key)
	return s, due, err
}

// kill marks an event dead. It keeps its body and is never purged.
func (l *Ledger) kill(key string, status int, reason string) error {
	_, err := l.cfg.DB.Exec(`UPDATE events SET state = ?, due_at = NULL, lease_until = NULL, next_at = NULL, last_status = ?, last_error = ? WHERE key = ?`,
		Dead, status, reason, key)
	return err
}

// record notes an attempt; settling twice overwrites it. The oldest beyond
// keptAttempts go.
func (l *Ledger) record(r Result, outcome string, attempt int, now time.Time) error {
	_, err := l.cfg.DB.Exec(`INSERT OR REPLACE INTO attempts (key, fence, attempt, at, outcome, status, reason, took_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Key, r.Fence, attempt, millis(now), outcome, r.Status, r.Reason, max(r.Took, 0).Milliseconds())
	if err != nil || r.Fence <= keptAttempts {
		return err
	}
	_, err = l.cfg.DB.Exec(`DELETE FROM attempts WHERE key = ? AND fence <= ?`, r.Key, r.Fence-keptAttempts)
	return err
}

// reasonCode keeps anything but a code out of the database: an error text
// from outside might hold a payload or a secret.
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

// wholeSeconds rounds up, so that a message does not come back early.
func wholeSeconds(d time.Duration) time.Duration {
	if rest := d % time.Second; rest > 0 {
		d += time.Second - rest
	}
	return min(d, MaxDelay)
}

// earliest is the earlier of two times, of which zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
