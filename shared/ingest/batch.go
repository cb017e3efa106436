package ingest

import (
	"context"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/webhook"
)

// Bounds of one send to the queue (Cloudflare Queues, "Limits": 100 messages
// and 256 KB in one batch), with slack for each message's metadata. A delivery
// that is over either is not split: its parts would need two sends, and one of
// them could fail.
const (
	maxBatchEvents = 100
	maxBatchBytes  = 240 << 10
	perMessage     = 100
)

// acceptBatch makes the events of one delivery durable, all in one send. The
// idempotency filter knows the delivery as a whole; each event's duplicates
// are the Ledger's to find.
func (d *delivery) acceptBatch(ctx context.Context, r *webhook.Result, body []byte, now time.Time) *Response {
	whole := d.event(r, body, now)
	msgs, ok := d.parts(r, now)
	if !ok {
		d.log("warn", "webhook.batch_kept_whole", whole.Key())
		return d.accept(ctx, r, whole)
	}
	key := whole.Key()
	if d.seen(ctx, key) {
		return answered(r.Answer, answerDuplicate(key))
	}
	cfg := &d.gate.cfg
	if err := cfg.Events.SendBatch(ctx, msgs); err != nil {
		return d.down("webhook.queue_unavailable", key, err)
	}
	cfg.Seen.PutLater(ctx, seenKey(key), unixMilli(now), whole.Retention)
	d.logAccepted(key, r.SecretID, len(msgs))
	return answered(r.Answer, d.answerAccepted(key))
}

// parts encodes each event; ok is false when they do not fit one send.
func (d *delivery) parts(r *webhook.Result, now time.Time) (msgs [][]byte, ok bool) {
	if len(r.Events) > maxBatchEvents {
		return nil, false
	}
	size := 0
	for i := range r.Events {
		part := &r.Events[i]
		one := *r
		one.EventID, one.Type, one.Time = part.EventID, part.Type, part.Time
		e := d.event(&one, part.Body, now)
		e.ContentType = "application/json"
		msg := event.Encode(e)
		size += len(msg) + perMessage
		if len(part.Body) > event.InlineLimit || size > maxBatchBytes {
			return nil, false
		}
		msgs = append(msgs, msg)
	}
	return msgs, true
}
