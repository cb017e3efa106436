package service

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/deliver"
	"github.com/hookweir/hookweir/shared/dispatch"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/schedule"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/tools"
	"github.com/hookweir/hookweir/shared/toolserver"
	"github.com/hookweir/hookweir/shared/webhook"
)

// Bindings and queues, as in consumers/wrangler.toml.
const (
	BindingLedger = "LEDGER"
	BindingTenant = "TENANT"

	QueueEvents     = "events"
	QueueEventsDead = "events-dead"
)

// Payloads is the bucket of bodies too large for a queue message.
type Payloads interface {
	// Get returns nil when there is no such object.
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key string, content []byte) error
	// Delete is no error when there is no such object.
	Delete(ctx context.Context, key string) error
}

// Config is the platform and the settings.
type Config struct {
	// Settings, as configured; empty when unset.
	SourceKeys, VaultKeys, AdminToken, PublicURL string
	// Development allows agents on this machine.
	Development bool

	Now func() time.Time
	// Invoke calls a Durable Object by binding and name.
	Invoke func(ctx context.Context, binding, name, method string, payload []byte) ([]byte, error)
	// Sources is the CONFIG namespace.
	Sources tenant.Publisher
	// SendEvents, SendWrites and SendPolls put messages on the queues
	// `events`, `writes` and `polls`.
	SendEvents, SendWrites, SendPolls func(messages [][]byte) error
	// Sleep waits, as a promise of the event that calls it.
	Sleep    func(ctx context.Context, d time.Duration)
	Payloads Payloads
	// Fetch sends a request to the outside.
	Fetch fetch.Func
	// Stream does so and gives the answer as it comes.
	Stream fetch.StreamFunc
	Log    func(event string, kv ...string)
	// BodyTooLarge is what reading an API request's body over the platform's
	// limit returns.
	BodyTooLarge error
	// Origins are further origins whose pages may call the agent's endpoint.
	Origins []string
	// Knowledge is the company's database, and KnowledgeTenants who may read
	// it. Nil: there is none.
	Knowledge        tools.Knowledge
	KnowledgeTenants []string
	// Fixture, if not nil, replaces what the agent's endpoint offers and whom
	// it lets in; server gives the endpoint. For the conformance build only.
	Fixture func(cfg *toolserver.Config, server func() *toolserver.Server)
	// Missing says which bindings are not there and where to add them.
	Missing []string
}

// Service is the private Worker.
type Service struct {
	cfg                   Config
	sourceKeys, vaultKeys *seal.Ring
	operator              access.Operator
	missing               []string // what no part shall run without, in words
	uses                  uses
	deliverer             *deliver.Deliverer
	dispatcher            *dispatch.Dispatcher
	clock                 *schedule.Clock
	waker                 *schedule.Waker
	documents             webhook.Documents // key sets of issuers
	whose                 remembered
	// API answers the requests of the service binding.
	API http.Handler
}

// New puts the parts together. It fails only when a field is missing that no
// setting could provide.
func New(cfg Config) (*Service, error) {
	if cfg.Now == nil || cfg.Invoke == nil || cfg.Sources == nil || cfg.SendEvents == nil || cfg.SendWrites == nil || cfg.SendPolls == nil || cfg.Sleep == nil ||
		cfg.Payloads == nil || cfg.Fetch == nil || cfg.Stream == nil || cfg.Log == nil {
		return nil, errors.New("service: incomplete configuration")
	}
	s := &Service{cfg: cfg}
	s.readSettings()
	s.clock, s.waker = s.newClock(), s.newWaker()
	var err error
	if s.deliverer, err = s.newDeliverer(); err != nil {
		return nil, err
	}
	if s.dispatcher, err = s.newDispatcher(); err != nil {
		return nil, err
	}
	s.API, err = admin.New(s.adminConfig(s.cfg.Invoke))
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) tenant(name string) tenant.Client { return s.tenantBy(s.cfg.Invoke, name) }

