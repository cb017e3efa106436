package upstream

import (
	"context"
	"errors"
	"strings"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/wire"
)

// Methods of Invoke begin with methodPrefix, which tells them from those of
// the object's other parts.
const (
	methodPrefix  = "upstream/"
	methodPut     = methodPrefix + "put"
	methodGet     = methodPrefix + "get"
	methodList    = methodPrefix + "list"
	methodDelete  = methodPrefix + "delete"
	methodDrift   = methodPrefix + "drift"
	methodApprove = methodPrefix + "approve"
)

// Handles reports whether a method of the object is one of this package.
func Handles(method string) bool { return strings.HasPrefix(method, methodPrefix) }

// answers are the errors that a caller is told. New ones go to the end.
var answers = call.Errors{ErrNotFound, ErrRequest, ErrLimit, ErrReport, ErrNothing}

type putArgs struct {
	Name     string
	Settings Settings
}

type approveArgs struct {
	Name, Report string
	Items        []string
}

// Invoke serves one call of a Client; the object has checked whose it is.
//
//	payload: the argument as JSON
//	answer:  uint8 number of the error, then the result as JSON
func (u *Upstreams) Invoke(method string, payload []byte) ([]byte, error) {
	return answers.AnswerJSON(u.invoke(context.Background(), method, payload))
}

func (u *Upstreams) invoke(ctx context.Context, method string, payload []byte) (any, error) {
	switch method {
	case methodPut:
		return call.With(payload, ErrRequest, func(a putArgs) (any, error) { return u.Put(ctx, a.Name, a.Settings) })
	case methodGet:
		return call.With(payload, ErrRequest, u.Get)
	case methodList:
		return u.List()
	case methodDelete:
		return call.With(payload, ErrRequest, func(n string) (any, error) { return nil, u.Delete(ctx, n) })
	case methodDrift:
		return call.With(payload, ErrRequest, u.Drift)
	case methodApprove:
		return call.With(payload, ErrRequest, func(a approveArgs) (any, error) { return u.Approve(ctx, a.Name, a.Report, a.Items) })
	}
	return nil, ErrRequest
}

// NotFound is what Invoke answers for an object that is nobody's, or another
// tenant's.
func NotFound() []byte { return []byte{answers.Number(ErrNotFound)} }

// Creates reports whether a method makes the tenant's object exist.
func Creates(method string) bool { return method == methodPut }

// Client calls one tenant's upstreams in its object. The methods are those of
// [Upstreams]; any other error means that nobody knows whether a call took
// effect.
type Client struct {
	Tenant string
	Invoke call.Func
}

// SplitCall takes the payload of a Client's call apart.
func SplitCall(payload []byte) (tenant string, arg []byte, err error) {
	r := wire.NewReader(payload)
	tenant = r.String()
	return tenant, r.Rest(), r.Err()
}

func invoke[Out any](ctx context.Context, c Client, method string, in any) (Out, error) {
	return call.JSON[Out](ctx, c.Invoke, answers, method, wire.AppendBytes(nil, c.Tenant), in, ErrRequest)
}

// Put is [Upstreams.Put].
func (c Client) Put(ctx context.Context, name string, s Settings) (Upstream, error) {
	return invoke[Upstream](ctx, c, methodPut, putArgs{name, s})
}

// Get is [Upstreams.Get].
func (c Client) Get(ctx context.Context, name string) (Upstream, error) {
	return invoke[Upstream](ctx, c, methodGet, name)
}

// List is [Upstreams.List].
func (c Client) List(ctx context.Context) ([]Upstream, error) {
	list, err := invoke[[]Upstream](ctx, c, methodList, nil)
	if errors.Is(err, ErrNotFound) { // a tenant that does not exist
		return []Upstream{}, nil
	}
	return list, err
}

// Delete is [Upstreams.Delete].
func (c Client) Delete(ctx context.Context, name string) error {
	_, err := invoke[any](ctx, c, methodDelete, name)
	return err
}

// Drift is [Upstreams.Drift].
func (c Client) Drift(ctx context.Context, name string) (Report, error) {
	return invoke[Report](ctx, c, methodDrift, name)
}

// Approve is [Upstreams.Approve].
func (c Client) Approve(ctx context.Context, name, report string, items []string) (Report, error) {
	return invoke[Report](ctx, c, methodApprove, approveArgs{name, report, items})
}
