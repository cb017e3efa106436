package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/tenant"
)

const (
	// MaxBody bounds a request's body, in bytes: eight PEM secrets of 8 KiB do
	// not come in one PUT, and nothing else is near.
	MaxBody = 64 << 10
	// maxPath bounds the path, in bytes: an event key of under 400, each byte
	// percent-encoded.
	maxPath = 2048
)

// TenantAPI is one tenant's configuration; tenant.Client implements it. The
// methods return the errors of package tenant; any other error means that
// nobody knows whether the call took effect.
type TenantAPI interface {
	PutSource(ctx context.Context, in tenant.PutSource) (tenant.Source, error)
	Source(ctx context.Context, name string) (tenant.Source, error)
	Sources(ctx context.Context) ([]tenant.Source, error)
	DeleteSource(ctx context.Context, name string) (published bool, err error)
	RotateSource(ctx context.Context, in tenant.RotateSource) (tenant.Source, error)

	PutAgent(ctx context.Context, in tenant.PutAgent) (tenant.Agent, error)
	Agent(ctx context.Context) (tenant.Agent, error)
	RotateAgent(ctx context.Context, in tenant.RotateAgent) (tenant.Agent, error)

	CreateKey(ctx context.Context, in tenant.NewKey) (tenant.Key, error)
	Keys(ctx context.Context) ([]tenant.Key, error)
	DeleteKey(ctx context.Context, id string) error
	Authenticate(ctx context.Context, token string) error

	Enlist(ctx context.Context, in tenant.Listing) error
	Delist(ctx context.Context, in tenant.Listing) error
	Listed(ctx context.Context, kind string) ([]string, error)
	PutAuthorization(ctx context.Context, in tenant.Authorization) (tenant.Authorization, error)
	Authorization(ctx context.Context) (tenant.Authorization, error)
	DeleteAuthorization(ctx context.Context) error
}

// LedgerAPI is one shard of a tenant's event log; ledger.Client implements it.
// The methods return the errors of package ledger.
type LedgerAPI interface {
	Get(ctx context.Context, key string) (ledger.Detail, error)
	List(ctx context.Context, f ledger.Filter) (ledger.Page, error)
	Replay(ctx context.Context, key string) error
	ReplayWhere(ctx context.Context, f ledger.Filter) (ledger.Replayed, error)
	Purge(ctx context.Context, key string) error
	PurgeWhere(ctx context.Context, f ledger.Filter) (ledger.PurgedEvents, error)
}

// Config is what the API needs.
type Config struct {
	// Operator's token opens every tenant.
	Operator access.Operator
	Tenant   func(tenant string) TenantAPI
	Ledger   func(tenant string, shard int) LedgerAPI
	// Offer is the secret that a provider has offered for a source, nil when
	// there is none. Nil: there never is one.
	Offer func(ctx context.Context, tenant, source string) (*source.Offer, error)
	Vault func(tenant string) VaultAPI
	Lane  func(tenant, destination string) LaneAPI
	// Read makes one call to a destination at once (outbound.Gate.Do).
	Read     func(ctx context.Context, tenant, destination string, c outbound.Call) (outbound.Response, error)
	Poll     func(tenant, poll string) PollAPI
	Schedule func(tenant string) ScheduleAPI
	// Keys reports on the master keys of all vaults and re-wraps them.
	Keys KeysAPI
	// Upstreams are the tenant's upstream MCP servers. Nil: there are none.
	Upstreams func(tenant string) UpstreamAPI
	// PublicURL is the origin that providers reach, such as
	// https://hooks.example.com. Empty: that of the request.
	PublicURL string
	// AllowLoopback lets the agent be on this machine; development only.
	AllowLoopback bool
	// Missing says of each setting that is missing or malformed which it is
	// and where to set it. While there is one the API answers not_ready to
	// everything: nobody shall configure what cannot be kept.
	Missing []string
	// TooLarge is what reading a body over the platform's own limit returns.
	// Nil: there is no such limit.
	TooLarge error
	// Log takes one line for each refusal and each change: an event and pairs
	// of name and value, none of which the caller chose freely. Nil: no log.
	Log func(event string, kv ...string)
}

