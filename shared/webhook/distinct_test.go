package webhook_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

const distinctSecret = "a-secret-of-thirty-two-characters"

// sent is a delivery of a row that signs the body, or what stands before it
// and the body.
type sent struct {
	header webhooktest.Header
	body   string
	later  time.Duration // how long after the first it is sent
}

// signedBy gives the headers of the row's proof, as the provider writes them.
var signedBy = map[string]func(at time.Time, body string) webhooktest.Header{
	"ashby": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"Ashby-Signature", "sha256=" + hex.EncodeToString(macOf(sha256.New, body))}}
	},
	"attio": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"Attio-Signature", hex.EncodeToString(macOf(sha256.New, body))}}
	},
	"clickup": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"X-Signature", hex.EncodeToString(macOf(sha256.New, body))}}
	},
	"commercelayer": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"X-CommerceLayer-Signature", base64.StdEncoding.EncodeToString(macOf(sha256.New, body))}}
	},
	"contentful": func(at time.Time, body string) webhooktest.Header {
		const signed = "x-contentful-signed-headers,x-contentful-timestamp"
		stamp := strconv.FormatInt(at.UnixMilli(), 10)
		content := "POST\n/webhooks/acme/contentful\nx-contentful-signed-headers:" + signed + ";x-contentful-timestamp:" + stamp + "\n" + body
		return webhooktest.Header{
			{"x-contentful-signature", hex.EncodeToString(macOf(sha256.New, content))},
			{"x-contentful-timestamp", stamp},
			{"x-contentful-signed-headers", signed},
		}
	},
	"discourse": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"X-Discourse-Event-Signature", "sha256=" + hex.EncodeToString(macOf(sha256.New, body))}}
	},
	"docusign": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"X-DocuSign-Signature-1", base64.StdEncoding.EncodeToString(macOf(sha256.New, body))}}
	},
	"help-scout": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"X-HelpScout-Signature", base64.StdEncoding.EncodeToString(macOf(sha1.New, body))}}
	},
	"meta": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"X-Hub-Signature-256", "sha256=" + hex.EncodeToString(macOf(sha256.New, body))}}
	},
	"whatsapp": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"X-Hub-Signature-256", "sha256=" + hex.EncodeToString(macOf(sha256.New, body))}}
	},
	"woocommerce": func(_ time.Time, body string) webhooktest.Header {
		return webhooktest.Header{{"X-WC-Webhook-Signature", base64.StdEncoding.EncodeToString(macOf(sha256.New, body))}}
	},
	"zendesk": func(at time.Time, body string) webhooktest.Header {
		stamp := at.Format(time.RFC3339)
		return webhooktest.Header{
			{"X-Zendesk-Webhook-Signature", base64.StdEncoding.EncodeToString(macOf(sha256.New, stamp+body))},
			{"X-Zendesk-Webhook-Signature-Timestamp", stamp},
		}
	},
}

func macOf(h func() hash.Hash, body string) []byte {
	m := hmac.New(h, []byte(distinctSecret))
	m.Write([]byte(body))
	return m.Sum(nil)
}

