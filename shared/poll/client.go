package poll

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/wire"
)

// Client calls one poll's object. Its methods are those of [Poll] and return
// the same errors, or whatever Invoke failed with: then nobody knows whether
// the call took effect. Every call may be repeated.
type Client struct {
	Tenant, Poll string
	Invoke       call.Func
}

// ObjectName is the Durable Object's name for a tenant's poll: `acme/orders`.
func ObjectName(tenant, poll string) string { return tenant + "/" + poll }

func invoke[Out any](ctx context.Context, c Client, method string, in any) (Out, error) {
	var out Out
	arg, err := json.Marshal(in)
	if err != nil {
		return out, ErrRequest
	}
	payload := wire.AppendBytes(wire.AppendBytes(nil, c.Tenant), c.Poll)
	b, err := c.Invoke(ctx, method, append(payload, arg...))
	if err != nil {
		return out, err
	}
	body, err := answers.Read(b)
	if what, ok := strings.CutPrefix(string(body), ErrDefinition.Error()+": "); ok && err == ErrDefinition {
		return out, fmt.Errorf("%w: %s", err, what)
	}
	if err != nil {
		return out, err
	}
	return call.Result[Out](body)
}

// Put is [Poll.Put].
func (c Client) Put(ctx context.Context, d Definition) (Status, error) {
	return invoke[Status](ctx, c, methodPut, d)
}

// Get is [Poll.Get].
func (c Client) Get(ctx context.Context) (Status, error) {
	return invoke[Status](ctx, c, methodGet, call.None{})
}

// Delete is [Poll.Delete].
func (c Client) Delete(ctx context.Context) (unlisted bool, err error) {
	return invoke[bool](ctx, c, methodDelete, call.None{})
}

// Run is [Poll.Run].
func (c Client) Run(ctx context.Context, why Why) (Ran, error) {
	return invoke[Ran](ctx, c, methodRun, why)
}
