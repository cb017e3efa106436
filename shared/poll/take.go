package poll

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/crawl"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/ledger"
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
// never the other way round (G9). whole is false when the run's requests were
// used up before the page was.
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
		if !last && j.requests >= maxRequests {
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

// message makes the event of an item. Nil: there is nothing to enqueue.
func (j *job) message(ctx context.Context, it crawl.Item, seen ledger.Sighting, b *batch) ([]byte, error) {
	key := j.key(it.ID)
	if it.Mark {
		b.known = append(b.known, it)
		return nil, nil
	}
	if seen != ledger.NotSeen {
		b.known = append(b.known, it)
		if seen == ledger.SeenWebhook {
			b.arrived++
		} else if j.counts(it) { // found by a run that did not live to say so
			b.missed = append(b.missed, key)
		}
		return nil, nil
	}
	if j.row.definition.Redeliver {
		return nil, j.redeliver(ctx, it, b)
	}
	message, err := j.build(ctx, it, b)
	if err != nil || message == nil {
		return nil, err
	}
	b.known = append(b.known, it)
	b.found++
	if j.counts(it) {
		b.missed = append(b.missed, key)
	}
	return message, nil
}

// counts reports that an item that no webhook brought is one that a webhook
// should have brought: not before the poll was there to watch.
func (j *job) counts(it crawl.Item) bool {
	return j.row.definition.backs(j.row.recipe) && !it.Time.Before(j.row.recipe.Cut(j.row.health.Created))
}

// redeliver asks the provider to send the webhook again. It is asked once for
// each entry of the list; the delivery that comes of it is another entry.
func (j *job) redeliver(ctx context.Context, it crawl.Item, b *batch) error {
	asked := crawl.Item{ID: "asked:" + it.Key}
	if j.known.has(asked.ID, nil) {
		return nil
	}
	call, err := j.row.recipe.One(j.row.recipe.Redeliver, it.Key, j.in)
	if err != nil {
		return &stop{reason: ReasonRecipe}
	}
	res, err := j.ask(ctx, call)
	if err != nil {
		return err
	}
	if err := j.one(res); err != nil {
		return err
	}
	b.known = append(b.known, asked)
	if j.counts(it) {
		b.missed = append(b.missed, j.key(it.ID))
	}
	j.redelivered++
	return nil
}

// one is the error of an answer about one item; nil also for an item that is
// gone.
func (j *job) one(res Response) error {
	switch {
	case res.Status >= 200 && res.Status <= 299, res.Status == 404, res.Status == 410:
		return nil
	}
	_, err := j.row.recipe.Read(crawl.State{}, j.in, crawl.Answer{Status: res.Status, Header: res.Header})
	if err == nil {
		err = &stop{reason: crawl.CodeNoDetail}
	}
	return err
}

// build makes the message of an item that is new. Nil without an error: the
// item is poisoned.
func (j *job) build(ctx context.Context, it crawl.Item, b *batch) ([]byte, error) {
	body := it.Body
	if j.row.recipe.Detail != nil {
		detail, reason, err := j.detail(ctx, it)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			b.poisoned = append(b.poisoned, crawl.Poisoned{Body: it.Body, Reason: reason})
			b.known = append(b.known, it)
			return nil, nil
		}
		body = detail
	}
	return j.encode(ctx, j.event(it.ID, it.Type, it.Time, body))
}

// detail fetches what the event holds. reason says why it is not to be had.
func (j *job) detail(ctx context.Context, it crawl.Item) (body []byte, reason string, err error) {
	call, err := j.row.recipe.One(j.row.recipe.Detail, it.Key, j.in)
	if err != nil {
		return nil, "", &stop{reason: ReasonRecipe}
	}
	res, err := j.ask(ctx, call)
	if err != nil {
		return nil, "", err
	}
	if err := j.one(res); err != nil {
		return nil, "", err
	}
	body, ok := jsontext.Find(res.Body, j.row.recipe.Body...)
	if !ok || string(body) == "null" {
		return nil, crawl.CodeNoDetail, nil
	}
	return body, "", nil
}

func (j *job) event(id, kind string, at time.Time, body []byte) *event.Event {
	now := j.now()
	if at.IsZero() {
		at = now
	}
	d := &j.row.definition
	provider := j.row.recipe.Provider
	if provider == "" {
		provider = j.row.recipe.Name
	}
	return &event.Event{
		Tenant: j.tenant, Source: d.eventSource(j.row.recipe, j.name), ID: id, Provider: provider, Type: kind,
		Time: at, Accepted: now, Origin: event.OriginPoll, Authenticated: event.ProofFetched,
		ContentType: "application/json", Retention: time.Duration(d.Retention), Body: body, Size: int64(len(body)),
	}
}

// encode makes a message, with a large body left in the payload bucket.
func (j *job) encode(ctx context.Context, e *event.Event) ([]byte, error) {
	if len(e.Body) > event.InlineLimit {
		id, body := sha256.Sum256([]byte(e.ID)), sha256.Sum256(e.Body)
		e.Claim = event.ClaimKey(e.Tenant, e.Source, id[:], body[:])
		if err := j.cfg.PutPayload(ctx, e.Claim, e.Body); err != nil {
			return nil, &stop{reason: ReasonPayloads}
		}
	}
	return event.Encode(e), nil
}

