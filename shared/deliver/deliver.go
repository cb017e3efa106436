package deliver

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/retry"
)

const (
	// PostDeadline is how long the agent may take to answer. The host of Post
	// keeps it.
	PostDeadline = 15 * time.Second
	// MaxPosts is how many posts of a batch run at once: a Worker may have six
	// connections waiting for headers.
	MaxPosts = 6
	// leaseSlack is for Claim itself and for fetching payloads.
	leaseSlack = 10 * time.Second
	// largeBody is the body size, in bytes, above which events go one at a
	// time: a body of 25 MiB stands in memory up to three times (bytes,
	// base64, request) and the isolate has 128 MB.
	largeBody = 1 << 20
	// settleTries is how often a Settle is tried within the batch; it may be
	// repeated, and the alternative is a second POST. With settleBackoff they
	// take up to eight seconds: an object that is replaced is away for less.
	settleTries = 6
	// lastResort is after how many deliveries by `events-dead` a readable
	// message goes back to `events`: the Ledger has been away for two days, and
	// the queue gives a message up after 100.
	lastResort = 80
)

var (
	// agentBackoff paces attempts to reach the agent.
	agentBackoff = retry.Backoff{Base: 5 * time.Second, Cap: 24 * time.Hour}
	// ownBackoff paces messages that our own parts could not handle. They
	// cost the agent nothing, so it stays short, but not so short that a night
	// of it uses up the 100 retries of the queue: they last about 23 hours.
	ownBackoff = retry.Backoff{Base: 2 * time.Second, Cap: 30 * time.Minute}
	// settleBackoff paces the tries of a Settle.
	settleBackoff = retry.Backoff{Base: 250 * time.Millisecond, Cap: 4 * time.Second}
	// deadBackoff paces `events-dead`.
	deadBackoff = retry.Backoff{Base: 10 * time.Second, Cap: time.Hour}
)

// AgentState says whether a tenant's agent takes events.
type AgentState uint8

// The zero value delivers nothing.
const (
	AgentNone    AgentState = iota // none configured yet
	AgentActive                    // takes events
	AgentStopped                   // answered 410, or the operator stopped it
)

// Agent is where a tenant's events go.
type Agent struct {
	URL     string
	Secrets [][]byte // signing keys, newest first (webhook.ParseSecret)
	State   AgentState
	// Generation tells this configuration of the agent from a later one.
	Generation int64
	// Watched has Config.Changed called for the tenant's events.
	Watched bool
}

// Ledger is one shard; [ledger.Client] is one.
type Ledger interface {
	Claim(ctx context.Context, req ledger.ClaimRequest) ([]ledger.Decision, error)
	Settle(ctx context.Context, results []ledger.Result) ([]ledger.Settled, error)
	MarkDead(ctx context.Context, items []ledger.Item) ([]ledger.Marked, error)
}

// Config is what a Deliverer needs. Every function may be called by several
// goroutines of one Handle at once.
type Config struct {
	Now  func() time.Time
	Rand func() float64 // uniform in [0, 1), for jitter

	Ledger func(tenant string, shard int) Ledger
	// Agent looks a tenant's agent up. A tenant without one is AgentNone and
	// no error.
	Agent func(ctx context.Context, tenant string) (Agent, error)
	// AgentGone records that the agent of that generation answered 410 Gone.
	AgentGone func(ctx context.Context, tenant string, generation int64, reason string) error
	// Post sends one request; nobody reads the body of its answer.
	Post fetch.Func
	// Payload fetches a body from the payload bucket.
	Payload func(ctx context.Context, claim string) ([]byte, error)
	// Quarantine keeps a message that nobody can read, outside the queue.
	Quarantine func(ctx context.Context, id string, body []byte) error
	// Back puts messages on the queue `events` once more, all or, after an
	// error, perhaps some. Nil: into quarantine.
	Back func(messages [][]byte) error
	// Arrived hears of the sources whose webhooks a batch has, while the batch
	// is handled. Nil: nobody wants to know.
	Arrived func(ctx context.Context, tenant string, sources []string)
	// Changed tells who watches a tenant's events that these have been tried.
	// Nil: nobody watches. What it cannot tell is not told again.
	Changed func(ctx context.Context, tenant string, keys []string)
	// Sleep waits, as a promise of the event that calls it. Nil: what is tried
	// again is tried at once.
	Sleep func(ctx context.Context, d time.Duration)
	// Log writes one structured line: a stable name and pairs of strings.
	Log func(event string, pairs ...string)

	// AllowLoopback also posts to this machine; for development only.
	AllowLoopback bool
}

