package webhook_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// What X is given for a challenge must not be a signature of any body: for
// whatever text the MAC is given, that text as a body is refused.
func FuzzOpenMAC(f *testing.F) {
	for _, s := range []string{"abc", `{"for_user_id":"1"}`, "[1]", " {}", "%7b%7d", "a b", "{", "\x00", strings.Repeat("a", 1025)} {
		f.Add(s)
	}
	v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: "x", Secrets: secrets("a-secret-of-a-usual-length")})
	require.NoError(f, err)
	now := time.Unix(1767268800, 0)
	const head, tail = `{"response_token":"`, `"}`
	f.Fuzz(func(t *testing.T, text string) {
		got, err := v.Verify(&webhook.Request{
			Method: "GET", URL: "https://h.example/?crc_token=" + url.QueryEscape(text), Header: webhooktest.Header{},
		}, now)
		if err != nil {
			return
		}
		require.NotNil(t, got.Reply)
		mac := strings.TrimSuffix(strings.TrimPrefix(string(got.Reply.Body), head), tail)
		_, err = v.Verify(&webhook.Request{
			Method: "POST", URL: "https://h.example/", Body: []byte(text),
			Header: webhooktest.Header{{"x-twitter-webhooks-signature", mac}},
		}, now)
		require.ErrorIs(t, err, webhook.ErrMalformed)
	})
}

// Whatever a stranger sends to a row's open handshakes, he hears at most what
// he said, as text that is no page, and never a secret.
func FuzzOpenHandshakes(f *testing.F) {
	f.Add("challenge", "abc", "X-Hook-Secret", "abc", []byte(`{"challenge":"x"}`))
	f.Add("hub.challenge", "1", "X-Hook-Secret", "<b>", []byte(`{"challenge":"\""}`))
	f.Add("validationToken", "a\r\nb: c", "X-Hook-Secret", "a\nb", []byte(`{}`))
	const secret = "TheSecretNobodyMayHear"
	type open struct {
		name string
		v    *webhook.Verifier
	}
	var rows []open
	for _, row := range webhook.Providers() {
		for _, h := range row.Handshakes {
			if !h.Open || h.MAC != webhook.Raw {
				continue
			}
			v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: row.Name, Secrets: secrets(secret)})
			require.NoError(f, err)
			rows = append(rows, open{row.Name, v})
		}
	}
	require.GreaterOrEqual(f, len(rows), 6)
	f.Fuzz(func(t *testing.T, param, value, name, header string, body []byte) {
		for _, row := range rows {
			for _, method := range []string{"GET", "HEAD", "POST"} {
				got, err := row.v.Verify(&webhook.Request{
					Method: method, URL: "https://h.example/?" + url.QueryEscape(param) + "=" + url.QueryEscape(value),
					Header: webhooktest.Header{{name, header}}, Body: body,
				}, time.Unix(1767268800, 0))
				if err != nil {
					require.Zero(t, got)
					continue
				}
				require.NotNil(t, got.Reply, row.name)
				require.Empty(t, got.SecretID)
				text := string(got.Reply.Body) + got.Reply.Header[1]
				require.NotContains(t, text, secret)
				require.NotContains(t, text, "\n")
				require.NotContains(t, got.Reply.ContentType, "html")
				require.LessOrEqual(t, len(text), 1200)
			}
		}
	})
}

