package webhook_test

import (
	"bytes"
	"compress/gzip"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// What goes wrong elsewhere, one test each (the numbers are those of the
// project's webhook research, section 4; 2 and 3 are in key_test.go). Most are
// cases of the corpus; a test here says which, and fails if they are gone.
func requireCases(t *testing.T, want map[string]string) {
	t.Helper()
	have := map[string]string{}
	for _, c := range corpus(t) {
		have[c.Provider+"/"+c.Name] = c.Want.Error
		if c.Want.Error == "" {
			have[c.Provider+"/"+c.Name] = "ok"
		}
	}
	for name, outcome := range want {
		assert.Equal(t, outcome, have[name], name)
	}
}

// CVE-2026-54308 and others: no secret, no header or no signature meant no
// check.
func TestPitfall1FailOpen(t *testing.T) {
	for _, row := range webhook.Providers() {
		params := map[string]string{}
		for _, p := range row.Params {
			if p.Required {
				params[p.Name] = "https://id.example/x"
			}
		}
		_, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: row.Name, Params: params})
		require.ErrorIs(t, err, webhook.ErrNoSecret, row.Name)
		_, err = webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: row.Name, Params: params, Secrets: []webhook.Secret{{}}})
		require.ErrorIs(t, err, webhook.ErrEmptySecret, row.Name)
	}
	for _, c := range accepts(t) {
		v := verifier(t, &c)
		for i := range c.Request.Header.(webhooktest.Header) {
			r := c.Request
			r.Header = append(append(webhooktest.Header{}, c.Request.Header.(webhooktest.Header)[:i]...), c.Request.Header.(webhooktest.Header)[i+1:]...)
			if got, err := v.Verify(&r, c.Now); err == nil {
				require.NotEmpty(t, got.SecretID, "accepted without a secret")
			}
		}
		if row, _ := webhook.Lookup(c.Provider); len(row.InBody.JSON) > 0 {
			continue // the corpus has it without
		}
		r := c.Request
		r.Header = webhooktest.Header{}
		r.URL, _, _ = strings.Cut(r.URL, "?") // a proof may be in the query
		_, err := v.Verify(&r, c.Now)
		require.ErrorIs(t, err, webhook.ErrMissingHeader, c.Provider)
	}
}

// Bodies that a parser would write differently verify as they are, and their
// re-serialised form does not.
func TestPitfall4Reserialisation(t *testing.T) {
	requireCases(t, map[string]string{
		"github/unusual-json": "ok", "github/reserialised": "bad_signature", "github/not-utf-8": "ok",
		"slack/not-utf-8": "ok", "stripe/not-utf-8": "ok",
	})
}

// MACs are compared in one place, by crypto/subtle. What would be a comparison
// that stops at the first difference must not appear in the package.
func TestPitfall5ConstantTime(t *testing.T) {
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	calls := map[string]int{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok {
					calls[x.Name+"."+s.Sel.Name]++
				}
			}
			return true
		})
	}
	assert.Equal(t, 1, calls["subtle.ConstantTimeCompare"])
	for _, name := range []string{"bytes.Equal", "bytes.Compare", "bytes.HasPrefix", "slices.Compare", "strings.EqualFold", "bytes.EqualFold"} {
		assert.Zero(t, calls[name], name)
	}
}

func TestPitfall6SeveralSignatures(t *testing.T) {
	requireCases(t, map[string]string{
		"stripe/several-v1-good-first": "ok", "stripe/several-v1-good-last": "ok", "stripe/several-v1-none-good": "bad_signature",
		"standard-webhooks/several-good-first": "ok", "standard-webhooks/several-good-last": "ok",
	})
}

// A retry to the agent hours later must not carry the first attempt's
// timestamp.
func TestPitfall7ForwardingSignsAfresh(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	retry := first.Add(6 * time.Hour)
	old, err := webhook.Sign(gocrypto.Crypto{}, "acme/github/1", first, []byte("{}"), [][]byte{key})
	require.NoError(t, err)
	fresh, err := webhook.Sign(gocrypto.Crypto{}, "acme/github/1", retry, []byte("{}"), [][]byte{key})
	require.NoError(t, err)

	v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: "standard-webhooks", Secrets: secrets(webhook.FormatSecret(key))})
	require.NoError(t, err)
	verify := func(headers [3][2]string) (webhook.Result, error) {
		return v.Verify(&webhook.Request{Method: "POST", Header: webhooktest.Header(headers[:]), Body: []byte("{}")}, retry)
	}
	_, err = verify(old)
	require.ErrorIs(t, err, webhook.ErrStale)
	got, err := verify(fresh)
	require.NoError(t, err)
	assert.Equal(t, "acme/github/1", got.EventID, "the id is stable over retries")
}

