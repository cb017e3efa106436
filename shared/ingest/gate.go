package ingest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/seal"
	config "github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/webhook"
)

// MaxBody is the largest webhook body, in bytes: the largest any provider in
// the catalogue sends (GitHub, 25 MiB).
const MaxBody = 25 << 20

// retryAfter is what a provider is told to wait when a store is down, in
// seconds. Most providers have a schedule of their own and ignore it.
const retryAfter = 5

// Config is what a Gate needs. Every field is required unless it says
// otherwise.
type Config struct {
	Sources  KV // sealed source configuration, see source.KVKey
	Seen     SeenStore
	Events   Queue
	Payloads Bucket // also of the secrets that providers offer, sealed
	Backend  Forwarder

	// Ring opens source configuration. Nil serves no webhook: every one is
	// answered 503.
	Ring *seal.Ring
	// Missing says of each setting that is missing or malformed which it is
	// and where to set it, for /healthz and the log.
	Missing []string

	// Crypto verifies signatures and hashes.
	Crypto webhook.Crypto
	// Web gets providers' keys. Nil fails every delivery that needs one.
	Web Fetcher
	// Setting reads a variable of the worker, see webhook.HostProof. Nil has
	// none.
	Setting func(name string) (value string, ok bool)

	Now func() time.Time
	Log func(line []byte)
}

// SeenStore is the idempotency filter.
type SeenStore interface {
	KV
	// PutLater writes after the response is on its way and may fail unseen.
	PutLater(ctx context.Context, key, value string, ttl time.Duration)
}

// Queue is the producer of the queue `events`.
type Queue interface {
	// Send returns nil once the message is durable.
	Send(ctx context.Context, msg []byte) error
	// SendBatch returns nil once every message is durable; after an error
	// some may be in the queue.
	SendBatch(ctx context.Context, msgs [][]byte) error
}

// Fetcher gets public documents.
type Fetcher interface {
	// Get returns the body of a 200 at an https URL, of at most maxBytes,
	// without following redirects.
	Get(ctx context.Context, url string, maxBytes int) ([]byte, error)
}

// Bucket holds the bodies that do not fit a queue message.
type Bucket interface {
	Put(ctx context.Context, key string, content []byte) error
}

// Forwarder hands a request to the private Worker.
type Forwarder interface {
	// Forward returns nil once the request is answered.
	Forward(ctx context.Context) error
}

// Gate serves the public edge.
type Gate struct {
	cfg       Config
	sources   sourceCache
	documents webhook.Documents // of every source: they are public
	uses      uses
}

// New makes a Gate. It returns ErrNotConfigured when a required field is nil.
func New(cfg Config) (*Gate, error) {
	if cfg.Sources == nil || cfg.Seen == nil || cfg.Events == nil || cfg.Payloads == nil ||
		cfg.Backend == nil || cfg.Crypto == nil || cfg.Now == nil || cfg.Log == nil {
		return nil, ErrNotConfigured
	}
	for _, m := range cfg.Missing {
		line := jsontext.AppendString([]byte(`{"level":"error","event":"edge.setting_missing","detail":`), m)
		cfg.Log(append(line, '}'))
	}
	return &Gate{cfg: cfg, sources: newSourceCache()}, nil
}

// Serve answers one request.
func (g *Gate) Serve(ctx context.Context, r *Request) *Response {
	path := pathOf(r.URL)
	if !isWebhook(path) {
		if p := webhook.HostProofAt(path); p != nil {
			return g.hostProof(p, r)
		}
		return g.forward(ctx, path)
	}
	tenant, name, ok := webhookRoute(path)
	if !ok {
		return answerProblem(problem.New(problem.CodeNotFound, "no such source"))
	}
	d := &delivery{gate: g, req: r, tenant: tenant, source: name}
	return d.serve(ctx)
}

func (g *Gate) forward(ctx context.Context, path string) *Response {
	if path == "/healthz" && len(g.cfg.Missing) > 0 {
		return answerProblem(problem.New(problem.CodeNotReady, strings.Join(g.cfg.Missing, "; ")))
	}
	err := g.cfg.Backend.Forward(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotConfigured):
		return notReady()
	}
	return unavailable("the consumers did not answer; are they deployed? make deploy")
}

// delivery is one webhook on its way through the gate.
type delivery struct {
	gate           *Gate
	req            *Request
	tenant, source string
	src            *source
}

