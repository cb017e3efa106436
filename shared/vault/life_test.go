//go:build !js

package vault_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/vault"
	"github.com/hookweir/hookweir/shared/wire"
)

func TestNothingSecretIsStoredInTheClear(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	w.begin("crm") // a flow under way
	w.connect("gone")
	w.as.Break(oauthtest.FailBefore)
	tok, err := w.token("crm")
	require.NoError(t, err)
	flow := w.begin("crm")
	all := dump(t, w.db)
	secrets := append(w.as.Granted(), tok.Value, "client-secret", flow.Value, strings.Split(flow.Cookie, ".")[1])
	require.Greater(t, len(secrets), 4)
	for _, s := range secrets {
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)), hex.EncodeToString([]byte(s))} {
			assert.NotContains(t, all, form)
		}
	}
	for _, line := range w.log {
		for _, s := range secrets {
			assert.NotContains(t, line, s)
		}
	}
}

// TestSealedInPlace: a value moved to another row, column or tenant, or put
// back from before, does not open; nothing is thrown away, and the connection
// says what is wrong.
func TestSealedInPlace(t *testing.T) {
	read := func(w *world, column, name string) string {
		rows, err := w.db.Exec(`SELECT `+column+` FROM tokens WHERE connection = ?`, name)
		require.NoError(t, err)
		r, ok := rows.First()
		require.True(t, ok)
		return r.Text()
	}
	write := func(w *world, column, name, value string) {
		_, err := w.db.Exec(`UPDATE tokens SET `+column+` = ? WHERE connection = ?`, value, name)
		require.NoError(t, err)
	}
	other := newWorld(t)
	other.vault.Tenant = "rival"
	other.connect("crm")
	for why, tamper := range map[string]func(w *world){
		"another connection's": func(w *world) { write(w, "access", "crm", read(w, "access", "erp")) },
		"another connection's, generation and all": func(w *world) {
			write(w, "access", "crm", read(w, "access", "erp"))
			_, err := w.db.Exec(`UPDATE connections SET generation = (SELECT generation FROM connections WHERE name = 'erp') WHERE name = 'crm'`)
			require.NoError(t, err)
		},
		"another column's": func(w *world) { write(w, "access", "crm", read(w, "refresh", "crm")) },
		"another tenant's": func(w *world) { write(w, "access", "crm", read(other, "access", "crm")) },
		"one bit": func(w *world) {
			s := []byte(read(w, "access", "crm"))
			s[len(s)-2] ^= 1
			write(w, "access", "crm", string(s))
		},
		"no sealed text": func(w *world) { write(w, "access", "crm", "plain") },
		"an unknown key": func(w *world) {
			write(w, "access", "crm", strings.Replace(read(w, "access", "crm"), ".t1.", ".t9.", 1))
		},
		"gone": func(w *world) {
			_, err := w.db.Exec(`DELETE FROM tokens WHERE connection = 'crm'`)
			require.NoError(t, err)
		},
		"an older one": func(w *world) {
			old := read(w, "access", "crm")
			w.until(start.Add(time.Hour))
			write(w, "access", "crm", old)
		},
		"an older row of tokens": func(w *world) {
			a, r := read(w, "access", "crm"), read(w, "refresh", "crm")
			w.until(start.Add(time.Hour))
			write(w, "access", "crm", a)
			write(w, "refresh", "crm", r)
		},
	} {
		t.Run(why, func(t *testing.T) {
			w := newWorld(t)
			w.connect("crm")
			w.connect("erp")
			tamper(w)
			posts, _, _ := w.as.Counts()
			_, err := w.token("crm")
			require.ErrorIs(t, err, vault.ErrUnreadable)
			c := w.state("crm")
			assert.Equal(t, []string{vault.Degraded, vault.ReasonUnreadable}, []string{c.State, c.Reason})
			w.settle()
			assert.Contains(t, w.told(), "degraded")
			after, _, _ := w.as.Counts()
			assert.Equal(t, posts, after, "nothing was sent")
			_, err = w.token("erp")
			require.NoError(t, err, "others are not affected")
		})
	}
}

