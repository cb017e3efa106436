package vault

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hookweir/hookweir/shared/wire"
)

// ErrAnswer reports an answer this build cannot read.
var ErrAnswer = errors.New("vault: malformed answer")

// Client calls one tenant's object. Its methods are those of [Vault] and
// return the same errors, or whatever Invoke failed with: then nobody knows
// whether the call took effect. Every call may be repeated but OpenLink and
// Finish, whose secret is used up. A tenant that has no vault has empty lists
// and ErrNotFound for the rest.
type Client struct {
	Tenant string
	Invoke func(ctx context.Context, method string, payload []byte) ([]byte, error)
}

func call[Out any](ctx context.Context, c Client, method string, in any) (Out, error) {
	var out Out
	arg, err := json.Marshal(in)
	if err != nil {
		return out, ErrRequest
	}
	b, err := c.Invoke(ctx, method, append(wire.AppendBytes(nil, c.Tenant), arg...))
	if err != nil {
		return out, err
	}
	if len(b) == 0 || int(b[0]) > len(answers) {
		return out, ErrAnswer
	}
	if b[0] > 0 {
		return out, answers[b[0]-1]
	}
	if json.Unmarshal(b[1:], &out) != nil {
		var none Out
		return none, ErrAnswer
	}
	return out, nil
}

// none is the argument of a call without one.
type none struct{}

type usedRequest struct {
	Connection string `json:"connection"`
	Uses       []Use  `json:"uses"`
}

// Token is [Vault.Token]: a live access token, or an error that says why there
// is none. A caller that gets 401 with it asks again with its generation as
// Refused.
func (c Client) Token(ctx context.Context, req TokenRequest) (Token, error) {
	return call[Token](ctx, c, methodToken, req)
}

// Used is [Vault.Used]: which calls were made with a connection's token.
func (c Client) Used(ctx context.Context, connection string, uses []Use) error {
	_, err := call[any](ctx, c, methodUsed, usedRequest{connection, uses})
	return err
}

// PutConnection is [Vault.PutConnection].
func (c Client) PutConnection(ctx context.Context, in PutConnection) (Connection, error) {
	return call[Connection](ctx, c, methodPut, in)
}

// Connection is [Vault.Connection].
func (c Client) Connection(ctx context.Context, name string) (Connection, error) {
	return call[Connection](ctx, c, methodGet, name)
}

// Connections is [Vault.Connections].
func (c Client) Connections(ctx context.Context) ([]Connection, error) {
	list, err := call[[]Connection](ctx, c, methodList, none{})
	if errors.Is(err, ErrNotFound) {
		return []Connection{}, nil
	}
	return list, err
}

// Disconnect is [Vault.Disconnect].
func (c Client) Disconnect(ctx context.Context, name string) (Disconnected, error) {
	return call[Disconnected](ctx, c, methodDisconnect, name)
}

// Link is [Vault.Link].
func (c Client) Link(ctx context.Context, in BeginFlow) (Link, error) {
	return call[Link](ctx, c, methodLink, in)
}

// OpenLink is [Vault.OpenLink].
func (c Client) OpenLink(ctx context.Context, ticket string) (Flow, error) {
	return call[Flow](ctx, c, methodOpenLink, ticket)
}

// Authorize is [Vault.Authorize].
func (c Client) Authorize(ctx context.Context, in BeginFlow) (Flow, error) {
	return call[Flow](ctx, c, methodAuthorize, in)
}

// Finish is [Vault.Finish].
func (c Client) Finish(ctx context.Context, in Callback) (Connection, error) {
	return call[Connection](ctx, c, methodFinish, in)
}

// Scopes is [Vault.Scopes].
func (c Client) Scopes(ctx context.Context, in ScopesRequest) (Scopes, error) {
	return call[Scopes](ctx, c, methodScopes, in)
}

// Watch is [Vault.Watch].
func (c Client) Watch(ctx context.Context) (Health, error) {
	return call[Health](ctx, c, methodWatch, none{})
}

// Shred is [Vault.Shred].
func (c Client) Shred(ctx context.Context) (Shredded, error) {
	return call[Shredded](ctx, c, methodShred, none{})
}
