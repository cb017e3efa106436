package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// A challenge is short. What a stranger sends is searched for one no further
// than that: of 25 MiB that nobody vouches for nothing is read.
func TestOpenHandshakesReadLittle(t *testing.T) {
	for provider, body := range map[string]string{
		"monday":      `{"challenge":"abc"}`,
		"smartcar":    `{"eventType":"VERIFY","data":{"challenge":"abc"}}`,
		"woocommerce": `webhook_id=1`,
	} {
		v, err := webhook.New(webhook.Config{Provider: provider, Crypto: gocrypto.Crypto{}, Secrets: []webhook.Secret{{Value: []byte(distinctSecret)}}})
		require.NoError(t, err)
		deliver := func(body string) (webhook.Result, error) {
			return v.Verify(&webhook.Request{
				Method: "POST", URL: "https://hooks.example.com/webhooks/acme/x", Header: webhooktest.Header{}, Body: []byte(body),
			}, time.Unix(1767268800, 0))
		}
		r, err := deliver(body)
		require.NoError(t, err, provider)
		require.NotNil(t, r.Reply, provider)
		padding := strings.Repeat(" ", 16<<10)
		if provider == "woocommerce" {
			padding = "&x=" + strings.Repeat("x", 16<<10)
		}
		_, err = deliver(body + padding)
		require.ErrorIs(t, err, webhook.ErrMissingHeader, provider)
	}
}
