package workerd

import (
	"fmt"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// cronEntry is one cron trigger.
type cronEntry struct {
	text  string
	fires func(time.Time) bool
}

// startCrons sets every trigger's first tick.
func (wk *Worker) startCrons() error {
	for _, text := range wk.Crons {
		fires, err := platform.ParseCron(text)
		if err != nil {
			return fmt.Errorf("wasmtest: %s: %w", wk.Name, err)
		}
		entry := &cronEntry{text, fires}
		wk.crons = append(wk.crons, entry)
		wk.nextTick(entry, wk.world.Now())
	}
	return nil
}

func (wk *Worker) nextTick(e *cronEntry, after time.Time) {
	due, ok := platform.NextCron(e.fires, after)
	if !ok {
		return
	}
	w := wk.world
	w.Loop.At(due, "cron "+e.text, func() {
		wk.nextTick(e, due)
		if wk.still {
			return
		}
		if _, skip := w.Hit(platform.CronSkip); skip {
			return
		}
		times := 1
		if _, twice := w.Hit(platform.CronTwice); twice {
			times = 2
		}
		for range times {
			late := time.Duration(0)
			if r, hit := w.Hit(platform.CronLate); hit {
				late = r.Between(time.Second, 30*time.Second)
			}
			w.Loop.After(late, "cron", func() { wk.tick(e.text, due) })
		}
	})
}

// Pause stops the triggers' own ticks, or has them come again.
func (wk *Worker) Pause(still bool) { wk.still = still }

// Cron fires every trigger now.
func (wk *Worker) Cron() {
	for _, e := range wk.crons {
		wk.tick(e.text, wk.world.Now())
	}
}

func (wk *Worker) tick(text string, due time.Time) {
	c := wk.event(wk.world.somewhere("cron", text), "scheduled", func(c *Context) (*jsobj.Promise, error) {
		event := c.iso.realm.NewRecord().
			With("cron", text).
			With("scheduledTime", float64(due.UnixMilli())).
			With("type", "scheduled")
		return c.iso.glue.Scheduled(c, event)
	}, func(c *Context, _ jsobj.Value, err error) {
		c.answered = true
		if err != nil {
			c.iso.Log("error", "Uncaught (in scheduled) "+err.Error())
		}
	})
	c.limit("cron handler")
}