// A key set is fetched once an hour, and for key ids that it does not have no
// more than once a minute.
func TestDocumentsAreKept(t *testing.T) {
	cases := map[string]webhooktest.Case{}
	for _, c := range corpus(t) {
		cases[c.Provider+"/"+c.Name] = c
	}
	known, unknown := cases["google-pubsub/accept"], cases["google-pubsub/unknown-kid"]
	require.NotNil(t, known.Request.Fetch)
	v := verifier(t, &known)
	fetches := 0
	verify := func(c webhooktest.Case, after time.Duration, want error) {
		r := c.Request
		r.Fetch = func(url string, n int) ([]byte, error) { fetches++; return c.Request.Fetch(url, n) }
		_, err := v.Verify(&r, c.Now.Add(after))
		require.ErrorIs(t, err, want)
	}
	for range 50 {
		verify(known, 0, nil)
		verify(unknown, time.Second, webhook.ErrSignature)
	}
	assert.Equal(t, 1, fetches)
	for range 50 {
		verify(unknown, 61*time.Second, webhook.ErrSignature)
	}
	assert.Equal(t, 2, fetches)
	verify(known, 59*time.Minute, nil)
	assert.Equal(t, 2, fetches)
	verify(known, 60*time.Minute+2*time.Second, nil) // still before exp and its leeway
	assert.GreaterOrEqual(t, fetches, 2)
}

// Who names another certificate with every delivery has no more than
// maxFetches fetched in a minute, and the kept one stays.
func TestFetchesAreBounded(t *testing.T) {
	var c webhooktest.Case
	for _, one := range corpus(t) {
		if one.Provider == "paypal" && one.Name == "accept" {
			c = one
		}
	}
	v := verifier(t, &c)
	_, err := v.Verify(&c.Request, c.Now)
	require.NoError(t, err)
	fetches := 0
	for range 100 {
		r := c.Request
		r.Header = replace(c.Request.Header.(webhooktest.Header), "PAYPAL-CERT-URL", "https://api.paypal.com/v1/notifications/certs/"+strings.Repeat("x", fetches+1))
		r.Fetch = func(string, int) ([]byte, error) { fetches++; return []byte("no certificate"), nil }
		_, err := v.Verify(&r, c.Now)
		require.Error(t, err)
	}
	assert.Equal(t, 29, fetches, "thirty with the first")
	_, err = v.Verify(&c.Request, c.Now)
	require.NoError(t, err)
}

// documentCase gives a case of the corpus, and a verifier over shared
// documents that counts what is fetched.
func documentCase(t *testing.T, name string) webhooktest.Case {
	t.Helper()
	for _, c := range corpus(t) {
		if c.Provider+"/"+c.Name == name {
			require.NotNil(t, c.Request.Fetch)
			return c
		}
	}
	require.Fail(t, "no case "+name)
	panic("unreachable")
}

func payer(t *testing.T, c *webhooktest.Case, documents *webhook.Documents, name string) *webhook.Verifier {
	t.Helper()
	v, err := webhook.New(webhook.Config{
		Crypto: gocrypto.Crypto{}, Provider: c.Provider, Secrets: c.Secrets, Params: c.Params, Documents: documents, Payer: name,
	})
	require.NoError(t, err)
	return v
}

// A flood at one tenant leaves the others their fetches.
func TestFetchesAreCountedByPayer(t *testing.T) {
	paypal, pubsub := documentCase(t, "paypal/accept"), documentCase(t, "google-pubsub/accept")
	var documents webhook.Documents
	flooded, other := payer(t, &paypal, &documents, "flooded"), payer(t, &pubsub, &documents, "other")
	flood := func() {
		for i := range 500 { // more than is remembered of failures
			r := paypal.Request
			r.Header = replace(paypal.Request.Header.(webhooktest.Header), "PAYPAL-CERT-URL", "https://api.paypal.com/v1/notifications/certs/"+strings.Repeat("x", i+1))
			_, err := flooded.Verify(&r, paypal.Now)
			require.ErrorIs(t, err, webhook.ErrKeysUnavailable)
		}
	}
	flood()
	_, err := flooded.Verify(&paypal.Request, paypal.Now)
	require.ErrorIs(t, err, webhook.ErrKeysUnavailable, "its own budget is spent")
	_, err = other.Verify(&pubsub.Request, pubsub.Now)
	require.NoError(t, err)
	_, err = flooded.Verify(&paypal.Request, paypal.Now.Add(time.Minute))
	require.NoError(t, err, "and there again after a minute")
	flood()
	_, err = flooded.Verify(&paypal.Request, paypal.Now)
	require.NoError(t, err, "what is kept costs nothing")
}