func TestMasterKeyRotation(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	require.Equal(t, []vault.Entry{{Tenant: "acme", Key: "k1"}}, w.index[len(w.index)-1:])

	// The old key is gone too early: loud, and nothing lost.
	w.cfg.Keys = keyRing(t, 2)
	w.restart()
	_, err := w.token("crm")
	require.ErrorIs(t, err, vault.ErrUnreadable)
	assert.Equal(t, vault.ReasonUnreadable, w.state("crm").Reason)

	// Both keys: it works again, and the watchdog re-wraps.
	w.cfg.Keys = keyRing(t, 2, 1)
	w.restart()
	h, err := w.vault.Watch(ctx)
	require.NoError(t, err)
	assert.True(t, h.Rewrapped)
	assert.Equal(t, "k2", h.Entry.Key)
	assert.Equal(t, vault.Entry{Tenant: "acme", Key: "k2"}, w.index[len(w.index)-1])
	h, err = w.vault.Watch(ctx)
	require.NoError(t, err)
	assert.False(t, h.Rewrapped, "once")
	tok, err := w.token("crm")
	require.NoError(t, err)
	assert.True(t, w.as.Active(tok.Value))
	assert.Equal(t, vault.Active, w.state("crm").State, "a connection that can be read again says so")

	// The old key can go.
	w.cfg.Keys = keyRing(t, 2)
	w.restart()
	_, err = w.token("crm")
	require.NoError(t, err)

	// No ring at all.
	w.cfg.Keys = nil
	w.restart()
	_, err = w.token("crm")
	require.ErrorIs(t, err, seal.ErrNoRing)
	w.until(start.Add(30 * time.Minute)) // and its alarms do not run in circles
}

func TestIndex(t *testing.T) {
	w := newWorld(t)
	w.noIdx = errors.New("index is away")
	w.connect("crm")
	w.noIdx = nil
	w.until(start.Add(2 * time.Minute))
	require.Len(t, w.index, 1, "the alarm registers what could not be registered")

	x := vault.NewIndex(w.db2(), w.clock)
	c := vault.IndexClient{Invoke: x.Invoke}
	for i := range 120 {
		require.NoError(t, c.Register(vault.Entry{Tenant: "t" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Key: []string{"k1", "k2"}[i%2]}))
	}
	seen := map[string]int{}
	for range 3 {
		w.advance(time.Minute)
		due, err := c.Due()
		require.NoError(t, err)
		assert.LessOrEqual(t, len(due), 50)
		for _, tenant := range due {
			seen[tenant]++
		}
	}
	assert.Len(t, seen, 120, "three ticks come round to all")
	for _, n := range seen {
		assert.Equal(t, 1, n)
	}
	for minute, want := range []int{0, 0, 50, 50, 20, 0} {
		w.advance(time.Minute)
		due, err := c.Due()
		require.NoError(t, err)
		assert.Len(t, due, want, "minute %d: a visit is good for five", minute)
	}
	report, err := c.Keys()
	require.NoError(t, err)
	assert.Equal(t, vault.KeysReport{Vaults: 120, ByKey: map[string]int{"k1": 60, "k2": 60}}, report)
	stale, err := c.Stale("k2")
	require.NoError(t, err)
	assert.Len(t, stale, 60)
	_, err = x.Invoke("register", []byte(`{"tenant":"../x"}`))
	require.ErrorIs(t, err, vault.ErrRequest)
	_, err = x.Invoke("drop", nil)
	require.ErrorIs(t, err, vault.ErrRequest)
}

func (w *world) db2() sqlstore.DB { return newWorld(w.t).db }

func TestWatchdogTakesUpALostAlarm(t *testing.T) {
	w := newWorld(t)
	before := w.connect("crm").Generation
	w.now, w.alarm = start.Add(56*time.Minute), time.Time{} // the platform forgot it
	w.restart()
	h, err := w.vault.Watch(ctx)
	require.NoError(t, err)
	assert.Equal(t, 1, h.Overdue)
	assert.Greater(t, w.state("crm").Generation, before)
	assert.False(t, w.alarm.IsZero())
	assert.Contains(t, strings.Join(w.log, "\n"), "vault.alarm_lost")
}

