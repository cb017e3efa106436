package deliver_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/queue"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/deliver"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

var errPlatform = errors.New("platform down")

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is the whole platform around a Deliverer: ledgers over SQLite, an
// agent behind real HTTP, a bucket, and a clock that only tests turn.
type world struct {
	t     *testing.T
	agent *agent
	d     *deliver.Deliverer

	mu          sync.Mutex
	clock       time.Time
	jitter      float64
	agents      map[string]deliver.Agent
	ledgers     map[string]*ledger.Ledger
	payloads    map[string][]byte
	quarantined map[string][]byte
	requeued    [][]byte
	lines       []string
	gone        []string

	// Each may fail a call; keys are "tenant/shard method", "agent tenant" …
	fail func(call string) error
}

var secret = []byte("0123456789abcdef0123456789abcdef")

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, clock: start, jitter: 0.5, agent: newAgent(t), agents: map[string]deliver.Agent{}, ledgers: map[string]*ledger.Ledger{},
		payloads: map[string][]byte{}, quarantined: map[string][]byte{}, fail: func(string) error { return nil },
	}
	w.agents["acme"] = deliver.Agent{URL: w.agent.url("/acme"), Secrets: [][]byte{secret}, State: deliver.AgentActive, Generation: 1}
	d, err := deliver.New(w.config())
	require.NoError(t, err)
	w.d = d
	return w
}