// Deliverer handles batches. It keeps nothing between them.
type Deliverer struct{ cfg Config }

// New checks the configuration.
func New(cfg Config) (*Deliverer, error) {
	if cfg.Now == nil || cfg.Rand == nil || cfg.Ledger == nil || cfg.Agent == nil || cfg.AgentGone == nil ||
		cfg.Post == nil || cfg.Payload == nil || cfg.Quarantine == nil || cfg.Log == nil {
		return nil, errors.New("deliver: incomplete configuration")
	}
	return &Deliverer{cfg: cfg}, nil
}

// entry is one message of a batch on its way through.
type entry struct {
	msg     queue.Message
	decoded *event.Message
	verdict *queue.Verdict
}

// Handle delivers a batch of the queue `events` and returns a verdict per
// message, in order. Whatever goes wrong with one tenant, shard or message,
// the others are delivered.
func (d *Deliverer) Handle(ctx context.Context, batch []queue.Message) []queue.Verdict {
	verdicts := make([]queue.Verdict, len(batch))
	tenants := map[string][]entry{}
	for i, m := range batch {
		verdicts[i] = d.later(ownBackoff, m.Attempts) // until something better is known
		decoded, ok := decode(m.Body)
		if !ok {
			// A newer build's message, perhaps: it comes back and, if nobody
			// learns to read it, ends in quarantine by way of `events-dead`.
			d.cfg.Log("message_undecodable", "message", m.ID)
			continue
		}
		tenants[decoded.Tenant] = append(tenants[decoded.Tenant], entry{m, decoded, &verdicts[i]})
	}
	b := &batchRun{
		Deliverer: d,
		lease:     PostDeadline*time.Duration((len(batch)+MaxPosts-1)/MaxPosts) + leaseSlack,
		slots:     make(chan struct{}, MaxPosts),
		large:     make(chan struct{}, 1),
	}
	var wg bulkhead.Group
	for tenant, entries := range tenants {
		wg.Go(d.apart(func() { b.tenant(ctx, tenant, entries) }))
		if d.cfg.Arrived != nil {
			wg.Go(d.apart(func() { d.cfg.Arrived(ctx, tenant, sources(entries)) }))
		}
	}
	wg.Wait()
	return verdicts
}

// apart is one goroutine's part of a batch. If it panics, its messages keep the
// verdict they have.
func (d *Deliverer) apart(part func()) func() {
	return func() { _ = bulkhead.Run(d.cfg.Log, "deliver_panic", part) }
}

// sources are those of the webhooks among a tenant's messages, each once.
func sources(entries []entry) (list []string) {
	for _, e := range entries {
		if ev := e.decoded.Event; ev != nil && ev.Origin == event.OriginWebhook && !slices.Contains(list, ev.Source) {
			list = append(list, ev.Source)
		}
	}
	return list
}

// decode reads a message. A tenant that is no name has no objects to ask.
func decode(body []byte) (*event.Message, bool) {
	m, err := event.Decode(body)
	return m, err == nil && name.Valid(m.Tenant)
}

// later is a retry for reasons of our own.
func (d *Deliverer) later(b retry.Backoff, attempts int) queue.Verdict {
	return queue.Verdict{Delay: wholeSeconds(time.Second + b.Delay(attempts, d.cfg.Rand()))}
}

// byShard splits a tenant's messages among its ledger objects, in order.
func byShard(entries []entry) map[int][]entry {
	shards := map[int][]entry{}
	for _, e := range entries {
		s := ledger.ShardOf(e.decoded.Key)
		shards[s] = append(shards[s], e)
	}
	return shards
}

func items(entries []entry) []ledger.Item {
	out := make([]ledger.Item, len(entries))
	for i, e := range entries {
		out[i] = ledger.Item{MessageID: e.msg.ID, Attempts: e.msg.Attempts, Message: e.msg.Body}
	}
	return out
}

// wholeSeconds rounds up: a queue counts in seconds, and a message must not
// come back early.
func wholeSeconds(t time.Duration) time.Duration {
	return (t + time.Second - 1).Truncate(time.Second)
}

func seconds(t time.Duration) string { return strconv.Itoa(int(t / time.Second)) }