func (j *job) key(id string) string {
	return event.Key(j.tenant, j.row.definition.eventSource(j.row.recipe, j.name), id)
}

// seen asks the ledgers which of the items they know: one call for each shard
// that is concerned, and none for a page without news.
func (j *job) seen(ctx context.Context, items []crawl.Item) ([]ledger.Sighting, error) {
	out := make([]ledger.Sighting, len(items))
	var shards [ledger.Shards][]int
	for i, it := range items {
		if !it.Mark {
			s := ledger.ShardOf(j.key(it.ID))
			shards[s] = append(shards[s], i)
		}
	}
	const most = 100 // keys in a call
	for shard, list := range shards {
		for len(list) > 0 {
			part := list[:min(len(list), most)]
			keys := make([]string, len(part))
			for n, i := range part {
				keys[n] = j.key(items[i].ID)
			}
			seen, err := j.cfg.Ledger(j.tenant, shard).Seen(ctx, keys)
			if err != nil || len(seen) != len(keys) {
				return nil, &stop{reason: ReasonLedger}
			}
			for n, i := range part {
				out[i] = seen[n]
			}
			list = list[len(part):]
		}
	}
	return out, nil
}

// bury puts poisoned items among the dead letters.
func (j *job) bury(ctx context.Context, list []crawl.Poisoned) error {
	for _, x := range list {
		body := x.Body
		if len(body) == 0 {
			body = []byte("null")
		}
		sum := sha256.Sum256(body)
		e := j.event("poisoned-"+hex.EncodeToString(sum[:]), "com.hookweir.poisoned", time.Time{}, body)
		message, err := j.encode(ctx, e)
		if err != nil {
			return err
		}
		if err := j.cfg.Ledger(j.tenant, ledger.ShardOf(e.Key())).Bury(ctx, x.Reason, [][]byte{message}); err != nil {
			return &stop{reason: ReasonLedger}
		}
		j.cfg.Log("poll.item_poisoned", "tenant", j.tenant, "poll", j.name, "reason", x.Reason)
	}
	return nil
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
		if !stage && len(b.messages) > 0 && j.cfg.Send(b.messages) != nil {
			return &stop{reason: ReasonQueue}
		}
		return nil
	}
	if planted != "cursorfirst" {
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
	if planted == "cursorfirst" {
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
	if j.known != nil && j.known.dirty {
		if _, err := j.cfg.DB.Exec(`INSERT OR REPLACE INTO known (id, items) VALUES (1, ?)`, j.known.bytes()); err != nil {
			return err
		}
		j.known.dirty = false
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
	return j.store(j.row)
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

// placesPerPage keeps the pages of a crawl apart in the order of places.
const placesPerPage = 1_000_000

// stage keeps a page's events until the crawl has reached its end: below all
// of the pages before, since it is older, and behind those of its own.
func (j *job) stage(messages [][]byte) error {
	base := -int64(j.row.state.Crawl.Pages+1) * placesPerPage
	rows, err := j.cfg.DB.Exec(`SELECT COALESCE(MAX(place), ?) FROM staged WHERE place > ? AND place < ?`, base, base, base+placesPerPage)
	if err != nil {
		return err
	}
	r, _ := rows.First()
	place := r.Int64()
	if err := r.Done(); err != nil {
		return err
	}
	for _, m := range messages {
		place++
		if _, err := j.cfg.DB.Exec(`INSERT INTO staged (place, message) VALUES (?, ?)`, place, m); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) anyStaged() (bool, error) {
	if !j.row.recipe.Newest {
		return false, nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	rows, err := j.cfg.DB.Exec(`SELECT EXISTS (SELECT 1 FROM staged)`)
	if err != nil {
		return false, err
	}
	r, _ := rows.First()
	any := r.Bool()
	return any, r.Done()
}

// drain sends what a crawl that has reached its end has staged, oldest first.
func (j *job) drain() error {
	for {
		any, err := j.anyStaged()
		if err != nil {
			return err
		}
		if !any {
			j.row.health.Draining = false
			return nil
		}
		var messages [][]byte
		var places []int64
		err = j.tx(func() error {
			rows, err := j.cfg.DB.Exec(`SELECT place, message FROM staged ORDER BY place LIMIT ?`, queue.MaxBatch)
			for r := range rows.All() {
				places = append(places, r.Int64())
				messages = append(messages, r.Blob())
				if err := r.Done(); err != nil {
					return err
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := j.cfg.Send(messages); err != nil {
			return &stop{reason: ReasonQueue}
		}
		err = j.tx(func() error {
			_, err := j.cfg.DB.Exec(`DELETE FROM staged WHERE place <= ?`, places[len(places)-1])
			return err
		})
		if err != nil {
			return err
		}
	}
}