type api struct{ Config }

// New returns the handler.
func New(cfg Config) (http.Handler, error) {
	if cfg.Tenant == nil || cfg.Ledger == nil || cfg.Vault == nil || cfg.Keys == nil || cfg.Lane == nil || cfg.Read == nil ||
		cfg.Poll == nil || cfg.Schedule == nil {
		return nil, errors.New("admin: incomplete configuration")
	}
	if cfg.PublicURL != "" {
		var ok bool
		if cfg.PublicURL, ok = Origin(cfg.PublicURL); !ok {
			return nil, errors.New("admin: PublicURL must be an origin, such as https://hooks.example.com")
		}
	}
	if cfg.Log == nil {
		cfg.Log = func(string, ...string) {}
	}
	return &api{cfg}, nil
}

// Origin reads an origin, such as https://hooks.example.com, with or without a
// last slash.
func Origin(text string) (origin string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	return u.Scheme + "://" + u.Host, true
}

func (a *api) policy() target.Policy { return target.Policy{AllowLoopback: a.AllowLoopback} }

// call is one authorized request.
type call struct {
	*http.Request
	tenant string
	object string // the source, key id, connection or event key that the path names
	caller string // who asks, as a connection's allow-list names it
	agent  bool   // by a tool: reads go only where the destination lists them
}

// answer is a success. A nil body sends none.
type answer struct {
	status int
	body   any
}

type handler func(a *api, c *call) (answer, error)

// methods are the handlers of one route.
type methods map[string]handler

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ans, err := a.serve(r)
	a.answer(w, r, ans, err)
}

// ForTenant serves the routes below /v1/tenants/{tenant}, by their paths from
// there on, to whoever has been authorized for that tenant by other means: the
// agent's endpoint offers as tools what the API offers. caller is who that is
// to a connection's allow-list (vault.TokenRequest).
func ForTenant(cfg Config, tenantName, caller string) (http.Handler, error) {
	h, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if !name.Valid(tenantName) {
		return nil, errors.New("admin: no such tenant's name")
	}
	a := h.(*api)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r, tenant: tenantName, caller: caller, agent: true}
		ans, err := a.serveTenant(c, strings.TrimPrefix(r.URL.EscapedPath(), "/"))
		a.answer(w, r, ans, err)
	}), nil
}

func (a *api) answer(w http.ResponseWriter, r *http.Request, ans answer, err error) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err != nil {
		p := toProblem(err)
		a.Log("admin.refused", "code", p.Code, "method", knownMethod(r.Method), "cause", causeOf(err, p))
		writeProblem(w, r, p)
		return
	}
	writeAnswer(w, r, ans)
}

func (a *api) serve(r *http.Request) (answer, error) {
	path := r.URL.EscapedPath()
	if len(path) > maxPath {
		return answer{}, refuse(problem.CodeURITooLong, "")
	}
	if path == "/healthz" {
		return dispatch(a, &call{Request: r}, methods{http.MethodGet: (*api).health})
	}
	if err := a.ready(); err != nil {
		return answer{}, err
	}
	if path == "/v1/providers" {
		if err := a.authorizeAny(r); err != nil {
			return answer{}, err
		}
		return dispatch(a, &call{Request: r}, methods{http.MethodGet: (*api).listProviders})
	}
	if path == "/v1/oauth/providers" {
		if err := a.authorizeAny(r); err != nil {
			return answer{}, err
		}
		return dispatch(a, &call{Request: r}, methods{http.MethodGet: (*api).listOAuthProviders})
	}
	if path == "/v1/presets" {
		if err := a.authorizeAny(r); err != nil {
			return answer{}, err
		}
		return dispatch(a, &call{Request: r}, methods{http.MethodGet: (*api).listPresets})
	}
	if m, ok := oauthRoutes(path); ok {
		return dispatch(a, &call{Request: r}, m)
	}
	if m, ok := vaultRoutes(path); ok {
		if err := a.authorizeOperator(r); err != nil {
			return answer{}, err
		}
		return dispatch(a, &call{Request: r}, m)
	}
	segments, ok := strings.CutPrefix(path, "/v1/tenants/")
	if !ok {
		return answer{}, refuse(problem.CodeNotFound, "")
	}
	tenantName, rest, _ := strings.Cut(segments, "/")
	caller, err := a.authorize(r, tenantName)
	if err != nil {
		return answer{}, err
	}
	if !name.Valid(tenantName) {
		return answer{}, refuse(problem.CodeInvalidName, "the tenant's name is not acceptable")
	}
	return a.serveTenant(&call{Request: r, tenant: tenantName, caller: caller}, rest)
}

