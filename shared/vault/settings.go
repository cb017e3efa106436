package vault

import (
	"crypto/ecdsa"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/oauth"
)

// Endpoints are those of a server that is neither in the table nor described
// by metadata (provider `custom`).
type Endpoints struct {
	Authorize string `json:"authorize"`
	Token     string `json:"token"`
	Revoke    string `json:"revoke,omitempty"` // RFC 7009
	Push      string `json:"push,omitempty"`   // RFC 9126
	Issuer    string `json:"issuer,omitempty"` // what `iss` of a callback must be
}

// Operation says which scopes a call of the API takes, any one of them.
type Operation struct {
	Method string   `json:"method,omitempty"` // empty: any
	Path   string   `json:"path"`             // `*` stands for one segment, a last `**` for any rest
	Scopes []string `json:"scopes"`
}

// Settings are what a connection is configured with, without its secret.
type Settings struct {
	Provider string            `json:"provider"`
	Params   map[string]string `json:"params,omitempty"`
	// Issuer is for the provider `issuer`, Endpoints for `custom`.
	Issuer    string     `json:"issuer,omitempty"`
	Endpoints *Endpoints `json:"endpoints,omitempty"`

	ClientID string `json:"client_id"`
	// ClientAuth overrides how the client authenticates; see oauth.Style.
	ClientAuth  string `json:"client_auth,omitempty"`
	ClientKeyID string `json:"client_key_id,omitempty"`

	Scopes    []string `json:"scopes"`
	Resources []string `json:"resources,omitempty"`
	// AuthorizeParams go along with the authorization request.
	AuthorizeParams map[string]string `json:"authorize_params,omitempty"`

	// Callers may have the token: `key:{id}`, `destination:{name}`,
	// `poll:{name}`, `upstream:{name}`, `mcp`, `operator`, or a kind as
	// `destination:*`. Nil: all of the tenant's. Empty: nobody.
	Callers []string `json:"callers,omitzero"`
	// Operations map proxied calls to scopes, before the provider's own map.
	Operations []Operation `json:"operations,omitempty"`

	// Rotation overrides what the row says (see oauth.Rotation), and Grace its
	// window.
	Rotation string        `json:"rotation,omitempty"`
	Grace    time.Duration `json:"grace,omitempty"`
	// RetryLost lets a refresh token that works once be sent a second time,
	// near the end of the access token's life, although the answer to the first
	// was lost. It may end the grant; without it the connection then needs a
	// person for certain.
	RetryLost bool `json:"retry_lost,omitempty"`
}

// PutConnection makes a connection or changes its settings.
type PutConnection struct {
	Name string `json:"name"`
	Settings
	// ClientSecret is the secret, or the private key in PEM for
	// private_key_jwt. Empty keeps that of a connection that has one.
	ClientSecret string `json:"client_secret,omitempty"`
}

// check brings the settings into their one form and refuses what is out of
// bounds. Errors: ErrRequest, ErrProvider, ErrParams, ErrEndpoint.
func (v *Vault) check(s *Settings) error {
	for _, list := range []struct {
		values []string
		most   int
	}{{s.Scopes, MaxScopes}, {s.Callers, MaxCallers}, {s.Resources, MaxResources}} {
		if len(list.values) > list.most || !plain(list.values...) {
			return ErrRequest
		}
	}
	slices.Sort(s.Scopes)
	s.Scopes = slices.Compact(s.Scopes)
	if s.Scopes == nil {
		s.Scopes = []string{}
	}
	if !plain(s.ClientID) || s.ClientID == "" || len(s.ClientKeyID) > MaxText || len(s.Operations) > MaxOperations {
		return ErrRequest
	}
	for _, r := range s.Resources {
		if strings.Contains(r, "#") || !strings.Contains(r, ":") { // RFC 8707 §2: absolute, no fragment
			return ErrRequest
		}
	}
	for name, value := range s.AuthorizeParams {
		if slices.Contains(reserved, name) || !plain(name) || len(value) > MaxText {
			return ErrRequest
		}
	}
	for _, o := range s.Operations {
		if !strings.HasPrefix(o.Path, "/") || len(o.Path) > MaxText || len(o.Scopes) == 0 || len(o.Scopes) > MaxScopes || !plain(o.Scopes...) {
			return ErrRequest
		}
	}
	switch oauth.Rotation(s.Rotation) {
	case oauth.RotationGrace:
		if s.Grace <= 0 || s.Grace > 30*24*time.Hour {
			return ErrRequest
		}
	case oauth.RotationUnknown, oauth.RotationNone, oauth.RotationStrict:
		s.Grace = 0
	default:
		return ErrRequest
	}
	if s.Provider == oauth.Issuer {
		if s.Endpoints != nil || len(s.Params) > 0 {
			return ErrParams
		}
		if oauth.CheckIssuer(s.Issuer, v.cfg.Policy) != nil {
			return ErrEndpoint
		}
		return nil
	}
	_, err := v.provider(*s, "")
	return err
}

