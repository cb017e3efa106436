package ingest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	config "github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
)

const secret = "It's a Secret to Everybody"

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// platform is everything a Gate stands on, in memory, and able to fail.
type platform struct {
	t    *testing.T
	gate *Gate
	now  time.Time

	kv      map[string]string // both namespaces: their keys differ
	queue   [][]byte
	objects map[string][]byte
	log     bytes.Buffer

	kvDown, queueDown, bucketDown, backendDown error
	reads, forwarded                           int
}

func (p *platform) Get(_ context.Context, key string) ([]byte, error) {
	p.reads++
	if p.kvDown != nil {
		return nil, p.kvDown
	}
	v, ok := p.kv[key]
	if !ok {
		return nil, ErrAbsent
	}
	return []byte(v), nil
}

func (p *platform) PutLater(_ context.Context, key, value string, ttl time.Duration) {
	require.GreaterOrEqual(p.t, ttl, 24*time.Hour)
	p.kv[key] = value
}

func (p *platform) Send(_ context.Context, msg []byte) error {
	if p.queueDown != nil {
		return p.queueDown
	}
	p.queue = append(p.queue, msg)
	return nil
}

func (p *platform) SendBatch(_ context.Context, msgs [][]byte) error {
	if p.queueDown != nil {
		return p.queueDown
	}
	p.queue = append(p.queue, msgs...)
	return nil
}

func (p *platform) Put(_ context.Context, key string, content []byte) error {
	if p.bucketDown != nil {
		return p.bucketDown
	}
	p.objects[key] = content
	return nil
}

func (p *platform) Forward(context.Context) error {
	p.forwarded++
	return p.backendDown
}

func newPlatform(t *testing.T) *platform {
	p := &platform{t: t, now: start, kv: map[string]string{}, objects: map[string][]byte{}}
	ring, err := seal.Parse("k1:"+"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", aesgcm.Suite{})
	require.NoError(t, err)
	p.gate, err = New(Config{
		Sources: p, Seen: p, Events: p, Payloads: p, Backend: p, Ring: ring, Crypto: gocrypto.Crypto{},
		Now: func() time.Time { return p.now },
		Log: func(line []byte) { p.log.Write(append(line, '\n')) },
	})
	require.NoError(t, err)
	p.configure("acme", "github", "github", secret)
	return p
}

func (p *platform) configure(tenant, name, provider string, secrets ...string) {
	c := &config.Config{Tenant: tenant, Name: name, Provider: provider, Retention: config.DefaultRetention, Generation: 1}
	for _, s := range secrets {
		c.Secrets = append(c.Secrets, config.Secret{ID: "s1", Value: []byte(s)})
	}
	p.put(c)
}

func (p *platform) put(c *config.Config) {
	sealed, err := config.SealConfig(p.gate.cfg.Ring, c)
	require.NoError(p.t, err)
	p.kv[config.KVKey(c.Tenant, c.Name)] = sealed
}

type header map[string][]string

func (h header) Values(name string) []string { return h[strings.ToLower(name)] }

// push is a signed GitHub delivery.
func push(id, body string) *Request {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return &Request{
		Method: "POST", URL: "https://hooks.example.com/webhooks/acme/github",
		Header: header{
			"x-hub-signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
			"x-github-delivery":   {id},
			"x-github-event":      {"push"},
			"content-type":        {"application/json"},
		},
		Body: func(limit int) ([]byte, error) {
			if len(body) > limit {
				return nil, ErrTooLarge
			}
			return []byte(body), nil
		},
	}
}

func (p *platform) serve(r *Request) *Response { return p.gate.Serve(context.Background(), r) }

// code is the stable code of a problem answer.
func code(t *testing.T, r *Response) string {
	var body struct {
		Status int
		Code   string
	}
	require.NoError(t, json.Unmarshal(r.Body, &body), "%s", r.Body)
	require.Equal(t, r.Status, body.Status)
	return body.Code
}

