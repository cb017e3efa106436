//go:build !js

package admin_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/shared/poll"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/vault"
)

const adminToken = "operator-token-for-tests"

var start = time.Date(2026, 8, 4, 12, 0, 0, 0, time.UTC)

type kv struct{ err error }

func (k *kv) Put(context.Context, string, string, time.Duration) error { return k.err }
func (k *kv) Delete(context.Context, string) error                     { return k.err }

// world is the API over real tenant and ledger objects in memory.
type world struct {
	polls   polls
	t       *testing.T
	now     time.Time
	kv      kv
	rings   [2]*seal.Ring
	tenants map[string]*tenant.Tenant
	ledgers map[string]*ledger.Ledger
	vaults  map[string]*vault.Vault
	lanes   map[string]*lane.Lane
	as      *oauthtest.Server // the provider of connections
	queue   error             // what sending replays answers
	down    error             // what every object answers
	log     []string
	cfg     admin.Config
	handler http.Handler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: start, tenants: map[string]*tenant.Tenant{}, ledgers: map[string]*ledger.Ledger{}, vaults: map[string]*vault.Vault{}, lanes: map[string]*lane.Lane{}}
	w.as = oauthtest.New(asURL, w.clock)
	for i := range w.rings {
		r, err := seal.Parse("k:"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(i + 1)}, seal.KeyBytes)), aesgcm.Suite{})
		require.NoError(t, err)
		w.rings[i] = r
	}
	w.cfg = admin.Config{
		Operator: access.Operator{Tokens: []string{adminToken}},
		Tenant:   func(n string) admin.TenantAPI { return tenant.Client{Tenant: n, Invoke: w.invokeTenant(n)} },
		Ledger: func(n string, shard int) admin.LedgerAPI {
			return ledger.Client{Tenant: n, Shard: shard, Invoke: func(_ context.Context, m string, p []byte) ([]byte, error) {
				if w.down != nil {
					return nil, w.down
				}
				return w.ledger(n, shard).Invoke(m, p)
			}}
		},
		Vault:     func(n string) admin.VaultAPI { return vault.Client{Tenant: n, Invoke: w.invokeVault(n)} },
		Poll:      func(n, p string) admin.PollAPI { return poll.Client{Tenant: n, Poll: p, Invoke: w.invokePoll(n, p)} },
		Schedule:  func(n string) admin.ScheduleAPI { return w.schedule(n) },
		Keys:      noKeys{},
		Lane:      func(n, d string) admin.LaneAPI { return w.lane(n, d) },
		Read:      w.read,
		PublicURL: "https://hooks.example.com",
		Log:       func(e string, kv ...string) { w.log = append(w.log, e+" "+strings.Join(kv, " ")) },
	}
	w.rebuild()
	return w
}

func (w *world) rebuild() {
	w.t.Helper()
	h, err := admin.New(w.cfg)
	require.NoError(w.t, err)
	w.handler = h
}

func (w *world) db() *memsql.DB {
	db, err := memsql.Open()
	require.NoError(w.t, err)
	w.t.Cleanup(func() { db.Close() })
	return db
}

func (w *world) clock() time.Time { return w.now }

func (w *world) invokeTenant(n string) func(context.Context, string, []byte) ([]byte, error) {
	return func(_ context.Context, m string, p []byte) ([]byte, error) {
		if w.down != nil {
			return nil, w.down
		}
		obj := w.tenants[n]
		if obj == nil {
			var err error
			obj, err = tenant.New(tenant.Config{
				DB: w.db(), Now: w.clock, Tenant: n, SourceKeys: w.rings[0], VaultKeys: w.rings[1], Publisher: &w.kv,
				SetAlarm: func(time.Time) error { return nil },
				Check: func(provider string, _ map[string]string, secrets [][]byte) error {
					if provider == "nobody" {
						return tenant.ErrProvider
					}
					for _, s := range secrets {
						if len(s) < 4 {
							return errors.New("too short: " + string(s))
						}
					}
					return nil
				},
			})
			require.NoError(w.t, err)
			w.tenants[n] = obj
		}
		return obj.Invoke(m, p)
	}
}

func (w *world) ledger(n string, shard int) *ledger.Ledger {
	name := ledger.ObjectName(n, shard)
	if w.ledgers[name] == nil {
		l, err := ledger.New(ledger.Config{
			DB: w.db(), Now: w.clock, Tenant: n, Shard: shard,
			Requeue:     func([][]byte) error { return w.queue },
			SetAlarm:    func(time.Time) error { return nil },
			DropPayload: func(string) error { return nil },
		})
		require.NoError(w.t, err)
		w.ledgers[name] = l
	}
	return w.ledgers[name]
}