// reserved are parameters that the flow sets itself.
var reserved = []string{
	"client_id", "client_secret", "redirect_uri", "response_type", "response_mode", "state", "scope", "code_challenge",
	"code_challenge_method", "request", "request_uri", "resource", "nonce",
}

// plain takes lists of short visible texts.
func plain(values ...string) bool {
	for _, s := range values {
		if s == "" || len(s) > MaxText {
			return false
		}
		for i := range len(s) {
			if s[i] <= ' ' || s[i] > '~' {
				return false
			}
		}
	}
	return true
}

// provider is the row that settings stand for. endpoints is what discovery
// found, as stored; empty when nothing was discovered. Errors: ErrProvider,
// ErrParams, ErrEndpoint, ErrDiscovery before an issuer was discovered.
func (v *Vault) provider(s Settings, endpoints string) (oauth.Provider, error) {
	var p oauth.Provider
	var err error
	switch {
	case s.Provider == oauth.Issuer:
		if endpoints == "" {
			return p, ErrDiscovery
		}
		err = decode(endpoints, &p)
	case s.Provider == oauth.Custom:
		if s.Endpoints == nil || len(s.Params) > 0 || s.Issuer != "" {
			return p, ErrParams
		}
		e := s.Endpoints
		p = oauth.Provider{Name: oauth.Custom, Title: "the provider", Authorize: e.Authorize, Token: e.Token, Revoke: e.Revoke, Push: e.Push, Issuer: e.Issuer, Style: oauth.StyleBasic}
		if e.Revoke != "" {
			p.RevokeKind = oauth.RevokeStandard
		}
		p, err = p.Resolve(nil, v.cfg.Policy)
	default:
		var ok bool
		if p, ok = oauth.Lookup(s.Provider); !ok {
			return p, ErrProvider
		}
		if s.Endpoints != nil || s.Issuer != "" {
			return p, ErrParams
		}
		p, err = p.Resolve(s.Params, v.cfg.Policy)
	}
	switch {
	case errors.Is(err, oauth.ErrParams):
		return p, ErrParams
	case err != nil:
		return p, ErrEndpoint
	}
	if s.ClientAuth != "" {
		p.Style = oauth.Style(s.ClientAuth)
	}
	if s.Rotation != "" {
		p.Rotation, p.Grace = oauth.Rotation(s.Rotation), s.Grace
	}
	return p, nil
}

// client puts provider, settings and secret together. Errors: ErrClient.
func (v *Vault) client(p oauth.Provider, s Settings, secret, redirect string) (*oauth.Client, error) {
	c := &oauth.Client{
		Provider: p, ID: s.ClientID, KeyID: s.ClientKeyID, RedirectURL: redirect,
		Scopes: s.Scopes, Resources: s.Resources,
		Fetch: v.cfg.Fetch, Now: v.cfg.Now, Rand: v.cfg.Rand,
	}
	for _, name := range slices.Sorted(maps.Keys(s.AuthorizeParams)) {
		c.Extra = append(c.Extra, oauth.Pair{Name: name, Value: s.AuthorizeParams[name]})
	}
	if p.Style == oauth.StyleKeyJWT {
		key, err := clientKey(secret)
		if err != nil {
			return nil, err
		}
		c.Key = key
	} else {
		c.Secret = secret
	}
	if c.Check() != nil {
		return nil, ErrClient
	}
	return c, nil
}

func clientKey(pem string) (*ecdsa.PrivateKey, error) {
	key, err := oauth.ParseKey(pem)
	if err != nil {
		return nil, ErrClient
	}
	return key, nil
}

// sameClient reports whether tokens of the one are tokens of the other: the
// same client at the same server.
func sameClient(a, b Settings) bool {
	if a.Provider != b.Provider || a.ClientID != b.ClientID || a.Issuer != b.Issuer || !maps.Equal(a.Params, b.Params) {
		return false
	}
	if a.Endpoints == nil || b.Endpoints == nil {
		return a.Endpoints == b.Endpoints
	}
	return *a.Endpoints == *b.Endpoints
}

// allows reports whether a caller may have the token.
func (s *Settings) allows(caller string) bool {
	if s.Callers == nil {
		return caller != ""
	}
	kind, _, _ := strings.Cut(caller, ":")
	return slices.ContainsFunc(s.Callers, func(c string) bool { return c == caller || c == kind+":*" })
}
