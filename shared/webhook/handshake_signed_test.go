package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// signedHandshakes are the rows whose handshakes are signed like events, and how
// they are signed.
var signedHandshakes = map[string]func(secret, at, body string) webhooktest.Header{
	"asana": func(s, _, b string) webhooktest.Header { return webhooktest.Header{{"X-Hook-Signature", hexMAC(s, b)}} },
	"front": func(s, at, b string) webhooktest.Header {
		return webhooktest.Header{{"X-Front-Request-Timestamp", at + "000"}, {"X-Front-Signature", base64MAC(s, at+"000:"+b)}}
	},
	"google-channel": func(s, _, _ string) webhooktest.Header { return webhooktest.Header{{"X-Goog-Channel-Token", s}} },
	"okta":           func(s, _, _ string) webhooktest.Header { return webhooktest.Header{{"Authorization", s}} },
	"slack": func(s, at, b string) webhooktest.Header {
		return webhooktest.Header{{"X-Slack-Request-Timestamp", at}, {"X-Slack-Signature", "v0=" + hexMAC(s, "v0:"+at+":"+b)}}
	},
	"twitch": func(s, _, b string) webhooktest.Header {
		const at = "2026-01-01T12:00:00Z"
		return webhooktest.Header{
			{"Twitch-Eventsub-Message-Id", "m-1"},
			{"Twitch-Eventsub-Message-Timestamp", at},
			{"Twitch-Eventsub-Message-Signature", "sha256=" + hexMAC(s, "m-1"+at+b)},
		}
	},
	"xero": func(s, _, b string) webhooktest.Header {
		return webhooktest.Header{{"x-xero-signature", base64MAC(s, b)}}
	},
	"zoom": func(s, at, b string) webhooktest.Header {
		return webhooktest.Header{{"x-zm-request-timestamp", at}, {"x-zm-signature", "v0=" + hexMAC(s, "v0:"+at+":"+b)}}
	},
}

func rawMAC(secret, text string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func hexMAC(secret, text string) string { return hex.EncodeToString(rawMAC(secret, text)) }
func base64MAC(secret, text string) string {
	return base64.StdEncoding.EncodeToString(rawMAC(secret, text))
}

// FuzzSignedHandshakes: not even who can have a body signed (a provider relays
// what its users write) hears a secret, a page or a line of a header; and what
// he hears is no signature of another event.
func FuzzSignedHandshakes(f *testing.F) {
	f.Add("X-Okta-Verification-Challenge", "abc", []byte(`{"challenge":"x","type":"url_verification"}`))
	f.Add("X-Front-Challenge", "<b>", []byte(`{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}`))
	f.Add("Twitch-Eventsub-Message-Type", "webhook_callback_verification", []byte(`{"challenge":"a b","events":[]}`))
	f.Add("X-Goog-Resource-State", "sync", []byte(`{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1767268800:{}"}}`))
	const secret = "TheSecretNobodyMayHear"
	now := time.Unix(1767268800, 0)
	at := strconv.FormatInt(now.Unix(), 10)
	verifiers := map[string]*webhook.Verifier{}
	for _, row := range webhook.Providers() {
		signed := false
		for _, h := range row.Handshakes {
			signed = signed || !h.Open
		}
		if !signed || row.Name == "discord" || row.Name == "aws-sns" { // other keys; their answers are constant
			continue
		}
		require.Contains(f, signedHandshakes, row.Name, "a row with a signed handshake that is not fuzzed")
		v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: row.Name, Secrets: secrets(secret)})
		require.NoError(f, err)
		verifiers[row.Name] = v
	}
	require.Len(f, verifiers, len(signedHandshakes))
	f.Fuzz(func(t *testing.T, name, value string, body []byte) {
		for row, v := range verifiers {
			for _, method := range []string{"GET", "POST"} {
				sign := signedHandshakes[row]
				got, err := v.Verify(&webhook.Request{
					Method: method, URL: "https://h.example/", Body: body,
					Header: append(webhooktest.Header{{name, value}}, sign(secret, at, string(body))...),
				}, now)
				if err != nil || got.Reply == nil {
					continue
				}
				require.NotEmpty(t, got.SecretID, "%s answers a signed handshake to anybody", row)
				require.Empty(t, got.Reply.Offer)
				text := string(got.Reply.Body) + got.Reply.Header[1]
				require.NotContains(t, text, secret)
				require.NotContains(t, text, "\n")
				require.NotContains(t, got.Reply.ContentType, "html")
				require.LessOrEqual(t, len(text), 1200)
				if row != "zoom" {
					continue
				}
				// The MAC that Zoom hears, as the signature of its challenge's text.
				mac := text[len(text)-66 : len(text)-2]
				challenge := text[len(`{"plainToken":"`) : len(text)-66-len(`","encryptedToken":"`)]
				_, err = v.Verify(&webhook.Request{Method: "POST", URL: "https://h.example/", Body: []byte(challenge), Header: webhooktest.Header{
					{"x-zm-request-timestamp", at}, {"x-zm-signature", "v0=" + mac},
				}}, now)
				require.Error(t, err)
			}
		}
	})
}
