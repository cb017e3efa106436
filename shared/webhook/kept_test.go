package webhook_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// What a Verifier keeps for the next delivery is not the last one's body: the
// worker collects once before it makes room for the next, and both would not
// fit (25 MiB each, of an isolate's 128 MB).
func TestNoBodyIsKept(t *testing.T) {
	for provider, body := range map[string]string{
		"meta": `{"object":"page","entry":[{"id":"1"},{"id":"2"}]}`,
	} {
		for _, params := range []map[string]string{nil, {"split": "true"}} {
			v, err := webhook.New(webhook.Config{Provider: provider, Crypto: gocrypto.Crypto{}, Params: params, Secrets: []webhook.Secret{{Value: []byte(distinctSecret)}}})
			require.NoError(t, err)
			last := deliverOnce(t, v, body)
			runtime.GC()
			require.Nil(t, last.Value(), "%s %v", provider, params)
			runtime.KeepAlive(v)
		}
	}
}

// deliverOnce returns what remains of the body's memory once nobody else has
// it.
//
//go:noinline
func deliverOnce(t *testing.T, v *webhook.Verifier, body string) weak.Pointer[byte] {
	large := append([]byte(body), bytes.Repeat([]byte(" "), 1<<20)...)
	header := webhooktest.Header{{"X-Hub-Signature-256", "sha256=" + hex.EncodeToString(macOf(sha256.New, string(large)))}}
	_, err := v.Verify(&webhook.Request{Method: "POST", URL: "https://hooks.example.com/webhooks/acme/x", Header: header, Body: large}, time.Unix(1767268800, 0))
	require.NoError(t, err)
	return weak.Make(&large[0])
}
