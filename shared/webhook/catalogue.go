package webhook

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// What the rows below have in common.
var (
	sha256Key     = []KeyRule{{Algorithm: HMACSHA256}}
	sha256Named   = []KeyRule{{Algorithm: HMACSHA256, Label: "sha256="}}
	sha256Version = []KeyRule{{Algorithm: HMACSHA256, Label: "v1="}}
	sha1Key       = []KeyRule{{Algorithm: HMACSHA1}}

	bodyAlone     = []Part{{Kind: PartBody}}
	timestampBody = []Part{{Kind: PartTimestamp}, {Kind: PartBody}}
	dottedBody    = []Part{{Kind: PartTimestamp}, {Literal, "."}, {Kind: PartBody}}
	colonBody     = []Part{{Kind: PartTimestamp}, {Literal, ":"}, {Kind: PartBody}}

	headerID   = []Rule{{Parts: []Value{{Header: HeaderID}}}}
	headerType = []Rule{{Parts: []Value{{Header: HeaderType}}}}

	fiveMinutes = Timestamp{Source: FromHeader, Format: UnixSeconds, Past: 5 * time.Minute, Future: 5 * time.Minute}
)

// Shared by the rows that follow the Standard Webhooks specification.
var (
	standardHeaders = []HeaderSet{
		{Signature: "webhook-signature", Timestamp: "webhook-timestamp", ID: "webhook-id"},
		{Signature: "svix-signature", Timestamp: "svix-timestamp", ID: "svix-id"},
	}
	standardKeys = []KeyRule{
		{Prefix: "whsec_", Encoding: Base64, Algorithm: HMACSHA256, Label: "v1,"},
		{Prefix: "whpk_", Encoding: Base64, Algorithm: Ed25519, Label: "v1a,"},
		{Encoding: Base64, Algorithm: HMACSHA256, Label: "v1,"},
	}
	standardTemplate = []Part{{Kind: PartID}, {Literal, "."}, {Kind: PartTimestamp}, {Literal, "."}, {Kind: PartBody}}
	standardTime     = []TimeRule{
		{Value{JSON: []string{"timestamp"}}, RFC3339},
		{Value{Header: HeaderTimestamp}, UnixSeconds},
	}
)

// standard is the row of a provider that signs by Standard Webhooks; kind is
// the path of the event's type in the body.
func standard(name, title, prefix, docs, notes string, c Confidence, kind ...string) Scheme {
	s := Scheme{
		Name: name, Title: title, Docs: docs, Checked: "2026-11-23", Confidence: c, Notes: notes,
		Headers: standardHeaders, Separator: ' ', Encoding: Base64, Keys: standardKeys,
		Template: standardTemplate, BodyCovered: true, Timestamp: fiveMinutes,
		ID: headerID, IDSigned: true, TypePrefix: prefix, Time: standardTime,
	}
	if len(kind) > 0 {
		s.Type = inBody(kind...)
	}
	return s
}

// inBody is the rule of one value of a JSON body.
func inBody(path ...string) []Rule { return []Rule{{Parts: []Value{{JSON: path}}}} }

// happened is a time in a JSON body.
func happened(f TimeFormat, path ...string) []TimeRule { return []TimeRule{{Value{JSON: path}, f}} }

// within is a tolerance that is the same both ways.
func within(from TimestampSource, label string, f TimeFormat, tolerance time.Duration) Timestamp {
	return Timestamp{Source: from, Label: label, Format: f, Past: tolerance, Future: tolerance}
}

// aloneIn is the rule of one value of a batch that holds one event: second is
// where another would be.
func aloneIn(second []string, path ...string) []Rule {
	return []Rule{{When: []Condition{{Value: Value{JSON: second}}}, Parts: []Value{{JSON: path}}}}
}

// whatsappAlone holds for a notification of one message or one status.
var whatsappAlone = []Condition{
	{Value: Value{JSON: []string{"entry", "1"}}},
	{Value: Value{JSON: []string{"entry", "0", "changes", "1"}}},
	{Value: Value{JSON: []string{"entry", "0", "changes", "0", "value", "messages", "1"}}},
	{Value: Value{JSON: []string{"entry", "0", "changes", "0", "value", "statuses", "1"}}},
}

