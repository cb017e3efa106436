package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/vault"
)

// VaultAPI is one tenant's connections; vault.Client implements it. The
// methods return the errors of package vault.
type VaultAPI interface {
	PutConnection(ctx context.Context, in vault.PutConnection) (vault.Connection, error)
	Connection(ctx context.Context, name string) (vault.Connection, error)
	Connections(ctx context.Context) ([]vault.Connection, error)
	Disconnect(ctx context.Context, name string) (vault.Disconnected, error)
	Link(ctx context.Context, in vault.BeginFlow) (vault.Link, error)
	OpenLink(ctx context.Context, ticket string) (vault.Flow, error)
	Authorize(ctx context.Context, in vault.BeginFlow) (vault.Flow, error)
	Finish(ctx context.Context, in vault.Callback) (vault.Connection, error)
	Token(ctx context.Context, req vault.TokenRequest) (vault.Token, error)
	Scopes(ctx context.Context, in vault.ScopesRequest) (vault.Scopes, error)
	Shred(ctx context.Context) (vault.Shredded, error)
}

// routeConnections finds the handlers below /connections.
func (c *call) routeConnections(s []string) (methods, error) {
	switch {
	case len(s) == 0:
		return methods{http.MethodGet: (*api).listConnections}, nil
	case len(s) == 1:
		return methods{
			http.MethodGet: (*api).getConnection, http.MethodPut: (*api).putConnection, http.MethodDelete: (*api).deleteConnection,
		}, c.named(s[0])
	case len(s) == 2 && s[1] == "authorize":
		return methods{http.MethodGet: (*api).authorizeConnection, http.MethodPost: (*api).linkConnection}, c.named(s[0])
	case len(s) == 2 && s[1] == "token":
		return methods{http.MethodPost: (*api).connectionToken}, c.named(s[0])
	case len(s) == 2 && s[1] == "scopes":
		return methods{http.MethodGet: (*api).connectionScopes}, c.named(s[0])
	}
	return nil, refuse(problem.CodeNotFound, "")
}

func (a *api) listConnections(c *call) (answer, error) {
	list, err := a.Vault(c.tenant).Connections(c.Context())
	if err != nil {
		return answer{}, err
	}
	out := make([]connectionAnswer, len(list))
	for i, conn := range list {
		out[i] = showConnection(conn)
	}
	return answer{http.StatusOK, map[string]any{"connections": out}}, nil
}

func (a *api) getConnection(c *call) (answer, error) {
	conn, err := a.Vault(c.tenant).Connection(c.Context(), c.object)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, showConnection(conn)}, nil
}

// checkConnection holds what names a connection to those that there are. A
// name that is mistyped would otherwise be told of by calls that wait for a
// person to authorize it.
func (a *api) checkConnection(c *call, connection string) error {
	if connection == "" {
		return nil
	}
	_, err := a.Vault(c.tenant).Connection(c.Context(), connection)
	if errors.Is(err, vault.ErrNotFound) {
		return refuse(problem.CodeUnknownConnection, "PUT …/connections/{connection} comes first")
	}
	return err
}

// connectionAnswer is a connection as the API shows it: durations as texts.
type connectionAnswer struct {
	vault.Connection
	Grace string `json:"grace,omitempty"`
}

func showConnection(c vault.Connection) connectionAnswer {
	out := connectionAnswer{Connection: c}
	if c.Grace > 0 {
		out.Grace = c.Grace.String()
	}
	return out
}

// connectionBody is the PUT's body: the settings, durations as texts.
type connectionBody struct {
	Provider        string            `json:"provider"`
	Params          map[string]string `json:"params"`
	Issuer          string            `json:"issuer"`
	Endpoints       *vault.Endpoints  `json:"endpoints"`
	ClientID        string            `json:"client_id"`
	ClientSecret    string            `json:"client_secret"`
	ClientAuth      string            `json:"client_auth"`
	ClientKeyID     string            `json:"client_key_id"`
	Scopes          []string          `json:"scopes"`
	Resources       []string          `json:"resources"`
	AuthorizeParams map[string]string `json:"authorize_params"`
	Callers         []string          `json:"callers"`
	Operations      []vault.Operation `json:"operations"`
	Rotation        string            `json:"rotation"`
	Grace           string            `json:"grace"`
	RetryLost       bool              `json:"retry_lost"`
}