// dead puts an event into the log that ran out of attempts.
func (w *world) dead(n, src, id, body string) string {
	w.t.Helper()
	e := &event.Event{
		Tenant: n, Source: src, ID: id, Provider: "github", Type: "com.github.push", Time: w.now, Accepted: w.now,
		Origin: event.OriginWebhook, Authenticated: event.ProofSignature, ContentType: "application/json",
		Retention: 72 * time.Hour, Body: []byte(body), Size: int64(len(body)),
	}
	c := w.cfg.Ledger(n, ledger.ShardOf(e.Key())).(ledger.Client)
	marks, err := c.MarkDead(context.Background(), []ledger.Item{{MessageID: "m-" + e.Key(), Attempts: 1, Message: event.Encode(e)}})
	require.NoError(w.t, err)
	require.NotContains(w.t, marks, ledger.MarkedRefused)
	return e.Key()
}

type response struct {
	*httptest.ResponseRecorder
	t *testing.T
}

func (r response) json() map[string]any {
	r.t.Helper()
	var v map[string]any
	require.NoError(r.t, json.Unmarshal(r.Body.Bytes(), &v), r.Body.String())
	return v
}

// code checks that the answer is a proper problem and returns its code.
func (r response) code() string {
	r.t.Helper()
	assert.Equal(r.t, "application/problem+json", r.Header().Get("Content-Type"))
	v := r.json()
	assert.EqualValues(r.t, r.Code, v["status"])
	assert.NotEmpty(r.t, v["title"])
	return v["code"].(string)
}

