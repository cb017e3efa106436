//go:build !js

package tenant_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/wire"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 8, 4, 12, 30, 0, 0, time.UTC)
)

func ring(t testing.TB, fill byte) *seal.Ring {
	t.Helper()
	r, err := seal.Parse("k"+hex.EncodeToString([]byte{fill})+":"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, seal.KeyBytes)), aesgcm.Suite{})
	require.NoError(t, err)
	return r
}

// kv is the CONFIG namespace.
type kv struct {
	values map[string]string
	err    error
	during func() // runs in the middle of a put, once
	calls  int
}

func (k *kv) enter() error {
	k.calls++
	if f := k.during; f != nil {
		k.during = nil
		f()
	}
	return k.err
}

func (k *kv) Put(_ context.Context, key, value string, ttl time.Duration) error {
	if err := k.enter(); err != nil {
		return err
	}
	if ttl != 0 {
		return errors.New("configuration must not expire")
	}
	k.values[key] = value
	return nil
}

func (k *kv) Delete(_ context.Context, key string) error {
	if err := k.enter(); err != nil {
		return err
	}
	delete(k.values, key)
	return nil
}

type world struct {
	t     *testing.T
	db    *memsql.DB
	kv    *kv
	now   time.Time
	alarm time.Time
	cfg   tenant.Config
	obj   *tenant.Tenant
	tenant.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, kv: &kv{values: map[string]string{}}, now: start}
	w.cfg = tenant.Config{
		DB: db, Now: func() time.Time { return w.now },
		SourceKeys: ring(t, 1), VaultKeys: ring(t, 2),
		Publisher: w.kv,
		SetAlarm:  func(at time.Time) error { w.alarm = at; return nil },
		Check: func(provider string, params map[string]string, secrets [][]byte) error {
			if params["bad"] != "" {
				return tenant.ErrParams
			}
			if provider != "github" && provider != "stripe" {
				return fmt.Errorf("%w: %s", tenant.ErrProvider, provider)
			}
			for _, s := range secrets {
				if bytes.HasPrefix(s, []byte("bad")) {
					return fmt.Errorf("malformed: %s", s)
				}
			}
			return nil
		},
	}
	w.restart()
	return w
}

// restart evicts the object and makes it again over the same storage.
func (w *world) restart() {
	w.t.Helper()
	obj, err := tenant.New(w.cfg)
	require.NoError(w.t, err)
	w.obj = obj
	w.Client = tenant.Client{Tenant: "acme", Invoke: func(_ context.Context, m string, p []byte) ([]byte, error) { return obj.Invoke(m, p) }}
}

// tick lets the alarm fire at its time.
func (w *world) tick() {
	w.t.Helper()
	require.False(w.t, w.alarm.IsZero(), "no alarm is set")
	w.now = w.alarm
	w.alarm = time.Time{}
	require.NoError(w.t, w.obj.Alarm())
}

// edge is what the worker reads.
func (w *world) edge(src string) *source.Config {
	w.t.Helper()
	v, ok := w.kv.values["src:acme/"+src]
	if !ok {
		return nil
	}
	c, err := source.OpenConfig(w.cfg.SourceKeys, "acme", src, v)
	require.NoError(w.t, err)
	return c
}

func (w *world) put(src string, secrets ...string) tenant.Source {
	w.t.Helper()
	s, err := w.PutSource(ctx, tenant.PutSource{Name: src, Provider: "github", Secrets: secrets})
	require.NoError(w.t, err)
	return s
}

func values(c *source.Config) []string {
	out := []string{}
	for _, s := range c.Secrets {
		out = append(out, string(s.Value))
	}
	return out
}

func TestNewRefuses(t *testing.T) {
	whole := newWorld(t).cfg
	for why, change := range map[string]func(*tenant.Config){
		"db": func(c *tenant.Config) { c.DB = nil }, "now": func(c *tenant.Config) { c.Now = nil },
		"publisher": func(c *tenant.Config) { c.Publisher = nil }, "alarm": func(c *tenant.Config) { c.SetAlarm = nil },
		"check": func(c *tenant.Config) { c.Check = nil },
	} {
		c := whole
		change(&c)
		_, err := tenant.New(c)
		require.Error(t, err, why)
	}
	whole.Tenant = "No/Name"
	_, err := tenant.New(whole)
	require.ErrorIs(t, err, tenant.ErrTenant)
}

func TestReadsLeaveNoTrace(t *testing.T) {
	w := newWorld(t)
	_, err := w.Source(ctx, "github")
	require.ErrorIs(t, err, tenant.ErrNotFound)
	list, err := w.Sources(ctx)
	require.NoError(t, err)
	assert.Empty(t, list)
	keys, err := w.Keys(ctx)
	require.NoError(t, err)
	assert.Empty(t, keys)
	_, err = w.DeleteSource(ctx, "github")
	require.ErrorIs(t, err, tenant.ErrNotFound)
	_, err = w.RotateSource(ctx, tenant.RotateSource{Name: "github", Secret: "x"})
	require.ErrorIs(t, err, tenant.ErrNotFound)
	_, err = w.AgentTarget(ctx)
	require.ErrorIs(t, err, tenant.ErrNotFound)
	require.ErrorIs(t, w.StopAgent(ctx, tenant.StopAgent{}), tenant.ErrNotFound)
	require.ErrorIs(t, w.Authenticate(ctx, "hwk_acme_aaaaaaaa_"+strings.Repeat("A", 43)), tenant.ErrUnauthenticated)
	require.NoError(t, w.obj.Alarm())

	n, err := sqlstore.Int64(w.db, `SELECT count(*) FROM sqlite_master`)
	require.NoError(t, err)
	assert.Zero(t, n, "a read made tables")
}

