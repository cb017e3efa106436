package poll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hookweir/hookweir/shared/wire"
)

// ErrAnswer reports an answer this build cannot read.
var ErrAnswer = errors.New("poll: malformed answer")

// Client calls one poll's object. Its methods are those of [Poll] and return
// the same errors, or whatever Invoke failed with: then nobody knows whether
// the call took effect. Every call may be repeated.
type Client struct {
	Tenant, Poll string
	Invoke       func(ctx context.Context, method string, payload []byte) ([]byte, error)
}

// ObjectName is the Durable Object's name for a tenant's poll: `acme/orders`.
func ObjectName(tenant, poll string) string { return tenant + "/" + poll }

func call[Out any](ctx context.Context, c Client, method string, in any) (Out, error) {
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
	if len(b) == 0 || int(b[0]) > len(answers) {
		return out, ErrAnswer
	}
	if n := b[0]; n > 0 {
		err := answers[n-1]
		if what, ok := strings.CutPrefix(string(b[1:]), ErrDefinition.Error()+": "); ok && err == ErrDefinition {
			return out, fmt.Errorf("%w: %s", err, what)
		}
		return out, err
	}
	if json.Unmarshal(b[1:], &out) != nil {
		var none Out
		return none, ErrAnswer
	}
	return out, nil
}

// none is the argument of a call without one.
type none struct{}

// Put is [Poll.Put].
func (c Client) Put(ctx context.Context, d Definition) (Status, error) {
	return call[Status](ctx, c, methodPut, d)
}

// Get is [Poll.Get].
func (c Client) Get(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, methodGet, none{})
}

// Delete is [Poll.Delete].
func (c Client) Delete(ctx context.Context) (unlisted bool, err error) {
	return call[bool](ctx, c, methodDelete, none{})
}

// Run is [Poll.Run].
func (c Client) Run(ctx context.Context, why Why) (Ran, error) {
	return call[Ran](ctx, c, methodRun, why)
}
