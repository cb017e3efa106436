package vault

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// flowLife is how long a person may take at the provider.
	flowLife = 15 * time.Minute
	// ticketLife is how long a link may wait to be opened.
	ticketLife = 24 * time.Hour
	// maxFlows bounds what is under way per tenant; the oldest give way.
	maxFlows = 1000
	// stateLen is a state's random part: 256 bits in base64url.
	stateLen = 43
	// maxCode bounds a code, in bytes.
	maxCodeBytes = 4 << 10
	// DevelopmentCookiePrefix stands in for CookiePrefix over plain http, where
	// browsers take no __Host- cookie.
	CookiePrefix            = "__Host-hookweir-"
	DevelopmentCookiePrefix = "hookweir-"
	cookieTag               = 8 // characters of the state's random part in the name
)

// BeginFlow starts an authorization.
type BeginFlow struct {
	Connection string `json:"connection"`
	// Redirect is `{public}/oauth/callback`, exactly as registered.
	Redirect string `json:"redirect"`
}

// Flow is an authorization under way: where the browser goes, and the cookie
// it takes along.
type Flow struct {
	URL     string    `json:"url"`
	Cookie  string    `json:"cookie"`
	Value   string    `json:"value"`
	Expires time.Time `json:"expires"`
}

// Link is a flow that some browser will begin.
type Link struct {
	Ticket  string    `json:"ticket"`
	Expires time.Time `json:"expires"`
}

// Callback is what the provider sent the browser back with.
type Callback struct {
	State  string            `json:"state"`
	Code   string            `json:"code,omitempty"`
	Issuer string            `json:"iss,omitempty"`
	Error  string            `json:"error,omitempty"`
	Cookie string            `json:"cookie,omitempty"` // the value of the state's cookie
	Params map[string]string `json:"params,omitempty"` // the rest of the query
}

// TenantOf reads whose flow a state or a ticket claims to belong to:
// `{tenant}.{43 characters}`. It proves nothing.
func TenantOf(state string) (tenant string, ok bool) {
	tenant, secret, ok := strings.Cut(state, ".")
	if !ok || len(secret) != stateLen || !name.Valid(tenant) {
		return "", false
	}
	return tenant, true
}

// CookieName is the name of the cookie that binds a state to its browser. Each
// flow has its own, so that two in one browser do not meet.
func CookieName(state string, secure bool) string {
	_, secret, _ := strings.Cut(state, ".")
	tag := secret[:min(len(secret), cookieTag)]
	if secure {
		return CookiePrefix + tag
	}
	return DevelopmentCookiePrefix + tag
}

// Link makes a link that anybody who has it may open once. Errors:
// ErrNotFound.
func (v *Vault) Link(in BeginFlow) (Link, error) {
	secret, err := oauth.NewVerifier(v.cfg.Rand)
	if err != nil {
		return Link{}, err
	}
	l := Link{Ticket: v.tenant + "." + secret, Expires: v.now().Add(ticketLife)}
	err = v.tx(func() error {
		r, err := v.authorizable(in.Connection)
		if err != nil {
			return err
		}
		return v.addFlow(flow{hash: hashOf(l.Ticket), ticket: true, connection: r.name, config: r.config, redirect: in.Redirect, expires: l.Expires})
	})
	return l, err
}

// OpenLink begins the flow that a link stands for. Errors: ErrFlow, those of
// Authorize.
func (v *Vault) OpenLink(ticket string) (Flow, error) {
	f, err := v.takeFlow(ticket, true)
	if err != nil {
		return Flow{}, err
	}
	return v.Authorize(BeginFlow{Connection: f.connection, Redirect: f.redirect})
}

// authorizable reads a connection that a flow may begin for. Call it in tx.
func (v *Vault) authorizable(name string) (*row, error) {
	r, err := v.load(name)
	if err == nil && r.state == Revoked {
		return nil, ErrNotFound
	}
	return r, err
}

