package service

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/deliver"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/wire"
)

// Storage is a Durable Object's own storage.
type Storage interface {
	sqlstore.DB
	// SetAlarm sets the one alarm, in place of any other, without waiting.
	SetAlarm(t time.Time) error
}

// Ledger is the logic of a Ledger object.
type Ledger struct {
	*ledger.Ledger
	log func(event string, kv ...string)
}

// Alarm runs the safety net and says what it did.
func (l Ledger) Alarm() error {
	swept, err := l.Ledger.Alarm()
	if swept.Requeued+swept.Forgotten+swept.Undropped > 0 || swept.Failed {
		l.log("ledger_swept", "requeued", strconv.Itoa(swept.Requeued), "queue_refused", strconv.FormatBool(swept.Failed),
			"forgotten", strconv.Itoa(swept.Forgotten), "payloads_left", strconv.Itoa(swept.Undropped))
	}
	return err
}

// Ledger makes the logic of a Ledger object. Whose it is, it learns from its
// storage or its first call.
func (s *Service) Ledger(storage Storage) (Ledger, error) {
	l, err := ledger.New(ledger.Config{
		DB: storage, Now: s.cfg.Now, SetAlarm: storage.SetAlarm,
		Requeue: s.cfg.SendEvents,
		DropPayload: func(claim string) error {
			return s.cfg.Payloads.Delete(context.Background(), claim)
		},
	})
	return Ledger{l, s.cfg.Log}, err
}

// check says whether a provider's scheme can verify with these parameters and
// secrets.
func check(provider string, params map[string]string, secrets [][]byte) error {
	list := make([]webhook.Secret, len(secrets))
	for i, v := range secrets {
		list[i] = webhook.Secret{Value: v}
	}
	err := webhook.Check(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: provider, Params: params, Secrets: list})
	if errors.Is(err, webhook.ErrUnknownProvider) {
		return tenant.ErrProvider
	}
	if errors.Is(err, webhook.ErrParams) {
		return tenant.ErrParams
	}
	return err
}

// agent looks up where a tenant's events go.
func (s *Service) agent(ctx context.Context, name string) (deliver.Agent, error) {
	target, err := s.tenant(s.whose.agentOf(name)).AgentTarget(ctx)
	if errors.Is(err, tenant.ErrNotFound) {
		// Who has no agent to push to may well watch.
		return deliver.Agent{State: deliver.AgentNone, Watched: true}, nil
	}
	if err != nil {
		return deliver.Agent{}, err
	}
	agent := deliver.Agent{URL: target.URL, State: deliver.AgentStopped, Generation: target.Generation, Watched: target.Watched}
	if target.State == tenant.AgentActive {
		agent.State = deliver.AgentActive
	}
	for _, secret := range target.Secrets {
		key, err := webhook.ParseSecret(secret)
		if err != nil {
			return deliver.Agent{}, err
		}
		agent.Secrets = append(agent.Secrets, key)
	}
	return agent, nil
}

// eventsChanged tells the tenant's endpoint of events. The message is lost if
// the object does not answer: whoever watches reads the list again anyway.
func (s *Service) eventsChanged(ctx context.Context, name string, keys []string) {
	payload := wire.AppendUint32(nil, uint32(len(keys)))
	for _, k := range keys {
		payload = wire.AppendBytes(payload, k)
	}
	if _, err := s.cfg.Invoke(ctx, BindingTenant, name, methodEvents, payload); err != nil {
		s.cfg.Log("watchers_not_told", "tenant", name)
	}
}

// agentGone stops the agent that answered 410. When the operator has
// configured another meanwhile it fails, and the event is tried again.
func (s *Service) agentGone(ctx context.Context, name string, generation int64, reason string) error {
	return s.tenant(name).StopAgent(ctx, tenant.StopAgent{Generation: generation, Reason: reason})
}