func (w *world) config() deliver.Config {
	return deliver.Config{
		Now: w.now, Rand: func() float64 { w.mu.Lock(); defer w.mu.Unlock(); return w.jitter },
		Ledger: w.shard, AllowLoopback: true, Post: w.post,
		Agent: func(_ context.Context, tenant string) (deliver.Agent, error) {
			if err := w.check("agent " + tenant); err != nil {
				return deliver.Agent{}, err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.agents[tenant], nil
		},
		AgentGone: func(_ context.Context, tenant string, generation int64, reason string) error {
			if err := w.check("gone " + tenant); err != nil {
				return err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			a := w.agents[tenant]
			if a.Generation != generation {
				return errors.New("another agent by now")
			}
			w.gone = append(w.gone, tenant+" "+reason)
			a.State = deliver.AgentStopped
			w.agents[tenant] = a
			return nil
		},
		Payload: func(_ context.Context, claim string) ([]byte, error) {
			if err := w.check("payload " + claim); err != nil {
				return nil, err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			b, ok := w.payloads[claim]
			if !ok {
				return nil, errors.New("no such payload")
			}
			return b, nil
		},
		Quarantine: func(_ context.Context, id string, body []byte) error {
			if err := w.check("quarantine " + id); err != nil {
				return err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.quarantined[id] = body
			return nil
		},
		Log: func(name string, pairs ...string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.lines = append(w.lines, name+" "+strings.Join(pairs, " "))
		},
	}
}

func (w *world) check(call string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fail(call)
}

func (w *world) now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.clock }

func (w *world) pass(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.clock = w.clock.Add(d) }

// shard is a tenant's ledger object behind its wire format.
func (w *world) shard(tenant string, shard int) deliver.Ledger { return w.client(tenant, shard) }

func (w *world) client(tenant string, shard int) ledger.Client {
	object := ledger.ObjectName(tenant, shard)
	return ledger.Client{Tenant: tenant, Shard: shard, Invoke: func(_ context.Context, method string, payload []byte) ([]byte, error) {
		if err := w.check(object + " " + method); err != nil {
			return nil, err
		}
		answer, err := w.object(object).Invoke(method, payload)
		if lost := w.check(object + " " + method + " answer"); lost != nil {
			return nil, lost
		}
		return answer, err
	}}
}

func (w *world) object(name string) *ledger.Ledger {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := w.ledgers[name]; l != nil {
		return l
	}
	db, err := memsql.Open()
	if err != nil {
		panic(err)
	}
	w.t.Cleanup(func() { db.Close() })
	l, err := ledger.New(ledger.Config{
		DB: db, Now: w.now,
		Requeue: func(m [][]byte) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.requeued = append(w.requeued, m...)
			return nil
		},
		SetAlarm:    func(time.Time) error { return nil },
		DropPayload: func(string) error { return nil },
	})
	if err != nil {
		panic(err)
	}
	w.ledgers[name] = l
	return l
}

// post is the host's fetch: no redirects, errors named.
func (w *world) post(ctx context.Context, r fetch.Request) (fetch.Response, error) {
	if err := w.check("post " + r.URL); err != nil {
		return fetch.Response{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, strings.NewReader(string(r.Body)))
	if err != nil {
		return fetch.Response{}, err
	}
	for _, h := range r.Header {
		req.Header.Set(h[0], h[1])
	}
	client := &http.Client{
		Transport:     w.agent.server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return fetch.Response{}, err
	}
	defer resp.Body.Close()
	return fetch.Response{Status: resp.StatusCode, Header: resp.Header}, nil
}

func (w *world) handle(batch ...queue.Message) []queue.Verdict {
	return w.d.Handle(context.Background(), batch)
}

func (w *world) handle1(id string, body []byte) queue.Verdict {
	w.t.Helper()
	v := w.handle(queue.Message{ID: id, Attempts: 1, Body: body})
	require.Len(w.t, v, 1)
	return v[0]
}

func (w *world) detail(e *event.Event) ledger.Detail {
	w.t.Helper()
	d, err := w.client(e.Tenant, ledger.ShardOf(e.Key())).Get(context.Background(), e.Key())
	require.NoError(w.t, err)
	return d
}

func (w *world) logged(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, l := range w.lines {
		if strings.HasPrefix(l, name+" ") {
			n++
		}
	}
	return n
}

// agent is the tenant's endpoint. It verifies every request by itself, with
// nothing of the product's code, and counts what it accepted.
type agent struct {
	t      *testing.T
	server *httptest.Server

	mu     sync.Mutex
	secret []byte
	answer func(id string, w http.ResponseWriter) int
	seen   map[string]int // answered 2xx, by webhook-id
	calls  int
	events []map[string]json.RawMessage
	raw    [][]byte
	busy   int
	peak   int
	bad    []string
}

func newAgent(t *testing.T) *agent {
	a := &agent{t: t, secret: secret, seen: map[string]int{}, answer: func(string, http.ResponseWriter) int { return 204 }}
	a.server = httptest.NewServer(a)
	t.Cleanup(func() {
		a.server.Close()
		require.Empty(t, a.bad)
	})
	return a
}

func (a *agent) url(path string) string { return a.server.URL + path }

func (a *agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	a.mu.Lock()
	a.busy++
	a.peak = max(a.peak, a.busy)
	a.calls++
	answer := a.answer
	a.mu.Unlock()
	id := r.Header.Get("webhook-id")
	complaint := a.verify(r, id, body)
	status := answer(id, w)
	a.mu.Lock()
	a.busy--
	if err != nil || complaint != "" {
		a.bad = append(a.bad, fmt.Sprint(complaint, err))
	}
	if status/100 == 2 {
		a.seen[id]++
	}
	var e map[string]json.RawMessage
	if json.Unmarshal(body, &e) != nil {
		a.bad = append(a.bad, "not JSON: "+string(body))
	}
	a.events = append(a.events, e)
	a.raw = append(a.raw, body)
	a.mu.Unlock()
	w.WriteHeader(status)
}

// verify checks a Standard Webhooks signature by the specification.
func (a *agent) verify(r *http.Request, id string, body []byte) string {
	ts := r.Header.Get("webhook-timestamp")
	if _, err := strconv.ParseInt(ts, 10, 64); err != nil || id == "" {
		return "no id or timestamp"
	}
	mac := hmac.New(sha256.New, a.secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, ts, body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for s := range strings.FieldsSeq(r.Header.Get("webhook-signature")) {
		if s == want {
			if r.Method != http.MethodPost || r.Header.Get("content-type") != "application/cloudevents+json; charset=utf-8" {
				return "not a structured CloudEvent"
			}
			return ""
		}
	}
	return "no signature fits"
}

func (a *agent) times(e *event.Event) int { a.mu.Lock(); defer a.mu.Unlock(); return a.seen[e.Key()] }

func (a *agent) status(code int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = func(string, http.ResponseWriter) int { return code }
}

func newEvent(id string) *event.Event {
	return &event.Event{
		Tenant: "acme", Source: "gh", ID: id, Provider: "github", Type: "com.github.push",
		Time: start.Add(-1500 * time.Millisecond), Accepted: start, Origin: event.OriginWebhook,
		Authenticated: event.ProofSignature, ContentType: "application/json",
		Retention: 72 * time.Hour, Body: []byte(`{"n": 1.0,  "id":"` + id + `"}`),
	}
}

func forTenant(e *event.Event, tenant string) *event.Event { e.Tenant = tenant; return e }

func message(id string, e *event.Event) queue.Message {
	return queue.Message{ID: id, Attempts: 1, Body: event.Encode(e)}
}