// Two events never become one, and an event that is sent again stays one: for
// rows whose ids were once too coarse, the deliveries that showed it.
func TestEventsKeepApart(t *testing.T) {
	zendeskEvent := func(id string) string {
		return `{"account_id":1,"id":"` + id + `","subject":"zen:ticket:7","time":"2026-01-01T12:00:00Z","type":"zen:event-type:ticket.created","zendesk_event_version":"2022-11-06","detail":{"id":"7"}}`
	}
	invocation := func(id string) webhooktest.Header {
		return webhooktest.Header{{"X-Zendesk-Webhook-Invocation-Id", id}}
	}
	instagram := func(message string) string {
		return `{"object":"instagram","entry":[{"id":"9","time":1,"messaging":[{"timestamp":1767268800000,"message":` + message + `}]}]}`
	}
	order := `{"id":727,"status":"processing","date_modified_gmt":"2026-01-01T12:00:00"}`
	woo := func(topic, delivery string) webhooktest.Header {
		return webhooktest.Header{{"X-WC-Webhook-Topic", topic}, {"X-WC-Webhook-Delivery-ID", delivery}}
	}
	contentful := func(topic, key string) webhooktest.Header {
		h := webhooktest.Header{{"X-Contentful-Topic", "ContentManagement." + topic}}
		if key != "" {
			h = append(h, [2]string{"X-Contentful-Idempotency-Key", key})
		}
		return h
	}
	docusign := func(event, recipient, at, attempt string) string {
		return `{"event":"` + event + `","apiVersion":"v2.1","retryCount":` + attempt + `,"generatedDateTime":"` + at + `","data":{"accountId":"a","envelopeId":"e"` + recipient + `}}`
	}
	attio := `{"webhook_id":"w","events":[{"event_type":"record.updated","id":{"record_id":"r","attribute_id":"a"},"actor":{"type":"workspace-member","id":"m"}}]}`
	for _, c := range []struct {
		name, provider string
		a, b           sent
		same           bool
	}{
		{
			name: "a trigger of Zendesk's whose author put the ticket's id into the body", provider: "zendesk",
			a: sent{invocation("8350205582"), `{"id":"7","status":"open"}`, 0},
			b: sent{invocation("8350205583"), `{"id":"7","status":"solved"}`, time.Hour},
		},
		{
			name: "the same trigger, tried again", provider: "zendesk", same: true,
			a: sent{invocation("8350205582"), `{"id":"7","status":"open"}`, 0},
			b: sent{invocation("8350205582"), `{"id":"7","status":"open"}`, time.Minute},
		},
		{
			name: "an event of Zendesk's own is named by its signed id", provider: "zendesk", same: true,
			a: sent{invocation("8350205582"), zendeskEvent("cbe4028c"), 0},
			b: sent{invocation("9999999999"), zendeskEvent("cbe4028c"), time.Minute},
		},
		{
			name: "ClickUp says a new task's first status as two events of one history item", provider: "clickup",
			a: sent{nil, `{"event":"taskCreated","history_items":[{"id":"2800763136717140857"}],"task_id":"t","webhook_id":"w"}`, 0},
			b: sent{nil, `{"event":"taskStatusUpdated","history_items":[{"id":"2800763136717140857"}],"task_id":"t","webhook_id":"w"}`, 0},
		},
		{
			name: "ClickUp, tried again", provider: "clickup", same: true,
			a: sent{nil, `{"event":"taskCreated","history_items":[{"id":"2800763136717140857"}],"task_id":"t","webhook_id":"w"}`, 0},
			b: sent{nil, `{"event":"taskCreated","history_items":[{"id":"2800763136717140857"}],"task_id":"t","webhook_id":"w"}`, time.Hour},
		},
		{
			name: "a message on Instagram, and that it was unsent", provider: "meta",
			a: sent{nil, instagram(`{"mid":"m1","text":"hello"}`), 0},
			b: sent{nil, instagram(`{"mid":"m1","is_deleted":true}`), time.Minute},
		},
		{
			name: "a message on Instagram, sent again", provider: "meta", same: true,
			a: sent{nil, instagram(`{"mid":"m1","text":"hello"}`), 0},
			b: sent{nil, instagram(`{"mid":"m1","text":"hello"}`), time.Minute},
		},
		{
			name: "that it was unsent, sent again", provider: "meta", same: true,
			a: sent{nil, instagram(`{"mid":"m1","is_deleted":true}`), 0},
			b: sent{nil, strings.Replace(instagram(`{"mid":"m1","is_deleted":true}`), `"time":1`, `"time":2`, 1), time.Minute},
		},
		{
			name: "two orders within a second: WooCommerce's delivery id is a hash of webhook and second", provider: "woocommerce",
			a: sent{woo("order.updated", "1234abcd"), order, 0},
			b: sent{woo("order.updated", "1234abcd"), strings.Replace(order, "727", "728", 1), 0},
		},
		{
			name: "two topics of WooCommerce's with one body", provider: "woocommerce",
			a: sent{woo("order.created", "1234abcd"), order, 0},
			b: sent{woo("order.updated", "1234abcd"), order, 0},
		},
		{
			name: "WooCommerce, deleted, restored and deleted again: the body is the id alone", provider: "woocommerce",
			a: sent{woo("order.deleted", "1234abcd"), `{"id":727}`, 0},
			b: sent{woo("order.deleted", "5678abcd"), `{"id":727}`, time.Hour},
		},
		{
			name: "the very delivery of WooCommerce's", provider: "woocommerce", same: true,
			a: sent{woo("order.updated", "1234abcd"), order, 0},
			b: sent{woo("order.updated", "1234abcd"), order, time.Hour},
		},
		{
			name: "Attio's events have no time: the same attribute changed again", provider: "attio",
			a: sent{webhooktest.Header{{"Idempotency-Key", "k1"}}, attio, 0},
			b: sent{webhooktest.Header{{"Idempotency-Key", "k2"}}, attio, time.Hour},
		},
		{
			name: "Attio, tried again", provider: "attio", same: true,
			a: sent{webhooktest.Header{{"Idempotency-Key", "k1"}}, attio, 0},
			b: sent{webhooktest.Header{{"Idempotency-Key", "k1"}}, attio, time.Hour},
		},
		{
			name: "one change of a conversation at Help Scout that is two events", provider: "help-scout",
			a: sent{webhooktest.Header{{"X-HelpScout-Event", "convo.assigned"}}, `{"id":1,"userUpdatedAt":"2026-01-01T12:00:00Z"}`, 0},
			b: sent{webhooktest.Header{{"X-HelpScout-Event", "convo.status"}}, `{"id":1,"userUpdatedAt":"2026-01-01T12:00:00Z"}`, 0},
		},
		{
			name: "an order placed and approved at once at Commerce Layer", provider: "commercelayer",
			a: sent{webhooktest.Header{{"X-CommerceLayer-Topic", "orders.place"}}, `{"data":{"id":"o"}}`, 0},
			b: sent{webhooktest.Header{{"X-CommerceLayer-Topic", "orders.approve"}}, `{"data":{"id":"o"}}`, 0},
		},
		{
			name: "a user of Discourse's who logs in and out", provider: "discourse",
			a: sent{webhooktest.Header{{"X-Discourse-Event", "user_logged_in"}}, `{"user":{"id":1}}`, 0},
			b: sent{webhooktest.Header{{"X-Discourse-Event", "user_logged_out"}}, `{"user":{"id":1}}`, time.Hour},
		},
		{
			name: "Discourse, tried again", provider: "discourse", same: true,
			a: sent{webhooktest.Header{{"X-Discourse-Event", "user_logged_in"}, {"X-Discourse-Event-Id", "1"}}, `{"user":{"id":1}}`, 0},
			b: sent{webhooktest.Header{{"X-Discourse-Event", "user_logged_in"}, {"X-Discourse-Event-Id", "2"}}, `{"user":{"id":1}}`, time.Minute},
		},
		{
			name: "Contentful, published twice, with a payload of the operator's own", provider: "contentful",
			a: sent{contentful("Entry.publish", "k1"), `{"entry":"e"}`, 0},
			b: sent{contentful("Entry.publish", "k2"), `{"entry":"e"}`, time.Hour},
		},
		{
			name: "Contentful, published and archived, with such a payload and no key", provider: "contentful",
			a: sent{contentful("Entry.publish", ""), `{"entry":"e"}`, 0},
			b: sent{contentful("Entry.archive", ""), `{"entry":"e"}`, time.Hour},
		},
		{
			name: "Contentful, tried again", provider: "contentful", same: true,
			a: sent{contentful("Entry.publish", "k1"), `{"entry":"e"}`, 0},
			b: sent{contentful("Entry.publish", "k1"), `{"entry":"e"}`, time.Minute},
		},
		{
			name: "Ashby, tried again after the candidate has changed once more", provider: "ashby", same: true,
			a: sent{nil, `{"action":"candidateStageChange","webhookActionId":"a1","data":{"application":{"updatedAt":"2026-01-01T12:00:00Z"}}}`, 0},
			b: sent{nil, `{"action":"candidateStageChange","webhookActionId":"a1","data":{"application":{"updatedAt":"2026-01-01T13:00:00Z"}}}`, time.Hour},
		},
		{
			name: "DocuSign counts its attempts in the body", provider: "docusign", same: true,
			a: sent{nil, docusign("envelope-sent", "", "2026-01-01T11:59:50.0000000Z", "0"), 0},
			b: sent{nil, docusign("envelope-sent", "", "2026-01-01T11:59:50.0000000Z", "3"), time.Hour},
		},
		{
			name: "two recipients of an envelope at DocuSign, at one time", provider: "docusign",
			a: sent{nil, docusign("recipient-completed", `,"recipientId":"1"`, "2026-01-01T11:59:50.0000000Z", "0"), 0},
			b: sent{nil, docusign("recipient-completed", `,"recipientId":"2"`, "2026-01-01T11:59:50.0000000Z", "0"), 0},
		},
		{
			name: "an envelope of DocuSign's, sent and sent again by its owner", provider: "docusign",
			a: sent{nil, docusign("envelope-resent", "", "2026-01-01T11:59:50.0000000Z", "0"), 0},
			b: sent{nil, docusign("envelope-resent", "", "2026-01-01T12:59:50.0000000Z", "0"), time.Hour},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := c.a.id(t, c.provider), c.b.id(t, c.provider)
			if c.same {
				assert.Equal(t, a, b)
			} else {
				assert.NotEqual(t, a, b)
			}
		})
	}
}

