package service

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/hookweir/hookweir/shared/dispatch"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/vault"
)

// BindingLane is the Durable Objects of destinations, `{tenant}/{destination}`.
const BindingLane = "LANE"

// The queues of writes, as in consumers/wrangler.toml.
const (
	QueueWrites     = "writes"
	QueueWritesDead = "writes-dead"
)

// Lane makes the logic of a Lane object. Whose it is, it learns from its
// storage or its first call.
func (s *Service) Lane(storage Storage) (*lane.Lane, error) {
	sender := s.sender()
	return lane.New(lane.Config{
		DB: storage, Now: s.cfg.Now, SetAlarm: storage.SetAlarm,
		Jitter: rand.Float64, VaultKeys: s.vaultKeys,
		SendWrites: s.cfg.SendWrites, SendEvents: s.cfg.SendEvents,
		PutPayload: func(claim string, body []byte) error {
			return s.cfg.Payloads.Put(context.Background(), claim, body)
		},
		DropPayload: func(claim string) error {
			return s.cfg.Payloads.Delete(context.Background(), claim)
		},
		Performer: s.performer(&sender),
		Budget:    func(tenant, budget string) outbound.Lane { return s.lane(tenant, lane.BudgetObject(budget)) },
		Policy:    target.Policy{AllowLoopback: s.cfg.Development},
		Log:       s.cfg.Log,
	})
}

func (s *Service) lane(tenant, dest string) lane.Client {
	object := lane.ObjectName(tenant, dest)
	return lane.Client{Tenant: tenant, Destination: dest, Invoke: func(ctx context.Context, method string, payload []byte) ([]byte, error) {
		return s.cfg.Invoke(ctx, BindingLane, object, method, payload)
	}}
}

// Gate is the way out to destinations, for whoever calls outside APIs.
func (s *Service) Gate() *outbound.Gate {
	return &outbound.Gate{
		Sender: s.sender(),
		Lane:   func(tenant, dest string) outbound.Lane { return s.lane(tenant, dest) },
		Sleep:  s.cfg.Sleep,
	}
}

func (s *Service) sender() outbound.Sender {
	return outbound.Sender{
		Now: s.cfg.Now, Fetch: s.cfg.Fetch, Tokens: s.token, Used: s.used, VaultKeys: s.vaultKeys, AllowLoopback: s.cfg.Development,
	}
}

func (s *Service) performer(sender *outbound.Sender) *lane.Performer {
	return &lane.Performer{Sender: sender, Payload: s.cfg.Payloads.Get, Sleep: s.cfg.Sleep}
}

// token asks the tenant's vault. What only a person can mend is
// ErrNeedsReauth: it is said loudly, and the destination's writes wait.
func (s *Service) token(ctx context.Context, r outbound.TokenRequest) (outbound.Token, error) {
	t, err := s.vault(r.Tenant).Token(ctx, vault.TokenRequest{Connection: r.Connection, Caller: r.Caller, Refused: r.Refused})
	for _, loud := range [...]error{vault.ErrNotFound, vault.ErrNeedsReauth, vault.ErrForbidden, vault.ErrRefused} {
		if errors.Is(err, loud) {
			return outbound.Token{}, outbound.ErrNeedsReauth
		}
	}
	return outbound.Token{Type: t.Type, Value: t.Value, Generation: t.Generation}, err
}

func (s *Service) newDispatcher() (*dispatch.Dispatcher, error) {
	sender := s.sender()
	return dispatch.New(dispatch.Config{
		Now: s.cfg.Now, Rand: rand.Float64,
		Lane:       func(tenant, dest string) dispatch.Lane { return s.lane(tenant, dest) },
		Performer:  s.performer(&sender),
		Quarantine: s.quarantine,
		Log:        s.cfg.Log,
	})
}
