package webhook_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

func TestParamsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, provider string
		params         map[string]string
	}{
		{"unknown", "github", map[string]string{"split": "true"}},
		{"misspelt", "hmac", map[string]string{"templat": "{body}"}},
		{"empty value", "hmac", map[string]string{"prefix": ""}},
		{"not text", "hmac", map[string]string{"prefix": "a\nb"}},
		{"too long", "hmac", map[string]string{"prefix": strings.Repeat("x", 1025)}},
		{"unknown hash", "hmac", map[string]string{"algorithm": "sha3"}},
		{"unknown encoding", "hmac", map[string]string{"encoding": "base32"}},
		{"no body signed", "hmac", map[string]string{"template": "{url}"}},
		{"body twice", "hmac", map[string]string{"template": "{body}.{body}"}},
		{"unknown part", "hmac", map[string]string{"template": "{secret}.{body}"}},
		{"open brace", "hmac", map[string]string{"template": "{body"}},
		{"too many parts", "hmac", map[string]string{"template": strings.Repeat("{url}|", 20) + "{body}"}},
		{"time without header", "hmac", map[string]string{"template": "{timestamp}.{body}"}},
		{"time that is not signed", "hmac", map[string]string{"timestamp_header": "X-Time"}},
		{"id without header", "hmac", map[string]string{"template": "{id}.{body}"}},
		{"id against body", "hmac", map[string]string{"template": "{id}{body}", "id_header": "X-Id"}},
		{"body against id", "hmac", map[string]string{"template": "{body}{id}", "id_header": "X-Id"}},
		{"id, a letter, body", "hmac", map[string]string{"template": "{id}a{body}", "id_header": "X-Id"}},
		{"time against body", "hmac", map[string]string{"template": "{timestamp}{body}", "timestamp_header": "X-Time"}},
		{"time, a digit, body", "hmac", map[string]string{"template": "{timestamp}0{body}", "timestamp_header": "X-Time"}},
		{"URL against body", "hmac", map[string]string{"template": "{url}{body}"}},
		{"URL and what every URL has", "hmac", map[string]string{"template": "{url}.{body}"}},
		{"body and what every URL has", "hmac", map[string]string{"template": "{body}://{url}"}},
		{"method against URL", "hmac", map[string]string{"template": "{method}{url}|{body}"}},
		{"no tolerance", "hmac", map[string]string{"template": "{timestamp}.{body}", "timestamp_header": "X-Time", "tolerance": "0"}},
		{"too much tolerance", "hmac", map[string]string{"template": "{timestamp}.{body}", "timestamp_header": "X-Time", "tolerance": "86401"}},
		{"header that is none", "hmac", map[string]string{"header": "?token"}},
		{"path with a hole", "hmac", map[string]string{"id_path": "a..b"}},
		{"long path", "hmac", map[string]string{"id_path": "a.b.c.d.e.f.g.h.i"}},
		{"header and query", "token", map[string]string{"header": "X-A", "query": "a"}},
		{"no key set", "jwt", map[string]string{"issuer": "x"}},
		{"key set over http", "jwt", map[string]string{"issuer": "x", "jwks": "http://id.example/jwks"}},
		{"key set with user information", "jwt", map[string]string{"issuer": "x", "jwks": "https://a@id.example/jwks"}},
		{"key set on another port", "jwt", map[string]string{"issuer": "x", "jwks": "https://id.example:444/jwks"}},
		{"key set at a query of a host", "jwt", map[string]string{"issuer": "x", "jwks": "https://10.0.0.1?a.example/jwks"}},
		{"key set with a fragment", "jwt", map[string]string{"issuer": "x", "jwks": "https://id.example/jwks#a"}},
		{"split that is neither", "sendgrid", map[string]string{"split": "yes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := webhook.New(webhook.Config{
				Crypto: gocrypto.Crypto{}, Provider: c.provider, Params: c.params,
				Secrets: secrets("a-secret-of-a-usual-length"),
			})
			require.ErrorIs(t, err, webhook.ErrParams)
		})
	}
}

