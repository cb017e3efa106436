//go:build !js

package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/vault"
)

const asURL = "https://as.example.com"

type noKeys struct{}

func (noKeys) Report(context.Context) (admin.KeysReport, error) {
	return admin.KeysReport{Primary: "k", Vaults: 2, ByKey: map[string]int{"k": 2}, Done: true}, nil
}

func (k noKeys) Sweep(ctx context.Context) (admin.SweepReport, error) {
	r, err := k.Report(ctx)
	return admin.SweepReport{Visited: 0, Failed: []string{}, Keys: r}, err
}

func (w *world) invokeVault(n string) func(context.Context, string, []byte) ([]byte, error) {
	return func(_ context.Context, m string, p []byte) ([]byte, error) {
		if w.down != nil {
			return nil, w.down
		}
		if w.vaults[n] == nil {
			v, err := vault.New(vault.Config{
				DB: w.db(), Now: w.clock, Keys: w.rings[1], Suite: aesgcm.Suite{}, Fetch: w.provider,
				SetAlarm: func(time.Time) error { return nil },
				Send:     func([][]byte) error { return nil },
			})
			require.NoError(w.t, err)
			w.vaults[n] = v
		}
		return w.vaults[n].Invoke(m, p)
	}
}

// provider answers for as.example.com.
func (w *world) provider(_ context.Context, r fetch.Request) (fetch.Response, error) {
	req := httptest.NewRequest(r.Method, r.URL, bytes.NewReader(r.Body))
	for _, h := range r.Header {
		req.Header.Set(h[0], h[1])
	}
	rec := httptest.NewRecorder()
	w.as.ServeHTTP(rec, req)
	return fetch.Response{Status: rec.Code, Header: rec.Header(), Body: rec.Body.Bytes()}, nil
}

const connectionJSON = `{"provider":"custom","client_id":"c1","client_secret":"client-secret-value","scopes":["read","write"],
	"endpoints":{"authorize":"https://as.example.com/auth","token":"https://as.example.com/token","revoke":"https://as.example.com/revoke","issuer":"https://as.example.com"}}`

// browser keeps cookies and follows nothing by itself.
type browser struct {
	w       *world
	cookies map[string]*http.Cookie
}

func (b *browser) get(target, token, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	if strings.HasPrefix(target, asURL) {
		b.w.as.ServeHTTP(rec, r)
		return rec
	}
	b.w.handler.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		b.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return rec
}

func (w *world) browser() *browser { return &browser{w: w, cookies: map[string]*http.Cookie{}} }

const origin = "https://hooks.example.com"

// begin makes a connection and goes to the provider; it returns the callback.
func (w *world) begin(b *browser, name string) string {
	w.t.Helper()
	res := w.operate("PUT", "/v1/tenants/acme/connections/"+name, connectionJSON)
	require.Equal(w.t, 200, res.Code, res.Body.String())
	res = b.get(origin+"/v1/tenants/acme/connections/"+name+"/authorize", adminToken, "")
	require.Equal(w.t, 302, res.Code, res.Body.String())
	res = b.get(res.Header().Get("Location"), "", "")
	require.Equal(w.t, 302, res.Code, res.Body.String())
	return res.Header().Get("Location")
}

// operate is a request of the operator.
func (w *world) operate(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, origin+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

func codeOf(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var p struct{ Code string }
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &p), rec.Body.String())
	return p.Code
}