// A type that only a header says is a part of the event's name, or two events
// of one body would be one.
func TestTypesOfHeadersNameEvents(t *testing.T) {
	differ := map[string]string{
		"modern-treasury": "the body has the event, and an object of one topic",
	}
	for _, row := range webhook.Providers() {
		header := false
		for _, rule := range row.Type {
			for _, p := range rule.Parts {
				header = header || p.Header != 0 || p.Name != ""
			}
		}
		if !header || len(row.ID) > 0 || differ[row.Name] != "" {
			continue
		}
		assert.Equal(t, webhook.HashTyped, row.Hash, row.Name)
	}
}

// The parts of a delivery have the names that they have alone, so that the
// Ledger knows them again whatever they come with. Meta puts the time of
// sending beside each.
func TestPartsAreNamedAsTheWhole(t *testing.T) {
	entry := func(time, what string) string { return `{"id":"9","time":` + time + `,` + what + `}` }
	for _, c := range []struct{ name, provider, object, entry, want string }{
		{"a message", "meta", "page", `"messaging":[{"message":{"mid":"m1","text":"hi"}}]`, "m1"},
		{"a message that was unsent", "meta", "instagram", `"messaging":[{"message":{"mid":"m1","is_deleted":true}}]`, "m1:deleted"},
		{"a message", "whatsapp", "whatsapp_business_account", `"changes":[{"field":"messages","value":{"messages":[{"id":"wamid.1"}]}}]`, "wamid.1"},
		{"a status", "whatsapp", "whatsapp_business_account", `"changes":[{"field":"messages","value":{"statuses":[{"id":"wamid.1","status":"read"}]}}]`, "wamid.1:read"},
	} {
		t.Run(c.provider+", "+c.name, func(t *testing.T) {
			alone := sent{nil, `{"object":"` + c.object + `","entry":[` + entry("1", c.entry) + `]}`, 0}
			assert.Equal(t, c.want, alone.id(t, c.provider))
			another := entry("2", `"changes":[{"field":"other","value":{}}]`)
			for _, body := range []string{alone.body, `{"object":"` + c.object + `","entry":[` + entry("3", c.entry) + `,` + another + `]}`} {
				r := (&sent{nil, body, 0}).verify(t, c.provider, map[string]string{"split": "true"})
				require.NotEmpty(t, r.Events)
				assert.Equal(t, c.want, r.Events[0].EventID)
			}
		})
	}
	r := (&sent{nil, `{"object":"page","entry":[` + entry("1", `"changes":[{"field":"feed","value":{}}]`) + `]}`, 0}).verify(t, "meta", map[string]string{"split": "true"})
	assert.Equal(t, "com.meta.feed", r.Events[0].Type)
}

// id is the event's id once the delivery is accepted.
func (s *sent) id(t *testing.T, provider string) string {
	t.Helper()
	return s.verify(t, provider, nil).EventID
}

func (s *sent) verify(t *testing.T, provider string, params map[string]string) webhook.Result {
	t.Helper()
	v, err := webhook.New(webhook.Config{Provider: provider, Crypto: gocrypto.Crypto{}, Params: params, Secrets: []webhook.Secret{{ID: "s", Value: []byte(distinctSecret)}}})
	require.NoError(t, err)
	at := time.Unix(1767268800, 0).UTC().Add(s.later)
	r, err := v.Verify(&webhook.Request{
		Method: "POST", URL: "https://hooks.example.com/webhooks/acme/" + provider,
		Header: append(signedBy[provider](at, s.body), s.header...), Body: []byte(s.body),
	}, at)
	require.NoError(t, err, strconv.Quote(s.body))
	require.NotEmpty(t, r.EventID)
	return r
}
