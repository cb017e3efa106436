package poll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

var (
	begin    = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	errDown  = errors.New("platform down")
	errCrash = errors.New("crash")
)

// rig is one poll's object, with a clock to turn, an API to ask, and a
// platform to break. Its ledger knows an event once the queue has been read.
type rig struct {
	t     *testing.T
	db    *memsql.DB
	p     *Poll
	clock time.Time
	api   api
	alarm time.Time

	queue   [][]byte
	known   map[string]string // event key → origin
	got     []string          // keys in the order they first came
	notices []event.Event
	buried  map[string]string // key → reason
	puts    map[string][]byte
	listed  map[string]time.Time
	full    bool
	logs    []string
	asked   []string

	queueDown, ledgerDown, scheduleDown bool
	gone                                bool                   // the destination
	refuse                              func(path string) bool // by the destination's rules
	onSend                              func()
	burials                             int

	calls   int // host calls so far
	crashAt int // the call that does not return; 0 for none
}

// api answers a poll's requests.
type api interface {
	answer(r *rig, method string, u *url.URL, header http.Header) (Response, error)
}

func newRig(t *testing.T, a api) *rig {
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	r := &rig{t: t, db: db, clock: begin, api: a, known: map[string]string{}, buried: map[string]string{}, puts: map[string][]byte{}, listed: map[string]time.Time{}}
	r.restart()
	return r
}

// host counts a call of the platform's, and may be the last thing that
// happens.
func (r *rig) host() {
	r.calls++
	if r.calls == r.crashAt {
		panic(errCrash)
	}
}

// crashing is the database with its calls counted.
type crashing struct{ r *rig }

func (c crashing) Exec(q string, args ...any) (sqlstore.Rows, error) {
	c.r.host()
	return c.r.db.Exec(q, args...)
}

func (c crashing) Tx(f func() error) error {
	err := c.r.db.Tx(f)
	c.r.host() // committed, and nobody heard
	return err
}

// restart is an eviction, a crash or a new isolate: a new object over the same
// database.
func (r *rig) restart() {
	p, err := New(Config{
		DB: crashing{r}, Now: func() time.Time { return r.clock }, Rand: func() float64 { return 0.5 },
		SetAlarm: func(at time.Time) error { r.host(); r.alarm = at; return nil },
		Call: func(_ context.Context, tenant string, q Request) (Response, error) {
			require.Equal(r.t, "acme", tenant)
			r.host()
			u, err := url.Parse("https://api.example.com" + q.Call.Path)
			require.NoError(r.t, err)
			h := http.Header{}
			for _, x := range q.Call.Header {
				h.Add(x[0], x[1])
			}
			r.asked = append(r.asked, q.Call.Method+" "+q.Call.Path)
			switch {
			case r.gone:
				return Response{}, ErrDestination
			case r.refuse != nil && r.refuse(q.Call.Path):
				return Response{}, ErrCall
			}
			res, err := r.api.answer(r, q.Call.Method, u, h)
			res.Base = "https://api.example.com"
			r.host() // answered, and nobody heard
			return res, err
		},
		Ledger: func(string, int) Ledger { return fakeLedger{r} },
		Send: func(messages [][]byte) error {
			r.host()
			if r.queueDown {
				return errDown
			}
			if r.onSend != nil {
				r.onSend()
			}
			r.queue = append(r.queue, messages...)
			r.host()
			return nil
		},
		PutPayload: func(_ context.Context, key string, body []byte) error {
			r.host()
			r.puts[key] = body
			return nil
		},
		Schedule: func(string) Schedule { return fakeSchedule{r} },
		Log:      func(e string, kv ...string) { r.logs = append(r.logs, e+" "+strings.Join(kv, " ")) },
	})
	require.NoError(r.t, err)
	r.p = p
}

type fakeLedger struct{ r *rig }

func (l fakeLedger) Seen(_ context.Context, keys []string) ([]ledger.Sighting, error) {
	l.r.host()
	if l.r.ledgerDown {
		return nil, errDown
	}
	out := make([]ledger.Sighting, len(keys))
	for i, k := range keys {
		switch l.r.known[k] {
		case "":
		case event.OriginWebhook:
			out[i] = ledger.SeenWebhook
		default:
			out[i] = ledger.SeenOther
		}
	}
	return out, nil
}