func (s *Service) tenantBy(invoke invokeFunc, name string) tenant.Client {
	return tenant.Client{Tenant: name, Invoke: func(ctx context.Context, method string, payload []byte) ([]byte, error) {
		return invoke(ctx, BindingTenant, name, method, payload)
	}}
}

func (s *Service) ledger(name string, shard int) ledger.Client {
	object := ledger.ObjectName(name, shard)
	return ledger.Client{Tenant: name, Shard: shard, Invoke: func(ctx context.Context, method string, payload []byte) ([]byte, error) {
		return s.cfg.Invoke(ctx, BindingLedger, object, method, payload)
	}}
}

func (s *Service) newDeliverer() (*deliver.Deliverer, error) {
	return deliver.New(deliver.Config{
		Now:           s.cfg.Now,
		Rand:          rand.Float64,
		Ledger:        func(name string, shard int) deliver.Ledger { return s.ledger(name, shard) },
		Agent:         s.agent,
		AgentGone:     s.agentGone,
		Post:          s.cfg.Fetch,
		Payload:       s.cfg.Payloads.Get,
		Quarantine:    s.quarantine,
		Back:          s.cfg.SendEvents,
		Arrived:       s.waker.Arrived,
		Changed:       s.eventsChanged,
		Sleep:         s.cfg.Sleep,
		Log:           s.cfg.Log,
		AllowLoopback: s.cfg.Development,
	})
}

// quarantine keeps a message nobody can read where an operator finds it.
func (s *Service) quarantine(ctx context.Context, id string, body []byte) error {
	return s.cfg.Payloads.Put(ctx, "quarantine/"+id, body)
}

// offer reads the secret that a provider has offered for a source; what cannot
// be shown any more is deleted.
func (s *Service) offer(ctx context.Context, tenantName, sourceName string) (*source.Offer, error) {
	key := source.OfferKey(tenantName, sourceName)
	sealed, err := s.cfg.Payloads.Get(ctx, key)
	if err != nil || sealed == nil {
		return nil, err
	}
	o, err := source.OpenOffer(s.sourceKeys, tenantName, sourceName, string(sealed), s.cfg.Now())
	switch {
	case errors.Is(err, seal.ErrNoRing):
		return nil, err
	case errors.Is(err, seal.ErrUnknownKey): // the worker's ring is another; it may be in the middle of a rotation
		return nil, tenant.ErrUnreadable
	case err != nil:
		return nil, s.cfg.Payloads.Delete(ctx, key)
	}
	return o, nil
}

// queues are all there are. Read only.
var queues = [...]string{QueueEvents, QueueEventsDead, QueueWrites, QueueWritesDead, QueuePolls}

// queueOf is the queue that a name means: a name is its account's, so it may
// have a prefix, as in `staging-events`.
func queueOf(name string) string {
	for _, q := range queues {
		if name == q || strings.HasSuffix(name, "-"+q) {
			return q
		}
	}
	return ""
}

// Queue decides each message of a batch of the named queue.
func (s *Service) Queue(ctx context.Context, name string, batch []queue.Message) []queue.Verdict {
	switch queueOf(name) {
	case QueueEvents:
		return s.deliverer.Handle(ctx, batch)
	case QueueEventsDead:
		return s.deliverer.HandleDead(ctx, batch)
	case QueueWrites:
		return s.dispatcher.Handle(ctx, batch)
	case QueueWritesDead:
		return s.dispatcher.HandleDead(ctx, batch)
	case QueuePolls:
		return s.clock.Handle(ctx, batch)
	}
	// A queue this build does not know: nothing is acknowledged unread.
	s.cfg.Log("queue_unknown", "queue", name)
	verdicts := make([]queue.Verdict, len(batch))
	for i := range verdicts {
		verdicts[i].Delay = time.Minute
	}
	return verdicts
}

// Scheduled runs on each cron tick, once a minute.
func (s *Service) Scheduled(ctx context.Context) error {
	// Each does its part whatever becomes of the others.
	ticks := [...]func(context.Context) error{s.clock.Tick, s.watchVaults}
	errs := make([]error, len(ticks))
	for i, tick := range ticks {
		errs[i] = tick(ctx)
	}
	return errors.Join(errs...)
}