func TestPitfall8Timestamps(t *testing.T) {
	for _, p := range []string{"slack", "stripe", "standard-webhooks"} {
		requireCases(t, map[string]string{
			p + "/timestamp-milliseconds": "future_timestamp", p + "/timestamp-plus": "malformed_signature",
			p + "/timestamp-space": "malformed_signature", p + "/timestamp-overflow": "malformed_signature",
			p + "/timestamp-arabic-digits": "malformed_signature", p + "/future": "future_timestamp", p + "/stale": "stale_timestamp",
		})
	}
	// bolt accepted a timestamp a day ahead.
	for _, c := range accepts(t) {
		row, _ := webhook.Lookup(c.Provider)
		if row.Timestamp.Source == webhook.NoTimestamp {
			continue
		}
		_, err := verifier(t, &c).Verify(&c.Request, c.Now.Add(-24*time.Hour))
		require.ErrorIs(t, err, webhook.ErrFuture, c.Provider)
	}
}

// The id is the delivery's, equal over redeliveries, and not one that repeats
// over subscriptions.
func TestPitfall9IdempotencyKey(t *testing.T) {
	for _, c := range accepts(t) {
		v := verifier(t, &c)
		once, err := v.Verify(&c.Request, c.Now)
		require.NoError(t, err)
		again, err := v.Verify(&c.Request, c.Now.Add(time.Minute))
		require.NoError(t, err)
		assert.Equal(t, once.EventID, again.EventID, c.Provider)
	}
	requireCases(t, map[string]string{"shopify/other-subscription": "ok", "shopify/id-of-another-set": "ok"})
}

// The race of check-then-insert is the Ledger's to decide. This package's part:
// no state, so that overlapping duplicates get the same id.
func TestPitfall10NoStateBetweenDeliveries(t *testing.T) {
	cases := accepts(t)
	var wg sync.WaitGroup
	for i := range cases {
		c := &cases[i]
		v := verifier(t, c)
		row, _ := webhook.Lookup(c.Provider)
		bad := c.Request
		bad.Body = append([]byte("x"), c.Request.Body...)
		for range 8 {
			wg.Go(func() {
				for range 50 {
					got, err := v.Verify(&c.Request, c.Now)
					assert.NoError(t, err)
					assert.Equal(t, c.Want.ID, got.EventID)
					if _, err = v.Verify(&bad, c.Now); row.BodyCovered {
						assert.Error(t, err)
					}
				}
			})
		}
	}
	wg.Wait()
}

func TestPitfall11SlackRetriesAndForms(t *testing.T) {
	requireCases(t, map[string]string{"slack/retry": "ok", "slack/interactivity": "ok"})
}

func TestPitfall12StripeThinEvents(t *testing.T) {
	requireCases(t, map[string]string{"stripe/thin-event": "ok"})
}

// Every header the row reads, repeated on its own line or joined by the
// platform, in a request that verifies without the repetition.
func TestPitfall13DuplicateHeaders(t *testing.T) {
	for _, c := range accepts(t) {
		row, _ := webhook.Lookup(c.Provider)
		v := verifier(t, &c)
		for _, set := range row.Headers {
			for _, name := range []string{set.Signature, set.Timestamp, set.ID, set.Type, set.Time} {
				values := c.Request.Header.Values(name)
				if name == "" || len(values) == 0 {
					continue
				}
				for _, other := range []string{values[0], "x"} {
					r := c.Request
					r.Header = append(c.Request.Header.(webhooktest.Header), [2]string{strings.ToUpper(name), other})
					_, err := v.Verify(&r, c.Now)
					require.ErrorIs(t, err, webhook.ErrDuplicateHeader, "%s %s twice", c.Provider, name)

					r.Header = replace(c.Request.Header.(webhooktest.Header), name, values[0]+", "+other)
					_, err = v.Verify(&r, c.Now)
					require.ErrorIs(t, err, webhook.ErrDuplicateHeader, "%s %s joined", c.Provider, name)
				}
			}
		}
	}
}