// Authorize begins a flow in the browser at hand: PKCE, a state used once, and
// a cookie that ties the two to this browser. Errors: ErrNotFound,
// ErrDiscovery, ErrClient, ErrExchange when the server does not take the
// pushed request, ErrUnreadable, seal.ErrNoRing.
func (v *Vault) Authorize(in BeginFlow) (Flow, error) {
	var r *row
	var secret string
	err := v.tx(func() (err error) {
		if r, err = v.authorizable(in.Connection); err != nil {
			return err
		}
		secret, err = v.clientSecret(r.name, r.secret, r.config)
		return err
	})
	if err != nil {
		return Flow{}, err
	}
	p, err := v.flowProvider(r, secret)
	if err != nil {
		return Flow{}, err
	}
	client, err := v.client(p, r.settings, secret, in.Redirect)
	if err != nil {
		return Flow{}, err
	}
	var values [3]string // state, verifier, browser
	for i := range values {
		if values[i], err = oauth.NewVerifier(v.cfg.Rand); err != nil {
			return Flow{}, err
		}
	}
	state := v.tenant + "." + values[0]
	verifier, browser := values[1], values[2]
	f := flow{
		hash: hashOf(state), connection: r.name, config: r.config, verifier: verifier, browser: hashOf(browser),
		redirect: in.Redirect, requested: r.settings.Scopes, expires: v.now().Add(flowLife),
	}
	if r.settings.Provider == oauth.Issuer {
		if f.endpoints, err = encode(p); err != nil {
			return Flow{}, err
		}
	}
	requestURI := ""
	if p.Push != "" {
		if requestURI, err = client.Push(context.Background(), state, verifier); err != nil {
			return Flow{}, v.flowFailed(r.name, "push: "+causeOf(asFailure(err)), ErrExchange)
		}
	}
	target, err := client.AuthorizeURL(state, verifier, requestURI)
	if err != nil {
		return Flow{}, ErrEndpoint
	}
	if err := v.tx(func() error { return v.addFlow(f) }); err != nil {
		return Flow{}, err
	}
	v.cfg.Log("vault.flow_begun", "tenant", v.tenant, "connection", r.name)
	return Flow{URL: target, Cookie: state, Value: browser, Expires: f.expires}, nil
}

// flowProvider is the row, freshly discovered where there is none.
func (v *Vault) flowProvider(r *row, secret string) (oauth.Provider, error) {
	s := r.settings
	if s.Provider != oauth.Issuer {
		return v.provider(s, r.endpoints)
	}
	style := oauth.Style(s.ClientAuth)
	if style == "" && secret == "" {
		style = oauth.StyleNone
	}
	p, err := oauth.Discover(context.Background(), v.cfg.Fetch, s.Issuer, style, v.cfg.Policy)
	if err != nil {
		return p, v.flowFailed(r.name, "metadata", ErrDiscovery)
	}
	if s.Rotation != "" {
		p.Rotation, p.Grace = oauth.Rotation(s.Rotation), s.Grace
	}
	return p, nil
}

