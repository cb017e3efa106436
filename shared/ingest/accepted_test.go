package ingest

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
)

// A provider that takes 200 alone for a yes (Postmark: "doesn't return a 200
// OK response" is tried again ten times) hears 200, and nobody sends twice what
// was stored.
func TestAProviderThatTakesOnly200(t *testing.T) {
	p := newPlatform(t)
	p.configure("acme", "mail", "postmark", "user:a password of some length")
	r := func() *Request {
		body := `{"RecordType":"Delivery","MessageID":"m","Recipient":"a@example.com","DeliveredAt":"2026-01-01T12:00:00Z"}`
		return &Request{
			Method: "POST", URL: "https://hooks.example.com/webhooks/acme/mail",
			Header: header{"authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("user:a password of some length"))}},
			Body:   func(int) ([]byte, error) { return []byte(body), nil },
		}
	}
	res := p.serve(r())
	require.Equal(t, 200, res.Status)
	assert.Contains(t, string(res.Body), `{"accepted":true,"id":"acme/mail/m:Delivery:`)
	require.Len(t, p.queue, 1)
	assert.Contains(t, string(p.serve(r()).Body), `{"duplicate":true`)
	p.kv, p.queueDown = map[string]string{}, ErrUnavailable
	p.configure("acme", "mail", "postmark", "user:a password of some length")
	assert.Equal(t, 503, p.serve(r()).Status, "what is not stored is not acknowledged")
}

// Each of these names 200, alone or with 204, as the answer after which it does
// not try again, or is said to. 200 is right for every other provider too; 202
// says more.
func TestProvidersThatTakeOnly200(t *testing.T) {
	for _, name := range []string{
		"aircall", "asana", "chargify", "docusign", "intercom", "line", "linear", "mailgun", "mandrill", "meta", "monday", "nylas", "okta", "paystack", "plaid", "postmark",
		"quickbooks", "todoist", "trello", "webflow", "whatsapp", "zoom",
	} {
		row, ok := webhook.Lookup(name)
		require.True(t, ok, name)
		assert.Equal(t, 200, row.Accepted(), name)
	}
	for _, row := range webhook.Providers() {
		assert.Contains(t, []int{200, 202}, row.Accepted(), row.Name)
	}
}
