package oauth

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/target"
)

// Style is how the client authenticates at the token endpoint (RFC 6749
// §2.3.1, RFC 7523 §2.2). It is never guessed.
type Style string

// Styles.
const (
	StyleBasic  Style = "basic"           // Authorization: Basic
	StylePost   Style = "post"            // client_id and client_secret in the body
	StyleKeyJWT Style = "private_key_jwt" // an assertion signed by ES256
	StyleNone   Style = "none"            // a public client: PKCE alone
)

// Rotation is what a provider does with a refresh token that was used.
type Rotation string

// Rotations.
const (
	// RotationUnknown is treated as RotationStrict.
	RotationUnknown Rotation = ""
	// RotationNone: the token stays good, so a refresh may be repeated.
	RotationNone Rotation = "none"
	// RotationStrict: the token is good once, and a second use may end the
	// whole grant (RFC 9700 §4.14.2).
	RotationStrict Rotation = "strict"
	// RotationGrace: a new token comes, and the old one stays good for
	// Provider.Grace, so one lost answer can be asked for again.
	RotationGrace Rotation = "grace"
)

// RevokeKind is how a token is revoked.
type RevokeKind string

// Kinds of revocation.
const (
	RevokeNone     RevokeKind = ""         // the provider has no such call
	RevokeStandard RevokeKind = "rfc7009"  // POST token and token_type_hint, authenticated
	RevokeOpen     RevokeKind = "open"     // the same without client authentication
	RevokeBearer   RevokeKind = "bearer"   // POST with the token as bearer
	RevokeDelete   RevokeKind = "delete"   // DELETE with the token as bearer
	RevokeApp      RevokeKind = "app"      // DELETE {"access_token"} with Basic; {client_id} in the URL
	RevokePath     RevokeKind = "path"     // DELETE {url}/{refresh token}
	RevokeJSON     RevokeKind = "json"     // POST {"token"} with Basic
	RevokeClientID RevokeKind = "clientid" // RFC 7009 with the client id alone
)

// Pair is a parameter.
type Pair struct{ Name, Value string }

// Provider is one row: constants and typed departures from the standard. It is
// stored as JSON for servers that were discovered.
type Provider struct {
	Name  string
	Title string

	// Endpoints; `{name}` is a parameter of the connection.
	Authorize string
	Token     string
	Refresh   string // where refreshes go, if not to Token
	Push      string // pushed authorization requests (RFC 9126)
	Revoke    string
	// Params are the names of the URL's parameters.
	Params []string

	// Issuer is what `iss` of a callback must be. RequireIss refuses a
	// callback without one (RFC 9207 §2.4).
	Issuer     string
	RequireIss bool
	Style      Style

	Rotation Rotation
	// Grace is how long the old refresh token stays good; RotationGrace only.
	Grace time.Duration
	// AccessLife is assumed when the answer has no expires_in; zero: unlimited.
	AccessLife time.Duration
	// RefreshIdle is after how long without use a refresh token dies, and
	// RefreshLife how long after the authorization it dies in any case. Zero:
	// never, or the provider does not say.
	RefreshIdle, RefreshLife time.Duration
	// NoRefresh: there are no refresh tokens.
	NoRefresh bool
	// AccessDies: a refresh ends the access token in use at once, so callers
	// wait for the new one.
	AccessDies bool

	// Separator joins scopes; empty means a space.
	Separator string
	// ScopeParam carries the scopes; empty means `scope`.
	ScopeParam string
	// NoPKCE: the provider refuses or breaks on unknown parameters.
	NoPKCE bool
	// AuthorizeParams, TokenParams and RefreshParams are sent along.
	AuthorizeParams, TokenParams, RefreshParams []Pair
	// ScopeOnRefresh repeats the scopes in each refresh.
	ScopeOnRefresh bool
	// JSONBody sends the token request as JSON.
	JSONBody bool
	// SecretAsUser puts the secret where Basic has the user name, and nothing
	// else.
	SecretAsUser bool
	// ClientIDParam renames client_id.
	ClientIDParam string
	// OKFlag: a 200 answer with `"ok": false` is an error.
	OKFlag bool
	// Nested is the member of the answer that holds the tokens, if they are
	// not at its top.
	Nested string
	// Keep are members of the answer, or parameters of the callback, that a
	// call of the API needs and that are no secret.
	Keep []string
	// InstanceURL is the member of the answer with the API's base URL.
	InstanceURL string

	// Dead and Alive are error codes that end the grant, or do not, unlike
	// what the standard says of them.
	Dead, Alive []string

	RevokeKind RevokeKind
	// RevokesGrant: revoking one token ends every connection of that user.
	RevokesGrant bool

	Docs    string // the page that says so
	Checked string // YYYY-MM-DD
	// Confidence: A the provider's own page or library, B two other sources, C
	// one.
	Confidence string
	Notes      string
}

