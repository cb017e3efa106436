package webhook_test

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// extended is what anybody can make of sum, the SHA-256 of n bytes he does not
// know: the padding that the hash put after them, and the SHA-256 of those
// bytes, the padding and more (Damgård and Merkle's construction; FIPS 180-4
// §5.1.1 for the padding).
func extended(t *testing.T, sum []byte, n int, more string) (padding, forged []byte) {
	padding = append([]byte{0x80}, make([]byte, (119-n%64)%64)...)
	padding = binary.BigEndian.AppendUint64(padding, uint64(n)*8)
	h := sha256.New()
	state := append(append([]byte("sha\x03"), sum...), make([]byte, 64)...)
	state = binary.BigEndian.AppendUint64(state, uint64(n+len(padding)))
	require.NoError(t, h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state))
	h.Write([]byte(more))
	return padding, h.Sum(nil)
}

// A bare hash over the secret and the content is no MAC: of one delivery that
// was captured, whoever guesses the secret's length makes as many others as he
// likes. What he appends comes after bytes that no JSON text has.
func TestDigestsCannotBeExtended(t *testing.T) {
	const secret, body = "a-secret-of-thirty-two-characters", `[{"eventId":1,"subscriptionType":"contact.creation"}]`
	const url = "https://hooks.example.com/webhooks/acme/x"
	contents := map[string]string{
		"hubspot-v1": secret + body,
		"hubspot-v2": secret + "POST" + url + body,
	}
	for _, row := range webhook.Providers() {
		if row.Keys[0].Algorithm == webhook.SHA256Digest {
			require.Contains(t, contents, row.Name)
			require.Equal(t, webhook.PartBody, row.Template[len(row.Template)-1].Kind, "%s: what is appended must be the body's", row.Name)
		}
	}
	for provider, content := range contents {
		t.Run(provider, func(t *testing.T) {
			v, err := webhook.New(webhook.Config{Provider: provider, Crypto: gocrypto.Crypto{}, Secrets: []webhook.Secret{{Value: []byte(secret)}}})
			require.NoError(t, err)
			deliver := func(sum []byte, body string) error {
				_, err := v.Verify(&webhook.Request{
					Method: "POST", URL: url, Header: webhooktest.Header{{"X-HubSpot-Signature", hex.EncodeToString(sum)}}, Body: []byte(body),
				}, time.Unix(1767268800, 0))
				return err
			}
			sum := sha256.Sum256([]byte(content))
			require.NoError(t, deliver(sum[:], body))
			for _, more := range []string{"", body, `,"x":1}`, "&event=1"} {
				padding, forged := extended(t, sum[:], len(content), more)
				check := sha256.Sum256([]byte(content + string(padding) + more))
				require.Equal(t, check[:], forged, "the test's own arithmetic")
				require.ErrorIs(t, deliver(forged, body+string(padding)+more), webhook.ErrSignature, more)
			}
		})
	}
}
