package webhook_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// Plaid's most common webhook has neither id nor time: it says the same, byte
// for byte, whenever an item has new transactions (plaid.com/docs/transactions/
// webhooks, SYNC_UPDATES_AVAILABLE). Its token tells two apart.
func TestPlaidNotificationsKeepApart(t *testing.T) {
	const body = `{"webhook_type":"TRANSACTIONS","webhook_code":"SYNC_UPDATES_AVAILABLE","item_id":"i","initial_update_complete":true,"historical_update_complete":true,"environment":"production"}`
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	v, err := webhook.New(webhook.Config{
		Provider: "plaid", Crypto: gocrypto.Crypto{}, Secrets: []webhook.Secret{{Value: []byte(base64.StdEncoding.EncodeToString(public))}},
	})
	require.NoError(t, err)
	token := func(at time.Time) string {
		b64 := base64.RawURLEncoding.EncodeToString
		sum := sha256.Sum256([]byte(body))
		signed := b64([]byte(`{"alg":"ES256","kid":"k","typ":"JWT"}`)) + "." +
			b64(fmt.Appendf(nil, `{"iat":%d,"request_body_sha256":"%s"}`, at.Unix(), hex.EncodeToString(sum[:])))
		digest := sha256.Sum256([]byte(signed))
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		require.NoError(t, err)
		return signed + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	}
	id := func(token string, at time.Time) string {
		r, err := v.Verify(&webhook.Request{
			Method: "POST", URL: "https://hooks.example.com/webhooks/acme/plaid", Header: webhooktest.Header{{"Plaid-Verification", token}}, Body: []byte(body),
		}, at)
		require.NoError(t, err)
		return r.EventID
	}
	start := time.Unix(1767268800, 0)
	first, later := token(start), token(start.Add(time.Hour))
	assert.NotEqual(t, id(first, start), id(later, start.Add(time.Hour)), "another update of the same item")
	assert.Equal(t, id(first, start), id(first, start.Add(time.Minute)), "the very delivery")
}
