package service

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/tools"
)

// whole is a configuration that nothing is missing from.
func whole(t *testing.T) Config {
	t.Helper()
	key := base64.StdEncoding.EncodeToString([]byte("tests-only-key-of-thirty-two-oct"))
	vaultKey := base64.StdEncoding.EncodeToString([]byte("tests-only-vault-key-of-32-bytes"))
	send := func([][]byte) error { return nil }
	return Config{
		SourceKeys: "t1:" + key, VaultKeys: "t1:" + vaultKey, AdminToken: strings.Repeat("t", MinAdminToken),
		Now:     func() time.Time { return time.Unix(1_800_000_000, 0) },
		Invoke:  func(context.Context, string, string, string, []byte) ([]byte, error) { return nil, context.Canceled },
		Sources: published{}, SendEvents: send, SendWrites: send, SendPolls: send,
		Sleep:    func(context.Context, time.Duration) {},
		Payloads: bucket{},
		Fetch: func(context.Context, fetch.Request) (fetch.Response, error) {
			return fetch.Response{}, context.Canceled
		},
		Stream: func(context.Context, fetch.Request) (fetch.Stream, error) { return fetch.Stream{}, context.Canceled },
		Log:    func(string, ...string) {},
	}
}

type published struct{}

func (published) Put(context.Context, string, string, time.Duration) error { return nil }
func (published) Delete(context.Context, string) error                     { return nil }

type bucket struct{}

func (bucket) Get(context.Context, string) ([]byte, error) { return nil, nil }
func (bucket) Put(context.Context, string, []byte) error   { return nil }
func (bucket) Delete(context.Context, string) error        { return nil }