// A URL that failed is left alone for a minute, and so is one that gave
// something else; neither is kept.
func TestFailuresAreRemembered(t *testing.T) {
	c := documentCase(t, "google-pubsub/accept")
	for name, bad := range map[string]func() ([]byte, error){
		"no answer":     func() ([]byte, error) { return nil, webhook.ErrKeysUnavailable },
		"an empty page": func() ([]byte, error) { return nil, nil },
		"no key set":    func() ([]byte, error) { return []byte(`{"error":"later"}`), nil },
		"a set of none": func() ([]byte, error) { return []byte(`{"keys":[]}`), nil },
	} {
		v, fetches, broken := payer(t, &c, &webhook.Documents{}, "acme"), 0, true
		r := c.Request
		r.Fetch = func(url string, n int) ([]byte, error) {
			fetches++
			if broken {
				return bad()
			}
			return c.Request.Fetch(url, n)
		}
		for range 50 {
			_, err := v.Verify(&r, c.Now)
			require.ErrorIs(t, err, webhook.ErrKeysUnavailable, name)
		}
		require.Equal(t, 1, fetches, name)
		broken = false
		_, err := v.Verify(&r, c.Now.Add(59*time.Second))
		require.ErrorIs(t, err, webhook.ErrKeysUnavailable, name)
		_, err = v.Verify(&r, c.Now.Add(time.Minute))
		require.NoError(t, err, name)
		require.Equal(t, 2, fetches, name)
	}
}

// While nothing newer can be had, an old chain serves on, but not for ever.
func TestStaleDocumentsServe(t *testing.T) {
	c := documentCase(t, "paypal/accept") // taken for three days after it was sent
	v, down := payer(t, &c, &webhook.Documents{}, "acme"), false
	r := c.Request
	r.Fetch = func(url string, n int) ([]byte, error) {
		if down {
			return []byte("<html>maintenance</html>"), nil
		}
		return c.Request.Fetch(url, n)
	}
	_, err := v.Verify(&r, c.Now.Add(-time.Minute))
	require.NoError(t, err)
	down = true
	_, err = v.Verify(&r, c.Now.Add(25*time.Hour))
	require.NoError(t, err)
	_, err = v.Verify(&r, c.Now.Add(72*time.Hour-time.Second))
	require.ErrorIs(t, err, webhook.ErrSignature)
	down = false
	_, err = v.Verify(&r, c.Now.Add(72*time.Hour))
	require.ErrorIs(t, err, webhook.ErrSignature, "the failure is remembered")
}

// What fails as a key set may be a certificate: whoever may name the URL of a
// key set cannot take another tenant's certificates away.
func TestKindsOfDocumentsAreApart(t *testing.T) {
	sns, jwt := documentCase(t, "aws-sns/accept"), documentCase(t, "jwt/accept")
	var certURL string
	for certURL = range sns.Documents {
	}
	jwt.Params = maps.Clone(jwt.Params)
	jwt.Params["jwks"] = certURL
	var documents webhook.Documents
	rival, victim := payer(t, &jwt, &documents, "rival"), payer(t, &sns, &documents, "acme")
	jwt.Request.Fetch = sns.Request.Fetch
	for _, r := range []*webhook.Request{&jwt.Request, &jwt.Request} {
		_, err := rival.Verify(r, jwt.Now)
		require.ErrorIs(t, err, webhook.ErrKeysUnavailable, "a certificate is no key set")
	}
	_, err := victim.Verify(&sns.Request, sns.Now)
	require.NoError(t, err)
	_, err = rival.Verify(&jwt.Request, jwt.Now.Add(2*time.Minute))
	require.ErrorIs(t, err, webhook.ErrKeysUnavailable, "nor does it become one by being kept")
}
