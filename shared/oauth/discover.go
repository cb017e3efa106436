package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/target"
)

var (
	// ErrIssuer refuses an issuer that is no URL of the allowed form.
	ErrIssuer = errors.New("oauth: the issuer must be an https URL without query or fragment")
	// ErrMetadata reports metadata that cannot be had or used: not there, not
	// this issuer's, without the endpoints a connection needs.
	ErrMetadata = errors.New("oauth: the issuer's metadata cannot be used")
)

// metadata is what we use of RFC 8414 §2 and OpenID Connect Discovery §3.
type metadata struct {
	Issuer     string   `json:"issuer"`
	Authorize  string   `json:"authorization_endpoint"`
	Token      string   `json:"token_endpoint"`
	Revoke     string   `json:"revocation_endpoint"`
	Push       string   `json:"pushed_authorization_request_endpoint"`
	Auth       []string `json:"token_endpoint_auth_methods_supported"`
	Challenges []string `json:"code_challenge_methods_supported"`
	Iss        bool     `json:"authorization_response_iss_parameter_supported"`
}

// CheckIssuer reports whether an issuer may be asked (RFC 8414 §2). Errors:
// ErrIssuer.
func CheckIssuer(issuer string, policy target.Policy) error {
	if strings.ContainsAny(issuer, "?#") || target.Check(issuer, policy) != nil {
		return ErrIssuer
	}
	return nil
}

// Discover makes a row of an issuer's metadata. style is how the client wants
// to authenticate, or empty for the best the server names. Errors: ErrIssuer,
// ErrMetadata.
func Discover(ctx context.Context, send fetch.Func, issuer string, style Style, policy target.Policy) (Provider, error) {
	if err := CheckIssuer(issuer, policy); err != nil {
		return Provider{}, err
	}
	for _, at := range wellKnown(issuer) {
		res, err := send(ctx, fetch.Request{
			Method: http.MethodGet, URL: at, Header: [][2]string{{"accept", "application/json"}},
			Deadline: Deadline, MaxBody: maxAnswer,
		})
		if err != nil || res.Status != http.StatusOK || res.TooLarge {
			continue
		}
		var m metadata
		// RFC 8414 §3.3: another issuer's document must not be used.
		if json.Unmarshal(res.Body, &m) != nil || m.Issuer != issuer {
			continue
		}
		if p, ok := m.provider(style, policy); ok {
			return p, nil
		}
	}
	return Provider{}, ErrMetadata
}

// wellKnown are the places of metadata: RFC 8414 §3.1 puts the well-known part
// before the issuer's path, OpenID Connect behind it.
func wellKnown(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	origin, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	return []string{
		origin + "/.well-known/oauth-authorization-server" + path,
		origin + path + "/.well-known/openid-configuration",
	}
}

// provider makes the row; false when the server lacks what we insist on.
func (m *metadata) provider(style Style, policy target.Policy) (Provider, bool) {
	p := Provider{
		Name: Issuer, Title: m.Issuer, Authorize: m.Authorize, Token: m.Token, Push: m.Push,
		Issuer: m.Issuer, RequireIss: m.Iss,
	}
	if m.Revoke != "" {
		p.Revoke, p.RevokeKind = m.Revoke, RevokeStandard
	}
	// A server that lists methods and not S256 would make PKCE a promise
	// (RFC 9700 §2.1.1); one that lists none ignores the parameters.
	if len(m.Challenges) > 0 && !slices.Contains(m.Challenges, "S256") {
		return p, false
	}
	p.Style = style
	if style == "" {
		p.Style = m.style()
	}
	return p, p.check(policy) == nil
}

// methods are the names of the styles in metadata, the safest first.
var methods = []struct {
	name  string
	style Style
}{
	{"client_secret_basic", StyleBasic}, {"client_secret_post", StylePost}, {"private_key_jwt", StyleKeyJWT}, {"none", StyleNone},
}

// style is the server's; without a list it is Basic (RFC 8414 §2).
func (m *metadata) style() Style {
	for _, k := range methods {
		if slices.Contains(m.Auth, k.name) {
			return k.style
		}
	}
	return StyleBasic
}