func (l fakeLedger) Bury(_ context.Context, reason string, messages [][]byte) error {
	l.r.host()
	l.r.burials++
	for _, m := range messages {
		d, err := event.Decode(m)
		require.NoError(l.r.t, err)
		l.r.buried[d.Key] = reason
	}
	return nil
}

type fakeSchedule struct{ r *rig }

func (s fakeSchedule) Add(_ context.Context, poll, _ string, _ time.Duration, next time.Time) error {
	s.r.host()
	if s.r.scheduleDown {
		return errDown
	}
	if s.r.full {
		return ErrLimit
	}
	s.r.listed[poll] = next
	return nil
}

func (s fakeSchedule) Remove(_ context.Context, poll string) error {
	s.r.host()
	if s.r.scheduleDown {
		return errDown
	}
	delete(s.r.listed, poll)
	return nil
}

// consume reads the queue, as the consumer of `events` does: the Ledger takes
// each key once.
func (r *rig) consume() {
	for _, m := range r.queue {
		d, err := event.Decode(m)
		require.NoError(r.t, err)
		if r.known[d.Key] != "" {
			continue
		}
		r.known[d.Key] = d.Event.Origin
		if d.Event.Origin == event.OriginSystem {
			r.notices = append(r.notices, *d.Event)
		} else {
			r.got = append(r.got, d.Event.ID)
		}
	}
	r.queue = nil
}

// webhook has a webhook arrive.
func (r *rig) webhook(source, id string) {
	key := event.Key("acme", source, id)
	if r.known[key] == "" {
		r.known[key] = event.OriginWebhook
		r.got = append(r.got, id)
	}
}

// lastNotice is the latest of a kind.
func (r *rig) lastNotice(kind string) (last event.Event) {
	for _, n := range r.notices {
		if n.Type == kind {
			last = n
		}
	}
	return last
}

// told decodes the data of the notices of a kind.
func (r *rig) told(kind string) (list []noticeData) {
	r.consume()
	for _, n := range r.notices {
		if n.Type == kind {
			var d noticeData
			require.NoError(r.t, json.Unmarshal(n.Body, &d))
			list = append(list, d)
		}
	}
	return list
}

func (r *rig) client() Client {
	return Client{Tenant: "acme", Poll: "p", Invoke: func(_ context.Context, method string, payload []byte) ([]byte, error) {
		return r.p.Invoke(method, payload)
	}}
}

func (r *rig) put(d Definition) Status {
	r.t.Helper()
	s, err := r.client().Put(context.Background(), d)
	require.NoError(r.t, err)
	return s
}

func (r *rig) run(why Why) Ran {
	r.t.Helper()
	ran, err := r.client().Run(context.Background(), why)
	require.NoError(r.t, err)
	return ran
}

// tick lets time pass up to the next run, and runs until nothing is left. An
// alarm on the way rings.
func (r *rig) tick() Ran {
	r.t.Helper()
	s := r.status()
	for n := 0; n < 20 && r.alarm.After(r.clock) && r.alarm.Before(s.NextAt); n++ {
		r.clock = r.alarm
		require.NoError(r.t, r.p.Alarm())
		s = r.status()
	}
	if s.NextAt.After(r.clock) {
		r.clock = s.NextAt
	}
	ran := r.run(Due)
	for ran.More {
		ran = r.run(Due)
	}
	r.consume()
	return ran
}

func (r *rig) status() Status {
	r.t.Helper()
	s, err := r.client().Get(context.Background())
	require.NoError(r.t, err)
	return s
}

// survive calls f as a request would be made; a crash ends the object.
func (r *rig) survive(f func() error) (crashed bool) {
	defer func() {
		if v := recover(); v != nil {
			if v != any(errCrash) {
				panic(v)
			}
			crashed = true
			r.restart()
		}
	}()
	_ = f()
	return false
}

// stripe is Stripe's list of events, newest first.
type stripe struct {
	events []stripeEvent
	fail   func(u *url.URL) *Response
	used   float64
}

type stripeEvent struct {
	ID      string `json:"id"`
	Created int64  `json:"created"`
	Type    string `json:"type"`
}