func (w *world) do(token, method, path, body string, change ...func(*http.Request)) response {
	w.t.Helper()
	r := httptest.NewRequest(method, "https://edge.example.net"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, f := range change {
		f(r)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	assert.Equal(w.t, "no-store", rec.Header().Get("Cache-Control"))
	return response{rec, w.t}
}

func (w *world) admin(method, path, body string) response {
	w.t.Helper()
	return w.do(adminToken, method, "/v1/tenants/acme"+path, body)
}

const putGitHub = `{"provider":"github","secrets":["s3cr3t-one"]}`

func TestNew(t *testing.T) {
	whole := newWorld(t).cfg
	for why, change := range map[string]func(*admin.Config){
		"tenant":    func(c *admin.Config) { c.Tenant = nil },
		"ledger":    func(c *admin.Config) { c.Ledger = nil },
		"no origin": func(c *admin.Config) { c.PublicURL = "hooks.example.com" },
		"path":      func(c *admin.Config) { c.PublicURL = "https://hooks.example.com/x" },
		"query":     func(c *admin.Config) { c.PublicURL = "https://hooks.example.com?x" },
		"user":      func(c *admin.Config) { c.PublicURL = "https://u@hooks.example.com" },
	} {
		c := whole
		change(&c)
		_, err := admin.New(c)
		require.Error(t, err, why)
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t)
	r := w.do("", "GET", "/healthz", "")
	assert.Equal(t, 200, r.Code)
	assert.JSONEq(t, `{"status":"ok"}`, r.Body.String())
	assert.Empty(t, w.do("", "HEAD", "/healthz", "").Body.String())
	r = w.do("", "POST", "/healthz", "")
	assert.Equal(t, "method_not_allowed", r.code())
	assert.Equal(t, "GET, HEAD", r.Header().Get("Allow"))

	w.cfg.Missing = []string{"ADMIN_TOKEN is not set", "VAULT_KEYS is not set"}
	w.rebuild()
	for _, path := range []string{"/healthz", "/v1/tenants/acme/sources", "/v1/providers", "/oauth/callback", "/nothing"} {
		r = w.do(adminToken, "GET", path, "")
		assert.Equal(t, 503, r.Code, path)
		assert.Equal(t, "not_ready", r.code(), path)
		assert.Equal(t, "ADMIN_TOKEN is not set; VAULT_KEYS is not set", r.json()["detail"], path)
	}
}

func TestAuthorization(t *testing.T) {
	w := newWorld(t)
	key := w.admin("POST", "/keys", `{"label":"ci"}`).json()["key"].(string)
	other := w.do(adminToken, "POST", "/v1/tenants/other/keys", "").json()["key"].(string)

	assert.Equal(t, 200, w.do(key, "GET", "/v1/tenants/acme/sources", "").Code)
	set := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Authorization"] = values }
	}
	assert.Equal(t, 200, w.do("", "GET", "/v1/tenants/acme/sources", "", set("bearer "+adminToken)).Code)
	for why, change := range map[string]func(*http.Request){
		"none":          set(),
		"empty":         set(""),
		"scheme only":   set("Bearer"),
		"no token":      set("Bearer "),
		"two spaces":    set("Bearer  " + adminToken),
		"basic":         set("Basic " + adminToken),
		"no scheme":     set(adminToken),
		"wrong":         set("Bearer " + adminToken + "x"),
		"prefix":        set("Bearer " + adminToken[:5]),
		"upper case":    set("Bearer " + strings.ToUpper(adminToken)),
		"two headers":   set("Bearer "+adminToken, "Bearer "+adminToken),
		"list":          set("Bearer x, Bearer " + adminToken),
		"forged key":    set("Bearer " + key[:len(key)-1] + "!"),
		"key of nobody": set("Bearer hwk_ghost" + key[len("hwk_acme"):]),
		"too long":      set("Bearer " + strings.Repeat("a", 1<<16)),
		"in the query":  func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "access_token=" + adminToken },
		"other header": func(r *http.Request) {
			r.Header.Del("Authorization")
			r.Header.Set("X-Authorization", "Bearer "+adminToken)
		},
		"cookie":           func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("Cookie", "token="+adminToken) },
		"revoked key form": set("Bearer hwk_acme_aaaaaaaa_" + strings.Repeat("A", 43)),
	} {
		for _, path := range []string{"/v1/tenants/acme/sources", "/v1/tenants/acme/nothing", "/v1/tenants/none/sources", "/v1/tenants/"} {
			r := w.do("", "GET", path, "", change)
			assert.Equal(t, 401, r.Code, why)
			assert.Equal(t, "unauthenticated", r.code(), why)
			assert.Equal(t, `Bearer realm="hookweir"`, r.Header().Get("WWW-Authenticate"))
		}
	}

	// Another tenant looks the same whether it exists or not.
	there := w.do(other, "GET", "/v1/tenants/acme/sources", "")
	gone := w.do(other, "GET", "/v1/tenants/ghost/sources", "")
	assert.Equal(t, 404, there.Code)
	assert.Equal(t, there.Body.String(), gone.Body.String())
	assert.Equal(t, "not_found", w.do(other, "PUT", "/v1/tenants/acme/sources/gh", putGitHub).code())
	assert.Equal(t, "not_found", w.do(key, "GET", "/v1/tenants/ACME/sources", "").code())
	assert.Empty(t, w.admin("GET", "/sources", "").json()["sources"])

	// A revoked key is out at once.
	id := strings.Split(key, "_")[2]
	assert.Equal(t, 204, w.admin("DELETE", "/keys/"+id, "").Code)
	assert.Equal(t, "unauthenticated", w.do(key, "GET", "/v1/tenants/acme/sources", "").code())
}

func TestNoAdminTokenSettingOpensNothing(t *testing.T) {
	w := newWorld(t)
	key := w.admin("POST", "/keys", "").json()["key"].(string)
	w.cfg.Operator.Tokens = nil
	w.rebuild()
	for _, h := range []string{"Bearer ", "Bearer", "", "Bearer " + adminToken} {
		r := w.do("", "GET", "/v1/tenants/acme/sources", "", func(r *http.Request) { r.Header.Set("Authorization", h) })
		assert.Equal(t, 401, r.Code, "%q", h)
	}
	assert.Equal(t, 200, w.do(key, "GET", "/v1/tenants/acme/sources", "").Code)
}

