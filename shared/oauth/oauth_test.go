package oauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/target"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 8, 4, 12, 0, 0, 0, time.UTC)
)

// wire is the platform: it keeps what was sent and answers what it is told.
type wire struct {
	sent []fetch.Request
	res  fetch.Response
	err  error
}

func (w *wire) fetch(_ context.Context, r fetch.Request) (fetch.Response, error) {
	w.sent = append(w.sent, r)
	return w.res, w.err
}

func (w *wire) header(name string) string {
	for _, h := range w.sent[len(w.sent)-1].Header {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

func (w *wire) form(t *testing.T) url.Values {
	t.Helper()
	form, err := url.ParseQuery(string(w.sent[len(w.sent)-1].Body))
	require.NoError(t, err)
	return form
}

func answer(status int, body string) fetch.Response {
	return fetch.Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

func client(w *wire, p oauth.Provider) *oauth.Client {
	c := &oauth.Client{
		Provider: p, ID: "client id", Secret: "client:secret", RedirectURL: "https://hooks.example.com/oauth/callback",
		Scopes: []string{"a", "b"}, Fetch: w.fetch, Now: func() time.Time { return start }, Rand: rand.Reader,
	}
	if p.Style == oauth.StyleNone {
		c.Secret = ""
	}
	return c
}

func plain(style oauth.Style) oauth.Provider {
	return oauth.Provider{
		Name: "custom", Authorize: "https://as.example.com/authorize", Token: "https://as.example.com/token",
		Revoke: "https://as.example.com/revoke", RevokeKind: oauth.RevokeStandard, Style: style,
	}
}

func TestAuthorizeURL(t *testing.T) {
	p := plain(oauth.StyleBasic)
	p.AuthorizeParams = []oauth.Pair{{Name: "access_type", Value: "offline"}}
	c := client(&wire{}, p)
	c.Resources = []string{"https://api.example.com/", "https://other.example.com/"}
	c.Extra = []oauth.Pair{{Name: "login_hint", Value: "a@b"}}
	verifier, err := oauth.NewVerifier(rand.Reader)
	require.NoError(t, err)
	require.Len(t, verifier, 43)
	to, err := c.AuthorizeURL("the-state", verifier, "")
	require.NoError(t, err)
	u, err := url.Parse(to)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(verifier))
	assert.Equal(t, url.Values{
		"response_type": {"code"}, "client_id": {"client id"}, "redirect_uri": {c.RedirectURL}, "scope": {"a b"}, "state": {"the-state"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
		"access_type": {"offline"}, "login_hint": {"a@b"}, "resource": c.Resources,
	}, u.Query())

	to, err = c.AuthorizeURL("the-state", verifier, "urn:request:1")
	require.NoError(t, err)
	u, _ = url.Parse(to)
	assert.Equal(t, url.Values{"client_id": {"client id"}, "request_uri": {"urn:request:1"}}, u.Query(), "RFC 9126: nothing else")
}

func TestPush(t *testing.T) {
	p := plain(oauth.StyleBasic)
	p.Push = "https://as.example.com/par"
	w := &wire{res: answer(201, `{"request_uri":"urn:x","expires_in":60}`)}
	uri, err := client(w, p).Push(ctx, "s", "v")
	require.NoError(t, err)
	assert.Equal(t, "urn:x", uri)
	assert.Equal(t, p.Push, w.sent[0].URL)
	assert.Equal(t, "client id", w.form(t).Get("client_id"))
	assert.Equal(t, "s", w.form(t).Get("state"))
	for _, res := range []fetch.Response{answer(400, `{"error":"invalid_request"}`), answer(200, `{}`), answer(201, `<html>`)} {
		w.res = res
		_, err = client(w, p).Push(ctx, "s", "v")
		var f *oauth.Failure
		require.ErrorAs(t, err, &f)
	}
}

func TestClientAuthentication(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for _, style := range []oauth.Style{oauth.StyleBasic, oauth.StylePost, oauth.StyleNone, oauth.StyleKeyJWT} {
		t.Run(string(style), func(t *testing.T) {
			w := &wire{res: answer(200, `{"access_token":"at","token_type":"bearer","refresh_token":"rt2"}`)}
			p := plain(style)
			p.Issuer = "https://as.example.com"
			c := client(w, p)
			if style == oauth.StyleKeyJWT {
				c.Secret, c.Key, c.KeyID = "", key, "k1"
			}
			for name, do := range map[string]func() error{
				"exchange": func() error { _, err := c.Exchange(ctx, "the-code", "the-verifier"); return err },
				"refresh":  func() error { _, err := c.Refresh(ctx, "rt1"); return err },
				"revoke":   func() error { return c.Revoke(ctx, "rt1", oauth.HintRefresh) },
			} {
				w.sent = nil
				require.NoError(t, do(), name)
				require.Len(t, w.sent, 1, "%s: one request", name)
				form := w.form(t)
				switch style {
				case oauth.StyleBasic:
					// RFC 6749 §2.3.1: both halves are form-encoded first.
					assert.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("client+id:client%3Asecret")), w.header("authorization"), name)
					assert.False(t, form.Has("client_secret"), name)
				case oauth.StylePost:
					assert.Equal(t, "client id|client:secret", form.Get("client_id")+"|"+form.Get("client_secret"), name)
					assert.Empty(t, w.header("authorization"), name)
				case oauth.StyleNone:
					assert.Equal(t, "client id", form.Get("client_id"), name)
					assert.False(t, form.Has("client_secret"), name)
				case oauth.StyleKeyJWT:
					verifyAssertion(t, form, &key.PublicKey, p.Issuer)
					assert.False(t, form.Has("client_secret"), name)
				}
				switch name {
				case "exchange":
					assert.Equal(t, []string{"authorization_code", "the-code", "the-verifier", c.RedirectURL},
						[]string{form.Get("grant_type"), form.Get("code"), form.Get("code_verifier"), form.Get("redirect_uri")})
				case "refresh":
					assert.Equal(t, []string{"refresh_token", "rt1"}, []string{form.Get("grant_type"), form.Get("refresh_token")})
					assert.False(t, form.Has("code") || form.Has("redirect_uri") || form.Has("scope"))
				case "revoke":
					assert.Equal(t, "rt1|refresh_token", form.Get("token")+"|"+form.Get("token_type_hint"))
				}
			}
		})
	}
}

func verifyAssertion(t *testing.T, form url.Values, key *ecdsa.PublicKey, audience string) {
	t.Helper()
	assert.Equal(t, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", form.Get("client_assertion_type"))
	parts := strings.Split(form.Get("client_assertion"), ".")
	require.Len(t, parts, 3)
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	require.NoError(t, err)
	require.Len(t, sig, 64)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	assert.True(t, ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])))
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	assert.Equal(t, []any{"client id", "client id", audience}, []any{claims["iss"], claims["sub"], claims["aud"]})
	assert.InDelta(t, 60, claims["exp"].(float64)-claims["iat"].(float64), 0)
	assert.Len(t, claims["jti"], 43)
}

