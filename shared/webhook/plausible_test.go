package webhook_test

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// An event's time goes into a CloudEvent as RFC 3339, which has four digits
// for the year: a number in another unit than the row's is no time, or no agent
// could read the event.
func TestTimesThatRFC3339CannotSay(t *testing.T) {
	v, err := webhook.New(webhook.Config{Provider: "intercom", Crypto: gocrypto.Crypto{}, Secrets: []webhook.Secret{{Value: []byte(distinctSecret)}}})
	require.NoError(t, err)
	for text, want := range map[string]string{
		"1767268800":       "2026-01-01T12:00:00Z",
		"253402300799":     "9999-12-31T23:59:59Z",
		"253402300800":     "", // the year 10000
		"1767268800000":    "", // milliseconds
		"1767268800000000": "", // microseconds
		"9999999999999999": "", // of which Unix milliseconds do not fit an int64
		"0":                "1970-01-01T00:00:00Z",
	} {
		body := `{"id":"n1","topic":"x","created_at":` + text + `}`
		r, err := v.Verify(&webhook.Request{
			Method: "POST", URL: "https://hooks.example.com/webhooks/acme/intercom", Body: []byte(body),
			Header: webhooktest.Header{{"X-Hub-Signature", "sha1=" + sha1Of(body)}},
		}, time.Unix(1767268800, 0))
		require.NoError(t, err)
		if want == "" {
			assert.True(t, r.Time.IsZero(), "%s: %s", text, r.Time)
			continue
		}
		assert.Equal(t, want, r.Time.Format(time.RFC3339), text)
	}
}

// A secret that no request can carry never verifies anything: who configures
// it must hear of it.
func TestTokensThatNoHeaderCarries(t *testing.T) {
	for secret, want := range map[string]error{
		"a token of an operator's":            nil,
		"Bearer " + strings.Repeat("x", 505):  nil,
		"Bearer " + strings.Repeat("x", 506):  webhook.ErrSecretFormat, // longer than is read
		"a token, and another":                webhook.ErrSecretFormat, // a comma is two headers joined
		" with a space before":                webhook.ErrSecretFormat, // which HTTP takes off (RFC 9110 §5.5)
		"with a line end, as files have it\n": webhook.ErrSecretFormat,
		"with a tab at its end\t":             webhook.ErrSecretFormat,
	} {
		for _, provider := range []string{"okta", "telegram", "gitlab-token"} {
			err := webhook.Check(webhook.Config{Provider: provider, Crypto: gocrypto.Crypto{}, Secrets: []webhook.Secret{{Value: []byte(secret)}}})
			assert.ErrorIs(t, err, want, "%s: %q", provider, secret)
		}
	}
	// In a body it is any text, and in base64 any bytes.
	for provider, secret := range map[string]string{"aircall": "a, b and c of it", "basic": "user:a, b and c\n"} {
		err := webhook.Check(webhook.Config{Provider: provider, Crypto: gocrypto.Crypto{}, Secrets: []webhook.Secret{{Value: []byte(secret)}}})
		assert.NoError(t, err, provider)
	}
}

// A tolerance without a time to hold against it would be an operator's belief
// in a protection that is not there.
func TestToleranceNeedsATime(t *testing.T) {
	config := func(params map[string]string) error {
		return webhook.Check(webhook.Config{Provider: "hmac", Crypto: gocrypto.Crypto{}, Params: params, Secrets: []webhook.Secret{{Value: []byte(distinctSecret)}}})
	}
	assert.ErrorIs(t, config(map[string]string{"tolerance": "60"}), webhook.ErrParams)
	assert.ErrorIs(t, config(map[string]string{"timestamp_format": "seconds"}), webhook.ErrParams)
	assert.NoError(t, config(map[string]string{"tolerance": "60", "timestamp_header": "X-Time", "template": "{timestamp}.{body}"}))
}

// Validation tokens name their issuer by a tenant: without it none verifies.
func TestGraphAudienceNeedsATenant(t *testing.T) {
	config := func(params map[string]string) error {
		err := webhook.Check(webhook.Config{Provider: "microsoft-graph", Crypto: gocrypto.Crypto{}, Params: params, Secrets: []webhook.Secret{{Value: []byte(distinctSecret)}}})
		return err
	}
	assert.NoError(t, config(nil))
	assert.NoError(t, config(map[string]string{"audience": "app", "tenant_id": "t"}))
	assert.ErrorIs(t, config(map[string]string{"audience": "app"}), webhook.ErrParams)
}

func sha1Of(body string) string { return hex.EncodeToString(macOf(sha1.New, body)) }

// Whoever guesses the text sets the secret that the operator is shown, and so
// could sign every event after it.
func TestASetupTextIsNoneToGuess(t *testing.T) {
	config := func(setup string) error {
		return webhook.Check(webhook.Config{
			Provider: "notion", Crypto: gocrypto.Crypto{}, Params: map[string]string{"setup": setup}, Secrets: []webhook.Secret{{Value: []byte(distinctSecret)}},
		})
	}
	assert.ErrorIs(t, config("notion"), webhook.ErrParams)
	assert.ErrorIs(t, config("fifteen letters"), webhook.ErrParams)
	assert.NoError(t, config("sixteen_letters_"))
}