func TestRoutes(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{
		"/", "/v1", "/v1/", "/v1/tenants", "/v2/tenants/acme/sources", "/V1/tenants/acme/sources", "//v1/tenants/acme/sources", "/healthz/",
	} {
		assert.Equal(t, "not_found", w.do(adminToken, "GET", path, "").code(), path)
	}
	for path, want := range map[string]string{
		"":                              "not_found",
		"/":                             "not_found",
		"/sources/":                     "not_found",
		"/nothing":                      "not_found",
		"/agent/":                       "not_found",
		"/sources/gh/rotate/x":          "not_found",
		"/sources/gh/other":             "not_found",
		"/%73ources":                    "not_found",
		"/../other/sources":             "not_found",
		"/sources/..":                   "invalid_name",
		"/sources/%2e%2e":               "invalid_name",
		"/sources/a%2Fb":                "invalid_name",
		"/sources/GH":                   "invalid_name",
		"/sources/a%00":                 "invalid_name",
		"/sources/gh":                   "not_found",
		"/agent":                        "not_found",
		"/keys/nosuchid":                "method_not_allowed",
		"/events/":                      "not_found",
		"/events/acme":                  "not_found",
		"/events/acme/gh":               "not_found",
		"/events/acme/gh/":              "not_found",
		"/events/acme%2Fgh%2F%zz":       "",
		"/events/other/gh/1":            "not_found",
		"/events/acme/GH/1":             "not_found",
		"/events/acme/gh/%00":           "not_found",
		"/events/acme/gh/%ff":           "not_found",
		"/events/acme/gh/" + long(300):  "not_found",
		"/events/acme/gh/" + long(3000): "uri_too_long",
	} {
		if want == "" {
			continue // net/http refuses it
		}
		r := w.admin("GET", path, "")
		assert.Equal(t, want, r.code(), path)
	}
	assert.Equal(t, "invalid_name", w.do(adminToken, "GET", "/v1/tenants/ACME/sources", "").code())
	assert.Equal(t, "invalid_name", w.do(adminToken, "GET", "/v1/tenants/a%2Fb/sources", "").code())
	assert.Equal(t, "invalid_name", w.do(adminToken, "GET", "/v1/tenants//sources", "").code())

	for path, allow := range map[string]string{
		"/sources":                   "GET, HEAD",
		"/sources/gh":                "DELETE, GET, HEAD, PUT",
		"/sources/gh/rotate":         "POST",
		"/agent":                     "GET, HEAD, PUT",
		"/agent/rotate":              "POST",
		"/keys":                      "GET, HEAD, POST",
		"/keys/abcdefgh":             "DELETE",
		"/events":                    "GET, HEAD",
		"/events/replay":             "POST",
		"/events/purge":              "POST",
		"/events/acme/gh/1":          "DELETE, GET, HEAD",
		"/events/acme/gh/1/replay":   "POST",
		"/events/acme%2Fgh%2F1":      "DELETE, GET, HEAD",
		"/events/acme%2Fgh%2Freplay": "DELETE, GET, HEAD",
	} {
		for _, m := range []string{"PATCH", "OPTIONS", "TRACE", "get", "BREW"} {
			r := w.admin(m, path, "")
			assert.Equal(t, 405, r.Code, path)
			assert.Equal(t, "method_not_allowed", r.code(), path)
			assert.Equal(t, allow, r.Header().Get("Allow"), path)
		}
	}
}

func long(n int) string { return strings.Repeat("a", n) }

