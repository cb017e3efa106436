package access

import (
	"sync"
	"time"
)

const (
	// DefaultRate is how many tool calls a minute a caller may make when its
	// key does not say.
	DefaultRate = 600
	// burst is for how long a caller that was idle may go faster.
	burst = 10 * time.Second
	// maxCallers bounds the callers that are remembered: 100 KB. Who was not
	// seen for the longest is forgotten first, which is in that one's favour.
	maxCallers = 1000
)

// Limiter counts the calls of each caller by GCRA. It lives as long as the
// object's memory: an object that was idle so long that it lost it would have
// let a burst go anyway.
type Limiter struct {
	Now func() time.Time

	mu  sync.Mutex
	due map[string]time.Time // theoretical arrival time of the next call
}

// Allow takes one call of a caller's rate, or says when to come again.
func (l *Limiter) Allow(caller string, perMinute int) (ok bool, wait time.Duration) {
	if perMinute <= 0 {
		perMinute = DefaultRate
	}
	step := time.Minute / time.Duration(perMinute)
	now := l.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	due := l.due[caller]
	if due.Before(now) {
		due = now
	}
	if early := due.Sub(now); early > max(burst-step, 0) {
		return false, early - max(burst-step, 0)
	}
	if l.due == nil {
		l.due = map[string]time.Time{}
	}
	if _, known := l.due[caller]; !known && len(l.due) >= maxCallers {
		l.forget()
	}
	l.due[caller] = due.Add(step)
	return true, 0
}

func (l *Limiter) forget() {
	oldest, first := "", true
	for id, at := range l.due {
		if first || at.Before(l.due[oldest]) {
			oldest, first = id, false
		}
	}
	delete(l.due, oldest)
}
