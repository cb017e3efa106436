package service

import (
	"context"
	"errors"
	"strconv"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/vault"
)

// BindingVault is the Durable Objects that hold tokens: one per tenant, and
// the index of them.
const BindingVault = "VAULT"

// Vault makes the logic of a Vault object. Whose it is, it learns from its
// storage or its first call.
func (s *Service) Vault(storage Storage) (*vault.Object, error) {
	return vault.NewObject(vault.Config{
		DB: storage, Now: s.cfg.Now, SetAlarm: storage.SetAlarm,
		Keys: s.vaultKeys, Suite: aesgcm.Suite{},
		Fetch: s.cfg.Fetch, Send: s.cfg.SendEvents, Register: s.vaultIndex().Register,
		Policy: target.Policy{AllowLoopback: s.cfg.Development},
		Log:    s.cfg.Log,
	})
}

func (s *Service) vault(name string) vault.Client {
	return vault.Client{Tenant: name, Invoke: func(ctx context.Context, method string, payload []byte) ([]byte, error) {
		return s.cfg.Invoke(ctx, BindingVault, name, method, payload)
	}}
}

func (s *Service) vaultIndex() vault.IndexClient {
	return vault.IndexClient{Invoke: func(method string, payload []byte) ([]byte, error) {
		return s.cfg.Invoke(context.Background(), BindingVault, vault.IndexObject, method, payload)
	}}
}

// watchVaults visits some of the vaults, those first that were not visited for
// longest. It is the watchdog for alarms that the platform lost.
func (s *Service) watchVaults(ctx context.Context) error {
	due, err := s.vaultIndex().Due()
	if err != nil {
		return err
	}
	visit := s.visit(ctx, due)
	if len(visit.Failed) > 0 {
		s.cfg.Log("vaults_not_watched", "count", strconv.Itoa(len(visit.Failed)))
	}
	return nil
}

// visit watches vaults, all at once: each waits for its own providers only.
func (s *Service) visit(ctx context.Context, tenants []string) admin.SweepReport {
	type result struct {
		health vault.Health
		err    error
	}
	results := make([]result, len(tenants))
	var group bulkhead.Group
	for i, name := range tenants {
		group.Go(func() {
			err := bulkhead.Run(s.cfg.Log, "vaults_panic", func() { results[i].health, results[i].err = s.vault(name).Watch(ctx) })
			results[i].err = errors.Join(results[i].err, err)
		})
	}
	group.Wait()
	out := admin.SweepReport{Visited: len(tenants), Failed: []string{}}
	for i, r := range results {
		switch {
		case r.err != nil:
			out.Failed = append(out.Failed, tenants[i])
		case r.health.Rewrapped:
			out.Rewrapped++
		}
	}
	return out
}

// keys is admin.KeysAPI.
type keys struct{ *Service }

// Report implements admin.KeysAPI.
func (k keys) Report(context.Context) (admin.KeysReport, error) {
	r, err := k.vaultIndex().Keys()
	if err != nil {
		return admin.KeysReport{}, err
	}
	primary := k.vaultKeys.Primary()
	out := admin.KeysReport{Primary: primary, Vaults: r.Vaults, ByKey: r.ByKey, Done: primary != ""}
	for id := range r.ByKey {
		out.Done = out.Done && id == primary
	}
	return out, nil
}

// Sweep implements admin.KeysAPI.
func (k keys) Sweep(ctx context.Context) (admin.SweepReport, error) {
	stale, err := k.vaultIndex().Stale(k.vaultKeys.Primary())
	if err != nil {
		return admin.SweepReport{}, err
	}
	out := k.visit(ctx, stale)
	out.Keys, err = k.Report(ctx)
	return out, err
}