// revocations has the hints of revocations noted as they leave.
func (w *world) revocations() *[]string {
	var order []string
	w.before = func(r fetch.Request) {
		if strings.HasSuffix(r.URL, "/revoke") {
			_, hint, _ := strings.Cut(string(r.Body), "token_type_hint=")
			order = append(order, hint)
		}
	}
	return &order
}

func TestDisconnect(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	tok, err := w.token("crm")
	require.NoError(t, err)
	order := w.revocations()
	d, err := w.vault.Disconnect(ctx, "crm")
	require.NoError(t, err)
	assert.Equal(t, vault.Disconnected{Connection: "crm", Provider: "custom", Revoked: true}, d)
	assert.Equal(t, []string{"refresh_token", "access_token"}, *order)
	assert.False(t, w.as.Active(tok.Value))
	assert.Empty(t, w.as.Granted())
	_, err = w.vault.Connection(ctx, "crm")
	require.ErrorIs(t, err, vault.ErrNotFound)
	_, err = w.token("crm")
	require.ErrorIs(t, err, vault.ErrNotFound)
	assert.NotContains(t, dump(t, w.db), "hw1.t1.", "no ciphertext is left")
	_, err = w.vault.Disconnect(ctx, "crm")
	require.ErrorIs(t, err, vault.ErrNotFound)
}

func TestDisconnectIsRepeatedUntilTheProviderKnows(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	down := true
	w.hosts["as.example.com"] = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if down {
			rw.WriteHeader(503)
			return
		}
		w.as.ServeHTTP(rw, r)
	})
	d, err := w.vault.Disconnect(ctx, "crm")
	require.NoError(t, err)
	assert.True(t, d.Pending)
	assert.False(t, d.Revoked)
	_, err = w.token("crm")
	require.ErrorIs(t, err, vault.ErrNeedsReauth, "no token from the first write on")
	assert.Equal(t, vault.Revoked, w.state("crm").State)
	w.until(start.Add(time.Hour))
	down = false
	w.until(start.Add(14 * time.Hour))
	assert.Empty(t, w.as.Granted())
	_, err = w.vault.Connection(ctx, "crm")
	require.ErrorIs(t, err, vault.ErrNotFound)

	// A provider that never answers: given up after days, loudly.
	w.connect("erp")
	down = true
	_, err = w.vault.Disconnect(ctx, "erp")
	require.NoError(t, err)
	w.until(w.clock().Add(10 * 24 * time.Hour))
	_, err = w.vault.Connection(ctx, "erp")
	require.ErrorIs(t, err, vault.ErrNotFound)
	assert.Equal(t, []string{"not_revoked", "not_revoked"}, w.told())
}

func TestProviderWithoutRevocationIsNamed(t *testing.T) {
	w := newWorld(t)
	w.connect("crm", func(in *vault.PutConnection) { in.Endpoints.Revoke = "" })
	d, err := w.vault.Disconnect(ctx, "crm")
	require.NoError(t, err)
	assert.Equal(t, []string{"refresh_token", "access_token"}, d.NotRevocable)
	assert.False(t, d.Revoked)
	assert.False(t, d.Pending)
	_, err = w.vault.Connection(ctx, "crm")
	require.ErrorIs(t, err, vault.ErrNotFound)
}

