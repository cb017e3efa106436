package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

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

// answers are the errors that cross, by number: the index plus one. New ones
// go to the end.
var answers = [...]error{ErrNotFound, ErrRequest, ErrLimit, ErrReport, ErrNothing}

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
	ctx := context.Background()
	var result any
	var err error
	switch method {
	case methodPut:
		result, err = with(payload, func(a putArgs) (any, error) { return u.Put(ctx, a.Name, a.Settings) })
	case methodGet:
		result, err = with(payload, func(n string) (any, error) { return u.Get(n) })
	case methodList:
		result, err = u.List()
	case methodDelete:
		result, err = with(payload, func(n string) (any, error) { return nil, u.Delete(ctx, n) })
	case methodDrift:
		result, err = with(payload, func(n string) (any, error) { return u.Drift(n) })
	case methodApprove:
		result, err = with(payload, func(a approveArgs) (any, error) { return u.Approve(ctx, a.Name, a.Report, a.Items) })
	default:
		err = ErrRequest
	}
	if err != nil {
		for i, known := range answers {
			if errors.Is(err, known) {
				return []byte{byte(i + 1)}, nil
			}
		}
		return nil, err
	}
	b, err := json.Marshal(result)
	return append([]byte{0}, b...), err
}

func with[In any](payload []byte, f func(In) (any, error)) (any, error) {
	var in In
	if json.Unmarshal(payload, &in) != nil {
		return nil, ErrRequest
	}
	return f(in)
}

// NotFound is what Invoke answers for an object that is nobody's, or another
// tenant's.
func NotFound() []byte { return []byte{1} }

// Creates reports whether a method makes the tenant's object exist.
func Creates(method string) bool { return method == methodPut }

// Client calls one tenant's upstreams in its object. The methods are those of
// [Upstreams]; any other error means that nobody knows whether a call took
// effect.
type Client struct {
	Tenant string
	Invoke func(ctx context.Context, method string, payload []byte) ([]byte, error)
}

var errAnswer = errors.New("upstream: malformed answer")

// SplitCall takes the payload of a Client's call apart.
func SplitCall(payload []byte) (tenant string, arg []byte, err error) {
	r := wire.NewReader(payload)
	tenant = r.String()
	return tenant, r.Rest(), r.Err()
}

func call[Out any](ctx context.Context, c Client, method string, in any) (out Out, err error) {
	arg, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	b, err := c.Invoke(ctx, method, append(wire.AppendBytes(nil, c.Tenant), arg...))
	if err != nil {
		return out, err
	}
	if len(b) == 0 || int(b[0]) > len(answers) {
		return out, errAnswer
	}
	if b[0] > 0 {
		return out, answers[b[0]-1]
	}
	return out, json.Unmarshal(b[1:], &out)
}

// Put is [Upstreams.Put].
func (c Client) Put(ctx context.Context, name string, s Settings) (Upstream, error) {
	return call[Upstream](ctx, c, methodPut, putArgs{name, s})
}

// Get is [Upstreams.Get].
func (c Client) Get(ctx context.Context, name string) (Upstream, error) {
	return call[Upstream](ctx, c, methodGet, name)
}

// List is [Upstreams.List].
func (c Client) List(ctx context.Context) ([]Upstream, error) {
	list, err := call[[]Upstream](ctx, c, methodList, nil)
	if errors.Is(err, ErrNotFound) { // a tenant that does not exist
		return []Upstream{}, nil
	}
	return list, err
}

// Delete is [Upstreams.Delete].
func (c Client) Delete(ctx context.Context, name string) error {
	_, err := call[any](ctx, c, methodDelete, name)
	return err
}

// Drift is [Upstreams.Drift].
func (c Client) Drift(ctx context.Context, name string) (Report, error) {
	return call[Report](ctx, c, methodDrift, name)
}

// Approve is [Upstreams.Approve].
func (c Client) Approve(ctx context.Context, name, report string, items []string) (Report, error) {
	return call[Report](ctx, c, methodApprove, approveArgs{name, report, items})
}