// What one delivery signs must not verify cut elsewhere.
func TestTemplatesAreCutInOneWay(t *testing.T) {
	const key, url = "a-secret-of-a-usual-length", "https://h.example/a"
	type parts struct{ id, url, body string }
	for _, c := range []struct {
		template      string
		signed, recut parts
	}{
		{"{id}.{body}", parts{"1", url, "2.{}"}, parts{"1.2", url, "{}"}},
		{"{id}::{body}", parts{"1", url, "2::{}"}, parts{"1::2", url, "{}"}},
		{"{id}::{body}", parts{"1", url, ":{}"}, parts{"1:", url, "{}"}}, // 1:::{} both
		{"{body}.{id}", parts{"2", url, "{}.1"}, parts{"1.2", url, "{}"}},
		{"{body}..{id}", parts{"2", url, "{}."}, parts{".2", url, "{}"}},
		{"{url}|{body}", parts{"1", url + "?q", "x|{}"}, parts{"1", url + "?q|x", "{}"}},
		{"{id}.{method}|{url}|{body}", parts{"1", url + "?q", "x|{}"}, parts{"1", url + "?q|x", "{}"}},
	} {
		params := map[string]string{"template": c.template}
		if strings.Contains(c.template, "{id}") {
			params["id_header"] = "X-Id"
		}
		v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: "hmac", Params: params, Secrets: secrets(key)})
		require.NoError(t, err, c.template)
		content := func(p parts) string {
			return strings.NewReplacer("{id}", p.id, "{url}", p.url, "{method}", "POST", "{body}", p.body).Replace(c.template)
		}
		require.Equal(t, content(c.signed), content(c.recut), "the case is none")
		mac := hex.EncodeToString(gocrypto.Crypto{}.HMAC(webhook.SHA256, []byte(key), []byte(content(c.signed))))
		verify := func(p parts) error {
			_, err := v.Verify(&webhook.Request{
				Method: "POST", URL: p.url, Body: []byte(p.body), Header: webhooktest.Header{{"X-Signature", mac}, {"X-Id", p.id}},
			}, time.Unix(1767268800, 0))
			return err
		}
		require.NoError(t, verify(c.signed), c.template)
		require.ErrorIs(t, verify(c.recut), webhook.ErrMalformed, c.template)
	}
}

// Equal bodies that are signed at two times are two events.
func TestSignedTimeTellsEventsApart(t *testing.T) {
	const key = "a-secret-of-a-usual-length"
	v, err := webhook.New(webhook.Config{
		Crypto: gocrypto.Crypto{}, Provider: "hmac", Secrets: secrets(key),
		Params: map[string]string{"template": "{timestamp}.{body}", "timestamp_header": "X-Time"},
	})
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, at := range []string{"1767268800", "1767268801", "1767268801"} {
		mac := hex.EncodeToString(gocrypto.Crypto{}.HMAC(webhook.SHA256, []byte(key), []byte(at+".{}")))
		got, err := v.Verify(&webhook.Request{
			Method: "POST", Body: []byte("{}"), Header: webhooktest.Header{{"X-Signature", mac}, {"X-Time", at}},
		}, time.Unix(1767268800, 0))
		require.NoError(t, err)
		ids[got.EventID] = true
	}
	require.Len(t, ids, 2)
}

// A key set is fetched from the edge, whose neighbours are not the operator's.
func TestKeySetHosts(t *testing.T) {
	for host, want := range map[string]error{
		"id.example": nil, "a-b.c1.id.example": nil, "ID.Example": nil, "xn--bcher-kva.example": nil, "1.id.example": nil,
		"": webhook.ErrParams, "localhost": webhook.ErrParams, "a.localhost": webhook.ErrParams, "intranet": webhook.ErrParams,
		"printer.local": webhook.ErrParams, "metadata.google.internal": webhook.ErrParams, "a.LOCALHOST": webhook.ErrParams,
		"127.0.0.1": webhook.ErrParams, "127.1": webhook.ErrParams, "2130706433": webhook.ErrParams, "0x7f.0.0.0x1": webhook.ErrParams,
		"0x7f000001": webhook.ErrParams, "[::1]": webhook.ErrParams, "[::ffff:127.0.0.1]": webhook.ErrParams,
		"id.example.": webhook.ErrParams, "localhost.": webhook.ErrParams, ".example": webhook.ErrParams, "a..example": webhook.ErrParams,
		"id.example:443": webhook.ErrParams, "a@id.example": webhook.ErrParams, "a:b@id.example": webhook.ErrParams,
		"id%2eexample": webhook.ErrParams, "-a.example": webhook.ErrParams, "a_b.example": webhook.ErrParams, "a-.example": webhook.ErrParams,
		strings.Repeat("a", 64) + ".example": webhook.ErrParams, strings.Repeat("a.", 130) + "example": webhook.ErrParams,
	} {
		_, err := webhook.New(webhook.Config{
			Crypto: gocrypto.Crypto{}, Provider: "jwt", Secrets: secrets("a-secret-of-a-usual-length"),
			Params: map[string]string{"issuer": "x", "jwks": "https://" + host + "/jwks"},
		})
		require.Equal(t, want, err, host)
	}
}