// flow is one row of the table flows.
type flow struct {
	hash       []byte
	ticket     bool
	connection string
	config     int64
	verifier   string
	browser    []byte
	redirect   string
	endpoints  string
	requested  []string
	expires    time.Time
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// addFlow stores a flow; its verifier is sealed. Call it in tx.
func (v *Vault) addFlow(f flow) error {
	n, err := sqlstore.Int64(v.cfg.DB, `SELECT count(*) FROM flows`)
	if err != nil {
		return err
	}
	if n >= maxFlows {
		if _, err := v.cfg.DB.Exec(`DELETE FROM flows WHERE hash IN (SELECT hash FROM flows ORDER BY generation LIMIT ?)`, n-maxFlows+1); err != nil {
			return err
		}
	}
	generation, err := v.nextGeneration()
	if err != nil {
		return err
	}
	sealed := ""
	if f.verifier != "" {
		if sealed, err = v.seal(f.verifier, v.aad(purposeFlow, f.connection, fieldVerifier, generation)); err != nil {
			return err
		}
	}
	requested, err := encode(f.requested)
	if err != nil {
		return err
	}
	_, err = v.cfg.DB.Exec(`INSERT INTO flows (hash, ticket, connection, config, generation, verifier, browser, redirect, endpoints, requested, expires)
		VALUES (?,?,?,?,?,?,?,?,?,?,?)`, f.hash, f.ticket, f.connection, f.config, generation, sealed, f.browser, f.redirect, f.endpoints, requested, f.expires.UnixMilli())
	return err
}

// takeFlow finds a flow by its secret and deletes it, whatever then becomes of
// it: it is used once. Errors: ErrFlow.
func (v *Vault) takeFlow(secret string, ticket bool) (f flow, err error) {
	found := false
	err = v.tx(func() error {
		rows, err := v.cfg.DB.Exec(`DELETE FROM flows WHERE hash = ? AND ticket = ? RETURNING connection, config, generation, verifier, browser, redirect, endpoints, requested, expires`,
			hashOf(secret), ticket)
		if err != nil {
			return err
		}
		c, ok := rows.First()
		if !ok {
			return nil
		}
		f.connection, f.config = c.Text(), c.Int64()
		generation, sealed := c.Int64(), c.Text()
		f.browser, f.redirect, f.endpoints = c.Blob(), c.Text(), c.Text()
		requested := c.Text()
		f.expires = c.Time()
		if err := c.Done(); err != nil {
			return err
		}
		if err := decode(requested, &f.requested); err != nil {
			return err
		}
		if sealed != "" {
			f.verifier, err = v.unseal(sealed, v.aad(purposeFlow, f.connection, fieldVerifier, generation))
			if err != nil && !errors.Is(err, ErrUnreadable) {
				return err
			}
			found = err == nil
			return nil
		}
		found = ticket
		return nil
	})
	if err != nil {
		return f, err
	}
	if !found || !v.now().Before(f.expires) {
		return f, ErrFlow
	}
	return f, nil
}

// Finish takes the provider's answer: the state is used up first, then the
// browser, the issuer and the answer are checked, then the code is exchanged,
// once, and the tokens stored. Errors: ErrFlow, ErrIssuer, ErrDenied,
// ErrExchange, and those of the storage.
func (v *Vault) Finish(in Callback) (Connection, error) {
	f, err := v.takeFlow(in.State, false)
	if err != nil {
		v.cfg.Log("vault.callback_refused", "tenant", v.tenant, "why", "no such flow")
		return Connection{}, err
	}
	// The browser is compared by hash, in constant time.
	if subtle.ConstantTimeCompare(hashOf(in.Cookie), f.browser) != 1 {
		return Connection{}, v.flowFailed(f.connection, "another browser", ErrFlow)
	}
	a, err := v.flowAttempt(f)
	if err != nil {
		return Connection{}, err
	}
	p := a.client.Provider
	switch {
	case in.Issuer != "" && p.Issuer != "" && in.Issuer != p.Issuer, in.Issuer == "" && p.RequireIss:
		return Connection{}, v.flowFailed(f.connection, "wrong issuer", ErrIssuer)
	case in.Error != "":
		return Connection{}, v.flowFailed(f.connection, oauth.ErrorCode(in.Error), ErrDenied)
	case in.Code == "" || len(in.Code) > maxCodeBytes:
		return Connection{}, v.flowFailed(f.connection, "no code", ErrDenied)
	}
	tokens, err := a.client.Exchange(context.Background(), in.Code, f.verifier)
	if err != nil {
		return Connection{}, v.flowFailed(f.connection, causeOf(asFailure(err)), ErrExchange)
	}
	keepParams(&p, &tokens, in.Params)
	return v.connect(a, f, p, tokens)
}

// keepParams takes over the parameters of the callback that the row names, and
// that the provider's own answer did not have.
func keepParams(p *oauth.Provider, t *oauth.Tokens, params map[string]string) {
	for _, name := range p.Keep {
		value := params[name]
		if value == "" || !plain(value) || t.Kept[name] != "" {
			continue
		}
		if t.Kept == nil {
			t.Kept = map[string]string{}
		}
		t.Kept[name] = value
	}
}

// flowAttempt opens what the exchange takes. A connection that was configured
// anew since the flow began is not the one that the person consented to.
func (v *Vault) flowAttempt(f flow) (*attempt, error) {
	var a *attempt
	err := v.tx(func() error {
		r, err := v.authorizable(f.connection)
		if errors.Is(err, ErrNotFound) || err == nil && r.config != f.config {
			return ErrFlow
		}
		if err != nil {
			return err
		}
		p, err := v.provider(r.settings, f.endpoints)
		if err != nil {
			return err
		}
		secret, err := v.clientSecret(r.name, r.secret, r.config)
		if err != nil {
			return err
		}
		client, err := v.client(p, r.settings, secret, f.redirect)
		if err != nil {
			return err
		}
		a = &attempt{name: r.name, settings: r.settings, client: client, secret: r.secret, config: r.config, endpoints: f.endpoints}
		return nil
	})
	return a, err
}

// connect stores the tokens of a new authorization. It wins over a refresh
// under way.
func (v *Vault) connect(a *attempt, f flow, p oauth.Provider, t oauth.Tokens) (Connection, error) {
	now := v.now()
	var out Connection
	stored := false
	err := v.tx(func() error {
		r, err := v.load(a.name)
		if errors.Is(err, ErrNotFound) || err == nil && (r.config != f.config || r.state == Revoked) {
			_, err := v.queueRevocation(a, t.Refresh, t.Access, now)
			return err
		}
		if err != nil {
			return err
		}
		r.endpoints, r.authorized, r.flowAt, r.flowError = f.endpoints, now, now, ""
		var before []string
		if r.generation != 0 {
			before = notNil(r.granted)
		}
		r.requested, r.granted = f.requested, f.requested
		if t.Scoped {
			r.granted = t.Scopes
		}
		r.rotates, r.instance, r.kept, r.warned = oauth.RotationUnknown, "", nil, time.Time{}
		r.reviewAt = now.Add(reviewEvery)
		if err := v.store(r, &p, t, t.Refresh, now); err != nil {
			return err
		}
		v.turn(r, Active, "", "", now)
		v.tellConsent(r, before, now)
		out, stored = r.show(), true
		return v.saveAndTell(r)
	})
	if err != nil {
		return out, err
	}
	if err := v.arm(); err != nil {
		return out, err
	}
	if !stored {
		return out, ErrFlow
	}
	return out, nil
}

// flowFailed notes what became of a flow on its connection and returns err.
// The connection's state stays: an authorization that failed takes nothing
// away.
func (v *Vault) flowFailed(name, cause string, err error) error {
	v.cfg.Log("vault.flow_failed", "tenant", v.tenant, "connection", name, "cause", cause)
	failed := v.change(name, func(r *row, now time.Time) error {
		r.flowAt, r.flowError = now, cause
		return nil
	})
	if failed != nil && !errors.Is(failed, ErrNotFound) {
		return failed
	}
	return err
}