// serveTenant serves a path below a tenant to an authorized caller.
func (a *api) serveTenant(c *call, rest string) (answer, error) {
	m, err := a.route(c, strings.Split(rest, "/"))
	if err != nil {
		return answer{}, err
	}
	return dispatch(a, c, m)
}

// route finds the handlers of a path below the tenant. Segments are still
// percent-encoded.
func (a *api) route(c *call, s []string) (methods, error) {
	switch {
	case s[0] == "events":
		return c.routeEvents(s[1:])
	case s[0] == "connections":
		return c.routeConnections(s[1:])
	case s[0] == "destinations":
		return c.routeDestinations(s[1:])
	case s[0] == "writes":
		return c.routeWrites(s[1:])
	case s[0] == "polls":
		return c.routePolls(s[1:])
	case len(s) == 1 && s[0] == "vault":
		return methods{http.MethodDelete: (*api).shredVault}, nil
	case len(s) == 1 && s[0] == "sources":
		return methods{http.MethodGet: (*api).listSources}, nil
	case len(s) == 2 && s[0] == "sources":
		return methods{
			http.MethodGet: (*api).getSource, http.MethodPut: (*api).putSource, http.MethodDelete: (*api).deleteSource,
		}, c.named(s[1])
	case len(s) == 3 && s[0] == "sources" && s[2] == "rotate":
		return methods{http.MethodPost: (*api).rotateSource}, c.named(s[1])
	case len(s) == 3 && s[0] == "sources" && s[2] == "offer":
		return methods{http.MethodGet: (*api).getOffer}, c.named(s[1])
	case len(s) == 1 && s[0] == "agent":
		return methods{http.MethodGet: (*api).getAgent, http.MethodPut: (*api).putAgent}, nil
	case len(s) == 2 && s[0] == "agent" && s[1] == "rotate":
		return methods{http.MethodPost: (*api).rotateAgent}, nil
	case s[0] == "upstreams" && a.Upstreams != nil:
		return c.routeUpstreams(s[1:])
	case len(s) == 1 && s[0] == "authorization":
		return methods{
			http.MethodGet: (*api).getAuthorization, http.MethodPut: (*api).putAuthorization, http.MethodDelete: (*api).deleteAuthorization,
		}, nil
	case len(s) == 1 && s[0] == "keys":
		return methods{http.MethodGet: (*api).listKeys, http.MethodPost: (*api).createKey}, nil
	case len(s) == 2 && s[0] == "keys":
		return methods{http.MethodDelete: (*api).deleteKey}, c.named(s[1])
	}
	return nil, refuse(problem.CodeNotFound, "")
}

// named takes a path segment as the object's name. Names need no escaping, so
// an escaped one is none.
func (c *call) named(segment string) error {
	if segment == "" {
		return refuse(problem.CodeNotFound, "")
	}
	if !name.Valid(segment) {
		return refuse(problem.CodeInvalidName, "")
	}
	c.object = segment
	return nil
}

func dispatch(a *api, c *call, m methods) (answer, error) {
	method := c.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	h, ok := m[method]
	if !ok {
		return answer{}, methodNotAllowed(m)
	}
	return h(a, c)
}

func (a *api) health(*call) (answer, error) {
	return answer{http.StatusOK, map[string]string{"status": "ok"}}, a.ready()
}

// ready is the refusal while a setting is missing.
func (a *api) ready() error {
	if len(a.Missing) == 0 {
		return nil
	}
	return refuse(problem.CodeNotReady, strings.Join(a.Missing, "; "))
}
