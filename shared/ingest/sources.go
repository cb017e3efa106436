package ingest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/planted"
	config "github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/webhook"
)

const (
	// sourceTTL is how long an isolate trusts a configuration it has read:
	// with KV's own minute, the bound on a rotation reaching every edge.
	sourceTTL = 30 * time.Second
	// absentTTL is how long an isolate trusts that there is no such source.
	absentTTL = 5 * time.Second
	// maxSources bounds the configurations an isolate keeps; a compiled one
	// takes about 1 KB, so 4 MB of the isolate's 128.
	maxSources = 4096
)

// errUnready reports a configuration that is there but cannot verify: no key
// ring, a key id that is not in it, or no usable secret.
var errUnready = errors.New("ingest: source cannot verify")

// source is a configuration made ready to verify with.
type source struct {
	provider  string
	url       string
	retention time.Duration
	verifier  *webhook.Verifier
	// rotating says that more than one secret is configured: only then does it
	// matter which one vouched.
	rotating bool
}

type cached struct {
	source *source // nil: there is no such source
	until  time.Time
}

// sourceID names a source. As the cache's key it costs a request no memory,
// which the key in KV would.
type sourceID struct{ tenant, name string }

type sourceCache struct{ entries map[sourceID]cached }

func newSourceCache() sourceCache { return sourceCache{entries: map[sourceID]cached{}} }

func (c *sourceCache) get(key sourceID, now time.Time) (cached, bool) {
	e, ok := c.entries[key]
	return e, ok && now.Before(e.until)
}

func (c *sourceCache) put(key sourceID, s *source, now time.Time) {
	if len(c.entries) >= maxSources {
		c.evict(now)
	}
	ttl := sourceTTL
	if s == nil {
		ttl = absentTTL
	}
	c.entries[key] = cached{source: s, until: now.Add(ttl)}
}

// evict drops what has expired, and if that is nothing, one entry in eight:
// someone is probing names, and any of them can be read again.
func (c *sourceCache) evict(now time.Time) {
	for key, e := range c.entries {
		if !now.Before(e.until) {
			delete(c.entries, key)
		}
	}
	if len(c.entries) < maxSources {
		return
	}
	n := maxSources / 8
	for key := range c.entries {
		if n--; n < 0 {
			return
		}
		delete(c.entries, key)
	}
}

// lookup finds the configuration of a source. Errors: ErrAbsent, errUnready,
// or what the store answered.
func (g *Gate) lookup(ctx context.Context, tenant, name string) (*source, error) {
	if g.cfg.Ring == nil {
		return nil, errUnready
	}
	key := sourceID{tenant, name}
	now := g.cfg.Now()
	if e, ok := g.sources.get(key, now); ok {
		if e.source == nil {
			return nil, ErrAbsent
		}
		return e.source, nil
	}
	sealed, err := g.cfg.Sources.Get(ctx, config.KVKey(tenant, name))
	if errors.Is(err, ErrAbsent) {
		g.sources.put(sourceID{strings.Clone(tenant), strings.Clone(name)}, nil, now)
		return nil, ErrAbsent
	}
	if err != nil {
		return nil, err
	}
	s, err := g.open(string(sealed), tenant, name)
	if err != nil {
		return nil, errUnready
	}
	// The names are parts of the request's URL: kept as they are, they would
	// keep all of it.
	g.sources.put(sourceID{strings.Clone(tenant), strings.Clone(name)}, s, now)
	return s, nil
}

func (g *Gate) open(sealed, tenant, name string) (*source, error) {
	cfg, err := config.OpenConfig(g.cfg.Ring, tenant, name, sealed)
	if err != nil {
		return nil, err
	}
	secrets := make([]webhook.Secret, len(cfg.Secrets))
	for i, s := range cfg.Secrets {
		secrets[i] = webhook.Secret{ID: s.ID, Value: s.Value, NotAfter: s.NotAfter}
		if planted.Bug == "oldsecret" {
			secrets[i].NotAfter = time.Time{}
		}
	}
	v, err := webhook.New(webhook.Config{Provider: cfg.Provider, Secrets: secrets, Crypto: g.cfg.Crypto, Params: cfg.Params, Documents: &g.documents, Payer: cfg.Tenant})
	if err != nil {
		return nil, err
	}
	retention := max(cfg.Retention, v.Tolerance())
	return &source{provider: cfg.Provider, url: cfg.URL, retention: retention, verifier: v, rotating: len(secrets) > 1}, nil
}
