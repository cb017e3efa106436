package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
)

func TestMay(t *testing.T) {
	for why, c := range map[string]struct {
		caller       *access.Caller
		operator     bool
		ok, scopeMis bool
	}{
		"nobody":                   {nil, false, false, false},
		"a key":                    {&access.Caller{}, false, true, false},
		"a key, operator's tool":   {&access.Caller{}, true, false, false},
		"the operator":             {&access.Caller{Operator: true}, true, true, false},
		"a key with the tool":      {&access.Caller{Tools: []string{"t"}}, false, true, false},
		"a key with another":       {&access.Caller{Tools: []string{"u"}}, false, false, false},
		"a key with none":          {&access.Caller{Tools: []string{}}, false, false, false},
		"a token with the scope":   {&access.Caller{Scoped: true, Scopes: []string{"s"}}, false, true, false},
		"a token without":          {&access.Caller{Scoped: true}, false, false, true},
		"a token, operator's tool": {&access.Caller{Scoped: true, Scopes: []string{"s"}}, true, false, false},
	} {
		ok, missing := c.caller.May("t", "s", c.operator)
		assert.Equal(t, c.ok, ok, why)
		assert.Equal(t, c.scopeMis, missing, why)
	}
}

func TestOrigins(t *testing.T) {
	dev, prod := access.Origins{Development: true}, access.Origins{Public: "https://hooks.example.com", Allowed: []string{"https://app.example.com"}}
	for why, c := range map[string]struct {
		o            access.Origins
		host, origin string
		want         bool
	}{
		"a program":                  {dev, "127.0.0.1:8787", "", true},
		"a page of this machine":     {dev, "localhost:8787", "http://localhost:3000", true},
		"a rebound name":             {dev, "evil.example.com", "", false},
		"a rebound name and page":    {dev, "evil.example.com", "http://evil.example.com", false},
		"a page from elsewhere":      {dev, "localhost:8787", "https://evil.example.com", false},
		"no origin at all":           {dev, "localhost:8787", "null", false},
		"production, program":        {prod, "hooks.example.com", "", true},
		"production, own page":       {prod, "hooks.example.com", "https://hooks.example.com", true},
		"production, allowed":        {prod, "hooks.example.com", "https://app.example.com", true},
		"production, this machine":   {prod, "hooks.example.com", "http://localhost:3000", false},
		"production, suffix":         {prod, "hooks.example.com", "https://hooks.example.com.evil.com", false},
		"production, another scheme": {prod, "hooks.example.com", "http://hooks.example.com", false},
		"production, with user":      {prod, "hooks.example.com", "https://a@hooks.example.com", false},
	} {
		r := httptest.NewRequest("POST", "http://"+c.host+"/mcp/acme", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		assert.Equal(t, c.want, c.o.Check(r), why)
	}
	r := httptest.NewRequest("POST", "http://localhost/mcp/acme", nil)
	r.Header["Origin"] = []string{"http://localhost", "https://evil.example.com"}
	assert.False(t, dev.Check(r), "two of them")
}

func TestLimiter(t *testing.T) {
	now := time.Unix(0, 0)
	l := access.Limiter{Now: func() time.Time { return now }}
	passed := 0
	for range 100 {
		if ok, _ := l.Allow("a", 60); ok {
			passed++
		}
	}
	assert.Equal(t, 10, passed, "ten seconds' worth at once")
	ok, wait := l.Allow("a", 60)
	assert.False(t, ok)
	assert.Equal(t, time.Second, wait)
	ok, _ = l.Allow("b", 60)
	assert.True(t, ok, "another caller's is another's")
	now = now.Add(time.Second)
	ok, _ = l.Allow("a", 60)
	assert.True(t, ok)
}

const issuer, audience = "https://auth.example.com", "https://hooks.example.com/mcp/acme"

func TestTokens(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := time.Unix(1_790_000_000, 0)
	fetches, down := 0, false
	point, err := key.PublicKey.Bytes()
	require.NoError(t, err)
	set, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "kid": "k", "x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
	}}})
	require.NoError(t, err)
	tokens := access.Tokens{
		Crypto: gocrypto.Crypto{}, Documents: &webhook.Documents{}, Payer: "acme", Now: func() time.Time { return now },
		Fetch: func(string, int) ([]byte, error) {
			fetches++
			if down {
				return nil, errors.New("down")
			}
			return set, nil
		},
	}
	at := access.Issuer{URL: issuer, JWKS: issuer + "/jwks"}
	sign := func(alg string, k *ecdsa.PrivateKey, change map[string]any) string {
		claims := map[string]any{"iss": issuer, "aud": []string{"x", audience}, "sub": "agent", "exp": now.Unix() + 60, "scope": "a b a \"c"}
		for name, v := range change {
			claims[name] = v
			if v == nil {
				delete(claims, name)
			}
		}
		part := func(v any) string {
			b, err := json.Marshal(v)
			require.NoError(t, err)
			return base64.RawURLEncoding.EncodeToString(b)
		}
		signed := part(map[string]string{"alg": alg, "kid": "k"}) + "." + part(claims)
		sum := sha256.Sum256([]byte(signed))
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		require.NoError(t, err)
		sig := make([]byte, 64)
		r.FillBytes(sig[:32])
		s.FillBytes(sig[32:])
		return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
	}
	down = true
	_, err = tokens.Check(at, audience, sign("ES256", key, nil))
	require.ErrorIs(t, err, access.ErrUnavailable, "never a pass")
	down, now = false, now.Add(2*time.Minute) // a failure is remembered for a minute

	c, err := tokens.Check(at, audience, sign("ES256", key, nil))
	require.NoError(t, err)
	assert.Equal(t, &access.Caller{ID: "subject:agent", Scoped: true, Scopes: []string{"a", "b"}, Until: time.Unix(now.Unix()+60, 0).UTC()}, c)

	for name, value := range map[string]any{"scope": []string{"a", "b"}, "scp": []string{"a", "b"}} {
		c, err := tokens.Check(at, audience, sign("ES256", key, map[string]any{"scope": nil, name: value}))
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "b"}, c.Scopes, name)
	}

	before := fetches
	for why, token := range map[string]string{
		"another key":      sign("ES256", other, nil),
		"another issuer":   sign("ES256", key, map[string]any{"iss": "https://evil.example.com"}),
		"another audience": sign("ES256", key, map[string]any{"aud": "https://hooks.example.com/mcp/other"}),
		"no audience":      sign("ES256", key, map[string]any{"aud": nil}),
		"over":             sign("ES256", key, map[string]any{"exp": now.Unix() - 600}),
		"no end":           sign("ES256", key, map[string]any{"exp": nil}),
		"not yet":          sign("ES256", key, map[string]any{"nbf": now.Unix() + 600}),
		"nobody":           sign("ES256", key, map[string]any{"sub": nil}),
		"alg none":         sign("none", key, nil),
		"no token":         "x",
		"empty":            "..",
	} {
		_, err := tokens.Check(at, audience, token)
		assert.ErrorIs(t, err, access.ErrUnknown, why)
	}
	assert.Equal(t, before, fetches, "a stranger's token fetches nothing")
}