func (d *delivery) serve(ctx context.Context) *Response {
	if d.req.Method != "POST" && d.req.Method != "GET" && d.req.Method != "HEAD" {
		return methodNotAllowed("GET, POST")
	}
	var err error
	d.src, err = d.gate.lookup(ctx, d.tenant, d.source)
	if err != nil {
		return d.noSource(err)
	}
	if !d.src.verifier.Accepts(d.req.Method) {
		return methodNotAllowed(d.src.verifier.Allow())
	}
	body, err := d.req.Body(MaxBody)
	if err != nil {
		return d.noBody(err)
	}
	now := d.gate.cfg.Now()
	result, err := d.src.verifier.Verify(&webhook.Request{
		Method: d.req.Method, URL: d.publicURL(), Header: d.req.Header, Body: body,
		Fetch: func(url string, maxBytes int) ([]byte, error) { return d.fetch(ctx, url, maxBytes) },
	}, now)
	if err != nil {
		return d.refuse(err)
	}
	if result.Reply != nil {
		return d.handshake(ctx, result.Reply, now)
	}
	if len(result.Events) > 0 {
		return d.acceptBatch(ctx, &result, body, now)
	}
	return d.accept(ctx, &result, d.event(&result, body, now))
}

// handshake answers one. What a provider offers is kept first, sealed: the
// private Worker shows it to the operator, and nothing else uses it.
func (d *delivery) handshake(ctx context.Context, r *webhook.Reply, now time.Time) *Response {
	if r.Offer != "" {
		cfg := &d.gate.cfg
		sealed, err := config.SealOffer(cfg.Ring, d.tenant, d.source, &config.Offer{Secret: []byte(r.Offer), At: now})
		if err == nil {
			err = cfg.Payloads.Put(ctx, config.OfferKey(d.tenant, d.source), []byte(sealed))
		}
		if err != nil {
			return d.down("webhook.offer_unavailable", "", err)
		}
		d.log("info", "webhook.secret_offered", "")
	}
	d.log("info", "webhook.handshake", "")
	return answerReply(r)
}

func (d *delivery) fetch(ctx context.Context, url string, maxBytes int) ([]byte, error) {
	if d.gate.cfg.Web == nil {
		return nil, ErrNotConfigured
	}
	return d.gate.cfg.Web.Get(ctx, url, maxBytes)
}

// publicURL is the URL a provider signs: the one registered with it, if the
// operator said so, else the one it called. The query is always that of the
// call: providers add to it (Twilio its bodySHA256), and one that differs from
// the registered one does not verify.
func (d *delivery) publicURL() string {
	if d.src.url == "" {
		return d.req.URL
	}
	registered, _, _ := strings.Cut(d.src.url, "?")
	if _, query, ok := strings.Cut(d.req.URL, "?"); ok {
		return registered + "?" + query
	}
	return registered
}

func (d *delivery) event(r *webhook.Result, body []byte, now time.Time) *event.Event {
	e := &event.Event{
		Tenant: d.tenant, Source: d.source, ID: r.EventID, Provider: d.src.provider, Type: r.Type,
		Time: r.Time, Accepted: now, Origin: event.OriginWebhook, Authenticated: r.Authenticated,
		ContentType: contentType(d.req.Header), Retention: d.src.retention,
		Body: body, Size: int64(len(body)),
	}
	if e.Time.IsZero() {
		e.Time = now
	}
	return e
}

// accept makes a verified event durable and says so. The order is G2's:
// payload, queue, answer; the idempotency key only after all of them.
func (d *delivery) accept(ctx context.Context, r *webhook.Result, e *event.Event) *Response {
	cfg := &d.gate.cfg
	key := e.Key()
	if d.seen(ctx, key) {
		return answered(r.Answer, answerDuplicate(key))
	}
	if len(e.Body) > event.InlineLimit {
		e.Claim = event.ClaimKey(e.Tenant, e.Source, cfg.Crypto.Sum(webhook.SHA256, []byte(e.ID)), cfg.Crypto.Sum(webhook.SHA256, e.Body))
		if err := cfg.Payloads.Put(ctx, e.Claim, e.Body); err != nil {
			return d.down("webhook.payload_unavailable", key, err)
		}
		e.Body = nil
	}
	if err := cfg.Events.Send(ctx, event.Encode(e)); err != nil && planted.Bug != "ackfirst" {
		return d.down("webhook.queue_unavailable", key, err)
	}
	cfg.Seen.PutLater(ctx, seenKey(key), unixMilli(e.Accepted), e.Retention)
	d.logAccepted(key, r.SecretID, 1)
	return answered(r.Answer, d.answerAccepted(key))
}

// seen asks the idempotency filter.
func (d *delivery) seen(ctx context.Context, key string) bool {
	switch _, err := d.gate.cfg.Seen.Get(ctx, seenKey(key)); {
	case err == nil:
		d.log("info", "webhook.duplicate", key)
		return true
	case !errors.Is(err, ErrAbsent):
		d.log("warn", "webhook.seen_unavailable", key) // the Ledger decides
	}
	return false
}

func (d *delivery) down(logEvent, key string, err error) *Response {
	d.log("error", logEvent, key)
	if errors.Is(err, ErrNotConfigured) {
		return notReady()
	}
	return unavailable("the event could not be stored; nothing was kept, send it again")
}