func get(r *Response, name string) string {
	for _, h := range r.Header {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

func TestAcceptThenDuplicate(t *testing.T) {
	p := newPlatform(t)
	res := p.serve(push("d1", `{"ref":"refs/heads/main"}`))
	require.Equal(t, 202, res.Status)
	assert.JSONEq(t, `{"accepted":true,"id":"acme/github/d1"}`, string(res.Body))
	require.Len(t, p.queue, 1)
	m, err := event.Decode(p.queue[0])
	require.NoError(t, err)
	assert.Equal(t, &event.Event{
		Tenant: "acme", Source: "github", ID: "d1", Provider: "github", Type: "com.github.push",
		Time: start, Accepted: start, Origin: event.OriginWebhook, Authenticated: event.ProofSignature,
		ContentType: "application/json", Retention: 72 * time.Hour, Body: []byte(`{"ref":"refs/heads/main"}`), Size: 25,
	}, m.Event)

	res = p.serve(push("d1", `{"ref":"refs/heads/main"}`))
	assert.Equal(t, 200, res.Status)
	assert.JSONEq(t, `{"duplicate":true,"id":"acme/github/d1"}`, string(res.Body))
	assert.Len(t, p.queue, 1)
}

func TestRefusedBeforeAnythingIsRead(t *testing.T) {
	unread := func(int) ([]byte, error) { panic("the body was read") }
	for _, tc := range []struct {
		name, method, path string
		status             int
		code               string
	}{
		{"no such source", "POST", "/webhooks/acme/gitlab", 404, "not_found"},
		{"no such tenant", "POST", "/webhooks/other/github", 404, "not_found"},
		{"no source", "POST", "/webhooks/acme", 404, "not_found"},
		{"nothing", "POST", "/webhooks", 404, "not_found"},
		{"empty tenant", "POST", "/webhooks//github", 404, "not_found"},
		{"empty source", "POST", "/webhooks/acme/", 404, "not_found"},
		{"more segments", "POST", "/webhooks/acme/github/x", 404, "not_found"},
		{"trailing slash", "POST", "/webhooks/acme/github/", 404, "not_found"},
		{"encoded slash", "POST", "/webhooks/acme%2Fgithub/x", 404, "not_found"},
		{"encoded name", "POST", "/webhooks/acme/%67ithub", 404, "not_found"},
		{"dots", "POST", "/webhooks/acme/..", 404, "not_found"},
		{"upper case", "POST", "/webhooks/Acme/github", 404, "not_found"},
		{"method", "PUT", "/webhooks/acme/github", 405, "method_not_allowed"},
		{"method of another provider", "GET", "/webhooks/acme/github", 405, "method_not_allowed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPlatform(t)
			r := push("d1", "{}")
			r.Method, r.URL, r.Body = tc.method, "https://hooks.example.com"+tc.path, unread
			res := p.serve(r)
			assert.Equal(t, tc.status, res.Status)
			assert.Equal(t, tc.code, code(t, res))
			assert.Empty(t, p.queue)
			if tc.status == 405 {
				assert.Contains(t, get(res, "allow"), "POST")
			}
		})
	}
}

func TestForgedLeavesNothing(t *testing.T) {
	p := newPlatform(t)
	before := len(p.kv)
	r := push("d1", "{}")
	r.Body = func(int) ([]byte, error) { return []byte(`{"a":1}`), nil }
	res := p.serve(r)
	assert.Equal(t, 401, res.Status)
	assert.Equal(t, "bad_signature", code(t, res))
	assert.Empty(t, p.queue)
	assert.Len(t, p.kv, before)
	assert.Equal(t, 202, p.serve(push("d1", "{}")).Status, "a forgery must not use the id up")
}

// TestNothingRemembered is G2: whatever fails before the queue has the event
// leaves the provider's retry fresh.
func TestNothingRemembered(t *testing.T) {
	large := `{"x":"` + strings.Repeat("a", event.InlineLimit) + `"}`
	for name, breakIt := range map[string]func(*platform) *error{
		"queue":  func(p *platform) *error { return &p.queueDown },
		"bucket": func(p *platform) *error { return &p.bucketDown },
	} {
		for _, err := range []error{ErrUnavailable, ErrTimeout, ErrNotConfigured} {
			t.Run(name+" "+err.Error(), func(t *testing.T) {
				p := newPlatform(t)
				*breakIt(p) = err
				res := p.serve(push("d1", large))
				assert.Equal(t, 503, res.Status)
				want := "unavailable"
				if errors.Is(err, ErrNotConfigured) {
					want = "not_ready"
				}
				assert.Equal(t, want, code(t, res))
				assert.Equal(t, "5", get(res, "retry-after"))
				assert.NotContains(t, p.kv, "evt:acme/github/d1")
				assert.Empty(t, p.queue)

				*breakIt(p) = nil
				assert.Equal(t, 202, p.serve(push("d1", large)).Status)
				assert.Len(t, p.queue, 1)
			})
		}
	}
}

func TestClaimCheck(t *testing.T) {
	p := newPlatform(t)
	edge := strings.Repeat("a", event.InlineLimit)
	require.Equal(t, 202, p.serve(push("inline", edge)).Status)
	require.Equal(t, 202, p.serve(push("claimed", edge+"b")).Status)
	inline, err := event.Decode(p.queue[0])
	require.NoError(t, err)
	assert.Equal(t, edge, string(inline.Event.Body))
	claimed, err := event.Decode(p.queue[1])
	require.NoError(t, err)
	assert.Nil(t, claimed.Event.Body)
	assert.Equal(t, int64(event.InlineLimit+1), claimed.Event.Size)
	assert.True(t, strings.HasPrefix(claimed.Event.Claim, "evt/acme/github/"))
	assert.Equal(t, edge+"b", string(p.objects[claimed.Event.Claim]))
	for _, m := range p.queue {
		assert.Less(t, len(m), 128_000)
	}
}

func TestIdempotencyStoreDownCostsNoEvent(t *testing.T) {
	p := newPlatform(t)
	require.Equal(t, 202, p.serve(push("d0", "{}")).Status) // the configuration is cached
	p.kvDown = ErrUnavailable
	assert.Equal(t, 202, p.serve(push("d1", "{}")).Status)
	assert.Equal(t, 202, p.serve(push("d1", "{}")).Status, "the Ledger decides")
	assert.Len(t, p.queue, 3)
}

func TestConfigurationUnavailableOrUnreadable(t *testing.T) {
	for name, tc := range map[string]struct {
		breakIt func(*platform)
		code    string
	}{
		"store down": {func(p *platform) { p.kvDown = ErrUnavailable }, "unavailable"},
		"no store":   {func(p *platform) { p.kvDown = ErrNotConfigured }, "not_ready"},
		"not sealed": {func(p *platform) { p.kv["src:acme/github"] = "plain" }, "source_not_ready"},
		"another's": {func(p *platform) {
			p.configure("evil", "github", "github", "attacker's secret")
			p.kv["src:acme/github"] = p.kv["src:evil/github"]
		}, "source_not_ready"},
		"no key ring":  {func(p *platform) { p.gate.cfg.Ring = nil }, "source_not_ready"},
		"no secret":    {func(p *platform) { p.configure("acme", "github", "github") }, "source_not_ready"},
		"empty secret": {func(p *platform) { p.configure("acme", "github", "github", "") }, "source_not_ready"},
		"weak secret":  {func(p *platform) { p.configure("acme", "github", "github", "\x00\x00\x00\x00\x00\x00\x00\x00\x00") }, "source_not_ready"},
		"odd provider": {func(p *platform) { p.configure("acme", "github", "no-such-provider", secret) }, "source_not_ready"},
		"secret expired": {func(p *platform) {
			c := &config.Config{Tenant: "acme", Name: "github", Provider: "github", Retention: config.DefaultRetention, Generation: 1, Secrets: []config.Secret{{ID: "s1", Value: []byte(secret), NotAfter: start}}}
			p.kv["src:acme/github"], _ = config.SealConfig(p.gate.cfg.Ring, c)
		}, "source_not_ready"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t)
			tc.breakIt(p)
			res := p.serve(push("d1", "{}"))
			assert.Equal(t, 503, res.Status)
			assert.Equal(t, tc.code, code(t, res))
			assert.NotEmpty(t, get(res, "retry-after"))
			assert.Empty(t, p.queue)
		})
	}
}

