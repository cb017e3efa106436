//go:build !js

package vault_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
	"github.com/hookweir/hookweir/shared/vault"
)

const (
	asURL    = "https://as.example.com"
	redirect = "https://hooks.example.com/oauth/callback"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 8, 4, 12, 0, 0, 0, time.UTC)
)

func keyRing(t testing.TB, ids ...byte) *seal.Ring {
	t.Helper()
	var parts []string
	for _, id := range ids {
		parts = append(parts, fmt.Sprintf("k%d:%s", id, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{id}, seal.KeyBytes))))
	}
	r, err := seal.Parse(strings.Join(parts, ","), aesgcm.Suite{})
	require.NoError(t, err)
	return r
}

// world is one vault, its provider, and what both did.
type world struct {
	t      testing.TB
	db     sqlstore.DB
	as     *oauthtest.Server
	cfg    vault.Config
	obj    *vault.Vault
	vault  vault.Client
	before func(fetch.Request) // sees each request before it leaves
	after  func(fetch.Request) // and after its answer came

	mu    sync.Mutex
	now   time.Time
	alarm time.Time
	sent  [][]byte
	queue error
	log   []string
	index []vault.Entry
	noIdx error
	hosts map[string]http.Handler
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, now: start, hosts: map[string]http.Handler{}}
	w.as = oauthtest.New(asURL, w.clock)
	w.hosts["as.example.com"] = w.as
	w.cfg = vault.Config{
		DB: db, Now: w.clock, Keys: keyRing(t, 1), Suite: aesgcm.Suite{}, Fetch: w.fetch,
		SetAlarm: func(at time.Time) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.alarm = at
			return nil
		},
		Send: func(messages [][]byte) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.queue == nil {
				w.sent = append(w.sent, messages...)
			}
			return w.queue
		},
		Register: func(e vault.Entry) error {
			if w.noIdx == nil {
				w.index = append(w.index, e)
			}
			return w.noIdx
		},
		Log: func(event string, kv ...string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.log = append(w.log, event+" "+strings.Join(kv, " "))
		},
	}
	w.restart()
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// restart evicts the object and makes it again over the same storage.
func (w *world) restart() {
	w.t.Helper()
	cfg := w.cfg
	cfg.DB = w.db
	obj, err := vault.New(cfg)
	require.NoError(w.t, err)
	w.obj = obj
	w.vault = vault.Client{Tenant: "acme", Invoke: func(_ context.Context, m string, p []byte) ([]byte, error) { return obj.Invoke(m, p) }}
}

// fetch is the platform's, with the servers of this world behind it.
func (w *world) fetch(_ context.Context, r fetch.Request) (res fetch.Response, err error) {
	if w.before != nil {
		w.before(r)
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return res, err
	}
	handler := w.hosts[u.Host]
	if handler == nil {
		return res, errors.New("no such host")
	}
	req := httptest.NewRequest(r.Method, r.URL, bytes.NewReader(r.Body))
	for _, h := range r.Header {
		req.Header.Add(h[0], h[1])
	}
	rec := httptest.NewRecorder()
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			res, err = fetch.Response{}, errors.New("connection reset")
		case oauthtest.ErrSilent:
			w.advance(r.Deadline)
			res, err = fetch.Response{}, fetch.ErrTimeout
		default:
			panic(v)
		}
		if w.after != nil {
			w.after(r)
		}
	}()
	handler.ServeHTTP(rec, req)
	body := rec.Body.Bytes()
	if len(body) > r.MaxBody {
		return fetch.Response{Status: rec.Code, Header: rec.Header(), TooLarge: true}, nil
	}
	return fetch.Response{Status: rec.Code, Header: rec.Header(), Body: body}, nil
}

// tick lets the alarm fire at its time.
func (w *world) tick() {
	w.t.Helper()
	require.False(w.t, w.alarm.IsZero(), "no alarm is set")
	w.mu.Lock()
	if w.alarm.After(w.now) {
		w.now = w.alarm
	}
	w.alarm = time.Time{}
	w.mu.Unlock()
	require.NoError(w.t, w.obj.Alarm())
}

