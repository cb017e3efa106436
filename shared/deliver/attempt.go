package deliver

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/retry"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
)

// Reasons of an outcome, stable codes that are stored, shown and logged.
// http_NNN stands for a status.
const (
	ReasonNoAgent       = "no_agent"
	ReasonAgentStopped  = "agent_stopped"
	ReasonAgentGone     = "agent_gone"
	ReasonTargetRefused = "target_refused"
	ReasonSecretInvalid = "secret_invalid"
	ReasonPayload       = "payload_unavailable"
	ReasonLeaseShort    = "lease_short"
	ReasonRedirect      = "redirect"
	ReasonTimeout       = "timeout"
	ReasonNetwork       = "network"
	ReasonInternal      = "internal"
)

// releaseDelay spreads, in time, what did not fit into a batch's lease.
const releaseDelay = 5 * time.Second

// attempt tries to deliver one event and says what became of it.
func (t *tenantRun) attempt(ctx context.Context, c claim) ledger.Result {
	r := ledger.Result{Key: c.decision.Key, Fence: c.decision.Fence}
	if stop, ok := t.refusal(); ok {
		return t.refuse(r, stop, c)
	}
	// Large events queue up before they take a slot, so small ones pass.
	if c.event.Size > largeBody {
		t.large <- struct{}{}
		defer func() { <-t.large }()
	}
	t.slots <- struct{}{}
	defer func() { <-t.slots }()
	if stop, ok := t.refusal(); ok { // another event's 410, meanwhile
		return t.refuse(r, stop, c)
	}
	if t.late(c) {
		return t.release(r)
	}
	body := c.event.Body
	if c.event.Claim != "" {
		b, err := t.cfg.Payload(ctx, c.event.Claim)
		if err != nil || int64(len(b)) != c.event.Size {
			return t.again(r, ReasonPayload, c, 0)
		}
		body = b
	}
	envelope := appendCloudEvent(nil, c.event, body)
	now := t.cfg.Now()
	signed, err := webhook.Sign(gocrypto.Crypto{}, r.Key, now, envelope, t.agent.Secrets)
	if err != nil {
		return t.again(r, ReasonSecretInvalid, c, 0)
	}
	if t.late(c) { // the payload took its time
		return t.release(r)
	}
	answer, err := t.cfg.Post(ctx, fetch.Request{
		Method:   "POST",
		URL:      t.agent.URL,
		Header:   append([][2]string{{"content-type", cloudEventType}, {"user-agent", userAgent}}, signed[:]...),
		Body:     envelope,
		Deadline: PostDeadline,
	})
	r.Took = t.cfg.Now().Sub(now)
	if err != nil {
		reason := ReasonNetwork
		if errors.Is(err, fetch.ErrTimeout) {
			reason = ReasonTimeout
		}
		return t.again(r, reason, c, 0)
	}
	return t.answered(ctx, r, answer, c)
}

// answered applies the table of the package documentation.
func (t *tenantRun) answered(ctx context.Context, r ledger.Result, a fetch.Response, c claim) ledger.Result {
	r.Status = a.Status
	floor, _ := retry.After(a.Header.Get("Retry-After"), t.cfg.Now())
	switch {
	case a.Status >= 200 && a.Status <= 299:
		r.Outcome = ledger.OutcomeDelivered
		return r
	case a.Status == 410:
		if !t.stopAgent(ctx) {
			return t.again(r, ReasonAgentGone, c, floor)
		}
		r.Outcome, r.Reason = ledger.OutcomeDead, ReasonAgentGone
		return r
	case a.Status >= 300 && a.Status <= 399:
		return t.again(r, ReasonRedirect, c, floor)
	case a.Status >= 400 && a.Status <= 599:
		return t.again(r, "http_"+strconv.Itoa(a.Status), c, floor)
	}
	r.Status = 0 // not an HTTP answer
	return t.again(r, ReasonNetwork, c, floor)
}

// refusal is the reason not to post to this agent at all.
func (t *tenantRun) refusal() (string, bool) {
	t.mu.Lock()
	gone := t.gone
	t.mu.Unlock()
	switch {
	case gone || t.agent.State == AgentStopped:
		return ReasonAgentStopped, true
	case t.agent.State != AgentActive:
		return ReasonNoAgent, true
	case target.Check(t.agent.URL, target.Policy{AllowLoopback: t.cfg.AllowLoopback}) != nil:
		return ReasonTargetRefused, true
	}
	return "", false
}

func (t *tenantRun) refuse(r ledger.Result, reason string, c claim) ledger.Result {
	if reason == ReasonAgentStopped {
		r.Outcome, r.Reason = ledger.OutcomeDead, reason
		return r
	}
	return t.again(r, reason, c, 0)
}

// stopAgent passes a 410 on, with the generation of the configuration that was
// posted to. It reports false when that was not recorded, be it that another
// generation is there by now, which the old one's 410 must not stop: then the
// event is tried again.
func (t *tenantRun) stopAgent(ctx context.Context) bool {
	t.mu.Lock()
	gone := t.gone
	t.mu.Unlock()
	if gone {
		return true
	}
	if err := t.cfg.AgentGone(ctx, t.name, t.agent.Generation, ReasonAgentGone); err != nil {
		t.cfg.Log("agent_unavailable", "tenant", t.name)
		return false
	}
	t.mu.Lock()
	t.gone = true
	t.mu.Unlock()
	t.cfg.Log("agent_stopped", "tenant", t.name, "reason", ReasonAgentGone)
	return true
}

// again is a failed attempt. The floor is the agent's Retry-After.
func (t *tenantRun) again(r ledger.Result, reason string, c claim, floor time.Duration) ledger.Result {
	r.Outcome, r.Reason = ledger.OutcomeRetry, reason
	r.RetryAfter = max(agentBackoff.Delay(c.decision.Attempt, t.cfg.Rand()), floor)
	return r
}

// late reports that a post might outlast the lease: then another consumer
// could post the same event while ours is under way.
func (t *tenantRun) late(c claim) bool { return t.cfg.Now().Add(PostDeadline).After(c.until) }

func (t *tenantRun) release(r ledger.Result) ledger.Result {
	r.Outcome, r.Reason = ledger.OutcomeRelease, ReasonLeaseShort
	r.RetryAfter = time.Duration(t.cfg.Rand() * float64(releaseDelay))
	return r
}