func TestConfigurationIsCachedAndForgotten(t *testing.T) {
	p := newPlatform(t)
	p.serve(push("d1", "{}"))
	reads := p.reads
	p.serve(push("d2", "{}"))
	assert.Equal(t, reads+1, p.reads, "one read for the idempotency key, none for the configuration")

	p.configure("acme", "github", "github", "the secret after a rotation")
	p.now = p.now.Add(sourceTTL - time.Millisecond)
	assert.Equal(t, 202, p.serve(push("d3", "{}")).Status)
	p.now = p.now.Add(time.Millisecond)
	assert.Equal(t, 401, p.serve(push("d4", "{}")).Status)

	delete(p.kv, "src:acme/github")
	p.now = p.now.Add(sourceTTL)
	assert.Equal(t, 404, p.serve(push("d5", "{}")).Status)
	p.configure("acme", "github", "github", secret)
	assert.Equal(t, 404, p.serve(push("d5", "{}")).Status, "an absence is trusted for a moment")
	p.now = p.now.Add(absentTTL)
	assert.Equal(t, 202, p.serve(push("d5", "{}")).Status)
}

func TestSourceCacheIsBounded(t *testing.T) {
	c := newSourceCache()
	for i := range maxSources * 2 {
		c.put(sourceID{"t", strings.Repeat("x", i)}, nil, start)
	}
	assert.LessOrEqual(t, len(c.entries), maxSources)
}

