package service

import (
	"context"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/toolserver"
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
	name   string
	server *toolserver.Server
	gate   *gate
}

// Tenant makes the logic of a Tenant object.
func (s *Service) Tenant(storage Storage) (*Tenant, error) {
	t := &Tenant{s: s, storage: storage}
	var err error
	t.Tenant, err = tenant.New(tenant.Config{
		DB: storage, Now: s.cfg.Now, SetAlarm: storage.SetAlarm,
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
	return t.Tenant.Invoke(method, payload)
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
		AdminToken:    s.cfg.AdminToken,
		Tenant:        func(name string) admin.TenantAPI { return s.tenantBy(invoke, name) },
		Ledger:        func(name string, shard int) admin.LedgerAPI { return s.ledger(name, shard) },
		PublicURL:     s.cfg.PublicURL,
		AllowLoopback: s.cfg.Development,
		Health:        s.health,
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