func TestAuthenticate(t *testing.T) {
	a := access.Authenticator{
		Operator: access.Operator{Tokens: []string{"admin"}}, Resource: func(*http.Request) string { return audience }, Metadata: func(*http.Request) string { return "https://m" },
		Key: func(token string) (*access.Caller, error) {
			if token == "hwk_good" {
				return &access.Caller{ID: "key:good"}, nil
			}
			return nil, access.ErrUnknown
		},
	}
	for header, want := range map[string]int{"Bearer admin": 0, "bearer hwk_good": 0, "": 401, "Bearer": 401, "Bearer ": 401, "Basic hwk_good": 401, "Bearer hwk_bad": 401, "Bearer hwk_good x": 401, "Bearer hwk_good,hwk_good": 401} {
		r := httptest.NewRequest("POST", audience+"?access_token=hwk_good", nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		_, refusal := a.Authenticate(r)
		if want == 0 {
			assert.Nil(t, refusal, header)
			continue
		}
		require.NotNil(t, refusal, header)
		assert.Equal(t, want, refusal.Status, header)
		assert.Equal(t, "WWW-Authenticate", refusal.Headers[0].Name)
	}
	a.Operator.Tokens = nil
	r := httptest.NewRequest("POST", audience, nil)
	r.Header.Set("Authorization", "Bearer ")
	_, refusal := a.Authenticate(r)
	assert.NotNil(t, refusal, "no ADMIN_TOKEN opens nothing")
}

func TestIssuerUsable(t *testing.T) {
	for jwks, want := range map[string]bool{
		"https://idp.example.com/keys":                         true,
		"https://idp.example.com:8443/keys":                    false,
		"https://203.0.113.7/keys":                             false,
		"http://idp.example.com/keys":                          false,
		"https://idp.example.com/" + strings.Repeat("k", 1100): false,
	} {
		assert.Equal(t, want, access.Issuer{URL: "https://idp.example.com", JWKS: jwks}.Usable(gocrypto.Crypto{}), jwks)
	}
}