// catalogue is every provider whose deliveries carry one MAC or Ed25519
// signature in a header, sorted by name. It is read only.
var catalogue = [...]Scheme{
	{
		Name: "ably", Title: "Ably", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://ably.com/docs/platform/integrations/webhooks",
		Notes:   "Batched webhooks. The secret is the part after the colon of the API key that X-Ably-Key names.",
		Headers: []HeaderSet{{Signature: "X-Ably-Signature"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.ably.", Type: inBody("items", "0", "source"),
		Time: happened(UnixMillis, "items", "0", "timestamp"),
	},
	{
		Name: "alchemy", Title: "Alchemy Notify", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://www.alchemy.com/docs/reference/notify-api-quickstart",
		Notes:   "The secret is the webhook's signing key.",
		Headers: []HeaderSet{{Signature: "X-Alchemy-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.alchemy.", Type: inBody("type"), Time: happened(RFC3339, "createdAt"),
	},
	{
		Name: "ashby", Title: "Ashby", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developers.ashbyhq.com/docs/authenticating-webhooks",
		Notes:   "Signed only when the webhook has a secret token.",
		Headers: []HeaderSet{{Signature: "Ashby-Signature"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.ashbyhq.", Type: inBody("action"),
	},
	{
		Name: "attio", Title: "Attio", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.attio.com/rest-api/guides/webhooks",
		Notes:   "The older header name with X- is accepted too. Events come in batches and carry no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "Attio-Signature"}, {Signature: "X-Attio-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.attio.", Type: inBody("events", "0", "event_type"),
	},
	{
		Name: "bitbucket", Title: "Bitbucket Cloud", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
		Notes:   "The header without -256 carries SHA-256 here. Unsigned unless the webhook has a secret.",
		Headers: []HeaderSet{{Signature: "X-Hub-Signature", ID: "X-Request-UUID", Type: "X-Event-Key"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "org.bitbucket.", Type: headerType,
	},
	standard("brex", "Brex", "com.brex.", "https://developer.brex.com/docs/webhooks/",
		"The secret from GET /v1/webhooks/secrets is base64 without prefix.", ConfidenceB, "event_type"),
	{
		Name: "buildkite", Title: "Buildkite", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://buildkite.com/docs/apis/webhooks/pipelines",
		Notes:   "Choose the HMAC signature in the notification service; the plain X-Buildkite-Token proves nothing about the body. The page names no tolerance; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "X-Buildkite-Signature"}}, Separator: ',', Encoding: Hex,
		Keys:     []KeyRule{{Algorithm: HMACSHA256, Label: "signature="}},
		Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "timestamp=", UnixSeconds, 5*time.Minute),
		Hash: HashBody, TypePrefix: "com.buildkite.", Type: inBody("event"),
	},
	{
		Name: "cal-com", Title: "Cal.com", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://cal.com/docs/developing/guides/automation/webhooks",
		Notes:   "Unsigned unless the webhook has a secret. A custom payload template may lack createdAt, and two bookings could then be byte for byte alike.",
		Headers: []HeaderSet{{Signature: "X-Cal-Signature-256"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.cal.", Type: inBody("triggerEvent"), Time: happened(RFC3339, "createdAt"),
	},
	{
		Name: "calendly", Title: "Calendly", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures",
		Notes:   "The tolerance is three minutes, as Calendly advises. Events have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "Calendly-Webhook-Signature"}}, Separator: ',', Encoding: Hex,
		Keys: sha256Version, Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixSeconds, 3*time.Minute),
		Hash: HashBody, TypePrefix: "com.calendly.", Type: inBody("event"), Time: happened(RFC3339, "created_at"),
	},
	{
		Name: "chargify", Title: "Maxio Advanced Billing (Chargify)", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.maxio.com/hc/en-us/articles/24266143173901-Webhooks-Reference",
		Notes:   "The secret is the site's shared key. Bodies are forms.",
		Headers: []HeaderSet{{Signature: "X-Chargify-Webhook-Signature-Hmac-Sha-256"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID:         []Rule{{Parts: []Value{{Form: "id"}}}},
		IDSigned:   true,
		TypePrefix: "com.chargify.", Type: []Rule{{Parts: []Value{{Form: "event"}}}},
	},
	{
		Name: "checkout-com", Title: "Checkout.com", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://www.checkout.com/docs/developer-resources/event-notifications/receive-webhooks",
		Notes:   "The secret is the signature key of the workflow's webhook action.",
		Headers: []HeaderSet{{Signature: "Cko-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.checkout.", Type: inBody("type"), Time: happened(RFC3339, "created_on"),
	},
	{
		Name: "checkr", Title: "Checkr", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.checkr.com/",
		Notes:   "The secret is the API key (for partners: the client secret).",
		Headers: []HeaderSet{{Signature: "X-Checkr-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.checkr.", Type: inBody("type"), Time: happened(RFC3339, "created_at"),
	},
	{
		Name: "circleci", Title: "CircleCI", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://circleci.com/docs/guides/integration/outbound-webhooks/",
		Notes:   "The header lists versions; only v1 is defined. Unsigned unless the webhook has a secret token.",
		Headers: []HeaderSet{{Signature: "circleci-signature"}}, Separator: ',', Encoding: Hex,
		Keys: sha256Version, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.circleci.", Type: inBody("type"), Time: happened(RFC3339, "happened_at"),
	},
	standard("clerk", "Clerk", "com.clerk.", "https://clerk.com/docs/guides/development/webhooks/overview",
		"Sent by Svix.", ConfidenceA, "type"),
	{
		Name: "clickup", Title: "ClickUp", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developer.clickup.com/docs/webhooksignature",
		Notes:   "Named by the first history item; events without one by their hash.",
		Headers: []HeaderSet{{Signature: "X-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("history_items", "0", "id"), IDSigned: true,
		TypePrefix: "com.clickup.", Type: inBody("event"), Time: happened(UnixMillis, "history_items", "0", "date"),
	},
	{
		Name: "close", Title: "Close", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.close.com/topics/webhooks/",
		Notes:   "The secret is the subscription's signature_key, in hex. The page names no tolerance; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "close-sig-hash", Timestamp: "close-sig-timestamp"}}, Encoding: Hex,
		Keys:     []KeyRule{{Encoding: Hex, Algorithm: HMACSHA256}},
		Template: timestampBody, BodyCovered: true, Timestamp: fiveMinutes,
		ID: inBody("event", "id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.close.", Type: []Rule{{Parts: []Value{{JSON: []string{"event", "object_type"}}, {Text: "."}, {JSON: []string{"event", "action"}}}}},
	},
	{
		Name: "cloudflare-stream", Title: "Cloudflare Stream", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developers.cloudflare.com/stream/manage-video-library/using-webhooks/",
		Notes:   "One event per video and state; the page names no tolerance; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "Webhook-Signature"}}, Separator: ',', Encoding: Hex,
		Keys:     []KeyRule{{Algorithm: HMACSHA256, Label: "sig1="}},
		Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "time=", UnixSeconds, 5*time.Minute),
		Hash: HashBody, TypePrefix: "com.cloudflare.stream.", Type: inBody("status", "state"), Time: happened(RFC3339, "modified"),
	},
	{
		Name: "coinbase-commerce", Title: "Coinbase Commerce", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.cdp.coinbase.com/commerce/api-architecture/webhooks-security",
		Notes:   "Coinbase's newer platform webhooks (X-Hook0-Signature) sign header values too and are another scheme.",
		Headers: []HeaderSet{{Signature: "X-CC-Webhook-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("event", "id"), IDSigned: true,
		TypePrefix: "com.coinbase.commerce.", Type: inBody("event", "type"), Time: happened(RFC3339, "event", "created_at"),
	},
	{
		Name: "commercelayer", Title: "Commerce Layer", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.commercelayer.io/core/callbacks-security",
		Notes:   "The secret is the webhook's shared secret. Callbacks have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "X-CommerceLayer-Signature", Type: "X-CommerceLayer-Topic"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "io.commercelayer.", Type: headerType,
	},
	{
		Name: "courier", Title: "Courier", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://www.courier.com/docs/platform/workspace/outbound-webhooks",
		Notes:   "The timestamp is in milliseconds. No tolerance is named; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "courier-signature"}}, Separator: ',', Encoding: Hex,
		Keys:     []KeyRule{{Algorithm: HMACSHA256, Label: "signature="}},
		Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixMillis, 5*time.Minute),
		Hash: HashBody, TypePrefix: "com.courier.", Type: inBody("type"),
	},
	{
		Name: "crisp", Title: "Crisp", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.crisp.chat/references/web-hooks/v1/",
		Notes:   "The time is taken for milliseconds; sources differ, and seconds would be refused. No tolerance is named; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "X-Crisp-Signature", Timestamp: "X-Crisp-Request-Timestamp"}}, Encoding: Hex,
		Keys:        sha256Key,
		Template:    []Part{{Literal, "["}, {Kind: PartTimestamp}, {Literal, ";"}, {Kind: PartBody}, {Literal, "]"}},
		BodyCovered: true, Timestamp: within(FromHeader, "", UnixMillis, 5*time.Minute),
		Hash: HashBody, TypePrefix: "chat.crisp.", Type: inBody("event"), Time: happened(UnixMillis, "timestamp"),
	},
	{
		Name: "cursor", Title: "Cursor Cloud Agents", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://cursor.com/docs/cloud-agent/api/webhooks",
		Notes:   "The page does not say whether a retry keeps X-Webhook-ID.",
		Headers: []HeaderSet{{Signature: "X-Webhook-Signature", ID: "X-Webhook-ID", Type: "X-Webhook-Event"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.cursor.", Type: headerType, Time: happened(RFC3339, "timestamp"),
	},
	{
		Name: "customer-io", Title: "Customer.io reporting webhooks", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.customer.io/journeys/webhooks/",
		Notes:   "No tolerance is named; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "X-CIO-Signature", Timestamp: "X-CIO-Timestamp"}}, Encoding: Hex,
		Keys:        sha256Key,
		Template:    []Part{{Literal, "v0:"}, {Kind: PartTimestamp}, {Literal, ":"}, {Kind: PartBody}},
		BodyCovered: true, Timestamp: fiveMinutes,
		ID: inBody("event_id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "io.customer.", Type: []Rule{{Parts: []Value{{JSON: []string{"object_type"}}, {Text: "."}, {JSON: []string{"metric"}}}}},
		Time: happened(UnixSeconds, "timestamp"),
	},
	{
		Name: "discord", Title: "Discord", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://docs.discord.com/developers/interactions/overview",
		Notes: "Interactions and webhook events. The secret is the application's public key in hex. Discord names no tolerance and " +
			"repeats webhook events for ten minutes: fifteen are taken.",
		Headers: []HeaderSet{{Signature: "X-Signature-Ed25519", Timestamp: "X-Signature-Timestamp"}}, Encoding: Hex,
		Keys:     []KeyRule{{Encoding: Hex, Algorithm: Ed25519}},
		Template: timestampBody, BodyCovered: true, Timestamp: within(FromHeader, "", UnixSeconds, 15*time.Minute),
		ID: inBody("id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.discord.",
		Type: []Rule{
			{Parts: []Value{{JSON: []string{"event", "type"}}}},
			{Parts: []Value{{Text: "interaction."}, {JSON: []string{"type"}}}},
		},
		Time: happened(RFC3339, "event", "timestamp"),
	},
	{
		Name: "discourse", Title: "Discourse", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://meta.discourse.org/t/configure-webhooks-that-trigger-on-discourse-events-to-integrate-with-external-services/49045",
		Notes:   "Discourse numbers every attempt anew, so events are named by the body's hash and not by X-Discourse-Event-Id.",
		Headers: []HeaderSet{{Signature: "X-Discourse-Event-Signature", Type: "X-Discourse-Event"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "org.discourse.", Type: []Rule{
			{Parts: []Value{{Header: HeaderType}}},
			{Parts: []Value{{Name: "X-Discourse-Event-Type"}}},
		},
	},
	{
		Name: "dropbox", Title: "Dropbox", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs: "https://www.dropbox.com/developers/reference/webhooks",
		Notes: "The secret is the app secret. A notification says only which account changed and repeats byte for byte, so each " +
			"request is its own event, named by the ray id Cloudflare gives it.",
		Headers: []HeaderSet{{Signature: "X-Dropbox-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID:         []Rule{{Parts: []Value{{Name: "CF-Ray"}}}},
		TypePrefix: "com.dropbox.", Type: []Rule{{Parts: []Value{{Text: "changed"}}}},
	},
	{
		Name: "dwolla", Title: "Dwolla", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developers.dwolla.com/docs/balance/webhooks/process-validate",
		Notes:   "The older SHA-1 header is not read.",
		Headers: []HeaderSet{{Signature: "X-Request-Signature-Sha-256"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.dwolla.", Type: inBody("topic"), Time: happened(RFC3339, "timestamp"),
	},
	{
		Name: "easypost", Title: "EasyPost", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.easypost.com/docs/webhooks",
		Notes:   "EasyPost normalises the secret to Unicode NFKD; a secret in ASCII is the same either way.",
		Headers: []HeaderSet{{Signature: "X-Hmac-Signature"}},
		Keys:    []KeyRule{{Algorithm: HMACSHA256, Label: "hmac-sha256-hex="}}, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.easypost.", Type: inBody("description"), Time: happened(RFC3339, "created_at"),
	},
	{
		Name: "elevenlabs", Title: "ElevenLabs", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://elevenlabs.io/docs/overview/administration/webhooks",
		Notes:   "The tolerance is the SDK's thirty minutes. Events have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "ElevenLabs-Signature"}}, Separator: ',', Encoding: Hex,
		Keys:     []KeyRule{{Algorithm: HMACSHA256, Label: "v0="}},
		Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixSeconds, 30*time.Minute),
		Hash: HashBody, TypePrefix: "io.elevenlabs.", Type: inBody("type"), Time: happened(UnixSeconds, "event_timestamp"),
	},
	{
		Name: "exa", Title: "Exa", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://exa.ai/docs/websets/api/webhooks/verifying-signatures",
		Headers: []HeaderSet{{Signature: "Exa-Signature"}}, Separator: ',', Encoding: Hex,
		Notes: "Websets and monitors.",
		Keys:  sha256Version, Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixSeconds, 5*time.Minute),
		ID: inBody("id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "ai.exa.", Type: inBody("type"), Time: happened(RFC3339, "createdAt"),
	},
	standard("fathom", "Fathom", "video.fathom.", "https://developers.fathom.ai/webhooks",
		"Sends meeting content without a type.", ConfidenceB),
	{
		Name: "finch", Title: "Finch", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developer.tryfinch.com/implementation-guide/Connect/Webhooks",
		Notes:   "Standard Webhooks under Finch's own header names.",
		Headers: []HeaderSet{{Signature: "Finch-Signature", Timestamp: "Finch-Timestamp", ID: "Finch-Event-Id"}}, Separator: ' ', Encoding: Base64,
		Keys:     []KeyRule{{Encoding: Base64, Algorithm: HMACSHA256, Label: "v1,"}},
		Template: standardTemplate, BodyCovered: true, Timestamp: fiveMinutes,
		ID: headerID, IDSigned: true, TypePrefix: "com.tryfinch.", Type: inBody("event_type"),
		Time: []TimeRule{{Value{Header: HeaderTimestamp}, UnixSeconds}},
	},
	{
		Name: "firecrawl", Title: "Firecrawl", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.firecrawl.dev/webhooks/security",
		Notes:   "The body's id is the job's, shared by all its events: the body's hash names the event.",
		Headers: []HeaderSet{{Signature: "X-Firecrawl-Signature"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "dev.firecrawl.", Type: inBody("type"),
	},
	standard("folk", "folk", "app.folk.", "https://developer.folk.app/api-reference/webhooks/overview", "Sent by Svix.", ConfidenceB, "type"),
	{
		Name: "front", Title: "Front application webhooks", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://dev.frontapp.com/docs/application-webhooks",
		Notes:   "Front's pages call the time seconds; it is sent in milliseconds. The tolerance is the five minutes they advise. Rule webhooks are signed another way.",
		Headers: []HeaderSet{{Signature: "X-Front-Signature", Timestamp: "X-Front-Request-Timestamp"}}, Encoding: Base64,
		Keys: sha256Key, Template: colonBody, BodyCovered: true, Timestamp: within(FromHeader, "", UnixMillis, 5*time.Minute),
		ID: inBody("payload", "id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.frontapp.", Type: inBody("type"),
	},
	{
		Name: "getstream", Title: "Stream", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://getstream.io/chat/docs/node/webhooks_overview/",
		Notes:   "The secret is the app's API secret. With payload compression on, Stream signs the inflated body and deliveries are refused: leave it off.",
		Headers: []HeaderSet{{Signature: "X-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "io.getstream.", Type: inBody("type"), Time: happened(RFC3339, "created_at"),
	},
	{
		Name: "gitea", Title: "Gitea", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.gitea.com/usage/repository/webhooks",
		Notes:   "Also Forgejo and Codeberg, which send the same headers. Choose the content type application/json: for a form the signature is over the JSON inside.",
		Headers: []HeaderSet{{Signature: "X-Gitea-Signature", ID: "X-Gitea-Delivery", Type: "X-Gitea-Event"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.gitea.", Type: headerType,
	},
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
	standard("gitlab", "GitLab", "com.gitlab.", "https://docs.gitlab.com/user/project/integrations/webhooks/",
		"Signing tokens (GitLab 19.0 and later). The older X-Gitlab-Token proves nothing about the body and is not read.", ConfidenceA, "object_kind"),
	{
		Name: "gocardless", Title: "GoCardless", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks/",
		Notes:   "Events come in batches: one alone is named by its id, several by the body's hash.",
		Headers: []HeaderSet{{Signature: "Webhook-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: aloneIn([]string{"events", "1"}, "events", "0", "id"), IDSigned: true,
		TypePrefix: "com.gocardless.", Type: []Rule{{
			When:  []Condition{{Value: Value{JSON: []string{"events", "1"}}}},
			Parts: []Value{{JSON: []string{"events", "0", "resource_type"}}, {Text: "."}, {JSON: []string{"events", "0", "action"}}},
		}},
		Time: happened(RFC3339, "events", "0", "created_at"),
	},
	{
		Name: "gogs", Title: "Gogs", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://gogs.io/advancing/webhooks",
		Notes:   "Choose the content type application/json: for a form the signature is over the JSON inside.",
		Headers: []HeaderSet{{Signature: "X-Gogs-Signature", ID: "X-Gogs-Delivery", Type: "X-Gogs-Event"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "io.gogs.", Type: headerType,
	},
	{
		Name: "greenhouse", Title: "Greenhouse", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developers.greenhouse.io/webhooks.html",
		Notes:   "Recruiting and onboarding. The event id is the delivery's.",
		Headers: []HeaderSet{{Signature: "Signature", ID: "Greenhouse-Event-ID"}},
		Keys:    []KeyRule{{Algorithm: HMACSHA256, Label: "sha256 "}}, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "io.greenhouse.", Type: inBody("action"),
	},
	{
		Name: "help-scout", Title: "Help Scout", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developer.helpscout.com/webhooks/",
		Notes:   "HMAC-SHA1. Events have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "X-HelpScout-Signature", Type: "X-HelpScout-Event"}},
		Keys:    sha1Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.helpscout.", Type: headerType,
	},
	{
		Name: "heroku", Title: "Heroku", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://devcenter.heroku.com/articles/app-webhooks",
		Notes:   "Unsigned unless the subscription has a secret. Attempts share the body's id.",
		Headers: []HeaderSet{{Signature: "Heroku-Webhook-Hmac-SHA256"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true, TypePrefix: "com.heroku.",
		Type: []Rule{{Parts: []Value{{JSON: []string{"webhook_metadata", "event", "include"}}}}, {Parts: []Value{{JSON: []string{"resource"}}, {Text: "."}, {JSON: []string{"action"}}}}},
		Time: happened(RFC3339, "created_at"),
	},
	{
		Name: "hookdeck", Title: "Hookdeck Event Gateway", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://hookdeck.com/docs/authentication",
		Notes:   "Deliveries that Hookdeck forwards. While a secret rolls, Hookdeck adds a second header, which is not read: give both secrets to the source.",
		Headers: []HeaderSet{{Signature: "X-Hookdeck-Signature", ID: "X-Hookdeck-EventID"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.hookdeck.",
	},
	{
		Name: "hubspot", Title: "HubSpot", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests",
		Notes: "Version 3 of the signature; versions 1 and 2 are no MACs and are not read. " +
			"HubSpot numbers attempts in the body and batches events: one alone is named by subscription, event and time, several by the body's hash.",
		Headers: []HeaderSet{{Signature: "X-HubSpot-Signature-v3", Timestamp: "X-HubSpot-Request-Timestamp"}}, Encoding: Base64,
		Keys:        sha256Key,
		Template:    []Part{{Kind: PartMethod}, {Kind: PartURLDecoded}, {Kind: PartBody}, {Kind: PartTimestamp}},
		BodyCovered: true, Timestamp: within(FromHeader, "", UnixMillis, 5*time.Minute),
		ID: []Rule{{
			When: []Condition{{Value: Value{JSON: []string{"1"}}}},
			Parts: []Value{
				{JSON: []string{"0", "subscriptionId"}}, {Text: ":"}, {JSON: []string{"0", "eventId"}}, {Text: ":"}, {JSON: []string{"0", "occurredAt"}},
			},
		}},
		IDSigned: true, Hash: HashBody,
		TypePrefix: "com.hubspot.", Type: aloneIn([]string{"1"}, "0", "subscriptionType"), Time: happened(UnixMillis, "0", "occurredAt"),
	},
	{
		Name: "intercom", Title: "Intercom", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developers.intercom.com/docs/references/webhooks/webhook-models",
		Notes:   "HMAC-SHA1. The secret is the app's client secret.",
		Headers: []HeaderSet{{Signature: "X-Hub-Signature"}},
		Keys:    []KeyRule{{Algorithm: HMACSHA1, Label: "sha1="}}, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "io.intercom.", Type: inBody("topic"), Time: happened(UnixSeconds, "created_at"),
	},
	{
		Name: "jira", Title: "Jira", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
		Notes:   "Webhooks with a secret. Those of Connect and OAuth apps carry a JWT instead, which does not cover the body.",
		Headers: []HeaderSet{{Signature: "X-Hub-Signature", ID: "X-Atlassian-Webhook-Identifier"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.atlassian.jira.", Type: inBody("webhookEvent"), Time: happened(UnixMillis, "timestamp"),
	},
	{
		Name: "jobber", Title: "Jobber", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.getjobber.com/docs/using_jobbers_api/setting_up_webhooks/",
		Notes:   "The secret is the app's OAuth client secret.",
		Headers: []HeaderSet{{Signature: "X-Jobber-Hmac-SHA256"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.getjobber.", Type: inBody("data", "webHookEvent", "topic"), Time: happened(RFC3339, "data", "webHookEvent", "occurredAt"),
	},
	{
		Name: "knock", Title: "Knock", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.knock.app/developer-tools/outbound-webhooks/overview",
		Notes:   "The timestamp is in milliseconds, the signature in base64.",
		Headers: []HeaderSet{{Signature: "x-knock-signature"}}, Separator: ',', Encoding: Base64,
		Keys:     []KeyRule{{Algorithm: HMACSHA256, Label: "s="}},
		Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixMillis, 5*time.Minute),
		Hash: HashBody, TypePrefix: "app.knock.", Type: inBody("type"), Time: happened(RFC3339, "created_at"),
	},
	{
		Name: "lago", Title: "Lago", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://getlago.com/docs/api-reference/webhooks/format---signature",
		Notes:   "Create the endpoint with the signature algorithm hmac: the default, jwt, is another scheme.",
		Headers: []HeaderSet{{Signature: "X-Lago-Signature", ID: "X-Lago-Unique-Key"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.getlago.", Type: inBody("webhook_type"),
	},
	{
		Name: "launchdarkly", Title: "LaunchDarkly", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://launchdarkly.com/docs/home/infrastructure/webhooks",
		Notes:   "Unsigned unless signing is on.",
		Headers: []HeaderSet{{Signature: "X-LD-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("_id"), IDSigned: true,
		TypePrefix: "com.launchdarkly.", Type: inBody("kind"), Time: happened(UnixMillis, "date"),
	},
	{
		Name: "lemonsqueezy", Title: "Lemon Squeezy", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
		Notes:   "Events have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "X-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.lemonsqueezy.", Type: inBody("meta", "event_name"),
	},
	{
		Name: "line", Title: "LINE Messaging API", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
		Notes: "The secret is the channel secret. Events come in batches: one alone is named by its webhookEventId, several by the body's " +
			"hash, which a redelivery changes.",
		Headers: []HeaderSet{{Signature: "x-line-signature"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: aloneIn([]string{"events", "1"}, "events", "0", "webhookEventId"), IDSigned: true,
		TypePrefix: "me.line.", Type: aloneIn([]string{"events", "1"}, "events", "0", "type"), Time: happened(UnixMillis, "events", "0", "timestamp"),
	},
	{
		Name: "linear", Title: "Linear", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://linear.app/developers/webhooks",
		Notes:   "The time of sending is in the signed body; the tolerance is Linear's minute.",
		Headers: []HeaderSet{{Signature: "Linear-Signature", ID: "Linear-Delivery"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		Timestamp: Timestamp{Source: FromBody, JSON: []string{"webhookTimestamp"}, Format: UnixMillis, Past: time.Minute, Future: time.Minute},
		ID:        headerID, TypePrefix: "app.linear.",
		Type: []Rule{{Parts: []Value{{JSON: []string{"type"}}, {Text: "."}, {JSON: []string{"action"}}}}},
		Time: happened(RFC3339, "createdAt"),
	},
	standard("lithic", "Lithic", "com.lithic.", "https://docs.lithic.com/docs/events-api",
		"The secret is the event subscription's.", ConfidenceA, "event_type"),
	standard("liveblocks", "Liveblocks", "io.liveblocks.", "https://liveblocks.io/docs/platform/webhooks",
		"Sent by Svix.", ConfidenceA, "type"),
	standard("loops", "Loops", "so.loops.", "https://loops.so/docs/webhooks",
		"The secret is the endpoint's signing secret.", ConfidenceB, "eventName"),
	{
		Name: "mercury", Title: "Mercury", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.mercury.com/reference/webhooks",
		Notes:   "The secret is used as it stands, as five of six implementations do; the sixth decodes it from base64. No tolerance is named; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "Mercury-Signature"}}, Separator: ',', Encoding: Hex,
		Keys: sha256Version, Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixSeconds, 5*time.Minute),
		ID: inBody("id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.mercury.", Type: []Rule{{Parts: []Value{{JSON: []string{"resourceType"}}, {Text: "."}, {JSON: []string{"operationType"}}}}},
		Time: happened(RFC3339, "occurredAt"),
	},
	{
		Name: "meta", Title: "Meta (Facebook, Instagram, Messenger)", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
		Notes:   "The secret is the app secret. Changes come in batches: one message alone is named by its mid, others by the body's hash.",
		Headers: []HeaderSet{{Signature: "X-Hub-Signature-256"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: []Rule{{
			When: []Condition{
				{Value: Value{JSON: []string{"entry", "1"}}},
				{Value: Value{JSON: []string{"entry", "0", "messaging", "1"}}},
				{Value: Value{JSON: []string{"entry", "0", "changes"}}},
			},
			Parts: []Value{{JSON: []string{"entry", "0", "messaging", "0", "message", "mid"}}},
		}},
		IDSigned:   true,
		TypePrefix: "com.meta.",
		Type: []Rule{
			{Parts: []Value{{JSON: []string{"object"}}, {Text: "."}, {JSON: []string{"entry", "0", "changes", "0", "field"}}}},
			{Parts: []Value{{JSON: []string{"object"}}}},
		},
		Time: []TimeRule{{Value{JSON: []string{"entry", "0", "messaging", "0", "timestamp"}}, UnixMillis}},
	},
	{
		Name: "modern-treasury", Title: "Modern Treasury", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.moderntreasury.com/platform/docs/webhooks",
		Notes:   "The library's own tests sign with keys too short for this gateway; Modern Treasury's are long.",
		Headers: []HeaderSet{{Signature: "X-Signature", Type: "X-Topic"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.moderntreasury.",
		Type: []Rule{
			{Parts: []Value{{Header: HeaderType}, {Text: "."}, {JSON: []string{"event"}}}},
			{Parts: []Value{{JSON: []string{"event"}}}},
		},
	},
	{
		Name: "mongodb-atlas", Title: "MongoDB Atlas alerts", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://www.mongodb.com/docs/atlas/tutorial/webhook-integration/",
		Notes:   "HMAC-SHA1. Unsigned unless the integration has a secret. An alert's id stays while its status changes, so both name the event.",
		Headers: []HeaderSet{{Signature: "X-MMS-Signature", Type: "X-MMS-Event"}},
		Keys:    sha1Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: []Rule{{Parts: []Value{{JSON: []string{"id"}}, {Text: ":"}, {JSON: []string{"updated"}}}}}, IDSigned: true,
		TypePrefix: "com.mongodb.atlas.", Type: headerType, Time: happened(RFC3339, "updated"),
	},
	{
		Name: "mux", Title: "Mux", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://www.mux.com/docs/core/verify-webhook-signatures",
		Notes:   "Several v1 values while a secret rotates.",
		Headers: []HeaderSet{{Signature: "Mux-Signature"}}, Separator: ',', Encoding: Hex,
		Keys: sha256Version, Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixSeconds, 5*time.Minute),
		ID: inBody("id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.mux.", Type: inBody("type"), Time: happened(RFC3339, "created_at"),
	},
	{
		Name: "nango", Title: "Nango", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://nango.dev/docs/guides/platform/webhooks-from-nango",
		Notes:   "The older X-Nango-Signature is no MAC and is not read. Forwarded webhooks of a provider carry no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "X-Nango-Hmac-Sha256"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "dev.nango.", Type: inBody("type"),
	},
	{
		Name: "notion", Title: "Notion", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developers.notion.com/reference/webhooks",
		Notes:   "The secret is the verification_token that Notion's first, unsigned request carries.",
		Headers: []HeaderSet{{Signature: "X-Notion-Signature"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.notion.", Type: inBody("type"), Time: happened(RFC3339, "timestamp"),
	},
	{
		Name: "nylas", Title: "Nylas", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.nylas.com/docs/v3/notifications/",
		Notes:   "The signature is over the bytes as sent, compressed ones included.",
		Headers: []HeaderSet{{Signature: "X-Nylas-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.nylas.", Type: inBody("type"), Time: happened(UnixSeconds, "time"),
	},
	{
		Name: "onfido", Title: "Onfido", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://documentation.onfido.com/api/latest/#webhooks",
		Notes:   "Events have no id of their own: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "X-SHA2-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.onfido.", Type: inBody("payload", "action"), Time: happened(RFC3339, "payload", "object", "completed_at_iso8601"),
	},
	standard("openai", "OpenAI", "com.openai.", "https://platform.openai.com/docs/guides/webhooks",
		"The secret is the project webhook's.", ConfidenceA, "type"),
	{
		Name: "paddle", Title: "Paddle Billing", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://developer.paddle.com/webhooks/signature-verification",
		Notes: "Paddle's SDK takes five seconds; a minute is taken, for clocks that differ. Several h1 values while a secret rotates. Paddle " +
			"Classic is another scheme.",
		Headers: []HeaderSet{{Signature: "Paddle-Signature"}}, Separator: ';', Encoding: Hex,
		Keys:     []KeyRule{{Algorithm: HMACSHA256, Label: "h1="}},
		Template: colonBody, BodyCovered: true, Timestamp: within(FromElement, "ts=", UnixSeconds, time.Minute),
		ID: inBody("event_id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.paddle.", Type: inBody("event_type"), Time: happened(RFC3339, "occurred_at"),
	},
	{
		Name: "pagerduty", Title: "PagerDuty", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.pagerduty.com/docs/verifying-webhook-signatures",
		Notes:   "Version 3 webhooks. One v1 value per secret while several are active.",
		Headers: []HeaderSet{{Signature: "X-PagerDuty-Signature"}}, Separator: ',', Encoding: Hex,
		Keys: sha256Version, Template: bodyAlone, BodyCovered: true,
		ID: inBody("event", "id"), IDSigned: true,
		TypePrefix: "com.pagerduty.", Type: inBody("event", "event_type"), Time: happened(RFC3339, "event", "occurred_at"),
	},
	{
		Name: "paystack", Title: "Paystack", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://paystack.com/docs/payments/webhooks/",
		Notes:   "HMAC-SHA512. The secret is the account's secret key. Events have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "x-paystack-signature"}},
		Keys:    []KeyRule{{Algorithm: HMACSHA512}}, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.paystack.", Type: inBody("event"),
	},
	{
		Name: "persona", Title: "Persona", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://docs.withpersona.com/docs/webhooks-best-practices",
		Notes: "While a secret rotates Persona sends two sets in one header, of which only the second signature is read: give both secrets " +
			"to the source. No tolerance is named; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "Persona-Signature"}}, Separator: ',', Encoding: Hex,
		Keys: sha256Version, Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixSeconds, 5*time.Minute),
		ID: inBody("data", "id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.withpersona.", Type: inBody("data", "attributes", "name"), Time: happened(RFC3339, "data", "attributes", "created-at"),
	},
	{
		Name: "polar", Title: "Polar", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://polar.sh/docs/integrate/webhooks/delivery",
		Notes:   "Standard Webhooks, with the secret's own characters as the key, prefix included.",
		Headers: standardHeaders, Separator: ' ', Encoding: Base64,
		Keys:     []KeyRule{{Algorithm: HMACSHA256, Label: "v1,"}},
		Template: standardTemplate, BodyCovered: true, Timestamp: fiveMinutes,
		ID: headerID, IDSigned: true, TypePrefix: "sh.polar.", Type: inBody("type"), Time: standardTime,
	},
	{
		Name: "pulumi", Title: "Pulumi Cloud", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://www.pulumi.com/docs/pulumi-cloud/webhooks/",
		Notes:   "Unsigned unless the webhook has a shared secret.",
		Headers: []HeaderSet{{Signature: "Pulumi-Webhook-Signature", ID: "Pulumi-Webhook-ID", Type: "Pulumi-Webhook-Kind"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.pulumi.", Type: headerType,
	},
	{
		Name: "pusher", Title: "Pusher Channels", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://pusher.com/docs/channels/server_api/webhooks/",
		Notes:   "The secret belongs to the app key that X-Pusher-Key names. Events come in batches without an id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "X-Pusher-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.pusher.", Type: aloneIn([]string{"events", "1"}, "events", "0", "name"), Time: happened(UnixMillis, "time_ms"),
	},
	{
		Name: "quickbooks", Title: "QuickBooks Online", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks",
		Notes:   "The secret is the verifier token. Of the CloudEvents form one event alone is named by its id; several, and the older form, by the body's hash.",
		Headers: []HeaderSet{{Signature: "intuit-signature"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: aloneIn([]string{"1"}, "0", "id"), IDSigned: true,
		TypePrefix: "com.intuit.quickbooks.", Type: aloneIn([]string{"1"}, "0", "type"), Time: happened(RFC3339, "0", "time"),
	},
	{
		Name: "quicknode", Title: "QuickNode Streams", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://www.quicknode.com/guides/quicknode-products/streams/validating-incoming-streams-webhook-messages",
		Notes:   "Leave compression off: QuickNode signs the inflated body. QuickAlerts are signed another way. Events are named by the body's hash.",
		Headers: []HeaderSet{{Signature: "X-QN-Signature", Timestamp: "X-QN-Timestamp", ID: "X-QN-Nonce"}}, Encoding: Hex,
		Keys:        sha256Key,
		Template:    []Part{{Kind: PartID}, {Kind: PartTimestamp}, {Kind: PartBody}},
		BodyCovered: true, Timestamp: fiveMinutes, IDSigned: true,
		Hash: HashBody, TypePrefix: "com.quicknode.",
	},
	{
		Name: "razorpay", Title: "Razorpay", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://razorpay.com/docs/webhooks/validate-test/",
		Notes:   "The webhook's own secret, not the API key's.",
		Headers: []HeaderSet{{Signature: "X-Razorpay-Signature", ID: "X-Razorpay-Event-Id"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.razorpay.", Type: inBody("event"), Time: happened(UnixSeconds, "created_at"),
	},
	standard("recall-ai", "Recall.ai", "ai.recall.", "https://docs.recall.ai/docs/authenticating-requests-from-recallai",
		"Sent by Svix.", ConfidenceB, "event"),
	standard("render", "Render", "com.render.", "https://render.com/docs/webhooks",
		"The secret is the endpoint's signing secret.", ConfidenceB, "type"),
	standard("replicate", "Replicate", "com.replicate.", "https://replicate.com/docs/topics/webhooks/verify-webhook",
		"The body is the prediction as it stands; its status is the type.", ConfidenceA, "status"),
	standard("resend", "Resend", "com.resend.", "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
		"Sent by Svix.", ConfidenceA, "type"),
	{
		Name: "retell", Title: "Retell AI", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.retellai.com/features/secure-webhook",
		Notes:   "The secret is the API key that has the webhook badge. The timestamp stands after the body. A call has many events: the body's hash names each.",
		Headers: []HeaderSet{{Signature: "x-retell-signature"}}, Separator: ',', Encoding: Hex,
		Keys:        []KeyRule{{Algorithm: HMACSHA256, Label: "d="}},
		Template:    []Part{{Kind: PartBody}, {Kind: PartTimestamp}},
		BodyCovered: true, Timestamp: within(FromElement, "v=", UnixMillis, 5*time.Minute),
		Hash: HashBody, TypePrefix: "com.retellai.", Type: inBody("event"),
	},
	{
		Name: "samsara", Title: "Samsara", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developers.samsara.com/docs/webhooks",
		Notes:   "The secret is base64. No tolerance is named; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "X-Samsara-Signature", Timestamp: "X-Samsara-Timestamp"}}, Encoding: Hex,
		Keys:        []KeyRule{{Encoding: Base64, Algorithm: HMACSHA256, Label: "v1="}},
		Template:    []Part{{Literal, "v1:"}, {Kind: PartTimestamp}, {Literal, ":"}, {Kind: PartBody}},
		BodyCovered: true, Timestamp: fiveMinutes,
		ID: inBody("eventId"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.samsara.", Type: inBody("eventType"),
		Time: []TimeRule{{Value{JSON: []string{"eventTime"}}, RFC3339}, {Value{JSON: []string{"eventMs"}}, UnixMillis}},
	},
	{
		Name: "segment", Title: "Segment", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://www.twilio.com/docs/segment/connections/destinations/catalog/actions-webhook",
		Notes:   "HMAC-SHA1. Leave batching off: of a batch only the first event is signed, and it is refused.",
		Headers: []HeaderSet{{Signature: "X-Signature"}},
		Keys:    sha1Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("messageId"), IDSigned: true,
		TypePrefix: "com.segment.", Type: inBody("type"), Time: happened(RFC3339, "timestamp"),
	},
	{
		Name: "sentry", Title: "Sentry", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
		Notes:   "Integration platform webhooks. The secret is the integration's client secret.",
		Headers: []HeaderSet{{Signature: "Sentry-Hook-Signature", ID: "Request-ID", Type: "Sentry-Hook-Resource", Time: "Sentry-Hook-Timestamp"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "io.sentry.",
		Type: []Rule{{Parts: []Value{{Header: HeaderType}, {Text: "."}, {JSON: []string{"action"}}}}, {Parts: []Value{{Header: HeaderType}}}},
		Time: []TimeRule{{Value{Header: HeaderTime}, UnixSeconds}},
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
		Name: "sinch", Title: "Sinch Conversation API", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:     "https://developers.sinch.com/docs/conversation/callbacks",
		Notes:    "Voice and verification callbacks are signed another way. No tolerance is named; five minutes are taken.",
		Headers:  []HeaderSet{{Signature: "x-sinch-webhook-signature", Timestamp: "x-sinch-webhook-signature-timestamp", ID: "x-sinch-webhook-signature-nonce"}},
		Encoding: Base64, Keys: sha256Key,
		Template:    []Part{{Kind: PartBody}, {Literal, "."}, {Kind: PartID}, {Literal, "."}, {Kind: PartTimestamp}},
		BodyCovered: true, Timestamp: fiveMinutes, IDSigned: true,
		Hash: HashBody, TypePrefix: "com.sinch.conversation.", Type: []Rule{{Parts: []Value{{Text: "callback"}}}}, Time: happened(RFC3339, "event_time"),
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
		Name: "smartcar", Title: "Smartcar", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://smartcar.com/docs/integrations/webhooks/payload-verification",
		Notes:   "The secret is the application management token.",
		Headers: []HeaderSet{{Signature: "SC-Signature"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("eventId"), IDSigned: true,
		TypePrefix: "com.smartcar.", Type: []Rule{{Parts: []Value{{JSON: []string{"eventType"}}}}, {Parts: []Value{{JSON: []string{"eventName"}}}}},
	},
	{
		Name: "snyk", Title: "Snyk", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.snyk.io/snyk-api/using-specific-snyk-apis/webhooks-apis/validating-payloads",
		Notes:   "The header without -256 carries SHA-256 here. The event name ends in the payload's version.",
		Headers: []HeaderSet{{Signature: "X-Hub-Signature", ID: "X-Snyk-Transport-ID", Type: "X-Snyk-Event", Time: "X-Snyk-Timestamp"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "io.snyk.", Type: headerType, Time: []TimeRule{{Value{Header: HeaderTime}, RFC3339}},
	},
	{
		Name: "square", Title: "Square", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developer.squareup.com/docs/webhooks/step3validate",
		Notes:   "The URL is signed as registered with Square.",
		Headers: []HeaderSet{{Signature: "x-square-hmacsha256-signature"}}, Encoding: Base64,
		Keys: sha256Key, Template: []Part{{Kind: PartURL}, {Kind: PartBody}}, BodyCovered: true,
		ID: inBody("event_id"), IDSigned: true,
		TypePrefix: "com.squareup.", Type: inBody("type"), Time: happened(RFC3339, "created_at"),
	},
	{
		Name: "squarespace", Title: "Squarespace", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developers.squarespace.com/commerce-apis/webhook-subscriptions-overview",
		Notes:   "The secret is hex.",
		Headers: []HeaderSet{{Signature: "Squarespace-Signature"}}, Encoding: Hex,
		Keys: []KeyRule{{Encoding: Hex, Algorithm: HMACSHA256}}, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.squarespace.", Type: inBody("topic"), Time: happened(RFC3339, "createdOn"),
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
	{
		Name: "sumsub", Title: "Sumsub", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.sumsub.com/docs/webhook-manager",
		Notes:   "Choose HMAC_SHA256_HEX. Events have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "X-Payload-Digest"}},
		Keys:    sha256Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.sumsub.", Type: inBody("type"),
	},
	{
		Name: "supabase", Title: "Supabase Auth hooks", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://supabase.com/docs/guides/auth/auth-hooks",
		Notes: "Secrets start with `v1,whsec_`. Auth waits for the answer, and a hook that must return data cannot be served by a queue: " +
			"use it for hooks that only notify. Database webhooks are unsigned.",
		Headers: standardHeaders, Separator: ' ', Encoding: Base64,
		Keys: []KeyRule{
			{Prefix: "v1,whsec_", Encoding: Base64, Algorithm: HMACSHA256, Label: "v1,"},
			{Prefix: "whsec_", Encoding: Base64, Algorithm: HMACSHA256, Label: "v1,"},
		},
		Template: standardTemplate, BodyCovered: true, Timestamp: fiveMinutes,
		ID: headerID, IDSigned: true, TypePrefix: "com.supabase.", Type: inBody("metadata", "name"), Time: standardTime,
	},
	{
		Name: "tally", Title: "Tally", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://tally.so/help/webhooks",
		Notes:   "Unsigned unless the webhook has a signing secret.",
		Headers: []HeaderSet{{Signature: "Tally-Signature"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: inBody("eventId"), IDSigned: true,
		TypePrefix: "so.tally.", Type: inBody("eventType"), Time: happened(RFC3339, "createdAt"),
	},
	{
		Name: "telnyx", Title: "Telnyx", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks",
		Notes:   "The secret is the account's public key in base64.",
		Headers: []HeaderSet{{Signature: "telnyx-signature-ed25519", Timestamp: "telnyx-timestamp"}}, Encoding: Base64,
		Keys:     []KeyRule{{Encoding: Base64, Algorithm: Ed25519}},
		Template: []Part{{Kind: PartTimestamp}, {Literal, "|"}, {Kind: PartBody}}, BodyCovered: true, Timestamp: fiveMinutes,
		ID: inBody("data", "id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.telnyx.", Type: inBody("data", "event_type"), Time: happened(RFC3339, "data", "occurred_at"),
	},
	{
		Name: "terra", Title: "Terra", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.tryterra.co/health-and-fitness-api/integration-setup/setting-up-data-destinations/webhooks",
		Notes:   "Only v1 is read. No tolerance is named; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "terra-signature"}}, Separator: ',', Encoding: Hex,
		Keys: sha256Version, Template: dottedBody, BodyCovered: true, Timestamp: within(FromElement, "t=", UnixSeconds, 5*time.Minute),
		Hash: HashBody, TypePrefix: "co.tryterra.", Type: inBody("type"),
	},
	{
		Name: "terraform", Title: "HCP Terraform", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations",
		Notes:   "HMAC-SHA512. Unsigned unless the notification configuration has a token. Notifications have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "X-TFE-Notification-Signature"}},
		Keys:    []KeyRule{{Algorithm: HMACSHA512}}, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "io.terraform.", Type: inBody("notifications", "0", "trigger"), Time: happened(RFC3339, "notifications", "0", "run_updated_at"),
	},
	{
		Name: "todoist", Title: "Todoist", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.todoist.com/api/v1/#tag/Webhooks",
		Notes:   "The secret is the app's client secret.",
		Headers: []HeaderSet{{Signature: "X-Todoist-Hmac-SHA256", ID: "X-Todoist-Delivery-ID"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.todoist.", Type: inBody("event_name"), Time: happened(RFC3339, "triggered_at"),
	},
	{
		Name: "trello", Title: "Trello", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
		Notes:   "HMAC-SHA1 over the body and the callback URL as registered. The secret is the application's.",
		Headers: []HeaderSet{{Signature: "X-Trello-Webhook"}}, Encoding: Base64,
		Keys: sha1Key, Template: []Part{{Kind: PartBody}, {Kind: PartURL}}, BodyCovered: true,
		ID: inBody("action", "id"), IDSigned: true,
		TypePrefix: "com.trello.", Type: inBody("action", "type"), Time: happened(RFC3339, "action", "date"),
	},
	{
		Name: "twitch", Title: "Twitch EventSub", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
		Notes: "The tolerance is Twitch's ten minutes. The challenge of a new subscription is signed and answered; a revocation arrives as " +
			"an event of the type it ends.",
		Headers: []HeaderSet{{
			Signature: "Twitch-Eventsub-Message-Signature", Timestamp: "Twitch-Eventsub-Message-Timestamp",
			ID: "Twitch-Eventsub-Message-Id", Type: "Twitch-Eventsub-Message-Type",
		}},
		Encoding: Hex, Keys: sha256Named,
		Template:    []Part{{Kind: PartID}, {Kind: PartTimestamp}, {Kind: PartBody}},
		BodyCovered: true, Timestamp: within(FromHeader, "", RFC3339, 10*time.Minute),
		ID: headerID, IDSigned: true,
		TypePrefix: "tv.twitch.", Type: inBody("subscription", "type"), Time: []TimeRule{{Value{Header: HeaderTimestamp}, RFC3339}},
		Handshakes: []Handshake{{
			When:        []Condition{{Value: Value{Header: HeaderType}, Is: "webhook_callback_verification"}},
			Echo:        Value{JSON: []string{"challenge"}},
			ContentType: "text/plain; charset=utf-8",
		}},
	},
	{
		Name: "typeform", Title: "Typeform", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
		Notes:   "Unsigned unless the webhook has a secret.",
		Headers: []HeaderSet{{Signature: "Typeform-Signature"}},
		Keys:    sha256Named, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: inBody("event_id"), IDSigned: true,
		TypePrefix: "com.typeform.", Type: inBody("event_type"), Time: happened(RFC3339, "form_response", "submitted_at"),
	},
	{
		Name: "vercel", Title: "Vercel", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://vercel.com/docs/webhooks",
		Notes:   "HMAC-SHA1. Account webhooks; an integration's are signed with its client secret.",
		Headers: []HeaderSet{{Signature: "x-vercel-signature"}},
		Keys:    sha1Key, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: inBody("id"), IDSigned: true,
		TypePrefix: "com.vercel.", Type: inBody("type"), Time: happened(UnixMillis, "createdAt"),
	},
	{
		Name: "webflow", Title: "Webflow", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developers.webflow.com/data/docs/working-with-webhooks",
		Notes:   "Webhooks made by the API; those of the dashboard are unsigned. The time is in milliseconds. Events have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "x-webflow-signature", Timestamp: "x-webflow-timestamp"}}, Encoding: Hex,
		Keys: sha256Key, Template: colonBody, BodyCovered: true, Timestamp: within(FromHeader, "", UnixMillis, 5*time.Minute),
		Hash: HashBody, TypePrefix: "com.webflow.", Type: inBody("triggerType"),
	},
	{
		Name: "whatsapp", Title: "WhatsApp Business Platform", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs: "https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks",
		Notes: "The secret is the app secret. Notifications come in batches: one message or one status alone is named by its id, " +
			"others by the body's hash.",
		Headers: []HeaderSet{{Signature: "X-Hub-Signature-256"}},
		Keys:    sha256Named, Encoding: Hex, Template: bodyAlone, BodyCovered: true,
		ID: []Rule{
			{
				When:  whatsappAlone,
				Parts: []Value{{JSON: []string{"entry", "0", "changes", "0", "value", "messages", "0", "id"}}},
			},
			{
				When: whatsappAlone,
				Parts: []Value{
					{JSON: []string{"entry", "0", "changes", "0", "value", "statuses", "0", "id"}},
					{Text: ":"},
					{JSON: []string{"entry", "0", "changes", "0", "value", "statuses", "0", "status"}},
				},
			},
		},
		IDSigned:   true,
		TypePrefix: "com.whatsapp.", Type: inBody("entry", "0", "changes", "0", "field"),
		Time: []TimeRule{
			{Value{JSON: []string{"entry", "0", "changes", "0", "value", "messages", "0", "timestamp"}}, UnixSeconds},
			{Value{JSON: []string{"entry", "0", "changes", "0", "value", "statuses", "0", "timestamp"}}, UnixSeconds},
		},
	},
	{
		Name: "whoop", Title: "WHOOP", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.whoop.com/docs/developing/webhooks/",
		Notes:   "The secret is the app's client secret. No tolerance is named; five minutes are taken.",
		Headers: []HeaderSet{{Signature: "X-WHOOP-Signature", Timestamp: "X-WHOOP-Signature-Timestamp"}}, Encoding: Base64,
		Keys: sha256Key, Template: timestampBody, BodyCovered: true, Timestamp: within(FromHeader, "", UnixMillis, 5*time.Minute),
		ID: inBody("trace_id"), IDSigned: true, Hash: HashBody,
		TypePrefix: "com.whoop.", Type: inBody("type"),
	},
	{
		Name: "woocommerce", Title: "WooCommerce", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks",
		Notes:   "The ping of a new webhook is an unsigned form and is refused; WooCommerce takes any answer to it.",
		Headers: []HeaderSet{{Signature: "X-WC-Webhook-Signature", ID: "X-WC-Webhook-Delivery-ID", Type: "X-WC-Webhook-Topic"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		ID: headerID, TypePrefix: "com.woocommerce.", Type: headerType,
	},
	{
		Name: "x", Title: "X Account Activity", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.x.com/x-api/webhooks/introduction",
		Notes:   "The secret is the app's consumer secret. Events have no id: the body's hash serves.",
		Headers: []HeaderSet{{Signature: "x-twitter-webhooks-signature"}},
		Keys:    sha256Named, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.x.",
	},
	{
		Name: "xero", Title: "Xero", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developer.xero.com/documentation/guides/webhooks/overview/",
		Notes:   "Xero's test of a new webhook sends bad signatures too and wants 401 for them. Events come in batches: the body's hash names the delivery.",
		Headers: []HeaderSet{{Signature: "x-xero-signature"}},
		Keys:    sha256Key, Encoding: Base64, Template: bodyAlone, BodyCovered: true,
		TypePrefix: "com.xero.", Type: []Rule{{
			When:  []Condition{{Value: Value{JSON: []string{"events", "1"}}}},
			Parts: []Value{{JSON: []string{"events", "0", "eventCategory"}}, {Text: "."}, {JSON: []string{"events", "0", "eventType"}}},
		}},
	},
	{
		Name: "zendesk", Title: "Zendesk", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:  "https://developer.zendesk.com/documentation/webhooks/verifying/",
		Notes: "The timestamp is a date. No tolerance is named; five minutes are taken. A trigger's body is what its author wrote, so the invocation id names the event.",
		Headers: []HeaderSet{{
			Signature: "X-Zendesk-Webhook-Signature", Timestamp: "X-Zendesk-Webhook-Signature-Timestamp", ID: "X-Zendesk-Webhook-Invocation-Id",
		}},
		Encoding: Base64, Keys: sha256Key, Template: timestampBody, BodyCovered: true, Timestamp: within(FromHeader, "", RFC3339, 5*time.Minute),
		ID: []Rule{{Parts: []Value{{JSON: []string{"id"}}}}, {Parts: []Value{{Header: HeaderID}}}}, Hash: HashSigned,
		TypePrefix: "com.zendesk.", Type: inBody("type"),
		Time: []TimeRule{{Value{JSON: []string{"time"}}, RFC3339}, {Value{Header: HeaderTimestamp}, RFC3339}},
	},
	{
		Name: "zoom", Title: "Zoom", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developers.zoom.us/docs/api/webhooks/",
		Notes:   "The secret is the app's secret token. Events have no id: the body's hash serves, and the body's event_ts tells two apart.",
		Headers: []HeaderSet{{Signature: "x-zm-signature", Timestamp: "x-zm-request-timestamp"}}, Encoding: Hex,
		Keys:        []KeyRule{{Algorithm: HMACSHA256, Label: "v0="}},
		Template:    []Part{{Literal, "v0:"}, {Kind: PartTimestamp}, {Literal, ":"}, {Kind: PartBody}},
		BodyCovered: true, Timestamp: fiveMinutes,
		Hash: HashBody, TypePrefix: "us.zoom.", Type: inBody("event"), Time: happened(UnixMillis, "event_ts"),
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