func TestSettings(t *testing.T) {
	const where = " -c consumers/wrangler.toml"
	for why, tc := range map[string]struct {
		change func(*Config)
		want   string // what /healthz says; empty: all is well
	}{
		"whole":       {func(*Config) {}, ""},
		"no ring":     {func(c *Config) { c.SourceKeys = " " }, "secret SOURCE_KEYS of the consumers is missing: wrangler secret put SOURCE_KEYS" + where},
		"half a ring": {func(c *Config) { c.VaultKeys += ",t2:c2hvcnQ=" }, "secret VAULT_KEYS of the consumers is malformed (entry 2: the key must be 32 bytes in base64): wrangler secret put VAULT_KEYS" + where},
		"development's ring": {
			func(c *Config) { c.VaultKeys = "x:ZGV2ZWxvcG1lbnQtb25seS12YXVsdC1rZXktMDAwMDE=" },
			"secret VAULT_KEYS of the consumers is the one of development, which everybody has: wrangler secret put VAULT_KEYS" + where,
		},
		"one ring for both": {
			func(c *Config) { c.VaultKeys = c.SourceKeys },
			"secret VAULT_KEYS of the consumers begins with a key of SOURCE_KEYS, which the worker has as well: wrangler secret put VAULT_KEYS" + where,
		},
		"the same key by another name": {
			func(c *Config) { c.VaultKeys = strings.Replace(c.SourceKeys, "t1:", "v1:", 1) },
			"secret VAULT_KEYS of the consumers begins with a key of SOURCE_KEYS, which the worker has as well: wrangler secret put VAULT_KEYS" + where,
		},
		"a shared key on its way out": {func(c *Config) { c.VaultKeys += "," + strings.Replace(c.SourceKeys, "t1:", "old:", 1) }, ""},
		"a token with its line break": {func(c *Config) { c.AdminToken = " " + c.AdminToken + "\r\n" }, ""},
		"two tokens":                  {func(c *Config) { c.AdminToken += "," + strings.Repeat("o", MinAdminToken) }, ""},
		"one of them to guess":        {func(c *Config) { c.AdminToken += ",old" }, "secret ADMIN_TOKEN of the consumers is shorter than 24 bytes: wrangler secret put ADMIN_TOKEN" + where},
		"one of them empty":           {func(c *Config) { c.AdminToken += "," }, "secret ADMIN_TOKEN of the consumers is missing: wrangler secret put ADMIN_TOKEN" + where},
		"three tokens":                {func(c *Config) { c.AdminToken += "," + c.AdminToken + "," + c.AdminToken }, "secret ADMIN_TOKEN of the consumers is more than two tokens: wrangler secret put ADMIN_TOKEN" + where},
		"a token of white space":      {func(c *Config) { c.AdminToken = strings.Repeat(" ", MinAdminToken) }, "secret ADMIN_TOKEN of the consumers is missing: wrangler secret put ADMIN_TOKEN" + where},
		"a token of two words":        {func(c *Config) { c.AdminToken = "a token that has two words" }, "secret ADMIN_TOKEN of the consumers is no token of at most 512 letters, digits and -._~+/=: wrangler secret put ADMIN_TOKEN" + where},
		"a token no header carries":   {func(c *Config) { c.AdminToken = strings.Repeat("ü", MinAdminToken) }, "secret ADMIN_TOKEN of the consumers is no token of at most 512 letters, digits and -._~+/=: wrangler secret put ADMIN_TOKEN" + where},
		"a token too long to be read": {func(c *Config) { c.AdminToken = strings.Repeat("t", 513) }, "secret ADMIN_TOKEN of the consumers is no token of at most 512 letters, digits and -._~+/=: wrangler secret put ADMIN_TOKEN" + where},
		"in development": {func(c *Config) {
			c.Development, c.AdminToken, c.VaultKeys = true, "dev-admin-token", "x:ZGV2ZWxvcG1lbnQtb25seS12YXVsdC1rZXktMDAwMDE="
		}, ""},
		"no token":                      {func(c *Config) { c.AdminToken = "" }, "secret ADMIN_TOKEN of the consumers is missing: wrangler secret put ADMIN_TOKEN" + where},
		"no token in development":       {func(c *Config) { c.AdminToken, c.Development = "", true }, "secret ADMIN_TOKEN of the consumers is missing: wrangler secret put ADMIN_TOKEN" + where},
		"a token to guess":              {func(c *Config) { c.AdminToken = "dev-admin-token" }, "secret ADMIN_TOKEN of the consumers is shorter than 24 bytes: wrangler secret put ADMIN_TOKEN" + where},
		"a public URL with a path":      {func(c *Config) { c.PublicURL = "https://hooks.example.com/in" }, "variable PUBLIC_URL of the consumers is no origin such as https://hooks.example.com: see [vars] in consumers/wrangler.toml"},
		"a public URL":                  {func(c *Config) { c.PublicURL = "https://hooks.example.com/" }, ""},
		"an origin without scheme":      {func(c *Config) { c.Origins = []string{"https://a.example", "app.example.com"} }, "variable MCP_ORIGINS of the consumers is no list of origins such as https://app.example.com, separated by spaces: see [vars] in consumers/wrangler.toml"},
		"tenants separated by a comma":  {func(c *Config) { c.KnowledgeTenants, c.Knowledge = []string{"acme,other"}, base{} }, "variable KNOWLEDGE_TENANTS of the consumers is no list of tenants' names, separated by spaces: see [vars] in consumers/wrangler.toml"},
		"no database for those who may": {func(c *Config) { c.KnowledgeTenants = []string{"acme"} }, "binding KNOWLEDGE of the consumers is missing, and KNOWLEDGE_TENANTS names who reads it: see [[d1_databases]] in consumers/wrangler.toml"},
		"a binding, and a ring":         {func(c *Config) { c.Missing, c.VaultKeys = []string{"binding LEDGER is missing"}, "" }, "binding LEDGER is missing; secret VAULT_KEYS of the consumers is missing: wrangler secret put VAULT_KEYS" + where},
	} {
		t.Run(why, func(t *testing.T) {
			cfg := whole(t)
			tc.change(&cfg)
			var logged []string
			cfg.Log = func(event string, kv ...string) { logged = append(logged, append([]string{event}, kv...)...) }
			s, err := New(cfg)
			require.NoError(t, err, "a setting never stops the module")
			at := func(path string) *httptest.ResponseRecorder {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8787"+path, nil)
				r.Header.Set("Authorization", "Bearer "+strings.Split(strings.TrimSpace(cfg.AdminToken), ",")[0])
				s.API.ServeHTTP(w, r)
				return w
			}
			_, _, routed := s.Route("https://hooks.example.com/mcp/acme")
			if tc.want == "" {
				assert.Equal(t, 200, at("/healthz").Code)
				assert.Equal(t, 200, at("/v1/providers").Code)
				assert.True(t, routed)
				assert.Empty(t, logged)
				return
			}
			assert.False(t, routed, "the endpoint is closed, too")
			for _, path := range []string{"/healthz", "/v1/providers", "/mcp/acme"} {
				r := at(path)
				assert.Equal(t, 503, r.Code, path)
				assert.Contains(t, r.Body.String(), `"code":"not_ready"`, path)
				assert.Contains(t, r.Body.String(), `"detail":"`+tc.want+`"`, path)
			}
			assert.Contains(t, logged, "setting_missing")
			assert.Contains(t, strings.Join(logged, "|"), strings.TrimSpace(tc.want[strings.LastIndex(tc.want, ";")+1:]))
		})
	}
}

// base is a knowledge base that nobody asks.
type base struct{ tools.Knowledge }
