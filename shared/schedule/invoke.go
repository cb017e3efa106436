package schedule

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hookweir/hookweir/shared/call"
)

// Methods of Invoke.
const (
	methodAdd    = "add"
	methodRemove = "remove"
	methodDue    = "due"
	methodSettle = "settle"
	methodTouch  = "touch"
	methodList   = "list"
)

// answers are the errors that a caller is told. New ones go to the end.
var answers = call.Errors{ErrLimit, ErrRequest, ErrShard}

// invocation is the argument of every method.
type invocation struct {
	Shard   int       `json:"shard"`
	Tenant  string    `json:"tenant,omitempty"`
	Entry   Entry     `json:"entry,omitzero"`
	Poll    string    `json:"poll,omitempty"`
	Sources []string  `json:"sources,omitempty"`
	Settled []Settled `json:"settled,omitempty"`
}

// Invoke serves one call of a client: the argument as JSON, answered by the
// error's number and the result as JSON.
func (s *Schedule) Invoke(method string, payload []byte) ([]byte, error) {
	return answers.AnswerJSON(s.invoke(method, payload))
}

func (s *Schedule) invoke(method string, payload []byte) (any, error) {
	var in invocation
	if json.Unmarshal(payload, &in) != nil {
		return nil, ErrRequest
	}
	if in.Tenant != "" && ShardOf(in.Tenant) != in.Shard || in.Entry.Tenant != in.Tenant && in.Entry.Tenant != "" {
		return nil, ErrShard
	}
	switch method {
	case methodAdd:
		return nil, s.Add(in.Entry)
	case methodRemove:
		return nil, s.Remove(in.Tenant, in.Poll)
	case methodDue:
		return s.Due()
	case methodSettle:
		return nil, s.Settle(in.Settled)
	case methodTouch:
		return s.Touch(in.Tenant, in.Sources)
	case methodList:
		return s.List(in.Tenant)
	}
	return nil, ErrRequest
}

// Alarm is never set.
func (*Schedule) Alarm() error { return nil }

// Shard calls one object, as the clock does.
type Shard struct {
	Number int
	Invoke call.Func
}

func invoke[Out any](ctx context.Context, s Shard, method string, in invocation) (Out, error) {
	in.Shard = s.Number
	return call.JSON[Out](ctx, s.Invoke, answers, method, nil, in, ErrRequest)
}

// Due is [Schedule.Due].
func (s Shard) Due(ctx context.Context) ([]Due, error) {
	return invoke[[]Due](ctx, s, methodDue, invocation{})
}

// Settle is [Schedule.Settle].
func (s Shard) Settle(ctx context.Context, list []Settled) error {
	_, err := invoke[any](ctx, s, methodSettle, invocation{Settled: list})
	return err
}

// Client calls a tenant's shard. Its methods are those of [Schedule] for that
// tenant.
type Client struct {
	Tenant string
	Shard
}

// Add is [Schedule.Add].
func (c Client) Add(ctx context.Context, poll, source string, every time.Duration, next time.Time) error {
	_, err := invoke[any](ctx, c.Shard, methodAdd, invocation{Tenant: c.Tenant, Entry: Entry{c.Tenant, poll, source, every, next}})
	return err
}

// Remove is [Schedule.Remove].
func (c Client) Remove(ctx context.Context, poll string) error {
	_, err := invoke[any](ctx, c.Shard, methodRemove, invocation{Tenant: c.Tenant, Poll: poll})
	return err
}

// Touch is [Schedule.Touch].
func (c Client) Touch(ctx context.Context, sources []string) ([]string, error) {
	return invoke[[]string](ctx, c.Shard, methodTouch, invocation{Tenant: c.Tenant, Sources: sources})
}

// List is [Schedule.List].
func (c Client) List(ctx context.Context) ([]Entry, error) {
	return invoke[[]Entry](ctx, c.Shard, methodList, invocation{Tenant: c.Tenant})
}
