package poll

import (
	"context"
	"errors"

	"github.com/hookweir/hookweir/shared/crawl"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/queue"
)

// sendBytes is how much a run holds before it sends, in bytes: one sendBatch.
const sendBytes = queue.MaxBatchBytes - queue.MaxBatch*200

// batch is what a page has for the queue, and what has to be remembered once
// the queue has it.
type batch struct {
	messages [][]byte
	size     int
	known    []crawl.Item
	poisoned []crawl.Poisoned
	found    int
	missed   []string // event keys
	arrived  int
}

// take enqueues a page, oldest first, and then stores where the crawl is:
// never the other way round (G9). whole is false when the run had done enough
// before the page was done.
func (j *job) take(ctx context.Context, page crawl.Page) (whole bool, err error) {
	if len(page.Items) > 0 {
		if err := j.loadKnown(); err != nil {
			return false, err
		}
	}
	seen, err := j.seen(ctx, page.Items)
	if err != nil {
		return false, err
	}
	b := &batch{poisoned: page.Poisoned}
	stage := j.row.recipe.Newest && !page.Done
	for i, it := range page.Items {
		message, err := j.message(ctx, it, seen[i], b)
		if err != nil {
			return false, errors.Join(err, j.commit(ctx, b, nil, stage))
		}
		if message != nil {
			b.messages = append(b.messages, message)
			b.size += len(message)
		}
		last := i == len(page.Items)-1
		if !last && (j.requests >= maxRequests || j.now().Sub(j.start) >= itemTime) {
			return false, j.commit(ctx, b, nil, stage)
		}
		if !last && (b.size >= sendBytes || len(b.messages) >= queue.MaxBatch) {
			if err := j.commit(ctx, b, nil, stage); err != nil {
				return false, err
			}
			b = &batch{}
		}
	}
	return true, j.commit(ctx, b, &page.State, stage)
}

// commit makes a batch safe and then remembers it; with a state, also where
// the crawl is. A crawl that is staged keeps its events in the database until
// its end is reached, because they come newest first.
func (j *job) commit(ctx context.Context, b *batch, state *crawl.State, stage bool) error {
	if err := j.bury(ctx, b.poisoned); err != nil {
		return err
	}
	if len(b.poisoned) > 0 {
		if err := j.loadKnown(); err != nil {
			return err
		}
	}
	staged, err := j.anyStaged()
	if err != nil {
		return err
	}
	stage = stage || staged
	end := stage && state != nil && state.Crawl.Pages == 0
	send := func() error {
		if planted.Bug == "blind" {
			return nil
		}
		if !stage && len(b.messages) > 0 && j.cfg.Send(b.messages) != nil {
			return &stop{reason: ReasonQueue}
		}
		return nil
	}
	if planted.Bug != "cursorfirst" {
		if err := send(); err != nil {
			return err
		}
	}
	err = j.tx(func() error {
		if stage {
			if err := j.stage(b.messages); err != nil {
				return err
			}
			j.row.health.Draining = end
		}
		return j.remember(b, state)
	})
	if err != nil {
		return err
	}
	if planted.Bug == "cursorfirst" {
		if err := send(); err != nil {
			return err
		}
	}
	j.found += b.found
	j.missed += len(b.missed)
	j.arrived += b.arrived
	j.poisoned += len(b.poisoned)
	if end {
		return j.drain()
	}
	return nil
}

// remember stores what a batch was. Call it in a transaction.
func (j *job) remember(b *batch, state *crawl.State) error {
	now := j.now()
	for _, it := range b.known {
		j.known.add(it.ID, it.Body)
	}
	for _, x := range b.poisoned {
		j.known.add(crawl.PoisonID(x.Body), nil)
	}
	t := &j.row.health.Totals
	t.Found += int64(b.found)
	t.Missed += int64(len(b.missed))
	t.Arrived += int64(b.arrived)
	t.Poisoned += int64(len(b.poisoned))
	if len(b.missed) > 0 {
		j.row.health.TightUntil = now.Add(tight)
		err := j.tell(j.row, NoticeMissed, now, noticeData{
			Count: len(b.missed), Total: t.Missed, Arrived: t.Arrived, Keys: b.missed[:min(len(b.missed), maxSamples)],
		})
		if err != nil {
			return err
		}
	}
	if state != nil {
		j.row.state = *state
	}
	if len(b.known)+len(b.poisoned)+len(b.missed) == 0 && j.row.state.Crawl.Pages == 0 && !j.row.health.Draining {
		return nil // finish stores it, in the one write of a poll without news
	}
	if err := j.storeKnown(); err != nil {
		return err
	}
	return j.store(j.row)
}

// storeKnown writes what is known, if it has changed. Call it in the
// transaction of store, which undoes it for a run that was overtaken: what that
// one knew may be of another list.
func (j *job) storeKnown() error {
	if j.known == nil || !j.known.dirty {
		return nil
	}
	if _, err := j.cfg.DB.Exec(`INSERT OR REPLACE INTO known (id, items) VALUES (1, ?)`, j.known.bytes()); err != nil {
		return err
	}
	j.known.dirty = false
	return nil
}

// loadKnown reads what is remembered, once in a run.
func (j *job) loadKnown() error {
	if j.known != nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	rows, err := j.cfg.DB.Exec(`SELECT items FROM known`)
	if err != nil {
		return err
	}
	var items []byte
	if r, ok := rows.First(); ok {
		items = r.Blob()
		if err := r.Done(); err != nil {
			return err
		}
	}
	j.known = readKnown(items)
	return nil
}

// isKnown is what Recipe.Read asks. A database that fails knows nothing, and
// then fails the run at its next use.
func (j *job) isKnown(id string, body []byte) bool {
	return j.loadKnown() == nil && j.known.has(id, body)
}
