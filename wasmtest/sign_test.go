package wasmtest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// scheme signs a delivery as a provider does, by nothing but the standard
// library: the product's own code must not vouch for itself. On workerd the
// same deliveries are signed by the providers' libraries (e2e/providers.mjs).
type scheme struct {
	signature string // the header that carries it
	headers   func(id, body, secret string, at time.Time) headerFields
}

func schemes() map[string]scheme {
	return map[string]scheme{
		"github": {"x-hub-signature-256", func(id, body, secret string, _ time.Time) headerFields {
			return headerFields{"x-github-event": "push", "x-github-delivery": id, "x-hub-signature-256": "sha256=" + hex.EncodeToString(mac(secret, body))}
		}},
		"stripe": {"stripe-signature", func(_, body, secret string, at time.Time) headerFields {
			return headerFields{"stripe-signature": fmt.Sprintf("t=%d,v1=%x", at.Unix(), mac(secret, fmt.Sprintf("%d.%s", at.Unix(), body)))}
		}},
		"slack": {"x-slack-signature", func(_, body, secret string, at time.Time) headerFields {
			return headerFields{
				"x-slack-request-timestamp": fmt.Sprint(at.Unix()),
				"x-slack-signature":         fmt.Sprintf("v0=%x", mac(secret, fmt.Sprintf("v0:%d:%s", at.Unix(), body))),
			}
		}},
		"shopify": {"x-shopify-hmac-sha256", func(id, body, secret string, _ time.Time) headerFields {
			return headerFields{"x-shopify-topic": "orders/create", "x-shopify-webhook-id": id, "x-shopify-hmac-sha256": base64.StdEncoding.EncodeToString(mac(secret, body))}
		}},
		"standard-webhooks": {"webhook-signature", func(id, body, secret string, at time.Time) headerFields {
			return headerFields{"webhook-id": id, "webhook-timestamp": fmt.Sprint(at.Unix()), "webhook-signature": standardSignature(secret, id, fmt.Sprint(at.Unix()), body)}
		}},
	}
}

func mac(secret, text string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func standardSignature(secret, id, at, body string) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err)
	}
	return "v1," + base64.StdEncoding.EncodeToString(mac(string(key), id+"."+at+"."+body))
}

// delivery makes the headers and the body that a step sends.
func (s *step) delivery(t *testing.T, at time.Time) (headerFields, string) {
	t.Helper()
	how, ok := schemes()[s.Scheme]
	require.True(t, ok, "no scheme %q", s.Scheme)
	if s.Drift != "" {
		d, err := time.ParseDuration(s.Drift)
		require.NoError(t, err)
		at = at.Add(d)
	}
	body := s.body()
	headers := how.headers(s.ID, body, s.Secret, at)
	headers["content-type"] = "application/json"
	switch s.Forge {
	case "":
	case "altered":
		body = body[:len(body)-1] + " " + body[len(body)-1:]
	case "unsigned":
		delete(headers, how.signature)
	case "garbage":
		headers[how.signature] = "garbage"
	case "doubled":
		headers[how.signature] += ", " + headers[how.signature][:len(headers[how.signature])-1] + "0"
	default:
		require.Fail(t, "no forgery "+s.Forge)
	}
	for name, value := range s.Headers {
		headers[name] = value
	}
	return headers, body
}

func (s *step) body() string {
	if s.Size > 0 {
		const head, tail = `{"pad":"`, `"}`
		return head + strings.Repeat("x", s.Size-len(head)-len(tail)) + tail
	}
	return s.Body
}

// signedBy reports whether a post to the agent carries a valid signature of
// Standard Webhooks, and how many signatures there are.
func signedBy(secret string, h http.Header, body string) (ok bool, n int) {
	want := standardSignature(secret, h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), body)
	list := strings.Fields(h.Get("Webhook-Signature"))
	for _, s := range list {
		ok = ok || s == want
	}
	return ok, len(list)
}