func TestCheckClient(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for _, c := range []oauth.Client{
		{ID: "a", Provider: plain(oauth.StyleBasic)},
		{Secret: "s", Provider: plain(oauth.StylePost)},
		{ID: "a", Secret: "s", Provider: plain(oauth.StyleNone)},
		{ID: "a", Secret: "s", Provider: plain(oauth.StyleKeyJWT)},
		{ID: "a", Secret: "s", Key: key, Provider: plain(oauth.StyleBasic)},
		{ID: "a", Secret: "s", Provider: plain("")},
		{ID: "a", Secret: "s", Provider: plain("guess")},
	} {
		require.ErrorIs(t, c.Check(), oauth.ErrClient)
		w := &wire{}
		c.Fetch, c.Now, c.Rand = w.fetch, time.Now, rand.Reader
		_, err := c.Refresh(ctx, "rt")
		require.ErrorIs(t, err, oauth.ErrClient)
		assert.Empty(t, w.sent, "nothing leaves without authentication")
	}
}

func TestParseKey(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	sec1, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for _, der := range [][]byte{sec1, pkcs8} {
		got, err := oauth.ParseKey(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
		require.NoError(t, err)
		assert.True(t, got.Equal(key))
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	wrong, err := x509.MarshalECPrivateKey(other)
	require.NoError(t, err)
	for _, text := range []string{"", "no pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: wrong}))} {
		_, err := oauth.ParseKey(text)
		require.ErrorIs(t, err, oauth.ErrClient)
	}
}

func TestAnswers(t *testing.T) {
	ok := func(body string) fetch.Response { return answer(200, body) }
	nested := plain(oauth.StyleBasic)
	nested.Nested, nested.OKFlag, nested.Keep, nested.InstanceURL = "authed_user", true, []string{"team_id"}, "instance_url"
	for _, c := range []struct {
		why  string
		p    oauth.Provider
		res  fetch.Response
		want oauth.Tokens
	}{
		{
			"the standard", plain(oauth.StyleBasic), ok(`{"access_token":"at","token_type":"bearer","expires_in":3600,"refresh_token":"rt","scope":"b a"}`),
			oauth.Tokens{Type: "Bearer", Access: "at", Refresh: "rt", ExpiresIn: time.Hour, Scopes: []string{"a", "b"}, Scoped: true},
		},
		{"a type of the provider's own", plain(oauth.StyleBasic), ok(`{"access_token":"at","token_type":"bot"}`), oauth.Tokens{Type: "Bearer", Access: "at"}},
		{"nothing but a token", plain(oauth.StyleBasic), ok(`{"access_token":"at"}`), oauth.Tokens{Type: "Bearer", Access: "at"}},
		{
			"numbers as texts", plain(oauth.StyleBasic), ok(`{"access_token":"at","expires_in":"60","refresh_token_expires_in":"120"}`),
			oauth.Tokens{Type: "Bearer", Access: "at", ExpiresIn: time.Minute, RefreshExpiresIn: 2 * time.Minute},
		},
		{"a life of no sense", plain(oauth.StyleBasic), ok(`{"access_token":"at","expires_in":-5,"refresh_expires_in":1e300}`), oauth.Tokens{Type: "Bearer", Access: "at"}},
		{
			"a form", plain(oauth.StyleBasic),
			fetch.Response{Status: 200, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, Body: []byte("access_token=at&scope=a%2Cb&expires_in=10")},
			oauth.Tokens{Type: "Bearer", Access: "at", ExpiresIn: 10 * time.Second, Scopes: []string{"a", "b"}, Scoped: true},
		},
		{"scopes as a list", plain(oauth.StyleBasic), ok(`{"access_token":"at","scope":["b","a","a"]}`), oauth.Tokens{Type: "Bearer", Access: "at", Scopes: []string{"a", "b"}, Scoped: true}},
		{
			"nested, with what to keep", nested, ok(`{"ok":true,"team_id":"T1","instance_url":"https://x.example.com","authed_user":{"access_token":"at","refresh_token":"rt"}}`),
			oauth.Tokens{Type: "Bearer", Access: "at", Refresh: "rt", InstanceURL: "https://x.example.com", Kept: map[string]string{"team_id": "T1"}},
		},
		{"null is nothing", plain(oauth.StyleBasic), ok(`{"access_token":"at","refresh_token":null,"scope":null,"expires_in":null}`), oauth.Tokens{Type: "Bearer", Access: "at"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			w := &wire{res: c.res}
			got, err := client(w, c.p).Refresh(ctx, "old")
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestFailures(t *testing.T) {
	slack := plain(oauth.StyleBasic)
	slack.OKFlag, slack.Dead, slack.Alive = true, []string{"invalid_refresh_token"}, []string{"weird"}
	page := fetch.Response{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<html>access_token=x</html>")}
	busy := answer(429, `{}`)
	busy.Header.Set("Retry-After", "30")
	for _, c := range []struct {
		why  string
		p    oauth.Provider
		res  fetch.Response
		err  error
		want oauth.Failure
	}{
		{"invalid_grant", slack, answer(400, `{"error":"invalid_grant","error_description":"secret words"}`), nil, oauth.Failure{Outcome: oauth.Dead, Status: 400, Code: "invalid_grant"}},
		{"invalid_grant by 403", slack, answer(403, `{"error":"invalid_grant"}`), nil, oauth.Failure{Outcome: oauth.Dead, Status: 403, Code: "invalid_grant"}},
		{"by the table", slack, answer(200, `{"ok":false,"error":"invalid_refresh_token"}`), nil, oauth.Failure{Outcome: oauth.Dead, Status: 200, Code: "invalid_refresh_token"}},
		{"alive by the table", slack, answer(200, `{"ok":false,"error":"weird"}`), nil, oauth.Failure{Outcome: oauth.Failed, Status: 200, Code: "weird"}},
		{"200 with an error", plain(oauth.StyleBasic), answer(200, `{"error":"invalid_grant"}`), nil, oauth.Failure{Outcome: oauth.Dead, Status: 200, Code: "invalid_grant"}},
		{"ratelimited by 200", slack, answer(200, `{"ok":false,"error":"ratelimited"}`), nil, oauth.Failure{Outcome: oauth.Throttled, Status: 200, Code: "ratelimited"}},
		{"ok false, no code", slack, answer(200, `{"ok":false}`), nil, oauth.Failure{Outcome: oauth.Lost, Status: 200, Code: "unreadable"}},
		{"the client", slack, answer(401, `{"error":"invalid_client"}`), nil, oauth.Failure{Outcome: oauth.Misconfigured, Status: 401, Code: "invalid_client"}},
		{"a code nobody knows", slack, answer(400, `{"error":"made_up"}`), nil, oauth.Failure{Outcome: oauth.Misconfigured, Status: 400, Code: "made_up"}},
		{"an object", slack, answer(400, `{"error":{"type":"invalid_grant"}}`), nil, oauth.Failure{Outcome: oauth.Dead, Status: 400, Code: "invalid_grant"}},
		{"a wall", slack, fetch.Response{Status: 403, Body: []byte("blocked")}, nil, oauth.Failure{Outcome: oauth.Misconfigured, Status: 403, Code: "status_403"}},
		{"busy", slack, busy, nil, oauth.Failure{Outcome: oauth.Throttled, Status: 429, Code: "status_429", After: 30 * time.Second}},
		{"down", slack, answer(503, `oops`), nil, oauth.Failure{Outcome: oauth.Failed, Status: 503, Code: "status_503"}},
		{"says it is down", slack, answer(400, `{"error":"temporarily_unavailable"}`), nil, oauth.Failure{Outcome: oauth.Failed, Status: 400, Code: "temporarily_unavailable"}},
		{"a page", slack, page, nil, oauth.Failure{Outcome: oauth.Lost, Status: 200, Code: "unreadable"}},
		{"no token", slack, answer(200, `{"token_type":"bearer"}`), nil, oauth.Failure{Outcome: oauth.Lost, Status: 200, Code: "no_access_token"}},
		{"a token that is none", slack, answer(200, `{"access_token":"a\nb: c"}`), nil, oauth.Failure{Outcome: oauth.Lost, Status: 200, Code: "unreadable"}},
		{"a redirect", slack, fetch.Response{Status: 307, Header: http.Header{"Location": {"https://evil.example.com"}}}, nil, oauth.Failure{Outcome: oauth.Lost, Status: 307, Code: "unreadable"}},
		{"10 MB", slack, fetch.Response{Status: 200, TooLarge: true}, nil, oauth.Failure{Outcome: oauth.Lost, Status: 200, Code: "too_large"}},
		{"no answer in time", slack, fetch.Response{}, fetch.ErrTimeout, oauth.Failure{Outcome: oauth.Lost, Code: "timeout"}},
		{"no answer", slack, fetch.Response{}, errors.New("reset by secret-host"), oauth.Failure{Outcome: oauth.Lost, Code: "no_answer"}},
		{"a code with a line break", slack, answer(400, `{"error":"a\nb"}`), nil, oauth.Failure{Outcome: oauth.Misconfigured, Status: 400, Code: "status_400"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			w := &wire{res: c.res, err: c.err}
			_, err := client(w, c.p).Refresh(ctx, "the-refresh-token")
			var f *oauth.Failure
			require.ErrorAs(t, err, &f)
			assert.Equal(t, c.want, *f)
			assert.Len(t, w.sent, 1, "one call, one request")
			for _, secret := range []string{"the-refresh-token", "client:secret", "secret words", "secret-host"} {
				assert.NotContains(t, err.Error(), secret)
			}
			assert.Equal(t, oauth.Deadline, w.sent[0].Deadline)
		})
	}
}

func TestRevoke(t *testing.T) {
	for kind, want := range map[oauth.RevokeKind]string{
		oauth.RevokeStandard: "POST https://as.example.com/revoke Basic",
		oauth.RevokeOpen:     "POST https://as.example.com/revoke ",
		oauth.RevokeClientID: "POST https://as.example.com/revoke ",
		oauth.RevokeBearer:   "POST https://as.example.com/revoke Bearer",
		oauth.RevokeDelete:   "DELETE https://as.example.com/revoke Bearer",
		oauth.RevokeApp:      "DELETE https://as.example.com/revoke Basic",
		oauth.RevokeJSON:     "POST https://as.example.com/revoke Basic",
		oauth.RevokePath:     "DELETE https://as.example.com/revoke/tok%2Fen ",
	} {
		p := plain(oauth.StyleBasic)
		p.RevokeKind = kind
		w := &wire{res: fetch.Response{Status: 200}}
		require.NoError(t, client(w, p).Revoke(ctx, "tok/en", oauth.HintAccess), kind)
		scheme, _, _ := strings.Cut(w.header("authorization"), " ")
		assert.Equal(t, want, w.sent[0].Method+" "+w.sent[0].URL+" "+scheme, kind)
		assert.True(t, p.Revokes(oauth.HintAccess) || p.Revokes(oauth.HintRefresh), kind)
	}
	for _, c := range []struct {
		res  fetch.Response
		done bool
		out  oauth.Outcome
	}{
		{fetch.Response{Status: 200}, true, 0},
		{answer(400, `{"error":"invalid_token"}`), true, 0},
		{answer(400, `{"error":"unsupported_token_type"}`), false, oauth.Misconfigured},
		{fetch.Response{Status: 404}, false, oauth.Misconfigured}, // of the endpoint: the token is in the body
		{fetch.Response{Status: 503}, false, oauth.Failed},
		{fetch.Response{Status: 429}, false, oauth.Throttled},
		{answer(401, `{"error":"invalid_client"}`), false, oauth.Misconfigured},
	} {
		w := &wire{res: c.res}
		err := client(w, plain(oauth.StyleBasic)).Revoke(ctx, "t", oauth.HintRefresh)
		if c.done {
			require.NoError(t, err, c.res.Status)
			continue
		}
		var f *oauth.Failure
		require.ErrorAs(t, err, &f)
		assert.Equal(t, c.out, f.Outcome)
	}
}

func TestDiscover(t *testing.T) {
	const issuer = "https://as.example.com/tenant"
	good := `{"issuer":"` + issuer + `","authorization_endpoint":"https://as.example.com/a","token_endpoint":"https://as.example.com/t",` +
		`"revocation_endpoint":"https://as.example.com/r","pushed_authorization_request_endpoint":"https://as.example.com/p",` +
		`"token_endpoint_auth_methods_supported":["none","client_secret_post"],"code_challenge_methods_supported":["plain","S256"],"authorization_response_iss_parameter_supported":true}`
	for _, c := range []struct {
		why, issuer, body string
		want              error
	}{
		{"good", issuer, good, nil},
		{"another issuer's", issuer, strings.Replace(good, issuer, issuer+"/", 1), oauth.ErrMetadata},
		{"a private endpoint", issuer, strings.Replace(good, "https://as.example.com/t\"", "https://10.0.0.1/t\"", 1), oauth.ErrMetadata},
		{"plain http", issuer, strings.Replace(good, "https://as.example.com/a\"", "http://as.example.com/a\"", 1), oauth.ErrMetadata},
		{"no token endpoint", issuer, strings.Replace(good, "token_endpoint\"", "nothing\"", 1), oauth.ErrMetadata},
		{"PKCE by plain only", issuer, strings.Replace(good, `"plain","S256"`, `"plain"`, 1), oauth.ErrMetadata},
		{"a page", issuer, "<html>", oauth.ErrMetadata},
		{"query", issuer + "?a=b", good, oauth.ErrIssuer},
		{"fragment", issuer + "#a", good, oauth.ErrIssuer},
		{"http", "http://as.example.com", good, oauth.ErrIssuer},
		{"private", "https://192.168.0.1", good, oauth.ErrIssuer},
	} {
		t.Run(c.why, func(t *testing.T) {
			w := &wire{res: answer(200, c.body)}
			p, err := oauth.Discover(ctx, w.fetch, c.issuer, "", target.Policy{})
			require.ErrorIs(t, err, c.want)
			if err == nil {
				assert.Equal(t, "https://as.example.com/.well-known/oauth-authorization-server/tenant", w.sent[0].URL)
				assert.Equal(t, oauth.StylePost, p.Style, "the safest that the server names")
				assert.True(t, p.RequireIss)
				assert.Equal(t, issuer, p.Issuer)
			}
		})
	}
	// The OpenID Connect place is tried when there is no RFC 8414 document.
	n := 0
	p, err := oauth.Discover(ctx, func(_ context.Context, r fetch.Request) (fetch.Response, error) {
		n++
		if n == 1 {
			return fetch.Response{Status: 404}, nil
		}
		assert.Equal(t, issuer+"/.well-known/openid-configuration", r.URL)
		return answer(200, good), nil
	}, issuer, oauth.StyleKeyJWT, target.Policy{})
	require.NoError(t, err)
	assert.Equal(t, oauth.StyleKeyJWT, p.Style)
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"access_token":"at","expires_in":1e9,"authed_user":{"access_token":"x"}}`))
	f.Add(400, "", []byte(`{"error":{"code":7}}`))
	f.Add(200, "text/plain", []byte(`access_token=a&access_token=b`))
	f.Fuzz(func(t *testing.T, status int, media string, body []byte) {
		p := plain(oauth.StyleBasic)
		p.Nested, p.OKFlag, p.Keep = "authed_user", true, []string{"team_id"}
		w := &wire{res: fetch.Response{Status: status, Header: http.Header{"Content-Type": {media}}, Body: body}}
		got, err := client(w, p).Refresh(ctx, "rt")
		require.Len(t, w.sent, 1)
		if err == nil {
			require.NotEmpty(t, got.Access)
			require.NotContains(t, got.Access+got.Refresh, "\n")
			require.GreaterOrEqual(t, got.ExpiresIn, time.Duration(0))
			return
		}
		var fail *oauth.Failure
		require.ErrorAs(t, err, &fail)
		require.NotZero(t, fail.Outcome)
		require.Regexp(t, `^[a-z0-9_.-]{1,64}$`, fail.Code)
	})
}
