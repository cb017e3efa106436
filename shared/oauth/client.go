package oauth

import (
	"context"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/retry"
)

const (
	// Deadline bounds one exchange with a provider, its body included. Token
	// endpoints answer in under a second; ten times the slowest seen is still
	// less than what a caller waits.
	Deadline = 20 * time.Second
	// maxAnswer bounds an answer, in bytes. The largest tokens are JWTs of a
	// few KB.
	maxAnswer = 256 << 10
	// maxToken bounds one token, in bytes: what goes into a header, at most.
	maxToken = 16 << 10
	// verifierBytes make a PKCE verifier of 43 characters (RFC 7636 §4.1).
	verifierBytes = 32
)

// ErrClient refuses a client that cannot authenticate as its style wants.
var ErrClient = errors.New("oauth: the client's credentials do not fit its way of authenticating")

// Client is one registered client at one provider.
type Client struct {
	Provider Provider // resolved
	ID       string
	Secret   string            // StyleBasic, StylePost
	Key      *ecdsa.PrivateKey // StyleKeyJWT: P-256
	KeyID    string            // its `kid`; may be empty
	// RedirectURL is sent as it is, and registered as it is (RFC 9700 §2.1).
	RedirectURL string
	Scopes      []string
	// Resources say which APIs the tokens are for (RFC 8707).
	Resources []string
	// Extra are further parameters of the authorization request.
	Extra []Pair

	Fetch fetch.Func
	Now   func() time.Time
	Rand  io.Reader
}

// Check reports whether the client can authenticate. Errors: ErrClient.
func (c *Client) Check() error {
	ok := c.ID != ""
	switch c.Provider.Style {
	case StyleBasic, StylePost:
		ok = ok && c.Secret != "" && c.Key == nil
	case StyleKeyJWT:
		ok = ok && c.Key != nil && c.Secret == ""
	case StyleNone:
		ok = ok && c.Key == nil && c.Secret == ""
	default:
		ok = false
	}
	if !ok {
		return ErrClient
	}
	return nil
}

// Tokens are what a provider gave.
type Tokens struct {
	Type   string // `Bearer`, mostly
	Access string
	// Refresh is empty when the answer had none: the old one stays.
	Refresh string
	// ExpiresIn and RefreshExpiresIn are counted from the receipt of the
	// answer; zero when it does not say.
	ExpiresIn, RefreshExpiresIn time.Duration
	// Scopes are those granted; Scoped is false when the answer does not say,
	// which means: as requested (RFC 6749 §5.1).
	Scopes []string
	Scoped bool
	// InstanceURL is the base of the API, where the provider names one.
	InstanceURL string
	// Kept are the members that Provider.Keep names.
	Kept map[string]string
}

// NewVerifier makes a PKCE verifier, and a state, or anything of 256 random
// bits in 43 characters.
func NewVerifier(rand io.Reader) (string, error) {
	b := make([]byte, verifierBytes)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

func (c *Client) config(tokenURL string) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if c.Provider.Style == StyleBasic {
		style = oauth2.AuthStyleInHeader
	}
	id, secret := c.ID, c.Secret
	if c.Provider.SecretAsUser {
		id, secret = c.Secret, ""
	}
	return &oauth2.Config{
		ClientID: id, ClientSecret: secret, RedirectURL: c.RedirectURL,
		Endpoint: oauth2.Endpoint{AuthURL: c.Provider.Authorize, TokenURL: tokenURL, AuthStyle: style},
	}
}

// authorization is the request's parameters without client_id, response_type
// and redirect_uri.
func (c *Client) authorization(state, verifier string) []Pair {
	p := &c.Provider
	list := []Pair{{"state", state}}
	if len(c.Scopes) > 0 {
		name := p.ScopeParam
		if name == "" {
			name = "scope"
		}
		list = append(list, Pair{name, p.joinScopes(c.Scopes)})
	}
	if !p.NoPKCE {
		list = append(list, Pair{"code_challenge", oauth2.S256ChallengeFromVerifier(verifier)}, Pair{"code_challenge_method", "S256"})
	}
	list = append(list, p.AuthorizeParams...)
	return append(list, c.Extra...)
}

