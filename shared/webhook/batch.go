package webhook

import (
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// maxBatch bounds the events of one delivery. SendGrid and HubSpot send a few
// hundred at most.
const maxBatch = 1000

// items are the events of a delivery as raw JSON.
func (b *Batch) items(body []byte) ([][]byte, bool) {
	raw, ok := jsontext.Find(body, b.Path...)
	if !ok {
		return nil, false
	}
	return jsontext.Elements(raw, maxBatch)
}

// authenticateEach verifies a delivery whose events each have a proof. All
// must verify, and there must be one.
func (v *Verifier) authenticateEach(d *delivery, b *Batch, now time.Time) (*key, error) {
	items, ok := b.items(d.req.Body)
	switch {
	case !ok:
		return nil, ErrMalformed
	case len(items) == 0:
		return nil, ErrMissingHeader
	}
	var vouches *key
	w := v.borrow()
	defer v.giveBack(w)
	for _, item := range items {
		w.reset()
		req := *d.req
		req.Body = item
		k, err := v.authenticateOne(&delivery{plan: d.plan, crypto: d.crypto, req: &req, work: w}, now)
		if err != nil {
			return nil, err
		}
		vouches = k
	}
	d.work.set = &v.scheme.Headers[0]
	return vouches, nil
}

// split takes a delivery apart. One without events, or that is no batch, is
// left whole. id is the delivery's.
func (v *Verifier) split(d *delivery, id string, now time.Time) ([]Event, error) {
	items, ok := v.scheme.Batch.items(d.req.Body)
	if !ok || len(items) == 0 {
		return nil, nil
	}
	events := make([]Event, len(items))
	w := v.borrow()
	defer v.giveBack(w)
	scope := HashBody
	if v.scheme.Hash == HashRequest || v.scheme.Batch.Placed {
		scope = HashRequest
	}
	for i, item := range items {
		w.reset()
		w.set, w.timestamp = d.work.set, d.work.timestamp
		req := *d.req
		req.Body = item
		one := &delivery{plan: v.plan.batch, crypto: d.crypto, req: &req, work: w, request: id + "/" + strconv.Itoa(i)}
		one.parse()
		e := &events[i]
		e.Body = item
		var err error
		if e.EventID, err = one.eventID(scope, now); err != nil {
			return nil, err
		}
		if e.Type, err = one.eventType(v.scheme.TypePrefix); err != nil {
			return nil, err
		}
		if e.Time, err = one.eventTime(); err != nil {
			return nil, err
		}
	}
	return events, nil
}
