package wasmtest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/source/sourcetest"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// benchedSchemes is a row for each way of proving a delivery, and what is odd
// about it.
var benchedSchemes = []string{
	"github",            // HMAC-SHA256 over the body
	"stripe",            // … with a time, in an element of the header
	"standard-webhooks", // … with an id, several signatures
	"twilio",            // HMAC-SHA1 over URL and sorted form
	"paystack",          // HMAC-SHA512
	"hubspot",           // … over the decoded URL
	"contentful",        // … over headers that are listed
	"adyen",             // fields of the body, each item
	"discord",           // Ed25519
	"sendgrid",          // ECDSA P-256
	"plaid",             // a JWT that holds the body's hash
	"google-pubsub",     // a JWT under a key set that is kept
	"aws-sns",           // RSA under a certificate that is kept
	"telegram",          // a shared token
	"basic",
}

// BenchmarkSchemes sends one delivery of each scheme to the public Worker's
// module again and again: the configuration and what is fetched are kept, the
// event is a duplicate after the first, so what is timed is crossing into Wasm,
// verifying, and one look into KV.
func BenchmarkSchemes(b *testing.B) {
	cases, err := webhooktest.Load(os.DirFS(filepath.Join("..", "shared", "webhook", "testdata")))
	require.NoError(b, err)
	ring, err := seal.Parse(secrets["SOURCE_KEYS"], aesgcm.Suite{})
	require.NoError(b, err)
	for _, provider := range benchedSchemes {
		i := slices.IndexFunc(cases, func(c webhooktest.Case) bool { return c.Provider == provider && c.Name == "accept" })
		require.GreaterOrEqual(b, i, 0, provider)
		c := &cases[i]
		b.Run(provider, func(b *testing.B) {
			edge := publicWorker(b, corpusHosts(cases), c.Documents)
			key, value, err := sourcetest.Seal(ring, corpusTenant, c)
			require.NoError(b, err)
			require.NoError(b, edge.KV(configKV).Put(key, value))
			request := func() *http.Request { return corpusRequest(b, c) }
			require.Less(b, edge.Fetch(request()).StatusCode, 300)
			b.SetBytes(int64(len(c.Request.Body)))
			for b.Loop() {
				if res := edge.Fetch(request()); res.StatusCode >= 300 {
					b.Fatal(res.Status)
				}
			}
		})
	}
	b.Run("github-200k", func(b *testing.B) {
		edge := publicWorker(b, nil, nil)
		c := webhooktest.Case{Provider: "github", Name: "large"}
		i := slices.IndexFunc(cases, func(c webhooktest.Case) bool { return c.Provider == "github" && c.Name == "accept" })
		require.GreaterOrEqual(b, i, 0)
		c.Now, c.Secrets, c.Request = cases[i].Now, cases[i].Secrets, cases[i].Request
		c.Request.Body = bytes.Repeat([]byte("x"), 200<<10)
		c.Request.Header = webhooktest.Header{
			{"X-GitHub-Delivery", "d-1"},
			{"X-GitHub-Event", "push"},
			{"X-Hub-Signature-256", fmt.Sprintf("sha256=%x", mac(string(c.Secrets[0].Value), string(c.Request.Body)))},
		}
		key, value, err := sourcetest.Seal(ring, corpusTenant, &c)
		require.NoError(b, err)
		require.NoError(b, edge.KV(configKV).Put(key, value))
		require.Equal(b, 202, edge.Fetch(corpusRequest(b, &c)).StatusCode)
		b.SetBytes(int64(len(c.Request.Body)))
		for b.Loop() {
			if res := edge.Fetch(corpusRequest(b, &c)); res.StatusCode != 200 {
				b.Fatal(res.Status)
			}
		}
	})
}
