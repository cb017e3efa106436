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
// can be seen and replayed. What cannot be read, or cannot be marked for two
// days, goes to quarantine. Nothing is acknowledged before one of them has it.
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
		for _, e := range entries {
			if e.msg.Attempts >= lastResort {
				d.quarantine(ctx, e, "ledger_unavailable")
			}
		}
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

// quarantine acknowledges the message once it is kept elsewhere.
func (d *Deliverer) quarantine(ctx context.Context, e entry, reason string) {
	if err := d.cfg.Quarantine(ctx, e.msg.ID, e.msg.Body); err != nil {
		d.cfg.Log("quarantine_unavailable", "message", e.msg.ID, "reason", reason)
		return
	}
	*e.verdict = queue.Verdict{Ack: true}
	d.cfg.Log("message_quarantined", "message", e.msg.ID, "reason", reason)
}
