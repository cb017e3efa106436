package deliver

import (
	"context"
	"strconv"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/queue"
)

// HandleDead takes a batch of the queue `events-dead`: messages that `events`
// gave up. The Ledger marks their events dead, with the payload, so that they
// can be seen and replayed. What cannot be read goes to quarantine, and what
// cannot be marked for two days back to `events`. Nothing is acknowledged before
// one of them has it.
func (d *Deliverer) HandleDead(ctx context.Context, batch []queue.Message) []queue.Verdict {
	verdicts := make([]queue.Verdict, len(batch))
	type object struct {
		tenant string
		shard  int
	}
	groups := map[object][]entry{}
	var wg bulkhead.Group
	for i, m := range batch {
		verdicts[i] = d.later(deadBackoff, m.Attempts)
		decoded, ok := decode(m.Body)
		e := entry{m, decoded, &verdicts[i]}
		if !ok {
			wg.Go(d.apart(func() { d.quarantine(ctx, e, "undecodable") }))
			continue
		}
		o := object{decoded.Tenant, ledger.ShardOf(decoded.Key)}
		groups[o] = append(groups[o], e)
	}
	for o, entries := range groups {
		wg.Go(d.apart(func() { d.markDead(ctx, o.tenant, o.shard, entries) }))
	}
	wg.Wait()
	return verdicts
}

func (d *Deliverer) markDead(ctx context.Context, tenant string, shard int, entries []entry) {
	marks, err := d.cfg.Ledger(tenant, shard).MarkDead(ctx, items(entries))
	if err != nil || len(marks) != len(entries) {
		d.cfg.Log("ledger_unavailable", "tenant", tenant, "shard", strconv.Itoa(shard), "call", "mark_dead")
		d.keep(ctx, tenant, entries)
		return
	}
	for i, m := range marks {
		e := entries[i]
		switch m {
		case ledger.MarkedDead:
			*e.verdict = queue.Verdict{Ack: true}
			d.cfg.Log("event_dead", "tenant", tenant, "key", e.decoded.Key, "reason", ledger.ReasonQueueExhausted)
		case ledger.MarkedNothing:
			*e.verdict = queue.Verdict{Ack: true}
		default:
			d.quarantine(ctx, e, "refused")
		}
	}
}

// keep looks after the messages that `events-dead` is about to give up too,
// because their ledger has not answered all the time. They go round once more:
// nothing but their ledger can see to it that they are delivered, or shown and
// replayed, and it takes each once, whatever brings it.
func (d *Deliverer) keep(ctx context.Context, tenant string, entries []entry) {
	var last []entry
	var bodies [][]byte
	for _, e := range entries {
		if e.msg.Attempts >= lastResort {
			last, bodies = append(last, e), append(bodies, e.msg.Body)
		}
	}
	if len(last) == 0 {
		return
	}
	if d.cfg.Back != nil && d.cfg.Back(bodies) == nil {
		for _, e := range last {
			*e.verdict = queue.Verdict{Ack: true}
		}
		d.cfg.Log("messages_sent_back", "tenant", tenant, "count", strconv.Itoa(len(last)))
		return
	}
	for _, e := range last {
		d.quarantine(ctx, e, "ledger_unavailable")
	}
}

// quarantine acknowledges the message once it is kept elsewhere.
func (d *Deliverer) quarantine(ctx context.Context, e entry, reason string) {
	if err := d.cfg.Quarantine(ctx, e.msg.ID, e.msg.Body); err != nil {
		d.cfg.Log("quarantine_unavailable", "message", e.msg.ID, "reason", reason)
		return
	}
	*e.verdict = queue.Verdict{Ack: true}
	d.cfg.Log("message_quarantined", "message", e.msg.ID, "reason", reason)
}