// AuthorizeURL is where the user's browser goes. requestURI is what [Client.Push]
// gave, or empty.
func (c *Client) AuthorizeURL(state, verifier, requestURI string) (string, error) {
	u, err := url.Parse(c.Provider.Authorize)
	if err != nil {
		return "", ErrEndpoint
	}
	q := u.Query()
	id := c.Provider.ClientIDParam
	if id == "" {
		id = "client_id"
	}
	if requestURI != "" { // and nothing else (RFC 9126 §4)
		q.Set(id, c.ID)
		q.Set("request_uri", requestURI)
		u.RawQuery = q.Encode()
		return u.String(), nil
	}
	var opts []oauth2.AuthCodeOption
	for _, p := range c.authorization(state, verifier) {
		opts = append(opts, oauth2.SetAuthURLParam(p.Name, p.Value))
	}
	cfg := oauth2.Config{ClientID: c.ID, RedirectURL: c.RedirectURL, Endpoint: oauth2.Endpoint{AuthURL: c.Provider.Authorize}}
	whole := cfg.AuthCodeURL("", opts...)
	if len(c.Resources) == 0 && id == "client_id" {
		return whole, nil
	}
	// x/oauth2 knows neither a parameter that occurs twice nor another name
	// for client_id.
	if u, err = url.Parse(whole); err != nil {
		return "", ErrEndpoint
	}
	q = u.Query()
	q.Del("client_id")
	q.Set(id, c.ID)
	if len(c.Resources) > 0 {
		q["resource"] = c.Resources
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Push sends the authorization request ahead (RFC 9126) and returns its
// request_uri. Errors: *Failure, ErrClient.
func (c *Client) Push(ctx context.Context, state, verifier string) (string, error) {
	form := url.Values{"client_id": {c.ID}, "response_type": {"code"}, "redirect_uri": {c.RedirectURL}}
	for _, p := range c.authorization(state, verifier) {
		form.Set(p.Name, p.Value)
	}
	if len(c.Resources) > 0 {
		form["resource"] = c.Resources
	}
	res, err := c.post(ctx, c.Provider.Push, form)
	if err != nil {
		return "", err
	}
	var out struct {
		RequestURI string `json:"request_uri"`
		Error      string `json:"error"`
	}
	_ = json.Unmarshal(res.Body, &out) // what is no JSON has no request_uri
	if res.Status < 200 || res.Status > 299 || out.RequestURI == "" || len(out.RequestURI) > maxToken {
		return "", c.Provider.refused(res.Status, out.Error)
	}
	return out.RequestURI, nil
}

// Exchange redeems a code. Errors: *Failure, ErrClient.
func (c *Client) Exchange(ctx context.Context, code, verifier string) (Tokens, error) {
	t := &transport{client: c, extra: c.Provider.TokenParams}
	var opts []oauth2.AuthCodeOption
	if !c.Provider.NoPKCE {
		opts = append(opts, oauth2.VerifierOption(verifier))
	}
	tok, err := c.config(c.Provider.Token).Exchange(t.context(ctx), code, opts...)
	return t.tokens(tok, err)
}

// Refresh asks for new tokens, once. Errors: *Failure, ErrClient.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	t := &transport{client: c, extra: c.Provider.RefreshParams}
	if c.Provider.ScopeOnRefresh && len(c.Scopes) > 0 {
		t.extra = append(slices.Clone(t.extra), Pair{"scope", c.Provider.joinScopes(c.Scopes)})
	}
	cfg := c.config(c.Provider.refreshURL())
	// A token without an access token is not valid, so the source asks.
	tok, err := cfg.TokenSource(t.context(ctx), &oauth2.Token{RefreshToken: refreshToken}).Token()
	return t.tokens(tok, err)
}

// post sends a form with the client's authentication.
func (c *Client) post(ctx context.Context, to string, form url.Values) (fetch.Response, error) {
	header := [][2]string{{"accept", "application/json"}, {"content-type", "application/x-www-form-urlencoded"}}
	if err := c.Check(); err != nil {
		return fetch.Response{}, err
	}
	switch c.Provider.Style {
	case StyleBasic:
		header = append(header, [2]string{"authorization", c.basic()})
	case StylePost:
		form.Set("client_id", c.ID)
		form.Set("client_secret", c.Secret)
	default:
		form.Set("client_id", c.ID)
		if err := c.assert(form); err != nil {
			return fetch.Response{}, err
		}
	}
	return c.send(ctx, fetch.Request{Method: http.MethodPost, URL: to, Header: header, Body: []byte(form.Encode())})
}

// basic is RFC 6749 §2.3.1: both halves form-encoded first.
func (c *Client) basic() string {
	user, password := url.QueryEscape(c.ID), url.QueryEscape(c.Secret)
	if c.Provider.SecretAsUser {
		user, password = password, ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// send is one exchange; what is no answer becomes a *Failure.
func (c *Client) send(ctx context.Context, r fetch.Request) (fetch.Response, error) {
	r.Deadline, r.MaxBody = Deadline, maxAnswer
	res, err := c.Fetch(ctx, r)
	switch {
	case errors.Is(err, fetch.ErrTimeout):
		return res, &Failure{Outcome: Lost, Code: "timeout"}
	case err != nil:
		return res, &Failure{Outcome: Lost, Code: "no_answer"}
	case res.TooLarge:
		return res, &Failure{Outcome: Lost, Status: res.Status, Code: "too_large"}
	}
	return res, nil
}

func (c *Client) after(res fetch.Response) time.Duration {
	d, _ := retry.After(strings.Join(res.Header.Values("Retry-After"), ","), c.Now())
	return d
}