func TestBody(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"over the limit": {ErrTooLarge, 413, "body_too_large"},
		"too slow":       {ErrTimeout, 408, "request_timeout"},
		"no room":        {ErrBusy, 503, "overloaded"},
		"broken off":     {ErrUnavailable, 400, "bad_request"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t)
			r := push("d1", "{}")
			r.Body = func(limit int) ([]byte, error) {
				assert.Equal(t, 25<<20, limit)
				return nil, tc.err
			}
			res := p.serve(r)
			assert.Equal(t, tc.status, res.Status)
			assert.Equal(t, tc.code, code(t, res))
		})
	}
}

func TestForward(t *testing.T) {
	p := newPlatform(t)
	for _, path := range []string{"/", "", "/v1/tenants/acme/sources", "/mcp/acme", "/oauth/callback", "/healthz", "/webhooksx", "/v1?x=/webhooks/acme/github"} {
		p.forwarded = 0
		assert.Nil(t, p.serve(&Request{Method: "GET", URL: "https://hooks.example.com" + path}), path)
		assert.Equal(t, 1, p.forwarded, path)
	}
	p.backendDown = ErrUnavailable
	assert.Equal(t, 503, p.serve(&Request{Method: "GET", URL: "https://hooks.example.com/v1"}).Status)
	p.backendDown = ErrNotConfigured
	assert.Equal(t, "not_ready", code(t, p.serve(&Request{Method: "GET", URL: "https://hooks.example.com/v1"})))
	p.gate.cfg.Missing = []string{"CONFIG is missing", "SOURCE_KEYS is missing"}
	res := p.serve(&Request{Method: "GET", URL: "https://hooks.example.com/healthz"})
	assert.Equal(t, "not_ready", code(t, res))
	assert.Contains(t, string(res.Body), "CONFIG is missing; SOURCE_KEYS is missing")
}

func TestLogHoldsNoSecretAndNoPayload(t *testing.T) {
	p := newPlatform(t)
	body := `{"token":"payload-canary"}`
	p.serve(push("d1", body))
	p.serve(push("d1", body))
	forged := push("d2", body)
	forged.Header.(header)["x-hub-signature-256"] = []string{"sha256=" + strings.Repeat("ab", 32)}
	p.serve(forged)
	p.queueDown = ErrUnavailable
	p.serve(push("d3", body))
	log := p.log.String()
	for _, line := range strings.Split(strings.TrimSpace(log), "\n") {
		var v map[string]string
		require.NoError(t, json.Unmarshal([]byte(line), &v), line)
		assert.NotEmpty(t, v["event"])
	}
	assert.Contains(t, log, `"code":"bad_signature"`)
	for _, canary := range []string{"payload-canary", secret, strings.Repeat("ab", 32)} {
		assert.NotContains(t, log, canary)
	}
}

func FuzzRoute(f *testing.F) {
	for _, s := range []string{"https://h/webhooks/a/b", "http://h?x", "", "://", "https://h/webhooks/a%2Fb/c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, url string) {
		tenant, source, ok := webhookRoute(pathOf(url))
		if ok {
			require.Contains(t, url, "/webhooks/"+tenant+"/"+source)
		}
	})
}

// TestRetentionCoversTheTolerance: a captured request verifies for as long as
// its timestamp is good, so the event is known at least as long (G4).
func TestRetentionCoversTheTolerance(t *testing.T) {
	p := newPlatform(t)
	for _, tc := range []struct {
		provider  string
		params    map[string]string
		retention time.Duration
		want      time.Duration
	}{
		{"github", nil, 24 * time.Hour, 24 * time.Hour},
		{"stripe", nil, 24 * time.Hour, 24 * time.Hour},
		{"paypal", nil, 24 * time.Hour, 72*time.Hour + 5*time.Minute},
		{"paypal", nil, config.DefaultRetention, 72*time.Hour + 5*time.Minute},
		{"paypal", nil, 240 * time.Hour, 240 * time.Hour},
		{"hmac", map[string]string{"template": "{timestamp}.{body}", "timestamp_header": "X-Time", "tolerance": "86400"}, 24 * time.Hour, 48 * time.Hour},
	} {
		sealed, err := config.SealConfig(p.gate.cfg.Ring, &config.Config{
			Tenant: "acme", Name: "one", Provider: tc.provider, Params: tc.params, Retention: tc.retention, Generation: 1,
			Secrets: []config.Secret{{ID: "s1", Value: []byte(secret)}},
		})
		require.NoError(t, err)
		s, err := p.gate.open(sealed, "acme", "one")
		require.NoError(t, err, tc.provider)
		assert.Equal(t, tc.want, s.retention, "%s %s", tc.provider, tc.retention)
	}
}