func TestBelongsToOneTenant(t *testing.T) {
	w := newWorld(t)
	w.put("github", "s1")
	for round := range 2 {
		other := w.Client
		other.Tenant = "evil"
		_, err := other.Source(ctx, "github")
		require.ErrorIs(t, err, tenant.ErrTenant)
		_, err = other.PutAgent(ctx, tenant.PutAgent{URL: "https://evil.example.com"})
		require.ErrorIs(t, err, tenant.ErrTenant)
		_, err = other.CreateKey(ctx, tenant.NewKey{Label: ""})
		require.ErrorIs(t, err, tenant.ErrTenant)
		require.ErrorIs(t, other.Authenticate(ctx, "x"), tenant.ErrUnauthenticated)
		if round == 0 {
			w.restart()
		}
	}
	w.cfg.Tenant = "evil" // the platform says another name than the database
	w.restart()
	_, err := w.Source(ctx, "github")
	require.ErrorIs(t, err, tenant.ErrTenant)
	w.Client.Tenant = "evil"
	_, err = w.Source(ctx, "github")
	require.ErrorIs(t, err, tenant.ErrTenant)
	w.Client.Tenant = "../x"
	_, err = w.Source(ctx, "github")
	require.ErrorIs(t, err, tenant.ErrTenant)
}

func TestInvokeRefusesGarbage(t *testing.T) {
	w := newWorld(t)
	w.put("github", "s1")
	good := wire.AppendBytes(nil, "acme")
	for why, c := range map[string]struct {
		method  string
		payload []byte
	}{
		"empty":          {"source", nil},
		"truncated":      {"source", []byte{9, 0, 0, 0, 'a'}},
		"unknown method": {"drop_all", append(good[:len(good):len(good)], `{}`...)},
		"no argument":    {"source", good},
		"wrong type":     {"source", append(good[:len(good):len(good)], `{}`...)},
		"no JSON":        {"put_source", append(good[:len(good):len(good)], `{`...)},
	} {
		b, err := w.obj.Invoke(c.method, c.payload)
		require.NoError(t, err, why)
		assert.Equal(t, []byte{3}, b, why) // ErrRequest
	}
	c := w.Client
	for _, b := range [][]byte{nil, {99}, {0}, {0, '{'}} {
		c.Invoke = func(context.Context, string, []byte) ([]byte, error) { return b, nil }
		_, err := c.Source(ctx, "github")
		require.ErrorIs(t, err, call.ErrAnswer)
	}
	broken := errors.New("object is gone")
	c.Invoke = func(context.Context, string, []byte) ([]byte, error) { return nil, broken }
	_, err := c.Sources(ctx)
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, c.Authenticate(ctx, "x"), broken)
}

func FuzzInvoke(f *testing.F) {
	for _, m := range []string{"put_source", "source", "rotate_source", "put_agent", "create_key", "authenticate", "delete_source"} {
		f.Add(m, `{"name":"github","provider":"github","secrets":["a"]}`)
		f.Add(m, `"github"`)
	}
	f.Fuzz(func(t *testing.T, method, arg string) {
		w := newWorld(t)
		b, err := w.obj.Invoke(method, append(wire.AppendBytes(nil, "acme"), arg...))
		require.NoError(t, err)
		require.NotEmpty(t, b)
	})
}

// dump is every value of every table.
func dump(t *testing.T, db sqlstore.DB) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, table := range []string{"identity", "sources", "agent", "api_keys"} {
		rows, err := db.Exec(`SELECT * FROM ` + table)
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
	return out.Bytes()
}

func TestNothingSecretIsStoredInTheClear(t *testing.T) {
	w := newWorld(t)
	w.put("github", "source-secret-1")
	_, err := w.RotateSource(ctx, tenant.RotateSource{Name: "github", Secret: "source-secret-2", Overlap: time.Hour})
	require.NoError(t, err)
	a, err := w.PutAgent(ctx, tenant.PutAgent{URL: "https://agent.example.com/"})
	require.NoError(t, err)
	k, err := w.CreateKey(ctx, tenant.NewKey{Label: "ci"})
	require.NoError(t, err)
	all := dump(t, w.db)
	for _, v := range w.kv.values {
		all = append(all, v...)
	}
	raw := strings.TrimPrefix(a.Secret, "whsec_")
	for _, s := range []string{"source-secret", a.Secret, raw, k.Key, k.Key[len(k.Key)-43:]} {
		require.NotEmpty(t, s)
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), hex.EncodeToString([]byte(s))} {
			assert.NotContains(t, string(all), form)
		}
	}
	// The edge's ring does not open the agent's secrets.
	rows, err := w.db.Exec(`SELECT sealed FROM agent`)
	require.NoError(t, err)
	row, _ := rows.First()
	_, err = w.cfg.SourceKeys.Open(row.Text(), seal.AAD{})
	require.ErrorIs(t, err, seal.ErrUnknownKey)
}

func TestRandomnessFails(t *testing.T) {
	w := newWorld(t)
	w.cfg.Rand = bytes.NewReader(nil)
	w.restart()
	_, err := w.CreateKey(ctx, tenant.NewKey{Label: ""})
	require.Error(t, err)
	_, err = w.PutAgent(ctx, tenant.PutAgent{URL: "https://agent.example.com/"})
	require.Error(t, err)
	_, err = w.PutSource(ctx, tenant.PutSource{Name: "github", Provider: "github", Secrets: []string{"s"}})
	require.Error(t, err)
	assert.Empty(t, w.kv.values)
	w.cfg.Rand = rand.Reader
	w.restart()
	w.put("github", "s")
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}