func TestAuthorizationInABrowser(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	back := w.begin(b, "crm")
	assert.True(t, strings.HasPrefix(back, origin+"/oauth/callback?"))
	require.Len(t, b.cookies, 1)
	for name, c := range b.cookies {
		assert.True(t, strings.HasPrefix(name, "__Host-"))
		assert.True(t, c.Secure && c.HttpOnly && c.Path == "/" && c.Domain == "" && c.SameSite == http.SameSiteLaxMode)
	}
	res := b.get(back, "", "text/html,*/*")
	require.Equal(t, 200, res.Code, res.Body.String())
	assert.Equal(t, "text/html; charset=utf-8", res.Header().Get("Content-Type"))
	assert.Contains(t, res.Header().Get("Content-Security-Policy"), "default-src 'none'")
	assert.NotContains(t, res.Body.String(), "<script")
	assert.Empty(t, b.cookies, "the cookie is gone")
	res = b.get(back, "", "")
	assert.Equal(t, "invalid_state", codeOf(t, res), "a state is used once")

	res = w.operate("POST", "/v1/tenants/acme/connections/crm/token", "")
	require.Equal(t, 200, res.Code, res.Body.String())
	var tok map[string]any
	require.NoError(t, json.Unmarshal(res.Body.Bytes(), &tok))
	assert.True(t, w.as.Active(tok["access_token"].(string)))
	assert.Equal(t, "Bearer", tok["token_type"])
	assert.NotContains(t, tok, "value")
	assert.NotContains(t, tok, "type")
	assert.Contains(t, tok, "generation")

	shown := w.operate("GET", "/v1/tenants/acme/connections/crm", "").Body.String()
	list := w.operate("GET", "/v1/tenants/acme/connections", "").Body.String()
	for _, secret := range []string{tok["access_token"].(string), "client-secret-value", "rt-"} {
		assert.NotContains(t, shown+list+strings.Join(w.log, "\n"), secret)
	}
}

func TestLinkForAnotherBrowser(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 200, w.operate("PUT", "/v1/tenants/acme/connections/crm", connectionJSON).Code)
	res := w.operate("POST", "/v1/tenants/acme/connections/crm/authorize", "")
	require.Equal(t, 201, res.Code, res.Body.String())
	var link struct{ URL string }
	require.NoError(t, json.Unmarshal(res.Body.Bytes(), &link))
	b := w.browser()
	res = b.get(link.URL, "", "text/html")
	require.Equal(t, 302, res.Code, res.Body.String())
	to := res.Header().Get("Location")
	assert.True(t, strings.HasPrefix(to, asURL+"/auth?"))
	assert.Equal(t, 400, b.get(link.URL, "", "text/html").Code, "a link is opened once")
	res = b.get(to, "", "")
	assert.Equal(t, 200, b.get(res.Header().Get("Location"), "", "").Code)
}

func TestCallbackRefuses(t *testing.T) {
	w := newWorld(t)
	for why, c := range map[string]struct {
		change func(q url.Values, b *browser)
		status int
		code   string
	}{
		"forged state":    {func(q url.Values, _ *browser) { q.Set("state", "acme."+strings.Repeat("A", 43)) }, 400, "invalid_state"},
		"no state":        {func(q url.Values, _ *browser) { q.Del("state") }, 400, "invalid_state"},
		"another tenant":  {func(q url.Values, _ *browser) { q.Set("state", strings.Replace(q.Get("state"), "acme", "evil", 1)) }, 400, "invalid_state"},
		"twice":           {func(q url.Values, _ *browser) { q.Add("state", q.Get("state")) }, 400, "invalid_query"},
		"another browser": {func(_ url.Values, b *browser) { clear(b.cookies) }, 400, "invalid_state"},
		"wrong cookie": {func(_ url.Values, b *browser) {
			for _, c := range b.cookies {
				c.Value = strings.Repeat("B", 43)
			}
		}, 400, "invalid_state"},
		"wrong issuer": {func(q url.Values, _ *browser) { q.Set("iss", "https://evil.example.com") }, 400, "wrong_issuer"},
		"denied":       {func(q url.Values, _ *browser) { q.Del("code"); q.Set("error", "access_denied") }, 400, "authorization_denied"},
		"error page":   {func(q url.Values, _ *browser) { q.Del("code"); q.Set("error", "<script>alert(1)</script>") }, 400, "authorization_denied"},
		"no code":      {func(q url.Values, _ *browser) { q.Del("code") }, 400, "authorization_denied"},
		"wrong code":   {func(q url.Values, _ *browser) { q.Set("code", "guess") }, 502, "exchange_failed"},
		"expired":      {func(url.Values, *browser) { w.now = w.now.Add(16 * time.Minute) }, 400, "invalid_state"},
	} {
		t.Run(why, func(t *testing.T) {
			b := w.browser()
			back, err := url.Parse(w.begin(b, "crm"))
			require.NoError(t, err)
			whole := back.String()
			q := back.Query()
			c.change(q, b)
			back.RawQuery = q.Encode()
			res := b.get(back.String(), "", "")
			assert.Equal(t, c.status, res.Code, res.Body.String())
			assert.Equal(t, c.code, codeOf(t, res))
			page := b.get(back.String(), "", "text/html").Body.String()
			assert.NotContains(t, page, "<script")
			if q.Get("state") != "" && strings.HasPrefix(whole, back.Scheme) && why != "forged state" && why != "another tenant" && why != "twice" {
				assert.Equal(t, "invalid_state", codeOf(t, b.get(whole, "", "")), "the state is used up")
			}
			conn := w.operate("GET", "/v1/tenants/acme/connections/crm", "")
			assert.Contains(t, conn.Body.String(), `"state":"pending"`)
			assert.NotContains(t, conn.Body.String(), "<script")
		})
	}
}

