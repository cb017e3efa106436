package lane

import (
	"context"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/wire"
)

// Client calls one destination's object; it is an outbound.Lane. Its methods
// are those of [Lane] and return the same errors, or whatever Invoke failed
// with: then nobody knows whether the call took effect. Every call may be
// repeated but Accept of writes without an idempotency key, and Permit, whose
// slots are then lost.
type Client struct {
	Tenant, Destination string
	Invoke              call.Func
}

// ObjectName is the Durable Object's name: `acme/stripe`.
func ObjectName(tenant, dest string) string { return tenant + "/" + dest }

func invoke[Out any](ctx context.Context, c Client, method string, in any, bodies [][]byte) (out Out, got [][]byte, err error) {
	payload := wire.AppendBytes(wire.AppendBytes(nil, c.Tenant), c.Destination)
	payload, err = appendMessage(payload, in, bodies)
	if err != nil { // a year beyond 9999
		return out, nil, ErrRequest
	}
	answer, err := c.Invoke(ctx, method, payload)
	if err != nil {
		return out, nil, err
	}
	r := wire.NewReader(answer)
	switch n := r.Uint8(); {
	case r.Err() != nil:
		return out, nil, call.ErrAnswer
	case n == itemAnswer:
		var item ItemError
		if _, ok := readMessage(r, &item); !ok {
			return out, nil, call.ErrAnswer
		}
		return out, nil, &item
	case int(n) > len(answers):
		return out, nil, call.ErrAnswer
	case n > 0:
		return out, nil, answers[n-1]
	}
	got, ok := readMessage(r, &out)
	if !ok {
		var none Out
		return none, nil, call.ErrAnswer
	}
	return out, got, nil
}

func simple[Out any](ctx context.Context, c Client, method string, in any) (Out, error) {
	out, _, err := invoke[Out](ctx, c, method, in, nil)
	return out, err
}

// none is the argument of a call without one.
type none struct{}

// Put is [Lane.Put].
func (c Client) Put(ctx context.Context, in PutDestination) (Destination, error) {
	return simple[Destination](ctx, c, methodPut, in)
}

// Describe is [Lane.Describe].
func (c Client) Describe(ctx context.Context) (Destination, error) {
	return simple[Destination](ctx, c, methodDescribe, none{})
}

// Delete is [Lane.Delete].
func (c Client) Delete(ctx context.Context) error {
	_, err := simple[any](ctx, c, methodDelete, none{})
	return err
}

// Accept is [Lane.Accept].
func (c Client) Accept(ctx context.Context, writes []Write) ([]Accepted, error) {
	bodies := make([][]byte, len(writes))
	for i := range writes {
		bodies[i] = writes[i].Body
	}
	out, _, err := invoke[[]Accepted](ctx, c, methodAccept, writes, bodies)
	if err == nil && len(out) != len(writes) {
		return nil, call.ErrAnswer
	}
	return out, err
}

// Permit is [Lane.Permit].
func (c Client) Permit(ctx context.Context, r outbound.PermitRequest) (outbound.Grant, error) {
	return simple[outbound.Grant](ctx, c, methodPermit, r)
}

// Report is [Lane.Report].
func (c Client) Report(ctx context.Context, r outbound.Report) error {
	_, err := simple[any](ctx, c, methodReport, r)
	return err
}

// Claim is [Lane.Claim]; it answers every message.
func (c Client) Claim(ctx context.Context, req ClaimRequest) (Claimed, error) {
	out, bodies, err := invoke[Claimed](ctx, c, methodClaim, req, nil)
	if err != nil {
		return Claimed{}, err
	}
	if len(out.Decisions) != len(req.Seqs) {
		return Claimed{}, call.ErrAnswer
	}
	for _, d := range out.Decisions {
		if d.Work == nil {
			continue
		}
		if len(bodies) == 0 {
			return Claimed{}, call.ErrAnswer
		}
		d.Work.Body, bodies = bodies[0], bodies[1:]
	}
	return out, nil
}

// Settle is [Lane.Settle].
func (c Client) Settle(ctx context.Context, s Settlement) error {
	_, err := simple[any](ctx, c, methodSettle, s)
	return err
}

// GivenUp is [Lane.GivenUp].
func (c Client) GivenUp(ctx context.Context, seqs []int64) error {
	_, err := simple[any](ctx, c, methodGivenUp, seqs)
	return err
}

// Get is [Lane.Get].
func (c Client) Get(ctx context.Context, id string) (Detail, error) {
	return simple[Detail](ctx, c, methodGet, id)
}

// List is [Lane.List].
func (c Client) List(ctx context.Context, f Filter) (Page, error) {
	return simple[Page](ctx, c, methodList, f)
}

// Replay is [Lane.Replay].
func (c Client) Replay(ctx context.Context, id string) error {
	_, err := simple[any](ctx, c, methodReplay, id)
	return err
}

// Cancel is [Lane.Cancel].
func (c Client) Cancel(ctx context.Context, id string) error {
	_, err := simple[any](ctx, c, methodCancel, id)
	return err
}

// Purge is [Lane.Purge].
func (c Client) Purge(ctx context.Context, id string) error {
	_, err := simple[any](ctx, c, methodPurge, id)
	return err
}

// ReplayWhere is [Lane.ReplayWhere].
func (c Client) ReplayWhere(ctx context.Context, f Filter) (Decided, error) {
	return simple[Decided](ctx, c, methodReplayWhere, f)
}

// PurgeWhere is [Lane.PurgeWhere].
func (c Client) PurgeWhere(ctx context.Context, f Filter) (Decided, error) {
	return simple[Decided](ctx, c, methodPurgeWhere, f)
}
