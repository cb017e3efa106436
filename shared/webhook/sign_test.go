package webhook_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// The vector of Svix's documentation, see testdata/standard-webhooks.
func TestSignPublishedVector(t *testing.T) {
	key, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	headers, err := webhook.Sign(gocrypto.Crypto{}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 999), []byte(`{"test": 2432232314}`), [][]byte{key})
	require.NoError(t, err)
	assert.Equal(t, [3][2]string{
		{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
		{"webhook-timestamp", "1614265330"},
		{"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	}, headers)
}

// While the agent's secret rotates, an agent that holds either verifies.
func TestSignWhileSecretRotates(t *testing.T) {
	now := time.Unix(1767268800, 0)
	oldKey, newKey := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	body := []byte(`{"specversion":"1.0"}`)
	headers, err := webhook.Sign(gocrypto.Crypto{}, "acme/slack/C1:1355517523.000005", now, body, [][]byte{newKey, oldKey})
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(headers[2][1], " "))
	for key, want := range map[string]error{
		webhook.FormatSecret(oldKey):                      nil,
		webhook.FormatSecret(newKey):                      nil,
		webhook.FormatSecret(bytes.Repeat([]byte{3}, 32)): webhook.ErrSignature,
	} {
		v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: "standard-webhooks", Secrets: secrets(key)})
		require.NoError(t, err)
		got, err := v.Verify(&webhook.Request{Method: "POST", Header: webhooktest.Header(headers[:]), Body: body}, now)
		require.ErrorIs(t, err, want)
		if want == nil {
			assert.Equal(t, "acme/slack/C1:1355517523.000005", got.EventID)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	key := bytes.Repeat([]byte{1}, 32)
	for _, c := range []struct {
		name, id string
		keys     [][]byte
		want     error
	}{
		{"no key", "id", nil, webhook.ErrNoSecret},
		{"empty key", "id", [][]byte{{}}, webhook.ErrEmptySecret},
		{"second key empty", "id", [][]byte{key, {}}, webhook.ErrEmptySecret},
		{"zero key", "id", [][]byte{make([]byte, 32)}, webhook.ErrWeakKey},
		{"short key", "id", [][]byte{key[:23]}, webhook.ErrWeakKey},
		{"long key", "id", [][]byte{bytes.Repeat(key, 3)}, webhook.ErrSecretFormat},
		{"too many keys", "id", make([][]byte, webhook.MaxSecrets+1), webhook.ErrTooManySecrets},
		{"no id", "", [][]byte{key}, webhook.ErrMessageID},
		{"id with a line feed", "a\nwebhook-id: b", [][]byte{key}, webhook.ErrMessageID},
		{"id with a space", "a b", [][]byte{key}, webhook.ErrMessageID},
		{"id not ASCII", "é", [][]byte{key}, webhook.ErrMessageID},
	} {
		headers, err := webhook.Sign(gocrypto.Crypto{}, c.id, time.Unix(0, 0), nil, c.keys)
		require.ErrorIs(t, err, c.want, c.name)
		assert.Zero(t, headers, c.name)
	}
}

func TestParseSecret(t *testing.T) {
	key := bytes.Repeat([]byte{1}, 24)
	got, err := webhook.ParseSecret(webhook.FormatSecret(key))
	require.NoError(t, err)
	assert.Equal(t, key, got)
	got, err = webhook.ParseSecret(strings.TrimRight(webhook.FormatSecret(append(key, 1)), "="))
	require.NoError(t, err)
	assert.Len(t, got, 25)

	for secret, want := range map[string]error{
		"":                                   webhook.ErrEmptySecret,
		"whsec_":                             webhook.ErrEmptySecret,
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw":   webhook.ErrSecretFormat,
		"whpk_" + strings.Repeat("A", 44):    webhook.ErrSecretFormat,
		"whsec_not base64":                   webhook.ErrSecretFormat,
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La": webhook.ErrWeakKey,
		"whsec_" + strings.Repeat("A", 43):   webhook.ErrWeakKey,
		"whsec_" + strings.Repeat("B", 88):   webhook.ErrSecretFormat,
		"whsec_" + strings.Repeat("A", 9999): webhook.ErrSecretFormat,
	} {
		_, err := webhook.ParseSecret(secret)
		require.ErrorIs(t, err, want, secret)
	}
}