func (a *stripe) add(r *rig, n int) (ids []string) {
	for range n {
		e := stripeEvent{fmt.Sprintf("evt_%04d", len(a.events)+1), r.clock.Unix(), "invoice.paid"}
		a.events = append(a.events, e)
		ids = append(ids, e.ID)
		r.clock = r.clock.Add(time.Second)
	}
	return ids
}

func (a *stripe) answer(_ *rig, _ string, u *url.URL, _ http.Header) (Response, error) {
	if a.fail != nil {
		if res := a.fail(u); res != nil {
			if res.Header == nil {
				res.Header = http.Header{}
			}
			return *res, nil
		}
	}
	q := u.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	since, _ := strconv.ParseInt(q.Get("created[gte]"), 10, 64)
	var list []stripeEvent
	for _, e := range slices.Backward(a.events) {
		if e.Created >= since {
			list = append(list, e)
		}
	}
	if after := q.Get("starting_after"); after != "" {
		i := slices.IndexFunc(list, func(e stripeEvent) bool { return e.ID == after })
		list = list[i+1:]
	}
	n := min(limit, len(list))
	body, _ := json.Marshal(map[string]any{"data": append([]stripeEvent{}, list[:n]...), "has_more": n < len(list)})
	return Response{Status: 200, Header: http.Header{}, Body: body, Used: a.used}, nil
}

// github is GitHub's list of a webhook's deliveries.
type github struct {
	deliveries  []delivery
	details     int
	redelivered []string
	conditional int // answered 304
	refuses     int // the status of a redelivery
	gone        string
}

type delivery struct {
	ID          int64     `json:"id"`
	GUID        string    `json:"guid"`
	DeliveredAt time.Time `json:"delivered_at"`
	Event       string    `json:"event"`
	StatusCode  int       `json:"status_code"`
}

func (a *github) add(r *rig, guid string, status int) {
	a.deliveries = append(a.deliveries, delivery{int64(len(a.deliveries) + 100), guid, r.clock, "push", status})
}

func (a *github) answer(_ *rig, method string, u *url.URL, h http.Header) (Response, error) {
	const root = "/repos/acme/site/hooks/1/deliveries"
	header := http.Header{}
	if rest, ok := strings.CutPrefix(u.Path, root+"/"); ok {
		id, action, _ := strings.Cut(rest, "/")
		if id == a.gone {
			return Response{Status: 404, Header: header, Body: []byte(`{}`)}, nil
		}
		if method == "POST" && action == "attempts" && a.refuses != 0 {
			return Response{Status: a.refuses, Header: header, Body: []byte(`{}`)}, nil
		}
		if method == "POST" && action == "attempts" {
			a.redelivered = append(a.redelivered, id)
			return Response{Status: 202, Header: header}, nil
		}
		a.details++
		return Response{Status: 200, Header: header, Body: []byte(`{"id":` + id + `,"request":{"headers":{},"payload":{"ref":"` + id + `"}}}`)}, nil
	}
	list := slices.Clone(a.deliveries)
	slices.Reverse(list)
	if after := u.Query().Get("cursor"); after != "" {
		i := slices.IndexFunc(list, func(d delivery) bool { return strconv.FormatInt(d.ID, 10) == after })
		list = list[i:]
	}
	etag := fmt.Sprintf(`"%d"`, len(a.deliveries))
	if h.Get("If-None-Match") == etag {
		a.conditional++
		return Response{Status: 304, Header: header}, nil
	}
	limit, _ := strconv.Atoi(u.Query().Get("per_page"))
	n := min(limit, len(list))
	if n < len(list) {
		header.Set("Link", fmt.Sprintf(`<https://api.example.com%s?per_page=%d&cursor=%d>; rel="next"`, root, limit, list[n].ID))
	}
	header.Set("ETag", etag)
	body, _ := json.Marshal(list[:n])
	return Response{Status: 200, Header: header, Body: body}, nil
}

func stripePoll() Definition {
	return Definition{Preset: "stripe", Destination: "stripe", Source: "stripe", Limit: 3}
}

func githubPoll() Definition {
	return Definition{Preset: "github-deliveries", Params: map[string]string{"hook": "repos/acme/site/hooks/1"}, Destination: "github", Source: "gh", Limit: 3}
}