// Errors of resolving a provider.
var (
	// ErrUnknownProvider refuses a name that is not in the table.
	ErrUnknownProvider = errors.New("oauth: unknown provider")
	// ErrParams refuses parameters that are missing, unknown or malformed.
	ErrParams = errors.New("oauth: a parameter of the provider is missing, unknown or malformed")
	// ErrEndpoint refuses an endpoint that Hookweir must not call.
	ErrEndpoint = errors.New("oauth: an endpoint is not an allowed URL")
)

// Names of the rows that stand for servers not in the table.
const (
	// Issuer finds its endpoints by the metadata of an issuer.
	Issuer = "issuer"
	// Custom is given its endpoints.
	Custom = "custom"
)

// Lookup finds a row by name; false when there is none.
func Lookup(name string) (Provider, bool) {
	for i := range catalogue {
		if catalogue[i].Name == name {
			return catalogue[i], true
		}
	}
	return Provider{}, false
}

// Providers lists the table, by name.
func Providers() []Provider {
	list := slices.Clone(catalogue[:])
	slices.SortFunc(list, func(a, b Provider) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Resolve fills the parameters into the endpoints. Errors: ErrParams,
// ErrEndpoint.
func (p Provider) Resolve(params map[string]string, policy target.Policy) (Provider, error) {
	if len(params) != len(p.Params) {
		return Provider{}, ErrParams
	}
	var replace []string
	for _, name := range p.Params {
		value, ok := params[name]
		if !ok || !validParam(value) {
			return Provider{}, ErrParams
		}
		replace = append(replace, "{"+name+"}", value)
	}
	r := strings.NewReplacer(replace...)
	for _, u := range p.endpoints() {
		*u = r.Replace(*u)
	}
	p.Issuer = r.Replace(p.Issuer)
	p.Params = nil
	return p, p.check(policy)
}

func (p *Provider) endpoints() []*string {
	return []*string{&p.Authorize, &p.Token, &p.Refresh, &p.Push, &p.Revoke}
}

// check holds every endpoint to package target, and needs the two that nothing
// works without.
func (p *Provider) check(policy target.Policy) error {
	if p.Authorize == "" || p.Token == "" {
		return ErrEndpoint
	}
	for _, u := range p.endpoints() {
		// {client_id} is filled in when the call is made.
		if *u != "" && target.Check(strings.ReplaceAll(*u, "{client_id}", "id"), policy) != nil {
			return ErrEndpoint
		}
	}
	return nil
}

// maxParam bounds a parameter: a DNS label, or a tenant's id.
const maxParam = 63

// validParam takes what is one label of a host name or one segment of a path,
// and nothing that could move the URL elsewhere.
func validParam(s string) bool {
	if s == "" || len(s) > maxParam || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// tokenURL is where a refresh goes.
func (p *Provider) refreshURL() string {
	if p.Refresh != "" {
		return p.Refresh
	}
	return p.Token
}

func (p *Provider) joinScopes(scopes []string) string {
	if p.Separator != "" {
		return strings.Join(scopes, p.Separator)
	}
	return strings.Join(scopes, " ")
}

// SplitScopes reads a list of scopes as this provider, or any other, writes
// it: by spaces or commas.
func SplitScopes(s string) []string {
	list := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
	slices.Sort(list)
	return slices.Compact(list)
}

// host is what a server is known by in a log line.
func host(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// TokenHost names the server that refreshes go to.
func (p *Provider) TokenHost() string { return host(p.refreshURL()) }
