package poll

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/crawl"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/queue"
)

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
		if refused, err := j.redeliver(ctx, it, b); err != nil || !refused {
			return nil, err
		}
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
// refused says that none will come.
func (j *job) redeliver(ctx context.Context, it crawl.Item, b *batch) (refused bool, err error) {
	asked := crawl.Item{ID: "asked:" + it.Key}
	if j.known.has(asked.ID, nil) {
		return false, nil
	}
	call, err := j.row.recipe.One(j.row.recipe.Redeliver, it.Key, j.in)
	if err != nil {
		return false, &stop{reason: ReasonRecipe}
	}
	res, err := j.ask(ctx, call)
	if err != nil {
		return false, err
	}
	if refused, err := j.one(res); err != nil || refused {
		return refused, err
	}
	b.known = append(b.known, asked)
	if j.counts(it) {
		b.missed = append(b.missed, j.key(it.ID))
	}
	j.redelivered++
	return false, nil
}

// one reads an answer about one item. refused says that it will not be had: it
// is gone, or the request for it is at fault. Whatever may pass, or be the
// token's, is an error.
func (j *job) one(res Response) (refused bool, err error) {
	if res.Status >= 200 && res.Status <= 299 {
		return false, nil
	}
	_, err = j.row.recipe.Read(crawl.State{}, j.in, crawl.Answer{Status: res.Status, Header: res.Header})
	if err == nil {
		return false, &stop{reason: crawl.CodeNoDetail}
	}
	var f *crawl.Failure
	if !errors.As(err, &f) || f.Class != crawl.Failed || res.Status < 400 || res.Status > 499 {
		return false, err
	}
	switch res.Status {
	case http.StatusForbidden, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly:
		return false, err
	}
	return true, nil
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
		return nil, crawl.PoisonNoRequest, nil
	}
	res, err := j.ask(ctx, call)
	var s *stop
	if errors.As(err, &s) && s.reason == ReasonRecipe {
		return nil, crawl.PoisonNoRequest, nil
	}
	if err != nil {
		return nil, "", err
	}
	if refused, err := j.one(res); err != nil || refused {
		return nil, crawl.CodeNoDetail, err
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

// bury puts poisoned items among the dead letters: with one call for as many of
// a shard as it takes, since an object may make a thousand in all.
func (j *job) bury(ctx context.Context, list []crawl.Poisoned) error {
	type grave struct {
		shard  int
		reason string
	}
	var order []grave // of a page, the same at each repetition
	graves, sizes := map[grave][][]byte{}, map[grave]int{}
	bury := func(g grave) error {
		if err := j.cfg.Ledger(j.tenant, g.shard).Bury(ctx, g.reason, graves[g]); err != nil {
			return &stop{reason: ReasonLedger}
		}
		j.cfg.Log("poll.items_poisoned", "tenant", j.tenant, "poll", j.name, "reason", g.reason, "count", strconv.Itoa(len(graves[g])))
		graves[g], sizes[g] = nil, 0
		return nil
	}
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
		g := grave{ledger.ShardOf(e.Key()), x.Reason}
		if _, known := graves[g]; !known {
			order = append(order, g)
		}
		graves[g], sizes[g] = append(graves[g], message), sizes[g]+len(message)
		if len(graves[g]) >= queue.MaxBatch || sizes[g] >= sendBytes {
			if err := bury(g); err != nil {
				return err
			}
		}
	}
	for _, g := range order {
		if len(graves[g]) == 0 {
			continue
		}
		if err := bury(g); err != nil {
			return err
		}
	}
	return nil
}
