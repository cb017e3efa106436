package outbound_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/outbound"
)

// TestHeaderNames: what carries a key at some provider is not shown; what only
// looks a little like it is.
func TestHeaderNames(t *testing.T) {
	for name, hidden := range map[string]bool{
		"authorization": true, "x-api-key": true, "cookie": true, "x-shopify-access-token": true,
		"x-auth-key":                true, // Cloudflare
		"x-auth":                    true,
		"x-functions-key":           true, // Azure Functions
		"ocp-apim-subscription-key": true, // Azure API Management
		"apikey":                    true, // Supabase, Kong
		"x-master-key":              true, // JSONBin
		"x-passphrase":              true,
		"x-amz-security-token":      true,
		"content-type":              false, "accept": false, "idempotency-key": false, "x-idempotency-key": false, "if-match": false, "x-request-id": false,
	} {
		got := outbound.RedactHeader([][2]string{{name, "value"}})[0][1]
		assert.Equal(t, hidden, got == outbound.Removed, name)
	}
}

func TestRedactPath(t *testing.T) {
	for path, want := range map[string]string{
		"/a":                                  "/a",
		"/a?page=2&key_id=7":                  "/a?page=2&key_id=7",
		"/a?key=AIzaSy&x=1":                   "/a?key=[removed]&x=1",
		"/a?x=1&api_key=k&access_token=t":     "/a?x=1&api_key=[removed]&access_token=[removed]",
		"/a?sig=abc":                          "/a?sig=[removed]",
		"/a?X-Amz-Signature=abc":              "/a?X-Amz-Signature=[removed]",
		"/a?%61pi_key=k":                      "/a?%61pi_key=[removed]",
		"/a?token":                            "/a?token",
		"/a?next=/b?token=x":                  "/a?next=/b?token=[removed]",
		"/a?idempotency_key=7":                "/a?idempotency_key=7",
		"/a?filter=state=open;cursor=abc&b=c": "/a?filter=state=open;cursor=abc&b=c",
	} {
		assert.Equal(t, want, outbound.RedactPath(path), path)
	}
}

// TestAnswerEchoesNothing: what the caller itself sent as a secret is not kept
// because the destination repeats it.
func TestAnswerEchoesNothing(t *testing.T) {
	w := newWorld(t)
	w.answer = func(r fetch.Request) (fetch.Response, error) {
		return fetch.Response{Status: 400, Header: http.Header{"X-Request-Id": {"req_1"}}, Body: []byte(
			`{"message":"Invalid key hdr-1234 for url-5678, scheme said bear-9012","inner":"{\"access_token\":\"esc-3456\",\"a\":1}","log":"Authorization: Bearer log-7890 rest"}`)}, nil
	}
	e := w.gate.Send(context.Background(), "acme", "shop", w.target, outbound.Call{
		Method: "POST", Path: "/x?key=url-5678", Header: [][2]string{{"authorization", "Token bear-9012"}, {"x-auth-key", "hdr-1234"}, {"accept", "application/json"}},
	}, outbound.Slot{At: t0, Until: t0})
	require.NoError(t, e.Err)
	body := e.Answer().Body
	for _, secret := range []string{"hdr-1234", "url-5678", "bear-9012", "esc-3456", "log-7890"} {
		assert.NotContains(t, body, secret)
	}
	assert.True(t, strings.Contains(body, `\"a\":1`) && strings.Contains(body, " rest"), body)
}