func TestConnectionRoutesRefuse(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "/connections/none", "", 404, "not_found"},
		{"POST", "/connections/none/token", "", 404, "not_found"},
		{"GET", "/connections/none/authorize", "", 404, "not_found"},
		{"DELETE", "/connections/none", "", 404, "not_found"},
		{"PUT", "/connections/No", connectionJSON, 400, "invalid_name"},
		{"PUT", "/connections/x", `{"provider":"nobody","client_id":"a","client_secret":"b","scopes":[]}`, 422, "unknown_provider"},
		{"PUT", "/connections/x", `{"provider":"custom","client_id":"a","client_secret":"b","endpoints":{"authorize":"https://10.0.0.1/a","token":"https://as.example.com/t"}}`, 422, "invalid_target"},
		{"PUT", "/connections/x", strings.Replace(connectionJSON, `"client_secret":"client-secret-value",`, ``, 1), 422, "invalid_secret"},
		{"PUT", "/connections/x", strings.Replace(connectionJSON, `"scopes"`, `"authorize_params":{"redirect_uri":"https://evil.example.com"},"scopes"`, 1), 422, "invalid_request"},
		{"PUT", "/connections/x", strings.Replace(connectionJSON, `"scopes"`, `"scope"`, 1), 400, "invalid_json"},
		{"PUT", "/connections/x", strings.Replace(connectionJSON, `"scopes"`, `"rotation":"often","scopes"`, 1), 422, "invalid_request"},
		{"GET", "/connections/x/scopes?days=zero", "", 400, "invalid_query"},
		{"PATCH", "/connections/x", "", 405, "method_not_allowed"},
	} {
		res := w.operate(c.method, "/v1/tenants/acme"+c.path, c.body)
		assert.Equal(t, c.status, res.Code, "%s %s: %s", c.method, c.path, res.Body.String())
		assert.Equal(t, c.code, codeOf(t, res), c.path)
	}
	res := w.operate("PUT", "/v1/tenants/acme/connections/x", connectionJSON)
	require.Equal(t, 200, res.Code)
	res = w.operate("POST", "/v1/tenants/acme/connections/x/token", "")
	assert.Equal(t, 409, res.Code)
	assert.Equal(t, "needs_reauth", codeOf(t, res))
}

func TestKeyIsACaller(t *testing.T) {
	w := newWorld(t)
	res := w.operate("POST", "/v1/tenants/acme/keys", `{"label":"x"}`)
	var key struct{ ID, Key string }
	require.NoError(t, json.Unmarshal(res.Body.Bytes(), &key))
	b := w.browser()
	require.Equal(t, 200, b.get(w.begin(b, "crm"), "", "").Code)
	ask := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", origin+"/v1/tenants/acme/connections/crm/token", nil)
		r.Header.Set("Authorization", "Bearer "+key.Key)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		return rec
	}
	require.Equal(t, 200, ask().Code)
	require.Equal(t, 200, w.operate("PUT", "/v1/tenants/acme/connections/crm", strings.Replace(connectionJSON, `"scopes"`, `"callers":["destination:*"],"scopes"`, 1)).Code)
	res = ask()
	assert.Equal(t, 403, res.Code)
	assert.Equal(t, "caller_not_allowed", codeOf(t, res))
	require.Equal(t, 200, w.operate("PUT", "/v1/tenants/acme/connections/crm", strings.Replace(connectionJSON, `"scopes"`, `"callers":["key:`+key.ID+`"],"scopes"`, 1)).Code)
	assert.Equal(t, 200, ask().Code)
}

