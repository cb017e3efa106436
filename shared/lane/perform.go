package lane

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/retry"
)

const (
	// maxAnswer bounds what is read of an answer, in bytes; of that,
	// outbound.KeptBody is kept.
	maxAnswer = 256 << 10
	// maxSlots bounds the slots one attempt takes: its own, one for the repeat
	// with a fresh token, and two that went by meanwhile.
	maxSlots = 4
	// ownPause is how long a write waits for a part of Hookweir that did not
	// answer.
	ownPause = 10 * time.Second
	// payloadPause is the same for a body that could not be read.
	payloadPause = 30 * time.Second
)

// Performer sends writes: the queue's consumers and the lane's drain do it the
// same way.
type Performer struct {
	Sender *outbound.Sender
	// Payload reads a body from the bucket; nil when it is not there.
	Payload func(ctx context.Context, claim string) ([]byte, error)
	Sleep   func(ctx context.Context, d time.Duration)
}

// Performed is a Result and what its exchanges taught.
type Performed struct {
	Result
	Seen []outbound.Observation
}

// Perform makes one attempt. It takes a slot right before it sends: next waits
// until it has come, and reports false when there is none to be had; then
// nothing is sent. A repeat is the same request once more, with a fresh token.
func (p *Performer) Perform(ctx context.Context, tenant, dest string, t outbound.Target, w *Work, next func(repeat bool) (outbound.Slot, bool)) Performed {
	out := Performed{Result: Result{Seq: w.Seq, Fence: w.Fence}}
	body := w.Body
	if w.Claim != "" {
		b, err := p.Payload(ctx, w.Claim)
		if err != nil || int64(len(b)) != w.Size {
			out.Outcome, out.Reason, out.After = OutcomeRetry, ReasonPayload, payloadPause
			return out
		}
		body = b
	}
	call := outbound.Call{
		Method: w.Method, Path: w.Path, Header: keyed(&t.Config, w), Body: body, Caller: "destination:" + dest, MaxBody: maxAnswer,
	}
	repeated := false
	for range maxSlots {
		slot, ok := next(repeated)
		if !ok {
			break
		}
		e := p.Sender.Send(ctx, tenant, dest, t, call, slot)
		if errors.Is(e.Err, outbound.ErrLate) {
			continue
		}
		if repeat, ok := e.Repeat(call); ok {
			out.Seen = append(out.Seen, e.Seen)
			call, repeated = repeat, true
			continue
		}
		out.conclude(&e, t.Config.Connection != "", p.Sender.Now())
		return out
	}
	out.Outcome, out.Reason = OutcomeRelease, ReasonNotNow
	return out
}

// Panicked is the result of an attempt that did not come to its end.
func Panicked(w *Work) Result {
	return Result{Seq: w.Seq, Fence: w.Fence, Outcome: OutcomeUnknown, Reason: ReasonInternal}
}

// conclude reads what an exchange means for the write.
func (out *Performed) conclude(e *outbound.Exchange, connected bool, now time.Time) {
	out.Took = e.Took
	if e.Sent || e.Seen.Reauth {
		out.Seen = append(out.Seen, e.Seen)
	}
	if e.Err != nil {
		out.failed(e.Err)
		return
	}
	answer := e.Answer()
	out.Status, out.Answer, out.After = e.Response.Status, &answer, e.Seen.Pause
	switch outbound.Class(e.Response, now) {
	case retry.Done:
		out.Outcome = OutcomeDelivered
		return
	case retry.Again:
		if out.Outcome = OutcomeRetry; retry.Unclear(out.Status) {
			out.Outcome = OutcomeUnknown
		}
	default:
		out.Outcome = OutcomeDead
		if connected && out.Status == 401 {
			// A fresh token that is refused is the connection's trouble, not
			// the write's: everything waits, loudly.
			out.Outcome = OutcomeRelease
			out.Seen = append(out.Seen, outbound.Observation{Reauth: true})
			out.Reason = ReasonUnauthorized
			return
		}
	}
	out.Reason = "http_" + strconv.Itoa(out.Status)
	if out.Status >= 300 && out.Status <= 399 {
		out.Reason = ReasonRedirect
	}
}

func (out *Performed) failed(err error) {
	switch {
	case errors.Is(err, outbound.ErrTimeout):
		out.Outcome, out.Reason = OutcomeUnknown, ReasonTimeout
	case errors.Is(err, outbound.ErrNetwork):
		out.Outcome, out.Reason = OutcomeUnknown, ReasonNetwork
	case errors.Is(err, outbound.ErrNeedsReauth):
		out.Outcome, out.Reason = OutcomeRelease, ReasonNeedsReauth
	case errors.Is(err, outbound.ErrUnavailable):
		out.Outcome, out.Reason, out.After = OutcomeRelease, ReasonUnavailable, ownPause
	default: // the destination's rules have changed since it was accepted
		out.Outcome, out.Reason = OutcomeDead, ReasonRefused
	}
}
