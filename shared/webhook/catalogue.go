package webhook

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// Shared by the rows below that follow the Standard Webhooks specification.
var (
	standardHeaders = []HeaderSet{
		{Signature: "webhook-signature", Timestamp: "webhook-timestamp", ID: "webhook-id"},
		{Signature: "svix-signature", Timestamp: "svix-timestamp", ID: "svix-id"},
	}
	standardTemplate = []Part{{Kind: PartID}, {Literal, "."}, {Kind: PartTimestamp}, {Literal, "."}, {Kind: PartBody}}
	standardTime     = []TimeRule{
		{Value{JSON: []string{"timestamp"}}, RFC3339},
		{Value{Header: HeaderTimestamp}, UnixSeconds},
	}
	fiveMinutes = Timestamp{Source: FromHeader, Format: UnixSeconds, Past: 5 * time.Minute, Future: 5 * time.Minute}
)

// catalogue is every provider, sorted by name. It is read only.
var catalogue = [...]Scheme{
	{
		Name: "github", Title: "GitHub", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
		Notes:   "Signs the body alone. The delivery GUID stays the same on redelivery. The older SHA-1 header is ignored.",
		Headers: []HeaderSet{{Signature: "X-Hub-Signature-256", ID: "X-GitHub-Delivery", Type: "X-GitHub-Event"}},
		Keys:    []KeyRule{{Algorithm: HMACSHA256, Label: "sha256="}}, Encoding: Hex,
		Template: []Part{{Kind: PartBody}}, BodyCovered: true,
		ID:         []Rule{{Parts: []Value{{Header: HeaderID}}}},
		TypePrefix: "com.github.", Type: []Rule{{Parts: []Value{{Header: HeaderType}}}},
	},
	{
		Name: "shopify", Title: "Shopify", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:  "https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
		Notes: "Signs the body alone. The webhook id is the delivery's; the event id repeats over subscriptions and is not used.",
		Headers: []HeaderSet{
			{Signature: "X-Shopify-Hmac-Sha256", ID: "X-Shopify-Webhook-Id", Type: "X-Shopify-Topic", Time: "X-Shopify-Triggered-At"},
			{Signature: "Shopify-Hmac-Sha256", ID: "Shopify-Webhook-Id", Type: "Shopify-Topic", Time: "Shopify-Triggered-At"},
		},
		Keys: []KeyRule{{Algorithm: HMACSHA256}}, Encoding: Base64,
		Template: []Part{{Kind: PartBody}}, BodyCovered: true,
		ID:         []Rule{{Parts: []Value{{Header: HeaderID}}}},
		TypePrefix: "com.shopify.", Type: []Rule{{Parts: []Value{{Header: HeaderType}}}},
		Time: []TimeRule{{Value{Header: HeaderTime}, RFC3339}},
	},
	{
		Name: "slack", Title: "Slack", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
		Notes: "Events API, slash commands and interactivity. A message is keyed by channel and ts so that polling the history " +
			"finds the same event; edits and deletions, which are about another message, by event_id.",
		Headers: []HeaderSet{{Signature: "X-Slack-Signature", Timestamp: "X-Slack-Request-Timestamp"}},
		Keys:    []KeyRule{{Algorithm: HMACSHA256, Label: "v0="}}, Encoding: Hex,
		Template:    []Part{{Literal, "v0:"}, {Kind: PartTimestamp}, {Literal, ":"}, {Kind: PartBody}},
		BodyCovered: true, Timestamp: fiveMinutes,
		ID: []Rule{
			{
				// message_changed and message_replied carry the other message
				// in `message`, message_deleted its ts in `deleted_ts`. Slack
				// omits the subtype of message_replied over the Events API
				// (docs.slack.dev/reference/events/message/message_replied),
				// so the subtype is not asked.
				When: []Condition{
					{Value: Value{JSON: []string{"event", "type"}}, Is: "message"},
					{Value: Value{JSON: []string{"event", "message"}}},
					{Value: Value{JSON: []string{"event", "previous_message"}}},
					{Value: Value{JSON: []string{"event", "deleted_ts"}}},
				},
				Parts: []Value{{JSON: []string{"event", "channel"}}, {Text: ":"}, {JSON: []string{"event", "ts"}}},
			},
			{Parts: []Value{{JSON: []string{"event_id"}}}},
			{Parts: []Value{{Form: "payload", JSON: []string{"trigger_id"}}}},
			{Parts: []Value{{Form: "trigger_id"}}},
		},
		IDSigned:   true,
		TypePrefix: "com.slack.",
		Type: []Rule{
			{Parts: []Value{{JSON: []string{"event", "type"}}}},
			{Parts: []Value{{JSON: []string{"type"}}}},
			{Parts: []Value{{Form: "payload", JSON: []string{"type"}}}},
			{When: []Condition{{Value: Value{Form: "command"}}}, Parts: []Value{{Text: "unknown"}}},
			{Parts: []Value{{Text: "slash_command"}}},
		},
		Time: []TimeRule{
			{Value{JSON: []string{"event_time"}}, UnixSeconds},
			{Value{Header: HeaderTimestamp}, UnixSeconds},
		},
		Handshakes: []Handshake{{
			When:        []Condition{{Value: Value{JSON: []string{"type"}}, Is: "url_verification"}},
			Echo:        Value{JSON: []string{"challenge"}},
			ContentType: "text/plain; charset=utf-8",
		}},
	},
	{
		Name: "standard-webhooks", Title: "Standard Webhooks", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
		Notes: "Also Svix and every provider that sends through it. `whsec_` secrets are HMAC keys (v1), `whpk_` ones Ed25519 " +
			"public keys (v1a); a source may hold both while it migrates. A secret without prefix is read as base64, as the libraries do.",
		Headers: standardHeaders, Separator: ' ', Encoding: Base64,
		Keys: []KeyRule{
			{Prefix: "whsec_", Encoding: Base64, Algorithm: HMACSHA256, Label: "v1,"},
			{Prefix: "whpk_", Encoding: Base64, Algorithm: Ed25519, Label: "v1a,"},
			{Encoding: Base64, Algorithm: HMACSHA256, Label: "v1,"},
		},
		Template: standardTemplate, BodyCovered: true, Timestamp: fiveMinutes,
		ID: []Rule{{Parts: []Value{{Header: HeaderID}}}}, IDSigned: true,
		TypePrefix: "com.standardwebhooks.", Type: []Rule{{Parts: []Value{{JSON: []string{"type"}}}}},
		Time: standardTime,
	},
	{
		Name: "standard-webhooks-raw", Title: "Standard Webhooks, raw key", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
		Notes:   "For senders that use the secret's own characters as the HMAC key instead of decoding it (Polar).",
		Headers: standardHeaders, Separator: ' ', Encoding: Base64,
		Keys:     []KeyRule{{Algorithm: HMACSHA256, Label: "v1,"}},
		Template: standardTemplate, BodyCovered: true, Timestamp: fiveMinutes,
		ID: []Rule{{Parts: []Value{{Header: HeaderID}}}}, IDSigned: true,
		TypePrefix: "com.standardwebhooks.", Type: []Rule{{Parts: []Value{{JSON: []string{"type"}}}}},
		Time: standardTime,
	},
	{
		Name: "stripe", Title: "Stripe", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.stripe.com/webhooks/signature",
		Notes:   "The secret is used whole, `whsec_` included. Thin events (`v2.core.event`) are signed alike and carry no object.",
		Headers: []HeaderSet{{Signature: "Stripe-Signature"}}, Separator: ',', Encoding: Hex,
		Keys:        []KeyRule{{Algorithm: HMACSHA256, Label: "v1="}},
		Template:    []Part{{Kind: PartTimestamp}, {Literal, "."}, {Kind: PartBody}},
		BodyCovered: true,
		Timestamp: Timestamp{
			Source: FromElement, Label: "t=", Format: UnixSeconds,
			Past: 5 * time.Minute, Future: 5 * time.Minute,
		},
		ID: []Rule{{Parts: []Value{{JSON: []string{"id"}}}}}, IDSigned: true,
		TypePrefix: "com.stripe.", Type: []Rule{{Parts: []Value{{JSON: []string{"type"}}}}},
		Time: []TimeRule{
			{Value{JSON: []string{"created"}}, UnixSeconds},
			{Value{JSON: []string{"created"}}, RFC3339}, // thin events
		},
	},
}

// Lookup returns a provider's row. The row is read only.
func Lookup(provider string) (*Scheme, bool) {
	i, ok := sort.Find(len(catalogue), func(i int) int {
		return strings.Compare(provider, catalogue[i].Name)
	})
	if !ok {
		return nil, false
	}
	return &catalogue[i], true
}

// Providers returns every row, sorted by name. The rows' slices are read only.
func Providers() []Scheme { return slices.Clone(catalogue[:]) }