// TestOvertaken: what changes a connection while a refresh is on its way wins.
func TestOvertaken(t *testing.T) {
	during := func(w *world, f func()) {
		w.before = func(r fetch.Request) {
			if strings.Contains(string(r.Body), "grant_type=refresh_token") {
				w.before = nil
				f()
			}
		}
	}
	t.Run("by a disconnect", func(t *testing.T) {
		w := newWorld(t)
		w.connect("crm")
		w.advance(time.Hour)
		during(w, func() {
			_, err := w.vault.Disconnect(ctx, "crm")
			require.NoError(t, err)
		})
		_, err := w.token("crm")
		require.Error(t, err)
		w.settle()
		assert.Empty(t, w.as.Granted(), "the tokens that came late are revoked")
		_, err = w.vault.Connection(ctx, "crm")
		require.ErrorIs(t, err, vault.ErrNotFound, "not resurrected")
	})
	t.Run("by a new authorization", func(t *testing.T) {
		w := newWorld(t)
		w.connect("crm")
		w.advance(time.Hour)
		var fresh vault.Connection
		during(w, func() {
			var err error
			fresh, err = w.vault.Finish(ctx, w.consent(w.begin("crm")))
			require.NoError(t, err)
		})
		order := []string{}
		tok, err := w.token("crm")
		require.NoError(t, err)
		assert.Equal(t, fresh.Generation, tok.Generation)
		w.settle()
		assert.Empty(t, order, "a revocation could end the new grant")
		assert.True(t, w.as.Active(tok.Value))
	})
	t.Run("by a shredding", func(t *testing.T) {
		w := newWorld(t)
		w.connect("crm")
		w.advance(time.Hour)
		during(w, func() {
			_, err := w.vault.Shred(ctx)
			require.NoError(t, err)
		})
		_, err := w.token("crm")
		require.Error(t, err)
		w.settle()
		_, err = w.vault.Connection(ctx, "crm")
		require.ErrorIs(t, err, vault.ErrNotFound)
	})
}

func TestAnotherClientEndsTheGrant(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	w.put("crm", func(in *vault.PutConnection) { in.Scopes = []string{"read"} })
	assert.Equal(t, vault.Active, w.state("crm").State, "other scopes leave the grant alone")
	w.put("crm", func(in *vault.PutConnection) { in.ClientID = "client-2" })
	c := w.state("crm")
	assert.Equal(t, []string{vault.Pending, vault.ReasonReconfigured}, []string{c.State, c.Reason})
	w.settle()
	assert.Empty(t, w.as.Granted())
}

func TestFlowOfAnOlderConfiguration(t *testing.T) {
	w := newWorld(t)
	w.put("crm")
	back := w.consent(w.begin("crm"))
	w.put("crm", func(in *vault.PutConnection) { in.Scopes = []string{"read"} })
	_, err := w.vault.Finish(ctx, back)
	require.ErrorIs(t, err, vault.ErrFlow)
}

func TestShred(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	before := dump(t, w.db)
	out, err := w.vault.Shred(ctx)
	require.NoError(t, err)
	assert.Equal(t, vault.Shredded{Connections: 1, NotRevoked: []string{"crm"}}, out)
	assert.NotContains(t, dump(t, w.db), "hw1.")
	// What a backup still has does not open under the new key.
	w.connect("crm")
	var sealed string
	for line := range strings.Lines(before) {
		if strings.HasPrefix(line, "hw1.t1.") {
			sealed = strings.TrimSpace(line)
		}
	}
	require.NotEmpty(t, sealed)
	_, err = w.db.Exec(`UPDATE tokens SET access = ?`, sealed)
	require.NoError(t, err)
	_, err = w.token("crm")
	require.ErrorIs(t, err, vault.ErrUnreadable)
}

func TestEarlyWarningAndReview(t *testing.T) {
	w := newWorld(t)
	w.hosts["as.example.com"] = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			w.as.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/json") // no refresh token, 60 days
		_, _ = rw.Write([]byte(`{"access_token":"at","expires_in":5184000,"scope":"read write admin"}`))
	})
	c := w.connect("crm")
	assert.False(t, c.Refreshable)
	w.until(start.Add(52 * 24 * time.Hour))
	assert.Empty(t, w.told())
	w.until(start.Add(54 * 24 * time.Hour))
	assert.Equal(t, []string{"expiring"}, w.told(), "once")
	_, err := w.token("crm")
	require.NoError(t, err)
	w.until(start.Add(61 * 24 * time.Hour))
	assert.Equal(t, vault.ReasonExpired, w.notice("needs_reauth")["reason"])
	_, err = w.token("crm")
	require.ErrorIs(t, err, vault.ErrNeedsReauth)

	w.connect("erp")
	_, err = w.db.Exec(`UPDATE connections SET expires = NULL WHERE name = 'erp'`)
	require.NoError(t, err)
	w.until(w.clock().Add(366 * 24 * time.Hour))
	assert.Equal(t, []any{"admin"}, w.notice("scopes_review")["over_granted"])
	assert.Equal(t, []any{"admin", "read", "write"}, w.notice("scopes_review")["unused"])
	n := len(w.told())
	w.until(w.clock().Add(300 * 24 * time.Hour))
	assert.Len(t, w.told(), n, "once a year")
}