// until lets alarms fire until the time is reached.
func (w *world) until(at time.Time) {
	w.t.Helper()
	for n := 0; !w.alarm.IsZero() && !w.alarm.After(at); n++ {
		require.Less(w.t, n, 1000, "alarms without end")
		w.tick()
	}
	w.mu.Lock()
	w.now = at
	w.mu.Unlock()
}

// settle lets alarms fire that are due now, so that notices leave.
func (w *world) settle() { w.until(w.clock()) }

func (w *world) put(name string, change ...func(*vault.PutConnection)) vault.Connection {
	w.t.Helper()
	in := vault.PutConnection{Name: name, ClientSecret: "client-secret", Settings: vault.Settings{
		Provider: "custom", ClientID: "client-1", Scopes: []string{"read", "write"},
		Endpoints: &vault.Endpoints{Authorize: asURL + "/auth", Token: asURL + "/token", Revoke: asURL + "/revoke", Issuer: asURL},
	}}
	for _, f := range change {
		f(&in)
	}
	c, err := w.vault.PutConnection(ctx, in)
	require.NoError(w.t, err)
	return c
}

func rotation(r string, grace time.Duration) func(*vault.PutConnection) {
	return func(in *vault.PutConnection) { in.Rotation, in.Grace = r, grace }
}

// consent walks a browser through the provider and returns the callback.
func (w *world) consent(f vault.Flow) vault.Callback {
	w.t.Helper()
	u, err := url.Parse(f.URL)
	require.NoError(w.t, err)
	rec := httptest.NewRecorder()
	w.hosts[u.Host].ServeHTTP(rec, httptest.NewRequest("GET", f.URL, nil))
	require.Equal(w.t, 302, rec.Code, rec.Body.String())
	back, err := url.Parse(rec.Header().Get("Location"))
	require.NoError(w.t, err)
	q := back.Query()
	return vault.Callback{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Cookie: f.Value}
}

func (w *world) begin(name string) vault.Flow {
	w.t.Helper()
	f, err := w.vault.Authorize(ctx, vault.BeginFlow{Connection: name, Redirect: redirect})
	require.NoError(w.t, err)
	return f
}

// connect makes a connection that is active.
func (w *world) connect(name string, change ...func(*vault.PutConnection)) vault.Connection {
	w.t.Helper()
	w.put(name, change...)
	c, err := w.vault.Finish(ctx, w.consent(w.begin(name)))
	require.NoError(w.t, err)
	require.Equal(w.t, vault.Active, c.State)
	return c
}

func (w *world) token(name string) (vault.Token, error) {
	return w.vault.Token(ctx, vault.TokenRequest{Connection: name, Caller: "key:a"})
}

func (w *world) state(name string) vault.Connection {
	w.t.Helper()
	c, err := w.vault.Connection(ctx, name)
	require.NoError(w.t, err)
	return c
}

// told lists the notices that reached the queue, by kind.
func (w *world) told() (kinds []string) {
	w.t.Helper()
	for _, m := range w.sent {
		msg, err := event.Decode(m)
		require.NoError(w.t, err)
		kinds = append(kinds, strings.TrimPrefix(msg.Event.Type, "hookweir.connection."))
	}
	return kinds
}

// notice returns the data of the last notice of a kind.
func (w *world) notice(kind string) map[string]any {
	w.t.Helper()
	for i := len(w.sent) - 1; i >= 0; i-- {
		msg, err := event.Decode(w.sent[i])
		require.NoError(w.t, err)
		if msg.Event.Type == "hookweir.connection."+kind {
			var data map[string]any
			require.NoError(w.t, json.Unmarshal(msg.Event.Body, &data))
			return data
		}
	}
	require.Fail(w.t, "no notice "+kind, "%v", w.told())
	return nil
}

// dump is every value of every table.
func dump(t testing.TB, db sqlstore.DB) string {
	t.Helper()
	var out bytes.Buffer
	tables, err := db.Exec(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	require.NoError(t, err)
	for table := range tables.All() {
		rows, err := db.Exec(`SELECT * FROM ` + table.Text())
		require.NoError(t, err)
		for _, row := range rows.Values {
			for _, v := range row {
				if b, ok := v.([]byte); ok {
					out.Write(b)
				}
				fmt.Fprintf(&out, "%v\n", v)
			}
		}
	}
	return out.String()
}