func TestOAuthProvidersAreListed(t *testing.T) {
	w := newWorld(t)
	var out struct{ Providers []map[string]any }
	require.NoError(t, json.Unmarshal(w.operate("GET", "/v1/oauth/providers", "").Body.Bytes(), &out))
	require.GreaterOrEqual(t, len(out.Providers), 60)
	for _, p := range out.Providers {
		assert.NotEmpty(t, p["rotation"], p["name"])
		assert.NotEmpty(t, p["docs"], p["name"])
	}
	r := httptest.NewRequest("GET", origin+"/v1/oauth/providers", nil)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	assert.Equal(t, 401, rec.Code)
}

func TestVaultRoutesAreTheOperators(t *testing.T) {
	w := newWorld(t)
	res := w.operate("POST", "/v1/tenants/acme/keys", `{"label":"x"}`)
	var key struct{ Key string }
	require.NoError(t, json.Unmarshal(res.Body.Bytes(), &key))
	for _, c := range [][2]string{{"GET", "/v1/vault/keys"}, {"POST", "/v1/vault/keys/sweep"}} {
		assert.Equal(t, 200, w.operate(c[0], c[1], "").Code)
		r := httptest.NewRequest(c[0], origin+c[1], nil)
		r.Header.Set("Authorization", "Bearer "+key.Key)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		assert.Equal(t, 401, rec.Code, c[1])
	}
}

func TestDisconnectAndShred(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	require.Equal(t, 200, b.get(w.begin(b, "crm"), "", "").Code)
	res := w.operate("DELETE", "/v1/tenants/acme/connections/crm", "")
	require.Equal(t, 200, res.Code, res.Body.String())
	assert.Contains(t, res.Body.String(), `"revoked":true`)
	assert.Empty(t, w.as.Granted())
	require.Equal(t, 200, b.get(w.begin(b, "crm"), "", "").Code)
	res = w.operate("DELETE", "/v1/tenants/acme/vault", "")
	require.Equal(t, 200, res.Code, res.Body.String())
	assert.Contains(t, res.Body.String(), `"not_revoked":["crm"]`)
	assert.Equal(t, 404, w.operate("GET", "/v1/tenants/acme/connections/crm", "").Code)
}

func TestConnectionSettingsAreShownAsTheyAreGiven(t *testing.T) {
	w := newWorld(t)
	res := w.operate("PUT", "/v1/tenants/acme/connections/x", strings.Replace(connectionJSON, `"scopes"`, `"callers":[],"rotation":"grace","grace":"10m","scopes"`, 1))
	require.Equal(t, 200, res.Code, res.Body.String())
	for _, path := range []string{"/connections/x", "/connections"} {
		body := w.operate("GET", "/v1/tenants/acme"+path, "").Body.String()
		assert.Contains(t, body, `"grace":"10m0s"`, path)
		assert.Contains(t, body, `"callers":[]`, "nobody is not everybody")
	}
	res = w.operate("PUT", "/v1/tenants/acme/connections/x", strings.Replace(connectionJSON, `"token"`, `"revok":"https://as.example.com/r","token"`, 1))
	assert.Equal(t, "invalid_json", codeOf(t, res), "a misspelt endpoint is no endpoint")
}

func TestAuthorizationServerMustBeUsable(t *testing.T) {
	w := newWorld(t)
	for jwks, want := range map[string]int{"https://idp.example.com/keys": 200, "https://idp.example.com:8443/keys": 422} {
		res := w.operate("PUT", "/v1/tenants/acme/authorization", `{"issuer":"https://idp.example.com","jwks_url":"`+jwks+`"}`)
		assert.Equal(t, want, res.Code, res.Body.String())
	}
}