func TestStrictBodies(t *testing.T) {
	w := newWorld(t)
	put := func(body string, change ...func(*http.Request)) response {
		return w.do(adminToken, "PUT", "/v1/tenants/acme/sources/gh", body, change...)
	}
	for why, body := range map[string]string{
		"empty":              "",
		"not JSON":           "provider=github",
		"array":              `[` + putGitHub + `]`,
		"string":             `"x"`,
		"null":               `null`,
		"cut off":            putGitHub[:20],
		"trailing object":    putGitHub + `{}`,
		"trailing text":      putGitHub + ` x`,
		"unknown field":      `{"provider":"github","secrets":["s3cr3t-one"],"secret":"x"}`,
		"case":               `{"Provider":"github","secrets":["s3cr3t-one"]}`,
		"twice":              `{"provider":"stripe","provider":"github","secrets":["s3cr3t-one"]}`,
		"null field":         `{"provider":"github","secrets":["s3cr3t-one"],"url":null}`,
		"wrong type":         `{"provider":"github","secrets":"s3cr3t-one"}`,
		"number":             `{"provider":1,"secrets":["s3cr3t-one"]}`,
		"secret is a number": `{"provider":"github","secrets":[1]}`,
		"not UTF-8":          "{\"provider\":\"github\",\"secrets\":[\"s3cr3t-\xff\"]}",
		"BOM":                "\ufeff" + putGitHub,
		"deep":               strings.Repeat(`{"provider":`, 5000),
	} {
		r := put(body, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") })
		assert.Equal(t, 400, r.Code, why)
		assert.Equal(t, "invalid_json", r.code(), why)
		assert.NotContains(t, r.Body.String(), "s3cr3t", why)
	}
	for why, ct := range map[string][]string{
		"none": nil, "empty": {""}, "form": {"application/x-www-form-urlencoded"}, "text": {"text/plain"},
		"problem": {"application/problem+json"}, "charset": {"application/json; charset=utf-16"},
		"two": {"application/json", "text/plain"}, "junk": {"application/json;;;="},
	} {
		r := put(putGitHub, func(r *http.Request) { r.Header["Content-Type"] = ct })
		assert.Equal(t, "unsupported_media_type", r.code(), why)
	}
	r := put(putGitHub, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") })
	assert.Equal(t, "unsupported_encoding", r.code())
	r = put(`{"provider":"` + long(admin.MaxBody) + `"}`)
	assert.Equal(t, 413, r.Code)
	assert.Equal(t, "body_too_large", r.code())
	r = put(putGitHub, func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, 5) })
	assert.Equal(t, "body_too_large", r.code())
	r = put(putGitHub, func(r *http.Request) { r.Body = io.NopCloser(failing{errors.New("reset")}) })
	assert.Equal(t, "bad_request", r.code())
	w.cfg.TooLarge = errors.New("over the platform's limit")
	w.rebuild()
	r = put(putGitHub, func(r *http.Request) { r.Body = io.NopCloser(failing{w.cfg.TooLarge}) })
	assert.Equal(t, "body_too_large", r.code())

	assert.Equal(t, "not_found", w.admin("GET", "/sources/gh", "").code(), "nothing was stored")
	exact := `{"provider":"github","secrets":["s3cr3t-one"]` + strings.Repeat(" ", admin.MaxBody-len(putGitHub)) + `}`
	assert.Equal(t, 200, put(exact, func(r *http.Request) { r.Header.Set("Content-Type", "Application/JSON; charset=UTF-8") }).Code)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestObjectsThatDoNotAnswer(t *testing.T) {
	w := newWorld(t)
	key := w.admin("POST", "/keys", "").json()["key"].(string)
	w.down = errors.New("Durable Object reset because its code was updated")
	for _, token := range []string{adminToken, key} {
		r := w.do(token, "GET", "/v1/tenants/acme/events", "")
		assert.Equal(t, 503, r.Code)
		assert.Equal(t, "unavailable", r.code())
		assert.Equal(t, "5", r.Header().Get("Retry-After"))
		assert.NotContains(t, r.Body.String(), "Durable")
	}
	assert.Contains(t, w.log[len(w.log)-1], "Durable Object reset")
	w.down = nil
	w.rings = [2]*seal.Ring{}
	clear(w.tenants)
	assert.Equal(t, "not_ready", w.admin("PUT", "/sources/gh", putGitHub).code())
	assert.Equal(t, "not_ready", w.admin("PUT", "/agent", `{"url":"https://agent.example.com/"}`).code())
}

func TestEveryRefusalIsMapped(t *testing.T) {
	// An error of the objects that falls through would be a 503.
	for want, errs := range map[int][]error{
		404: {tenant.ErrNotFound, tenant.ErrTenant, ledger.ErrNotFound, ledger.ErrTenant, ledger.ErrShard},
		422: {tenant.ErrRequest, tenant.ErrProvider, tenant.ErrParams, tenant.ErrSecret},
		409: {tenant.ErrSecrets, tenant.ErrLimit, tenant.ErrUnreadable, ledger.ErrInFlight},
		503: {seal.ErrNoRing, errors.New("anything else")},
		400: {ledger.ErrFilter},
	} {
		for _, err := range errs {
			w := newWorld(t)
			w.down = fmt.Errorf("wrapped: %w", err)
			r := w.admin("GET", "/agent", "")
			assert.Equal(t, want, r.Code, err)
			r.code()
		}
	}
}

func fields(v any) []string { return slices.Sorted(maps.Keys(v.(map[string]any))) }

func FuzzServe(f *testing.F) {
	for _, s := range []string{
		"/v1/tenants/acme/sources/gh", "/v1/tenants/acme/events/acme%2Fgh%2F1/replay", "/v1/tenants/acme/events?limit=5&since=x",
		"/healthz", "/v1/tenants/../x", "/v1/tenants/acme/events/replay",
	} {
		f.Add("PUT", s, putGitHub)
		f.Add("GET", s, "")
		f.Add("POST", s, `{"state":"dead","cursor":"1.x"}`)
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "https://edge.example.net"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		w := newWorld(t)
		r.Header.Set("Authorization", "Bearer "+adminToken)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		assert.Less(t, rec.Code, 500, "%s %s %s", method, path, rec.Body)
		if rec.Code >= 400 {
			assert.True(t, method == "HEAD" || json.Valid(rec.Body.Bytes()))
		}
	})
}