func TestScopesReport(t *testing.T) {
	w := newWorld(t)
	w.connect("crm", func(in *vault.PutConnection) {
		in.Scopes = []string{"read", "write", "admin"}
		in.Operations = []vault.Operation{{Method: "GET", Path: "/items/*", Scopes: []string{"read"}}, {Path: "/items/**", Scopes: []string{"write"}}}
	})
	at := start.Add(time.Hour)
	w.now = at
	require.NoError(t, w.vault.Used(ctx, "crm", []vault.Use{
		{Method: "get", Path: "/items/7?x=1", At: at, Count: 3},
		{Method: "POST", Path: "/items", At: at, Count: 2},
		{Method: "GET", Path: "/elsewhere", At: at},
		{Method: "GET", Path: "/items/7", Accepted: []string{"admin", "root"}, At: at},
	}))
	s, err := w.vault.Scopes(ctx, vault.ScopesRequest{Connection: "crm"})
	require.NoError(t, err)
	assert.Equal(t, int64(7), s.Calls)
	assert.Equal(t, int64(1), s.Unmapped)
	calls := map[string]int64{}
	for _, u := range s.Scopes {
		calls[u.Scope] = u.Calls
	}
	assert.Equal(t, map[string]int64{"read": 3, "write": 2, "admin": 1}, calls)
	assert.Empty(t, s.Unused)
	w.now = at.AddDate(0, 0, 31)
	require.NoError(t, w.vault.Used(ctx, "crm", []vault.Use{{Method: "GET", Path: "/items/7", Granted: []string{"read", "write", "extra"}, At: w.now}}))
	s, err = w.vault.Scopes(ctx, vault.ScopesRequest{Connection: "crm", Days: 30})
	require.NoError(t, err)
	assert.Equal(t, []string{"extra", "write"}, s.Unused)
	assert.Equal(t, []string{"extra"}, s.OverGranted, "the echoed scopes are what is granted")
	assert.Equal(t, []string{"admin"}, s.Missing)
	require.ErrorIs(t, w.vault.Used(ctx, "none", nil), vault.ErrNotFound)
	_, err = w.vault.Scopes(ctx, vault.ScopesRequest{Connection: "crm", Days: 9999})
	require.ErrorIs(t, err, vault.ErrRequest)
}

func TestNoticesWaitForTheQueue(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	w.as.End()
	w.queue = errors.New("queue is away")
	w.until(start.Add(2 * time.Hour))
	assert.Empty(t, w.sent)
	w.queue = nil
	w.until(w.clock().Add(time.Minute))
	assert.Equal(t, []string{"needs_reauth"}, w.told())
}

// TestHungProviderHoldsUpNobodyElse: a server that hangs takes four of the
// platform's connections and the time of its own callers.
func TestHungProviderHoldsUpNobodyElse(t *testing.T) {
	w := newWorld(t)
	names := []string{"a", "b", "c", "d", "e", "f"}
	w.connect("good")
	hung := oauthtest.New("https://hung.example.com", w.clock)
	w.hosts["hung.example.com"] = hung
	for _, n := range names {
		w.connect(n, func(in *vault.PutConnection) {
			in.Endpoints = &vault.Endpoints{Authorize: hung.URL + "/auth", Token: hung.URL + "/token", Issuer: hung.URL}
		})
	}
	w.advance(time.Hour)
	let, arrived := make(chan struct{}), make(chan struct{}, len(names))
	var inside, most atomic.Int32
	w.hosts["hung.example.com"] = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if n := inside.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer inside.Add(-1)
		arrived <- struct{}{}
		<-let
		rw.WriteHeader(503)
	})
	var group sync.WaitGroup
	for _, n := range names {
		group.Go(func() {
			_, err := w.token(n)
			assert.Error(t, err)
		})
	}
	for range 4 {
		<-arrived
	}
	tok, err := w.token("good")
	require.NoError(t, err)
	assert.True(t, w.as.Active(tok.Value))
	for range 200_000 { // the other two are given every chance to be wrong
		runtime.Gosched()
	}
	close(let)
	group.Wait()
	assert.EqualValues(t, 4, most.Load(), "at once")
}

