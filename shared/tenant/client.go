package tenant

import (
	"context"
	"errors"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/wire"
)

// Client calls one tenant's object. Its methods are those of [Tenant] and
// return the same errors, or whatever Invoke failed with: then nobody knows
// whether the call took effect. Every call may be repeated but CreateKey and
// the two that generate a secret. A tenant nothing was ever written for has
// empty lists and ErrNotFound for the rest.
type Client struct {
	Tenant string
	Invoke call.Func
}

func invoke[Out any](ctx context.Context, c Client, method string, in any) (Out, error) {
	return call.JSON[Out](ctx, c.Invoke, answers, method, wire.AppendBytes(nil, c.Tenant), in, ErrRequest)
}

// PutSource is [Tenant.PutSource].
func (c Client) PutSource(ctx context.Context, in PutSource) (Source, error) {
	return invoke[Source](ctx, c, methodPutSource, in)
}

// Source is [Tenant.Source].
func (c Client) Source(ctx context.Context, name string) (Source, error) {
	return invoke[Source](ctx, c, methodSource, name)
}

// Sources is [Tenant.Sources].
func (c Client) Sources(ctx context.Context) ([]Source, error) {
	return emptyIfNone(invoke[[]Source](ctx, c, methodSources, call.None{}))
}

// DeleteSource is [Tenant.DeleteSource].
func (c Client) DeleteSource(ctx context.Context, name string) (published bool, err error) {
	return invoke[bool](ctx, c, methodDeleteSource, name)
}

// RotateSource is [Tenant.RotateSource].
func (c Client) RotateSource(ctx context.Context, in RotateSource) (Source, error) {
	return invoke[Source](ctx, c, methodRotateSource, in)
}

// PutAgent is [Tenant.PutAgent].
func (c Client) PutAgent(ctx context.Context, in PutAgent) (Agent, error) {
	return invoke[Agent](ctx, c, methodPutAgent, in)
}

// Agent is [Tenant.Agent].
func (c Client) Agent(ctx context.Context) (Agent, error) {
	return invoke[Agent](ctx, c, methodAgent, call.None{})
}

// RotateAgent is [Tenant.RotateAgent].
func (c Client) RotateAgent(ctx context.Context, in RotateAgent) (Agent, error) {
	return invoke[Agent](ctx, c, methodRotateAgent, in)
}

// StopAgent is [Tenant.StopAgent].
func (c Client) StopAgent(ctx context.Context, in StopAgent) error {
	_, err := invoke[any](ctx, c, methodStopAgent, in)
	return err
}

// AgentTarget is [Tenant.AgentTarget].
func (c Client) AgentTarget(ctx context.Context) (AgentTarget, error) {
	return invoke[AgentTarget](ctx, c, methodAgentTarget, call.None{})
}

// CreateKey is [Tenant.CreateKey].
func (c Client) CreateKey(ctx context.Context, in NewKey) (Key, error) {
	return invoke[Key](ctx, c, methodCreateKey, in)
}

// Keys is [Tenant.Keys].
func (c Client) Keys(ctx context.Context) ([]Key, error) {
	return emptyIfNone(invoke[[]Key](ctx, c, methodKeys, call.None{}))
}

// DeleteKey is [Tenant.DeleteKey].
func (c Client) DeleteKey(ctx context.Context, id string) error {
	_, err := invoke[any](ctx, c, methodDeleteKey, id)
	return err
}

// Enlist is [Tenant.Enlist].
func (c Client) Enlist(ctx context.Context, in Listing) error {
	_, err := invoke[any](ctx, c, methodEnlist, in)
	return err
}

// Delist is [Tenant.Delist].
func (c Client) Delist(ctx context.Context, in Listing) error {
	_, err := invoke[any](ctx, c, methodDelist, in)
	return err
}

// Listed is [Tenant.Listed].
func (c Client) Listed(ctx context.Context, kind string) ([]string, error) {
	return emptyIfNone(invoke[[]string](ctx, c, methodListed, kind))
}

// Authenticate is [Tenant.Authenticate]. A tenant that does not exist is
// ErrUnauthenticated like any other wrong key.
func (c Client) Authenticate(ctx context.Context, token string) error {
	_, err := invoke[any](ctx, c, methodAuthenticate, token)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrTenant) {
		return ErrUnauthenticated
	}
	return err
}

// PutAuthorization is [Tenant.PutAuthorization].
func (c Client) PutAuthorization(ctx context.Context, in Authorization) (Authorization, error) {
	return invoke[Authorization](ctx, c, methodPutAuthorization, in)
}

// Authorization is [Tenant.Authorization].
func (c Client) Authorization(ctx context.Context) (Authorization, error) {
	return invoke[Authorization](ctx, c, methodAuthorization, call.None{})
}

// DeleteAuthorization is [Tenant.DeleteAuthorization].
func (c Client) DeleteAuthorization(ctx context.Context) error {
	_, err := invoke[any](ctx, c, methodDeleteAuthorization, call.None{})
	return err
}

func emptyIfNone[T any](list []T, err error) ([]T, error) {
	if errors.Is(err, ErrNotFound) {
		return []T{}, nil
	}
	return list, err
}
