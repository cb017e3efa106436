package deliver

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/queue"
)

// batchRun is what the goroutines of one Handle share.
type batchRun struct {
	*Deliverer
	lease time.Duration
	slots chan struct{} // holds a token per post under way
	large chan struct{} // holds a token while a large event is in memory
}

// tenantRun is one tenant's part of a batch.
type tenantRun struct {
	*batchRun
	name  string
	agent Agent

	mu   sync.Mutex // guards gone; never held across a call out
	gone bool       // answered 410 within this batch
}

func (b *batchRun) tenant(ctx context.Context, tenant string, entries []entry) {
	agent, err := b.cfg.Agent(ctx, tenant)
	if err != nil {
		b.cfg.Log("agent_unavailable", "tenant", tenant)
		return
	}
	t := &tenantRun{batchRun: b, name: tenant, agent: agent}
	var wg bulkhead.Group
	for shard, part := range byShard(entries) {
		wg.Go(t.apart(func() { t.shard(ctx, shard, part) }))
	}
	wg.Wait()
}

// shard takes one shard's messages from claim to verdict.
func (t *tenantRun) shard(ctx context.Context, shard int, entries []entry) {
	l := t.cfg.Ledger(t.name, shard)
	until := t.cfg.Now().Add(t.lease) // before the ledger starts to count
	decisions, err := l.Claim(ctx, ledger.ClaimRequest{Lease: t.lease, Items: items(entries)})
	if err != nil || len(decisions) != len(entries) {
		t.cfg.Log("ledger_unavailable", "tenant", t.name, "shard", strconv.Itoa(shard), "call", "claim")
		return
	}
	var mine []entry // the messages of held
	var held []claim
	for i, dec := range decisions {
		if dec.Kind != ledger.Deliver {
			t.decided(dec, entries[i])
			continue
		}
		e := dec.Event
		if e == nil {
			e = entries[i].decoded.Event
		}
		if e == nil { // a reference the ledger answered without an event
			continue
		}
		mine = append(mine, entries[i])
		held = append(held, claim{event: e, decision: dec, until: until})
	}
	results := make([]ledger.Result, len(held))
	var wg bulkhead.Group
	for i := range held {
		wg.Go(t.apart(func() { results[i] = t.attempt(ctx, held[i]) }))
	}
	wg.Wait()
	for i, c := range held {
		if results[i].Key == "" { // it panicked
			results[i] = t.again(ledger.Result{Key: c.decision.Key, Fence: c.decision.Fence}, ReasonInternal, c, 0)
		}
	}
	if len(held) > 0 {
		t.settle(ctx, l, shard, mine, results, until)
		t.changed(ctx, held)
	}
}

func (t *tenantRun) changed(ctx context.Context, held []claim) {
	if t.cfg.Changed == nil || !t.agent.Watched {
		return
	}
	keys := make([]string, len(held))
	for i, c := range held {
		keys[i] = c.event.Key()
	}
	t.cfg.Changed(ctx, t.name, keys)
}

// claim is one event this batch holds a lease for.
type claim struct {
	event    *event.Event
	decision ledger.Decision
	until    time.Time // end of the lease
}

// decided handles every decision but Deliver.
func (t *tenantRun) decided(dec ledger.Decision, e entry) {
	switch dec.Kind {
	case ledger.Done:
		*e.verdict = queue.Verdict{Ack: true}
		if dec.Died {
			t.cfg.Log("event_dead", "tenant", t.name, "key", dec.Key, "reason", ledger.ReasonAbandoned)
		} else if dec.Duplicate {
			t.cfg.Log("event_duplicate", "tenant", t.name, "key", dec.Key, "state", dec.State)
		}
	case ledger.Wait:
		*e.verdict = queue.Verdict{Delay: min(max(wholeSeconds(dec.After), time.Second), ledger.MaxDelay)}
	case ledger.Unknown:
		*e.verdict = queue.Verdict{Ack: true}
		t.cfg.Log("event_unknown", "tenant", t.name, "key", dec.Key)
	default:
		t.cfg.Log("event_refused", "tenant", t.name, "message", e.msg.ID)
	}
}

// settle reports the outcomes and turns the ledger's answers into verdicts.
func (t *tenantRun) settle(ctx context.Context, l Ledger, shard int, entries []entry, results []ledger.Result, until time.Time) {
	var settled []ledger.Settled
	for n := range settleTries {
		if n > 0 && t.cfg.Sleep != nil {
			t.cfg.Sleep(ctx, settleBackoff.Ceiling(n))
		}
		s, err := l.Settle(ctx, results)
		if err == nil && len(s) == len(results) {
			settled = s
			break
		}
	}
	if settled == nil {
		t.cfg.Log("ledger_unavailable", "tenant", t.name, "shard", strconv.Itoa(shard), "call", "settle")
		for _, e := range entries { // until the leases are over they would wait anyway
			*e.verdict = queue.Verdict{Delay: max(wholeSeconds(until.Sub(t.cfg.Now())), time.Second)}
		}
		return
	}
	for i, s := range settled {
		*entries[i].verdict = queue.Verdict{Ack: s.Ack, Delay: s.RetryAfter}
		t.logSettled(results[i], s)
	}
}

func (t *tenantRun) logSettled(r ledger.Result, s ledger.Settled) {
	line := "event_retry"
	switch {
	case s.Stale:
		line = "event_lease_lost"
	case s.Died:
		line = "event_dead"
	case r.Outcome == ledger.OutcomeDelivered:
		line = "event_delivered"
	case r.Outcome == ledger.OutcomeRelease:
		line = "event_released"
	}
	pairs := []string{
		"tenant", t.name, "key", r.Key, "status", strconv.Itoa(r.Status), "reason", r.Reason,
		"attempt", strconv.Itoa(s.Attempts), "took_ms", strconv.FormatInt(r.Took.Milliseconds(), 10),
	}
	if !s.Ack {
		pairs = append(pairs, "retry_after_s", seconds(s.RetryAfter))
	}
	t.cfg.Log(line, pairs...)
}
