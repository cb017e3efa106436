package schedule

import (
	"context"
	"sync"
	"time"
)

const (
	// wakeEvery is how often a source that wakes polls is told of, and
	// asleepFor how long one that wakes none is left alone: by each isolate.
	wakeEvery = time.Minute
	asleepFor = 10 * time.Minute
	// maxSources bounds what an isolate remembers; when full it forgets all,
	// which costs a call for each source that is still active.
	maxSources = 10_000
)

// Waker tells the schedule of the sources whose webhooks arrive, at most once
// a minute each, so that their polls look soon after them.
type Waker struct {
	Now   func() time.Time
	Touch func(ctx context.Context, tenant string, sources []string) (wake []string, err error)

	mu     sync.Mutex
	asleep map[string]time.Time // tenant/source → until when
}

// Arrived takes the sources of a tenant's webhooks. It never fails: what is
// not told is told with the next one, a minute later.
func (w *Waker) Arrived(ctx context.Context, tenant string, sources []string) {
	tell := w.pick(tenant, sources)
	if len(tell) == 0 {
		return
	}
	wake, err := w.Touch(ctx, tenant, tell)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		wake = tell // who knows
	}
	for _, s := range wake {
		w.asleep[key(tenant, s)] = w.Now().Add(wakeEvery)
	}
}

// pick chooses those that are not asleep, and puts them to sleep.
func (w *Waker) pick(tenant string, sources []string) (tell []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Now()
	if w.asleep == nil || len(w.asleep)+len(sources) > maxSources {
		w.asleep = map[string]time.Time{}
	}
	for _, s := range sources {
		k := key(tenant, s)
		if now.Before(w.asleep[k]) {
			continue
		}
		w.asleep[k] = now.Add(asleepFor)
		tell = append(tell, s)
	}
	return tell
}