func (a *api) putConnection(c *call) (answer, error) {
	var in connectionBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	grace, err := duration("grace", in.Grace, 0)
	if err != nil {
		return answer{}, err
	}
	conn, err := a.Vault(c.tenant).PutConnection(c.Context(), vault.PutConnection{
		Name: c.object, ClientSecret: in.ClientSecret,
		Settings: vault.Settings{
			Provider: in.Provider, Params: in.Params, Issuer: in.Issuer, Endpoints: in.Endpoints,
			ClientID: in.ClientID, ClientAuth: in.ClientAuth, ClientKeyID: in.ClientKeyID,
			Scopes: in.Scopes, Resources: in.Resources, AuthorizeParams: in.AuthorizeParams,
			Callers: in.Callers, Operations: in.Operations,
			Rotation: in.Rotation, Grace: grace, RetryLost: in.RetryLost,
		},
	})
	a.logChange("admin.connection_put", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, showConnection(conn)}, nil
}

// deleteConnection answers 200 when the provider has nothing left to learn,
// and 202 while it is still to be told.
func (a *api) deleteConnection(c *call) (answer, error) {
	out, err := a.Vault(c.tenant).Disconnect(c.Context(), c.object)
	a.logChange("admin.connection_deleted", c, err)
	if err != nil {
		return answer{}, err
	}
	if out.Pending {
		return answer{http.StatusAccepted, out}, nil
	}
	return answer{http.StatusOK, out}, nil
}

// tokenBody may say that a token was refused.
type tokenBody struct {
	Refused int64 `json:"refused"` // the generation of a token that was answered with 401
}

// connectionToken hands out a live access token. `{"refused": generation}`
// says that the destination answered 401 to the token of that generation.
func (a *api) connectionToken(c *call) (answer, error) {
	var in tokenBody
	if err := a.readOptionalJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	tok, err := a.Vault(c.tenant).Token(c.Context(), vault.TokenRequest{Connection: c.object, Caller: c.caller, Refused: in.Refused})
	if errors.Is(err, vault.ErrUnavailable) {
		return answer{}, refusal{problem.New(problem.CodeTokenUnavailable, "the connection says why and when it is tried again").RetryAfter(retryAfter)}
	}
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, tokenAnswer{AccessToken: tok.Value, TokenType: tok.Type, Token: tok}}, nil
}

// tokenAnswer is a token with the names of RFC 6749 §5.1.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	vault.Token
	Value string `json:"value,omitempty"` // hides that of Token
	Type  string `json:"type,omitempty"`
}

func (a *api) connectionScopes(c *call) (answer, error) {
	days := 0
	if text := c.URL.Query().Get("days"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return answer{}, refuse(problem.CodeInvalidQuery, "days must be a whole number from 1 to 400")
		}
		days = n
	}
	out, err := a.Vault(c.tenant).Scopes(c.Context(), vault.ScopesRequest{Connection: c.object, Days: days})
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, out}, nil
}

// shredVault drops a tenant's tokens and the key they are sealed under.
func (a *api) shredVault(c *call) (answer, error) {
	out, err := a.Vault(c.tenant).Shred(c.Context())
	a.logChange("admin.vault_shredded", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, out}, nil
}

// KeysAPI is about the master keys of all vaults.
type KeysAPI interface {
	// Report says how many vaults are under which key.
	Report(ctx context.Context) (KeysReport, error)
	// Sweep puts some of those that are not under the primary key there.
	Sweep(ctx context.Context) (SweepReport, error)
}

// KeysReport says how far a rotation of VAULT_KEYS is.
type KeysReport struct {
	Primary string         `json:"primary"`
	Vaults  int            `json:"vaults"`
	ByKey   map[string]int `json:"by_key"`
	// Done: no vault needs a key but the primary one.
	Done bool `json:"done"`
}

// SweepReport is what one sweep did.
type SweepReport struct {
	Visited   int        `json:"visited"`
	Rewrapped int        `json:"rewrapped"`
	Failed    []string   `json:"failed"` // tenants whose vault did not answer or does not open
	Keys      KeysReport `json:"keys"`
}

// vaultRoutes are for the operator alone.
func vaultRoutes(path string) (methods, bool) {
	switch path {
	case "/v1/vault/keys":
		return methods{http.MethodGet: (*api).keysReport}, true
	case "/v1/vault/keys/sweep":
		return methods{http.MethodPost: (*api).keysSweep}, true
	}
	return nil, false
}

func (a *api) keysReport(c *call) (answer, error) {
	out, err := a.Keys.Report(c.Context())
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, out}, nil
}

func (a *api) keysSweep(c *call) (answer, error) {
	out, err := a.Keys.Sweep(c.Context())
	if err != nil {
		return answer{}, err
	}
	a.Log("admin.keys_swept", "visited", strconv.Itoa(out.Visited), "rewrapped", strconv.Itoa(out.Rewrapped), "failed", strconv.Itoa(len(out.Failed)))
	return answer{http.StatusOK, out}, nil
}
