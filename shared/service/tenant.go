package service

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/toolserver"
)

// Paths of the agent's endpoint (DESIGN §5).
const (
	pathMCP      = "/mcp/"
	pathMetadata = "/.well-known/oauth-protected-resource/mcp/"
)

// Route names the object that answers a request: the agent's endpoint lives
// in its tenant's.
func (s *Service) Route(rawURL string) (binding, object string, ok bool) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", "", false
	}
	tenantName, _, ok := endpoint(u)
	return BindingTenant, tenantName, ok
}

// endpoint takes a URL apart; name says whose endpoint it is, and metadata
// that it is the one about it.
func endpoint(u *url.URL) (tenantName string, metadata, ok bool) {
	path := u.EscapedPath()
	tenantName, metadata = strings.CutPrefix(path, pathMetadata)
	if !metadata {
		if tenantName, ok = strings.CutPrefix(path, pathMCP); !ok {
			return "", false, false
		}
	}
	return tenantName, metadata, name.Valid(tenantName)
}

// Tenant is the logic of a Tenant object: the tenant's configuration, and the
// endpoint its agent calls.
type Tenant struct {
	*tenant.Tenant
	s       *Service
	storage Storage
	server  *toolserver.Server // made by the first request; most events need none
}

// Tenant makes the logic of a Tenant object.
func (s *Service) Tenant(storage Storage) (*Tenant, error) {
	t, err := s.newTenant(storage)
	if err != nil {
		return nil, err
	}
	return &Tenant{Tenant: t, s: s, storage: storage}, nil
}

// ServeHTTP answers the agent's endpoint and its metadata.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, metadata, ok := endpoint(r.URL)
	_ = metadata
	if !ok {
		http.NotFound(w, r)
		return
	}
	if err := t.Open(name); err != nil {
		http.NotFound(w, r)
		return
	}
	if t.server == nil {
		cfg := toolserver.Config{
			Name: "hookweir", Version: "1",
			Origin:       access.Origins{Public: t.s.cfg.PublicURL, Development: t.s.cfg.Development}.Check,
			Authenticate: func(*http.Request) (*access.Caller, *access.Refusal) { return nil, nil },
			Sessions:     toolserver.SQLSessions{DB: t.storage, Now: t.s.cfg.Now},
			Now:          t.s.cfg.Now,
			TooLarge:     t.s.cfg.BodyTooLarge,
		}
		if t.s.cfg.Fixture != nil {
			t.s.cfg.Fixture(&cfg, func() *toolserver.Server { return t.server })
		}
		server, err := toolserver.New(cfg)
		if err != nil {
			http.Error(w, errors.Unwrap(err).Error(), 500)
			return
		}
		t.server = server
	}
	t.server.ServeHTTP(w, r)
}