// A cut body is refused like any other change, never read as far as it goes;
// a compressed body is signed, and verified, as it came.
func TestPitfall14SizeAndCoding(t *testing.T) {
	requireCases(t, map[string]string{"github/truncated-body": "bad_signature", "slack/truncated-body": "bad_signature"})

	c := githubAccept(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(c.Request.Body)
	require.NoError(t, z.Close())
	c.Request.Body = packed.Bytes()
	_, err := verifier(t, &c).Verify(&c.Request, c.Now)
	require.ErrorIs(t, err, webhook.ErrSignature)
}

func githubAccept(t *testing.T) webhooktest.Case {
	t.Helper()
	for _, c := range accepts(t) {
		if c.Provider == "github" {
			return c
		}
	}
	t.Fatal("no case github/accept")
	panic("unreachable")
}

// Nothing of an unverified body decides anything: a challenge, an id or ten
// megabytes of brackets under a bad signature are a bad signature.
func TestPitfall15NothingBeforeVerification(t *testing.T) {
	requireCases(t, map[string]string{"slack/url-verification-unsigned": "bad_signature"})
	for _, c := range accepts(t) {
		row, _ := webhook.Lookup(c.Provider)
		if !row.BodyCovered {
			continue // there is nothing to break, or the body is asked first
		}
		for _, body := range []string{strings.Repeat("[", 1<<20), `{"type":"url_verification","challenge":"x","id":"y"}`, ""} {
			r := c.Request
			r.Body = []byte(body)
			got, err := verifier(t, &c).Verify(&r, c.Now)
			require.Error(t, err)
			if err != webhook.ErrMalformed { // a form that cannot be read, a body that must be an object
				require.ErrorIs(t, err, webhook.ErrSignature, c.Provider)
			}
			require.Zero(t, got)
		}
	}
}

// Xero wants 401 for a bad signature and nothing else; the row says so.
func TestPitfall16RefusalStatus(t *testing.T) {
	c := githubAccept(t)
	assert.Equal(t, 401, verifier(t, &c).RefusalStatus())
	row, _ := webhook.Lookup("github")
	other := *row
	other.RefusalStatus = 403
	v, err := webhook.NewForScheme(&other, webhook.Config{Crypto: gocrypto.Crypto{}, Secrets: c.Secrets})
	require.NoError(t, err)
	assert.Equal(t, 403, v.RefusalStatus())
	requireCases(t, map[string]string{"slack/url-verification": "ok", "slack/url-verification-markup": "invalid_handshake"})
}

// A proof that does not cover the body says so in the result.
func TestPitfall17BearerProofs(t *testing.T) {
	c := githubAccept(t)
	row, _ := webhook.Lookup("github")
	for covered, want := range map[bool]string{true: event.ProofSignature, false: event.ProofBearer} {
		other := *row
		other.BodyCovered = covered
		v, err := webhook.NewForScheme(&other, webhook.Config{Crypto: gocrypto.Crypto{}, Secrets: c.Secrets})
		require.NoError(t, err)
		got, err := v.Verify(&c.Request, c.Now)
		require.NoError(t, err)
		assert.Equal(t, want, got.Authenticated)
	}
}

// A signed body can still be hostile: the provider relays what its users
// wrote. Deep nesting ends the search for an id, not the process.
func TestHostileBodyUnderAGoodSignature(t *testing.T) {
	for _, body := range []string{
		strings.Repeat("[", 10<<20), strings.Repeat(`{"id":`, 1<<20), `{"id":"` + strings.Repeat("x", 1<<20) + `"}`,
		`{"id":` + strings.Repeat("[", jsontext.MaxDepth+1), `{"id":""}`, `{"id":null}`, `{"id":{}}`, "{", "", "null",
	} {
		c := signedBody(t, []byte(body))
		got, err := verifier(t, &c).Verify(&c.Request, c.Now)
		require.NoError(t, err)
		assert.Regexp(t, `^sha256-[0-9a-f]{64}$`, got.EventID)
		assert.Equal(t, "com.stripe.unknown", got.Type)
	}
}
