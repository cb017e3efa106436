package service

import (
	"context"
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/alarm"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/toolserver"
	"github.com/hookweir/hookweir/shared/upstream"
	"github.com/hookweir/hookweir/shared/vault"
	"github.com/hookweir/hookweir/shared/wire"
)

// Tenant is the logic of a Tenant object: the tenant's configuration, and the
// endpoint its agent calls.
type Tenant struct {
	*tenant.Tenant
	s       *Service
	storage Storage
	// What the endpoint needs is made by the first request to it: most events
	// of the object need none of it.
	name     string
	migrated bool // the endpoint's tables
	server   *toolserver.Server
	gate     *gate
	ups      *upstream.Upstreams
}

// Tenant makes the logic of a Tenant object.
func (s *Service) Tenant(storage Storage) (*Tenant, error) {
	t := &Tenant{s: s, storage: storage}
	var err error
	t.Tenant, err = tenant.New(tenant.Config{
		DB: storage, Now: s.cfg.Now,
		SetAlarm:   func(at time.Time) error { return t.clock().Set(slotPublish, at) },
		SourceKeys: s.sourceKeys, VaultKeys: s.vaultKeys,
		Publisher: s.cfg.Sources,
		Check:     check,
		Watched:   func() bool { return t.server != nil && t.server.Watched() },
	})
	return t, err
}

// methodEvents tells the object that events of its tenant have changed.
const methodEvents = "events_changed"

// Invoke serves one call.
func (t *Tenant) Invoke(method string, payload []byte) ([]byte, error) {
	if method == methodEvents {
		return []byte{}, t.eventsChanged(payload)
	}
	if upstream.Handles(method) {
		return t.invokeUpstream(method, payload)
	}
	answer, err := t.Tenant.Invoke(method, payload)
	if t.server != nil && tenant.Revokes(method) {
		t.server.Recheck() // who listens under what is gone hears no more
	}
	return answer, err
}

// Slots of the object's alarm.
const (
	slotPublish   = "publish"
	slotUpstreams = "upstreams"
)

func (t *Tenant) clock() alarm.Clock { return alarm.Clock{DB: t.storage, SetAlarm: t.storage.SetAlarm} }

// Alarm runs what is due.
func (t *Tenant) Alarm() error {
	if _, err := t.Name(); errors.Is(err, tenant.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	// Also without its slot: an object of an earlier build has none.
	if err := t.Tenant.Alarm(); err != nil {
		return err
	}
	return t.clock().Ring(t.s.cfg.Now(), func(slot string) error {
		if slot != slotUpstreams {
			return nil
		}
		ups, err := t.upstreams()
		if err != nil {
			return err
		}
		return ups.Alarm()
	})
}

// invokeUpstream serves a call of an upstream.Client.
func (t *Tenant) invokeUpstream(method string, payload []byte) ([]byte, error) {
	name, arg, err := upstream.SplitCall(payload)
	if err != nil {
		return nil, err
	}
	open := t.Open
	if upstream.Creates(method) {
		open = t.Claim
	}
	if err := open(name); errors.Is(err, tenant.ErrNotFound) || errors.Is(err, tenant.ErrTenant) {
		return upstream.NotFound(), nil
	} else if err != nil {
		return nil, err
	}
	ups, err := t.upstreams()
	if err != nil {
		return nil, err
	}
	return ups.Invoke(method, arg)
}

// upstreams makes what the tenant's upstreams need. The tenant exists.
func (t *Tenant) upstreams() (*upstream.Upstreams, error) {
	if t.ups != nil {
		return t.ups, nil
	}
	name, err := t.Name()
	if err != nil {
		return nil, err
	}
	t.ups, err = upstream.New(upstream.Config{
		Tenant: name, DB: t.storage, Now: t.s.cfg.Now, Fetch: t.s.cfg.Fetch, Stream: t.s.cfg.Stream, Sleep: t.s.cfg.Sleep,
		Policy: target.Policy{AllowLoopback: t.s.cfg.Development},
		Token:  t.connectionToken, Send: t.s.cfg.SendEvents,
		SetAlarm: func(at time.Time) error { return t.clock().Set(slotUpstreams, at) },
		Changed: func(ctx context.Context) {
			if t.server != nil {
				t.server.ToolsChanged(ctx)
				t.server.ResourcesChanged(ctx)
				t.server.PromptsChanged(ctx)
			}
		},
		Drifted: t.notifyDrift,
		Log:     t.s.cfg.Log,
	})
	return t.ups, err
}

// connectionToken asks the tenant's vault for a live access token.
func (t *Tenant) connectionToken(ctx context.Context, upstreamName, connection string) (string, error) {
	name, err := t.Name()
	if err != nil {
		return "", err
	}
	token, err := t.s.vault(name).Token(ctx, vault.TokenRequest{Connection: connection, Caller: "upstream:" + upstreamName})
	return token.Value, err
}

// eventsChanged tells whoever listens at the endpoint. The payload is event
// keys.
func (t *Tenant) eventsChanged(payload []byte) error {
	if t.server == nil {
		return nil
	}
	r := wire.NewReader(payload)
	keys := make([]string, r.Count(4))
	for i := range keys {
		keys[i] = r.String()
	}
	if err := r.Done(); err != nil {
		return err
	}
	return t.notifyEvents(context.Background(), keys)
}

// adminConfig is the API's, with calls of objects by the given way.
func (s *Service) adminConfig(invoke invokeFunc) admin.Config {
	return admin.Config{
		Operator: s.operator,
		Tenant:   func(name string) admin.TenantAPI { return s.tenantBy(invoke, name) },
		Upstreams: func(name string) admin.UpstreamAPI {
			return upstream.Client{Tenant: name, Invoke: func(ctx context.Context, method string, payload []byte) ([]byte, error) {
				return invoke(ctx, BindingTenant, name, method, payload)
			}}
		},
		Ledger:        func(name string, shard int) admin.LedgerAPI { return s.ledger(name, shard) },
		Offer:         s.offer,
		Vault:         func(name string) admin.VaultAPI { return s.vault(name) },
		Lane:          func(name, dest string) admin.LaneAPI { return s.lane(name, dest) },
		Read:          s.Gate().Do,
		Poll:          func(name, p string) admin.PollAPI { return s.poll(name, p) },
		Schedule:      func(name string) admin.ScheduleAPI { return s.schedule(name) },
		Keys:          keys{s},
		PublicURL:     s.cfg.PublicURL,
		AllowLoopback: s.cfg.Development,
		Missing:       s.missing,
		TooLarge:      s.cfg.BodyTooLarge,
		Log:           s.cfg.Log,
	}
}

type invokeFunc = func(ctx context.Context, binding, name, method string, payload []byte) ([]byte, error)

// invokeHere calls an object; this one without leaving it.
func (t *Tenant) invokeHere(ctx context.Context, binding, name, method string, payload []byte) ([]byte, error) {
	if binding == BindingTenant && name == t.name {
		return t.Invoke(method, payload)
	}
	return t.s.cfg.Invoke(ctx, binding, name, method, payload)
}