func TestBelongsToOneTenant(t *testing.T) {
	w := newWorld(t)
	c := vault.Client{Tenant: "acme", Invoke: w.vault.Invoke}
	_, err := c.Connection(ctx, "crm")
	require.ErrorIs(t, err, vault.ErrNotFound)
	n, err := sqlstore.Int64(w.db, `SELECT count(*) FROM sqlite_master`)
	require.NoError(t, err)
	assert.Zero(t, n, "a read made tables")
	w.connect("crm")
	for range 2 {
		c.Tenant = "rival"
		_, err = c.Token(ctx, vault.TokenRequest{Connection: "crm", Caller: "mcp"})
		require.ErrorIs(t, err, vault.ErrTenant)
		_, err = c.PutConnection(ctx, vault.PutConnection{Name: "x", Settings: vault.Settings{Provider: "google", ClientID: "a"}})
		require.ErrorIs(t, err, vault.ErrTenant)
		w.restart()
		c.Invoke = w.vault.Invoke
	}
}

func TestInvokeRefusesGarbage(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	good := wire.AppendBytes(nil, "acme")
	for why, c := range map[string]struct {
		method  string
		payload []byte
	}{
		"empty": {"token", nil}, "truncated": {"token", []byte{9, 0, 0, 0, 'a'}}, "unknown": {"drop", good}, "no argument": {"token", good},
		"wrong type": {"get", append(bytes.Clone(good), `{}`...)},
	} {
		b, err := w.obj.Invoke(c.method, c.payload)
		require.NoError(t, err, why)
		assert.Equal(t, []byte{3}, b, why) // ErrRequest
	}
	c := w.vault
	for _, b := range [][]byte{nil, {99}, {0}, {0, '{'}} {
		c.Invoke = func(context.Context, string, []byte) ([]byte, error) { return b, nil }
		_, err := c.Connection(ctx, "crm")
		require.ErrorIs(t, err, call.ErrAnswer)
	}
}

