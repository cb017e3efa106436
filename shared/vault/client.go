package vault

import (
	"context"
	"errors"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/wire"
)

// Client calls one tenant's object. Its methods are those of [Vault] and
// return the same errors, or whatever Invoke failed with: then nobody knows
// whether the call took effect. Every call may be repeated but OpenLink and
// Finish, whose secret is used up. A tenant that has no vault has empty lists
// and ErrNotFound for the rest.
type Client struct {
	Tenant string
	Invoke call.Func
}

func invoke[Out any](ctx context.Context, c Client, method string, in any) (Out, error) {
	return call.JSON[Out](ctx, c.Invoke, answers, method, wire.AppendBytes(nil, c.Tenant), in, ErrRequest)
}

type usedRequest struct {
	Connection string `json:"connection"`
	Uses       []Use  `json:"uses"`
}

// Token is [Vault.Token]: a live access token, or an error that says why there
// is none. A caller that gets 401 with it asks again with its generation as
// Refused.
func (c Client) Token(ctx context.Context, req TokenRequest) (Token, error) {
	return invoke[Token](ctx, c, methodToken, req)
}

// Used is [Vault.Used]: which calls were made with a connection's token.
func (c Client) Used(ctx context.Context, connection string, uses []Use) error {
	_, err := invoke[any](ctx, c, methodUsed, usedRequest{connection, uses})
	return err
}

// PutConnection is [Vault.PutConnection].
func (c Client) PutConnection(ctx context.Context, in PutConnection) (Connection, error) {
	return invoke[Connection](ctx, c, methodPut, in)
}

// Connection is [Vault.Connection].
func (c Client) Connection(ctx context.Context, name string) (Connection, error) {
	return invoke[Connection](ctx, c, methodGet, name)
}

// Connections is [Vault.Connections].
func (c Client) Connections(ctx context.Context) ([]Connection, error) {
	list, err := invoke[[]Connection](ctx, c, methodList, call.None{})
	if errors.Is(err, ErrNotFound) {
		return []Connection{}, nil
	}
	return list, err
}

// Disconnect is [Vault.Disconnect].
func (c Client) Disconnect(ctx context.Context, name string) (Disconnected, error) {
	return invoke[Disconnected](ctx, c, methodDisconnect, name)
}

// Link is [Vault.Link].
func (c Client) Link(ctx context.Context, in BeginFlow) (Link, error) {
	return invoke[Link](ctx, c, methodLink, in)
}

// OpenLink is [Vault.OpenLink].
func (c Client) OpenLink(ctx context.Context, ticket string) (Flow, error) {
	return invoke[Flow](ctx, c, methodOpenLink, ticket)
}

// Authorize is [Vault.Authorize].
func (c Client) Authorize(ctx context.Context, in BeginFlow) (Flow, error) {
	return invoke[Flow](ctx, c, methodAuthorize, in)
}

// Finish is [Vault.Finish].
func (c Client) Finish(ctx context.Context, in Callback) (Connection, error) {
	return invoke[Connection](ctx, c, methodFinish, in)
}

// Scopes is [Vault.Scopes].
func (c Client) Scopes(ctx context.Context, in ScopesRequest) (Scopes, error) {
	return invoke[Scopes](ctx, c, methodScopes, in)
}

// Watch is [Vault.Watch].
func (c Client) Watch(ctx context.Context) (Health, error) {
	return invoke[Health](ctx, c, methodWatch, call.None{})
}

// Shred is [Vault.Shred].
func (c Client) Shred(ctx context.Context) (Shredded, error) {
	return invoke[Shredded](ctx, c, methodShred, call.None{})
}