func TestSettingsRefused(t *testing.T) {
	w := newWorld(t)
	for why, c := range map[string]struct {
		change func(*vault.PutConnection)
		want   error
	}{
		"name":          {func(in *vault.PutConnection) { in.Name = "No/Name" }, vault.ErrRequest},
		"no client":     {func(in *vault.PutConnection) { in.ClientID = "" }, vault.ErrRequest},
		"no secret":     {func(in *vault.PutConnection) { in.ClientSecret = "" }, vault.ErrClient},
		"unknown style": {func(in *vault.PutConnection) { in.ClientAuth = "guess" }, vault.ErrClient},
		"no key":        {func(in *vault.PutConnection) { in.ClientAuth = "private_key_jwt" }, vault.ErrClient},
		"provider":      {func(in *vault.PutConnection) { in.Provider, in.Endpoints = "nobody", nil }, vault.ErrProvider},
		"param": {func(in *vault.PutConnection) {
			in.Provider, in.Endpoints, in.Params = "shopify", nil, map[string]string{"shop": "a/b"}
		}, vault.ErrParams},
		"no endpoints": {func(in *vault.PutConnection) { in.Endpoints = nil }, vault.ErrParams},
		"loopback":     {func(in *vault.PutConnection) { in.Endpoints.Token = "http://127.0.0.1/t" }, vault.ErrEndpoint},
		"issuer": {func(in *vault.PutConnection) {
			in.Provider, in.Endpoints, in.Issuer = "issuer", nil, "https://as.example.com?x"
		}, vault.ErrEndpoint},
		"reserved":        {func(in *vault.PutConnection) { in.AuthorizeParams = map[string]string{"state": "x"} }, vault.ErrRequest},
		"resource":        {func(in *vault.PutConnection) { in.Resources = []string{"https://a#b"} }, vault.ErrRequest},
		"scope":           {func(in *vault.PutConnection) { in.Scopes = []string{"a b"} }, vault.ErrRequest},
		"rotation":        {func(in *vault.PutConnection) { in.Rotation = "often" }, vault.ErrRequest},
		"grace":           {func(in *vault.PutConnection) { in.Rotation = "grace" }, vault.ErrRequest},
		"operation":       {func(in *vault.PutConnection) { in.Operations = []vault.Operation{{Path: "x", Scopes: []string{"a"}}} }, vault.ErrRequest},
		"too many scopes": {func(in *vault.PutConnection) { in.Scopes = strings.Fields(strings.Repeat("a ", 101)) }, vault.ErrRequest},
	} {
		in := vault.PutConnection{Name: "crm", ClientSecret: "s", Settings: vault.Settings{
			Provider: "custom", ClientID: "c", Endpoints: &vault.Endpoints{Authorize: asURL + "/auth", Token: asURL + "/token"},
		}}
		c.change(&in)
		_, err := w.vault.PutConnection(ctx, in)
		require.ErrorIs(t, err, c.want, why)
	}
	list, err := w.vault.Connections(ctx)
	require.NoError(t, err)
	assert.Empty(t, list)
}

func FuzzInvoke(f *testing.F) {
	for _, m := range []string{"put", "token", "finish", "open_link", "used", "scopes", "authorize", "disconnect"} {
		f.Add(m, `{"name":"crm","connection":"crm","provider":"google","client_id":"a","client_secret":"b","state":"acme.x","caller":"mcp"}`)
		f.Add(m, `"crm"`)
	}
	f.Fuzz(func(t *testing.T, method, arg string) {
		w := newWorld(t)
		w.connect("crm")
		_, err := w.obj.Invoke(method, append(wire.AppendBytes(nil, "acme"), arg...))
		require.NoError(t, err)
	})
}

// TestDisconnectSaysWhatIsNotRevoked: nobody is told that a token is dead when
// nobody could tell the provider.
func TestDisconnectSaysWhatIsNotRevoked(t *testing.T) {
	both := []string{"refresh_token", "access_token"}
	w := newWorld(t)
	w.connect("crm")
	w.cfg.Keys = keyRing(t, 2) // the key is lost
	w.restart()
	d, err := w.vault.Disconnect(ctx, "crm")
	require.NoError(t, err)
	assert.Equal(t, vault.Disconnected{Connection: "crm", Provider: "custom", NotRevocable: both}, d)

	w = newWorld(t)
	w.connect("crm")
	w.hosts["as.example.com"] = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(400)
		_, _ = rw.Write([]byte(`{"error":"unsupported_token_type"}`))
	})
	d, err = w.vault.Disconnect(ctx, "crm")
	require.NoError(t, err)
	assert.Equal(t, vault.Disconnected{Connection: "crm", Provider: "custom", NotRevocable: both}, d)
	w.settle()
	assert.Equal(t, "unsupported_token_type (400)", w.notice("not_revoked")["cause"])
	assert.Equal(t, "custom", w.notice("not_revoked")["provider"])
}

// TestUseTellsOfScopes: what a use teaches about scopes is told without
// waiting for something else to wake the vault.
func TestUseTellsOfScopes(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	_, err := w.db.Exec(`UPDATE connections SET due_at = NULL`)
	require.NoError(t, err)
	w.alarm = time.Time{}
	require.NoError(t, w.vault.Used(ctx, "crm", []vault.Use{{Method: "GET", Path: "/x", Granted: []string{"read"}}}))
	w.settle()
	assert.Equal(t, []string{"scopes_changed"}, w.told())
}
