package webhook

import (
	"slices"
	"time"
)

// path is a value of the body, literal a constant one; short, since rows have
// many.
func path(p ...string) Value           { return Value{JSON: p} }
func literal(s string) Value           { return Value{Text: s} }
func made(parts ...Value) []Rule       { return []Rule{{Parts: parts}} }
func is(v Value, s string) []Condition { return []Condition{{v, s}} }
func absent(v Value) []Condition       { return []Condition{{v, ""}} }

const (
	plainText = "text/plain; charset=utf-8"
	jsonType  = "application/json"

	// graphPublisher is the app that sends Microsoft Graph's change
	// notifications (learn.microsoft.com/graph/change-notifications-with-resource-data).
	graphPublisher = "0bf30f3b-4a52-48df-9a82-234910c4a086"

	paypalCertificate = "/v1/notifications/certs/*"
)

// more are the rows that need a proof in the body, a token, a JWT, a
// certificate, or content that is made of more than headers and body.
var more = [...]Scheme{
	{
		Name: "adyen", Title: "Adyen", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
		Notes: "Standard webhooks. Eight fields of each item are signed and no other: what else the item says could have been changed by who saw it. " +
			"The key is shown in hex. Every item must verify.",
		Headers: []HeaderSet{{}}, Encoding: Base64, Keys: []KeyRule{{Encoding: Hex, Algorithm: HMACSHA256}},
		InBody:   path("NotificationRequestItem", "additionalData", "hmacSignature"),
		Template: []Part{{Kind: PartFields}},
		Fields: []Field{
			{Value: path("NotificationRequestItem", "pspReference"), Blank: true},
			{Before: ":", Value: path("NotificationRequestItem", "originalReference"), Blank: true},
			{Before: ":", Value: path("NotificationRequestItem", "merchantAccountCode"), Blank: true},
			{Before: ":", Value: path("NotificationRequestItem", "merchantReference"), Blank: true},
			{Before: ":", Value: path("NotificationRequestItem", "amount", "value"), Blank: true},
			{Before: ":", Value: path("NotificationRequestItem", "amount", "currency"), Blank: true},
			{Before: ":", Value: path("NotificationRequestItem", "eventCode"), Blank: true},
			{Before: ":", Value: path("NotificationRequestItem", "success"), Blank: true},
		},
		ID: []Rule{{
			When: absent(path("notificationItems", "1")),
			Parts: []Value{
				path("notificationItems", "0", "NotificationRequestItem", "pspReference"), literal(":"),
				path("notificationItems", "0", "NotificationRequestItem", "eventCode"), literal(":"),
				path("notificationItems", "0", "NotificationRequestItem", "success"),
			},
		}},
		IDSigned: true, Hash: HashBody,
		TypePrefix: "com.adyen.", Type: made(path("notificationItems", "0", "NotificationRequestItem", "eventCode")),
		Time:   []TimeRule{{path("notificationItems", "0", "NotificationRequestItem", "eventDate"), RFC3339}},
		Answer: &Reply{Status: 200, ContentType: plainText, Body: []byte("[accepted]")},
		Batch: &Batch{
			Path: []string{"notificationItems"}, Proof: true,
			ID: made(path("NotificationRequestItem", "pspReference"), literal(":"), path("NotificationRequestItem", "eventCode"),
				literal(":"), path("NotificationRequestItem", "success")),
			Type: made(path("NotificationRequestItem", "eventCode")),
			Time: []TimeRule{{path("NotificationRequestItem", "eventDate"), RFC3339}},
		},
	},
	{
		Name: "aircall", Title: "Aircall", Checked: "2026-11-25", Confidence: ConfidenceB,
		AcceptedStatus: 200,
		Docs:           "https://developer.aircall.io/api-references/#webhooks",
		Notes:          "The body carries the webhook's token: no signature.",
		Headers:        []HeaderSet{{}}, InBody: path("token"), Keys: []KeyRule{{Algorithm: SharedToken}},
		Hash: HashBody, TypePrefix: "io.aircall.", Type: made(path("event")), Time: []TimeRule{{path("timestamp"), UnixSeconds}},
	},
	{
		Name: "asana", Title: "Asana", Checked: "2026-11-25", Confidence: ConfidenceA,
		AcceptedStatus: 200,
		Docs:           "https://developers.asana.com/docs/webhooks-guide",
		Notes: "Asana makes the secret: create the source with any secret, create the webhook, and rotate to the X-Hook-Secret of its answer. " +
			"Heartbeats are answered and are no events.",
		Headers: []HeaderSet{{Signature: "X-Hook-Signature"}}, Encoding: Hex, Keys: []KeyRule{{Algorithm: HMACSHA256}},
		Template: []Part{{Kind: PartBody}}, BodyCovered: true, Hash: HashBody,
		TypePrefix: "com.asana.", Type: made(path("events", "0", "resource", "resource_type"), literal("."), path("events", "0", "action")),
		Time: []TimeRule{{path("events", "0", "created_at"), RFC3339}},
		Handshakes: []Handshake{
			{Open: true, When: absent(Value{Name: "X-Hook-Signature"}), Echo: Value{Name: "X-Hook-Secret"}, Text: TokenText, Header: "X-Hook-Secret"},
			{When: absent(path("events", "0")), Status: 200},
		},
		Batch: &Batch{
			Path: []string{"events"}, Type: made(path("resource", "resource_type"), literal("."), path("action")),
			Time: []TimeRule{{path("created_at"), RFC3339}},
		},
		Thin: true,
	},
	{
		Name: "auth0", Title: "Auth0 log streams", Checked: "2026-11-25", Confidence: ConfidenceA,
		Docs:    "https://auth0.com/docs/customize/log-streams/custom-log-streams",
		Notes:   "The Authorization header as configured in the stream: no signature. Logs come in batches, as one array.",
		Headers: []HeaderSet{{Signature: "Authorization"}}, Keys: []KeyRule{{Algorithm: SharedToken}},
		Hash: HashBody, TypePrefix: "com.auth0.", Type: made(literal("log")), Time: []TimeRule{{path("0", "data", "date"), RFC3339}},
		Batch: &Batch{ID: made(path("log_id")), Type: made(literal("log."), path("data", "type")), Time: []TimeRule{{path("data", "date"), RFC3339}}},
	},
	{
		Name: "aws-sns", Title: "Amazon SNS", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
		Notes: "The secret is the topic's ARN: anybody can have SNS sign for a topic of his own. The certificate is fetched from SNS alone. " +
			"The subscription is confirmed once its request has verified. Raw message delivery is not signed and not taken.",
		Headers: []HeaderSet{{}}, Encoding: Base64, Keys: []KeyRule{{Algorithm: X509}},
		InBody: path("Signature"),
		Certificate: &Certificate{
			URL: path("SigningCertURL"), From: snsCertificates, Identity: path("TopicArn"),
			SHA1: is(path("SignatureVersion"), "1"),
		},
		Template: []Part{{Kind: PartFields}},
		Fields: []Field{
			{Before: "Message\n", Value: path("Message"), After: "\n"},
			{Before: "MessageId\n", Value: path("MessageId"), After: "\n"},
			{Before: "Subject\n", Value: path("Subject"), After: "\n", Optional: true},
			{Before: "SubscribeURL\n", Value: path("SubscribeURL"), After: "\n", Optional: true},
			{Before: "Timestamp\n", Value: path("Timestamp"), After: "\n"},
			{Before: "Token\n", Value: path("Token"), After: "\n", Optional: true},
			{Before: "TopicArn\n", Value: path("TopicArn"), After: "\n"},
			{Before: "Type\n", Value: path("Type"), After: "\n"},
		},
		Timestamp: Timestamp{Source: FromBody, JSON: []string{"Timestamp"}, Format: RFC3339, Past: 24 * time.Hour, Future: 5 * time.Minute},
		ID:        made(path("MessageId")), IDSigned: true,
		TypePrefix: "com.amazonaws.sns.", Type: made(path("Type")), Time: []TimeRule{{path("Timestamp"), RFC3339}},
		Handshakes: []Handshake{{When: is(path("Type"), "SubscriptionConfirmation"), Confirm: path("SubscribeURL"), ConfirmAt: snsConfirm}},
	},
	{
		Name: "box", Title: "Box", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:  "https://developer.box.com/guides/webhooks/v2/signatures-v2/",
		Notes: "Signed under the primary and the secondary key at once; give both as secrets.",
		Headers: []HeaderSet{
			{Signature: "BOX-SIGNATURE-PRIMARY", More: []string{"BOX-SIGNATURE-SECONDARY"}, Timestamp: "BOX-DELIVERY-TIMESTAMP", ID: "BOX-DELIVERY-ID"},
			{Signature: "BOX-SIGNATURE-SECONDARY", Timestamp: "BOX-DELIVERY-TIMESTAMP", ID: "BOX-DELIVERY-ID"},
		},
		Encoding: Base64, Keys: []KeyRule{{Algorithm: HMACSHA256}},
		Template: []Part{{Kind: PartBody}, {Kind: PartTimestamp}}, BodyCovered: true,
		Timestamp:  Timestamp{Source: FromHeader, Format: RFC3339, Past: 10 * time.Minute, Future: 5 * time.Minute},
		ID:         made(Value{Header: HeaderID}),
		TypePrefix: "com.box.", Type: made(path("trigger")), Time: []TimeRule{{path("created_at"), RFC3339}},
	},
	{
		Name: "chargebee", Title: "Chargebee", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings",
		Notes:   "Basic authentication: the secret is `user:password`. No signature.",
		Headers: []HeaderSet{{Signature: "Authorization"}}, Encoding: Base64, Keys: []KeyRule{{Algorithm: SharedToken, Label: "Basic "}},
		ID: made(path("id")), Hash: HashBody, TypePrefix: "com.chargebee.", Type: made(path("event_type")), Time: []TimeRule{{path("occurred_at"), UnixSeconds}},
	},
	{
		Name: "contentful", Title: "Contentful", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://www.contentful.com/developers/docs/webhooks/request-verification/",
		Notes: "Request verification. The headers that x-contentful-signed-headers lists are signed; the timestamp must be among them. " +
			"Give Contentful a URL without a query: it escapes one in a way of its own. A payload may be the operator's own and say the same twice: idempotency key, topic " +
			"and body name the event.",
		Headers: []HeaderSet{{
			Signature: "x-contentful-signature", Timestamp: "x-contentful-timestamp", Type: "X-Contentful-Topic", ID: "X-Contentful-Idempotency-Key",
		}}, Encoding: Hex,
		Keys:          []KeyRule{{Algorithm: HMACSHA256}},
		SignedHeaders: "x-contentful-signed-headers",
		Template: []Part{
			{Kind: PartMethod}, {Literal, "\n"}, {Kind: PartPath}, {Literal, "\n"}, {Kind: PartSignedHeaders}, {Literal, "\n"}, {Kind: PartBody},
		},
		BodyCovered: true,
		Timestamp:   Timestamp{Source: FromHeader, Format: UnixMillis, Past: 5 * time.Minute, Future: 5 * time.Minute},
		Hash:        HashTyped, TypePrefix: "com.contentful.", Type: made(Value{Header: HeaderType}), Time: []TimeRule{{path("sys", "updatedAt"), RFC3339}},
	},
	{
		Name: "docusign", Title: "DocuSign Connect", Checked: "2026-11-25", Confidence: ConfidenceA,
		AcceptedStatus: 200,
		Docs:           "https://developers.docusign.com/platform/webhooks/connect/hmac/",
		Notes: "One signature header for each active key, numbered; the first sixteen are read. The body counts the attempts, so event, envelope, recipient " +
			"and time name it.",
		Headers: []HeaderSet{{Signature: "X-DocuSign-Signature-1", More: docusignMore}}, Encoding: Base64, Keys: []KeyRule{{Algorithm: HMACSHA256}},
		Template: []Part{{Kind: PartBody}}, BodyCovered: true,
		ID: []Rule{
			{Parts: docusignID(literal(":"), path("data", "recipientId"))},
			{Parts: docusignID()},
		},
		IDSigned: true, Hash: HashBody, TypePrefix: "com.docusign.", Type: made(path("event")), Time: []TimeRule{{path("generatedDateTime"), RFC3339}},
	},
	{
		Name: "gitlab-token", Title: "GitLab, secret token", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://docs.gitlab.com/user/project/integrations/webhooks/",
		Notes:   "The older secret token: no signature. From GitLab 19 on a signing token does better.",
		Headers: []HeaderSet{{Signature: "X-Gitlab-Token", ID: "Idempotency-Key", Type: "X-Gitlab-Event"}}, Keys: []KeyRule{{Algorithm: SharedToken}},
		ID: made(Value{Header: HeaderID}), Hash: HashBody, TypePrefix: "com.gitlab.", Type: made(Value{Header: HeaderType}),
	},
	{
		Name: "fastly", Title: "Fastly log streaming", Checked: "2026-11-25", Confidence: ConfidenceA,
		Docs: "https://www.fastly.com/documentation/guides/integrations/logging-endpoints/log-streaming-https",
		Notes: "The endpoint's custom header, with the name Authorization and the secret as its value: no signature. Fastly asks the host first: the worker's " +
			"variable FASTLY_SERVICE_IDS lists the services that may send. Log JSON in the form `array of JSON`, uncompressed, at most 100 lines at once to be split. " +
			"Lines have no id but what you log: with a request id in each no two batches are alike.",
		Headers: []HeaderSet{{Signature: "Authorization"}}, Keys: []KeyRule{{Algorithm: SharedToken}},
		Hash: HashBody, TypePrefix: "com.fastly.", Type: made(literal("log")),
		HostProof: &HostProof{Path: "/.well-known/fastly/logging/challenge", Setting: "FASTLY_SERVICE_IDS"},
		Batch:     &Batch{Placed: true, Type: made(literal("log"))},
	},
	{
		Name: "google-channel", Title: "Google Calendar and Drive push", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://developers.google.com/workspace/calendar/api/guides/push",
		Notes:   "The secret is the channel's token. The body is empty and says only that something changed. The sync message is answered and is no event.",
		Headers: []HeaderSet{{Signature: "X-Goog-Channel-Token"}}, Keys: []KeyRule{{Algorithm: SharedToken}},
		ID:   made(Value{Name: "X-Goog-Channel-ID"}, literal(":"), Value{Name: "X-Goog-Message-Number"}),
		Hash: HashRequest, TypePrefix: "com.google.channel.", Type: made(Value{Name: "X-Goog-Resource-State"}),
		Handshakes: []Handshake{{When: is(Value{Name: "X-Goog-Resource-State"}, "sync"), Status: 200}},
		Thin:       true,
	},
	{
		Name: "google-pubsub", Title: "Google Cloud Pub/Sub push", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions",
		Notes: "The secret is the service account's e-mail of the push subscription: anybody can have Google sign a token for any audience. " +
			"The audience is the parameter, or the source's URL. The token does not cover the body. Gmail push too.",
		Params:  []Param{{Name: "audience", Doc: "The audience configured in the subscription, if it is not the webhook's URL."}},
		Headers: []HeaderSet{{Signature: "Authorization"}}, Keys: []KeyRule{{Algorithm: JWTPublic, Label: "Bearer "}},
		JWT: &JWT{
			KeySet: "https://www.googleapis.com/oauth2/v3/certs", Identity: "email", Verified: "email_verified",
			Issuers: []string{"https://accounts.google.com", "accounts.google.com"}, Audience: true,
		},
		ID: made(path("message", "messageId")), Hash: HashBody, TypePrefix: "com.google.pubsub.", Type: made(literal("message")),
		Time: []TimeRule{{path("message", "publishTime"), RFC3339}},
	},
	{
		Name: "hubspot-v1", Title: "HubSpot, signature v1", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests",
		Notes:   "A bare hash over secret and body, which must be JSON. Prefer hubspot (v3).",
		Headers: []HeaderSet{{Signature: "X-HubSpot-Signature"}}, Encoding: Hex, Keys: []KeyRule{{Algorithm: SHA256Digest}},
		Template: []Part{{Kind: PartSecret}, {Kind: PartBody}}, BodyCovered: true,
		Hash: HashBody, TypePrefix: "com.hubspot.", Type: made(path("0", "subscriptionType")), Time: []TimeRule{{path("0", "occurredAt"), UnixMillis}},
		Batch: hubspotBatch,
	},
	{
		Name: "hubspot-v2", Title: "HubSpot, signature v2", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs:    "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests",
		Notes:   "A bare hash over secret, method, URL and body, which must be JSON. Prefer hubspot (v3).",
		Headers: []HeaderSet{{Signature: "X-HubSpot-Signature"}}, Encoding: Hex, Keys: []KeyRule{{Algorithm: SHA256Digest}},
		Template: []Part{{Kind: PartSecret}, {Kind: PartMethod}, {Kind: PartURL}, {Kind: PartBody}}, BodyCovered: true,
		Hash: HashBody, TypePrefix: "com.hubspot.", Type: made(path("0", "subscriptionType")), Time: []TimeRule{{path("0", "occurredAt"), UnixMillis}},
		Batch: hubspotBatch,
	},
	{
		Name: "jira-connect", Title: "Jira and Confluence, Connect apps", Checked: "2026-11-25", Confidence: ConfidenceA,
		Docs: "https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/",
		Notes: "A JWT under the sharedSecret of the app's installation. It covers method, path and query (qsh), not the body. " +
			"The installation's own callbacks are signed another way and refused here.",
		Params: []Param{
			{Name: "client_key", Doc: "The clientKey of the app's installation, which iss must be.", Required: true},
			{Name: basePathParam, Doc: "The path of the app's baseUrl, if it has one: the token's qsh leaves it out."},
		},
		Headers: []HeaderSet{{Signature: "Authorization", ID: "X-Atlassian-Webhook-Identifier"}}, Keys: []KeyRule{{Algorithm: JWTHS256, Label: "JWT "}},
		JWT: &JWT{Issuers: []string{"{client_key}"}, RequestHash: "qsh"},
		ID:  made(Value{Header: HeaderID}), Hash: HashBody, TypePrefix: "com.atlassian.", Type: made(path("webhookEvent")), Time: []TimeRule{{path("timestamp"), UnixMillis}},
	},
	{
		Name: "mailgun", Title: "Mailgun", Checked: "2026-11-25", Confidence: ConfidenceA,
		AcceptedStatus: 200,
		Docs:           "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
		Notes: "The signature is in the body and covers a timestamp and a token, not the event: who saw one delivery can write another. " +
			"So the event is named by the token, which serves once. A subaccount's deliveries are read by its own key, not the parent's. Mailgun repeats for eight hours, so nine are taken.",
		Headers: []HeaderSet{{}}, InBody: path("signature", "signature"), Encoding: Hex, Keys: []KeyRule{{Algorithm: HMACSHA256}},
		Template:   []Part{{Kind: PartFields}},
		Fields:     []Field{{Value: path("signature", "timestamp")}, {Value: path("signature", "token")}},
		Timestamp:  Timestamp{Source: FromBody, JSON: []string{"signature", "timestamp"}, Format: UnixSeconds, Past: 9 * time.Hour, Future: 5 * time.Minute},
		ID:         made(path("signature", "token")),
		IDSigned:   true,
		TypePrefix: "com.mailgun.", Type: made(path("event-data", "event")), Time: []TimeRule{{path("event-data", "timestamp"), UnixFraction}},
	},
	{
		Name: "mandrill", Title: "Mailchimp Transactional (Mandrill)", Checked: "2026-11-23", Confidence: ConfidenceB,
		AcceptedStatus: 200,
		Docs:           "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
		Notes:          "The URL is signed as registered. Events come in one form field, as an array.",
		Headers:        []HeaderSet{{Signature: "X-Mandrill-Signature"}}, Encoding: Base64, Keys: []KeyRule{{Algorithm: HMACSHA1}},
		Template: []Part{{Kind: PartURL}, {Kind: PartSortedForm}}, BodyCovered: true,
		Hash: HashBody, TypePrefix: "com.mandrill.", Type: made(Value{Form: "mandrill_events", JSON: []string{"0", "event"}}),
		Time:       []TimeRule{{Value{Form: "mandrill_events", JSON: []string{"0", "ts"}}, UnixSeconds}},
		Handshakes: []Handshake{{Method: "HEAD", Open: true}},
	},
	{
		Name: "microsoft-graph", Title: "Microsoft Graph", Checked: "2026-11-25", Confidence: ConfidenceA,
		Docs: "https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks",
		Notes: "The secret is the subscription's clientState, which each notification repeats: no signature. With `audience` the validation tokens of rich " +
			"notifications are demanded too; their encrypted content stays encrypted. Notifications without id repeat byte for byte, so each request is its own event then.",
		Headers: []HeaderSet{{}}, InBody: path("clientState"), Keys: []KeyRule{{Algorithm: SharedToken}},
		Params: []Param{
			{Name: "audience", Doc: "The app's id. With it each delivery must have validation tokens for it, as rich notifications do."},
			{Name: "tenant_id", Doc: "The id of the Microsoft Entra tenant that issues the validation tokens."},
		},
		Tokens: &Tokens{
			Param: "audience", Path: []string{"validationTokens"}, Sender: []string{"azp", "appid"}, Is: graphPublisher,
			JWT: JWT{
				KeySet:   "https://login.microsoftonline.com/common/discovery/v2.0/keys",
				Issuers:  []string{"https://sts.windows.net/{tenant_id}/", "https://login.microsoftonline.com/{tenant_id}/v2.0"},
				Audience: true,
			},
		},
		ID:   []Rule{{When: absent(path("value", "1")), Parts: []Value{path("value", "0", "id")}}},
		Hash: HashRequest, TypePrefix: "com.microsoft.graph.", Type: made(path("value", "0", "changeType")),
		Handshakes: []Handshake{{Open: true, Echo: Value{Query: "validationToken"}, Text: PlainText, ContentType: "text/plain"}},
		Batch:      &Batch{Path: []string{"value"}, Proof: true, ID: made(path("id")), Type: made(path("changeType"))},
		Thin:       true,
	},
	{
		Name: "monday", Title: "monday.com", Checked: "2026-11-25", Confidence: ConfidenceA,
		AcceptedStatus: 200,
		Docs:           "https://developer.monday.com/apps/docs/authorization-header",
		Notes: "A JWT under the app's signing secret, which does not cover the body. Its audience must be the parameter, or the source's URL. " +
			"Webhooks that no app has made carry none and are refused; so are an app's lifecycle events, under the client secret, if they name no audience.",
		Params:  []Param{{Name: "audience", Doc: "What aud must have, if it is not the webhook's URL."}},
		Headers: []HeaderSet{{Signature: "Authorization"}}, Keys: []KeyRule{{Algorithm: JWTHS256}},
		JWT: &JWT{Audience: true},
		ID:  made(path("event", "triggerUuid")), Hash: HashBody, TypePrefix: "com.monday.", Type: made(path("event", "type")),
		Time: []TimeRule{{path("event", "triggerTime"), RFC3339}},
		Handshakes: []Handshake{{
			Open: true, When: absent(path("event")), Echo: path("challenge"), Text: TokenText,
			Before: `{"challenge":"`, After: `"}`, ContentType: jsonType,
		}},
	},
	{
		Name: "netlify", Title: "Netlify", Checked: "2026-11-23", Confidence: ConfidenceB,
		Docs:    "https://docs.netlify.com/deploy/deploy-notifications/#payload-signature",
		Notes:   "A JWT that holds the body's hash. It has no time.",
		Headers: []HeaderSet{{Signature: "X-Webhook-Signature"}}, Keys: []KeyRule{{Algorithm: JWTHS256}},
		JWT:         &JWT{Issuers: []string{"netlify"}, BodyHash: "sha256", Timeless: true},
		BodyCovered: true, Hash: HashBody, TypePrefix: "com.netlify.", Type: made(literal("deploy."), path("state")),
		Time: []TimeRule{{path("updated_at"), RFC3339}},
	},
	{
		Name: "okta", Title: "Okta event hooks", Checked: "2026-11-25", Confidence: ConfidenceA,
		AcceptedStatus: 200,
		Docs:           "https://developer.okta.com/docs/concepts/event-hooks/",
		Notes:          "The header as configured in the hook: no signature. The one-time verification is answered to who has the secret.",
		Headers:        []HeaderSet{{Signature: "Authorization"}}, Keys: []KeyRule{{Algorithm: SharedToken}},
		ID: made(path("eventId")), Hash: HashBody, TypePrefix: "com.okta.", Type: made(path("data", "events", "0", "eventType")),
		Time: []TimeRule{{path("eventTime"), RFC3339}},
		Handshakes: []Handshake{{
			Method: "GET", Echo: Value{Name: "X-Okta-Verification-Challenge"}, Text: TokenText,
			Before: `{"verification":"`, After: `"}`, ContentType: jsonType,
		}},
		Batch: &Batch{Path: []string{"data", "events"}, ID: made(path("uuid")), Type: made(path("eventType")), Time: []TimeRule{{path("published"), RFC3339}}},
	},
	{
		Name: "paypal", Title: "PayPal", Checked: "2026-11-25", Confidence: ConfidenceA,
		Docs: "https://developer.paypal.com/api/rest/webhooks/rest/",
		Notes: "The secret is the webhook's id. The certificate is fetched from PayPal alone. The signature covers the transmission's id and time, " +
			"and of the body its CRC-32, which is no hash: who saw one delivery can write another body under it. So the event is named by the " +
			"transmission's id, and the body counts as unsigned; fetch what matters from PayPal. A resend under another id is another event.",
		Headers:  []HeaderSet{{Signature: "PAYPAL-TRANSMISSION-SIG", ID: "PAYPAL-TRANSMISSION-ID", Timestamp: "PAYPAL-TRANSMISSION-TIME"}},
		Encoding: Base64, Keys: []KeyRule{{Algorithm: X509}},
		Certificate: &Certificate{URL: Value{Name: "PAYPAL-CERT-URL"}, From: []Place{
			{Host: "api.paypal.com", Path: paypalCertificate},
			{Host: "api-m.paypal.com", Path: paypalCertificate},
			{Host: "api.sandbox.paypal.com", Path: paypalCertificate},
			{Host: "api-m.sandbox.paypal.com", Path: paypalCertificate},
		}},
		Template: []Part{
			{Kind: PartID}, {Literal, "|"}, {Kind: PartTimestamp}, {Literal, "|"}, {Kind: PartSecret}, {Literal, "|"}, {Kind: PartCRC32},
		},
		Timestamp: Timestamp{Source: FromHeader, Format: RFC3339, Past: 72 * time.Hour, Future: 5 * time.Minute},
		ID:        made(Value{Header: HeaderID}), IDSigned: true,
		TypePrefix: "com.paypal.", Type: made(path("event_type")), Time: []TimeRule{{path("create_time"), RFC3339}},
	},
	{
		Name: "plaid", Title: "Plaid", Checked: "2026-11-23", Confidence: ConfidenceB,
		AcceptedStatus: 200,
		Docs:           "https://plaid.com/docs/api/webhooks/webhook-verification/",
		Notes: "The secret is the public key, in DER and base64, that /webhook_verification_key/get names for the kid; " +
			"that call needs the client's credentials, which the edge does not have. When Plaid changes the key, rotate. Its notifications have no id and mostly no " +
			"time, so the token of each names it: one that Plaid signs anew is another event.",
		Headers: []HeaderSet{{Signature: "Plaid-Verification"}}, Keys: []KeyRule{{Encoding: Base64, Algorithm: JWTPublic}},
		JWT:         &JWT{BodyHash: "request_body_sha256", MaxAge: 5 * time.Minute},
		ID:          made(Value{Name: "Plaid-Verification"}),
		BodyCovered: true, Hash: HashBody, TypePrefix: "com.plaid.", Type: made(path("webhook_type"), literal("."), path("webhook_code")),
		Thin: true,
	},
	{
		Name: "postmark", Title: "Postmark", Checked: "2026-11-23", Confidence: ConfidenceB,
		AcceptedStatus: 200,
		Docs:           "https://postmarkapp.com/developer/webhooks/webhooks-overview",
		Notes: "Basic authentication in the webhook's URL: the secret is `user:password`. No signature. A message has many events of one kind: " +
			"they are told apart by recipient, time and link.",
		Headers: []HeaderSet{{Signature: "Authorization"}}, Encoding: Base64, Keys: []KeyRule{{Algorithm: SharedToken, Label: "Basic "}},
		ID: []Rule{
			postmarkID("Recipient", "ReceivedAt", "OriginalLink"), // a click
			postmarkID("Recipient", "ReceivedAt"),
			postmarkID("Recipient", "DeliveredAt"),
			postmarkID("Recipient", "ChangedAt"),
			postmarkID("Email", "BouncedAt"),
		},
		Hash: HashBody, TypePrefix: "com.postmarkapp.", Type: made(path("RecordType")),
	},
	{
		Name: "salesforce", Title: "Salesforce outbound messages", Checked: "2026-11-25", Confidence: ConfidenceA,
		Docs: "https://developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-wsdl.html",
		Notes: "Salesforce signs nothing: the secret is the parameter `token` of the URL, as long as it stays one. The body is SOAP, up to a hundred notifications " +
			"of one message; it is answered by Ack. One that is sent again with others is another event: look at the notifications' Ids. " +
			"Leave \"Send Session ID\" off: the body would carry a credential.",
		Headers: []HeaderSet{{Signature: "?token"}}, Keys: []KeyRule{{Algorithm: SharedToken}},
		Hash: HashBody, TypePrefix: "com.salesforce.", Type: made(literal("outbound_message")),
		Answer: &Reply{Status: 200, ContentType: "text/xml; charset=utf-8", Body: []byte(`<?xml version="1.0" encoding="UTF-8"?>` +
			`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">` +
			`<Ack>true</Ack></notificationsResponse></Body></Envelope>`)},
	},
	{
		Name: "sendgrid", Title: "Twilio SendGrid event webhook", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
		Notes: "The secret is the verification key (ECDSA P-256, DER in base64). Events come in batches. SendGrid names no tolerance and repeats " +
			"for a day: 25 hours are taken.",
		Headers:  []HeaderSet{{Signature: "X-Twilio-Email-Event-Webhook-Signature", Timestamp: "X-Twilio-Email-Event-Webhook-Timestamp"}},
		Encoding: Base64, Keys: []KeyRule{{Encoding: Base64, Algorithm: ECDSAP256}},
		Template: []Part{{Kind: PartTimestamp}, {Kind: PartBody}}, BodyCovered: true,
		Timestamp: Timestamp{Source: FromHeader, Format: UnixSeconds, Past: 25 * time.Hour, Future: 5 * time.Minute},
		ID:        []Rule{{When: absent(path("1")), Parts: []Value{path("0", "sg_event_id")}}}, IDSigned: true,
		Hash: HashBody, TypePrefix: "com.sendgrid.", Type: made(path("0", "event")), Time: []TimeRule{{path("0", "timestamp"), UnixSeconds}},
		Batch: &Batch{ID: made(path("sg_event_id")), Type: made(path("event")), Time: []TimeRule{{path("timestamp"), UnixSeconds}}},
	},
	{
		Name: "telegram", Title: "Telegram bots", Checked: "2026-11-25", Confidence: ConfidenceA,
		Docs:    "https://core.telegram.org/bots/api#setwebhook",
		Notes:   "The secret_token given to setWebhook: no signature.",
		Headers: []HeaderSet{{Signature: "X-Telegram-Bot-Api-Secret-Token"}}, Keys: []KeyRule{{Algorithm: SharedToken}},
		ID: made(path("update_id")), Hash: HashBody, TypePrefix: "org.telegram.", Type: made(literal("update")), Time: []TimeRule{{path("message", "date"), UnixSeconds}},
	},
	{
		Name: "twilio", Title: "Twilio", Checked: "2026-11-23", Confidence: ConfidenceA,
		Docs: "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
		Notes: "The secret is the account's auth token. The URL is signed as Twilio called it, so give the registered one if a proxy changes it. " +
			"Keys and values of a form are signed run together. The answer is empty TwiML.",
		Headers: []HeaderSet{{Signature: "X-Twilio-Signature"}}, Encoding: Base64, Keys: []KeyRule{{Algorithm: HMACSHA1}},
		Template: []Part{{Kind: PartURL}, {Kind: PartSortedForm}}, BodyCovered: true,
		ID: []Rule{
			{Parts: []Value{{Form: "MessageSid"}, literal(":"), {Form: "MessageStatus"}}},
			{Parts: []Value{{Form: "MessageSid"}, literal(":"), {Form: "SmsStatus"}}},
		},
		IDSigned: true, TypePrefix: "com.twilio.",
		Type: []Rule{
			{Parts: []Value{literal("message."), {Form: "MessageStatus"}}},
			{Parts: []Value{literal("message."), {Form: "SmsStatus"}}},
			{Parts: []Value{literal("call."), {Form: "CallStatus"}}},
		},
		Answer: &Reply{Status: 200, ContentType: "text/xml", Body: []byte("<Response/>")},
	},
}

// docusignID names an event of an envelope, or of one of its recipients.
func docusignID(recipient ...Value) []Value {
	return slices.Concat([]Value{path("event"), literal(":"), path("data", "envelopeId")}, recipient, []Value{literal(":"), path("generatedDateTime")})
}

// postmarkID names an event of a message by what tells it from the others.
func postmarkID(members ...string) Rule {
	parts := []Value{path("MessageID"), literal(":"), path("RecordType")}
	for _, m := range members {
		parts = append(parts, literal(":"), path(m))
	}
	return Rule{Parts: parts}
}

var (
	snsCertificates = []Place{
		{Host: "sns.*.amazonaws.com", Path: "/SimpleNotificationService-*.pem"},
		{Host: "sns.*.amazonaws.com.cn", Path: "/SimpleNotificationService-*.pem"},
	}
	snsConfirm = []Place{
		{Host: "sns.*.amazonaws.com", Path: "/", Query: confirmSubscription},
		{Host: "sns.*.amazonaws.com.cn", Path: "/", Query: confirmSubscription},
	}
	confirmSubscription = [2]string{"Action", "ConfirmSubscription"}
	docusignMore        = []string{
		"X-DocuSign-Signature-2", "X-DocuSign-Signature-3", "X-DocuSign-Signature-4", "X-DocuSign-Signature-5",
		"X-DocuSign-Signature-6", "X-DocuSign-Signature-7", "X-DocuSign-Signature-8", "X-DocuSign-Signature-9",
		"X-DocuSign-Signature-10", "X-DocuSign-Signature-11", "X-DocuSign-Signature-12", "X-DocuSign-Signature-13",
		"X-DocuSign-Signature-14", "X-DocuSign-Signature-15", "X-DocuSign-Signature-16",
	}
	hubspotBatch = &Batch{
		ID:   made(path("subscriptionId"), literal(":"), path("eventId"), literal(":"), path("occurredAt")),
		Type: made(path("subscriptionType")), Time: []TimeRule{{path("occurredAt"), UnixMillis}},
	}
	// The parts of Meta's deliveries are named as the rows name a delivery of
	// one (metaAlone, whatsappAlone): an entry's time is that of sending.
	metaBatch = &Batch{
		Path: []string{"entry"}, Type: made(path("changes", "0", "field")),
		ID: []Rule{
			{When: slices.Concat(metaOne, absent(path("messaging", "0", "message", "is_deleted"))), Parts: []Value{path("messaging", "0", "message", "mid")}},
			{When: slices.Concat(metaOne, is(path("messaging", "0", "message", "is_deleted"), "true")), Parts: []Value{path("messaging", "0", "message", "mid"), literal(":deleted")}},
		},
	}
	metaOne       = slices.Concat(absent(path("messaging", "1")), absent(path("changes")))
	whatsappBatch = &Batch{
		Path: []string{"entry"}, Type: made(path("changes", "0", "field")),
		ID: []Rule{
			{When: whatsappOne, Parts: []Value{path("changes", "0", "value", "messages", "0", "id")}},
			{When: whatsappOne, Parts: []Value{path("changes", "0", "value", "statuses", "0", "id"), literal(":"), path("changes", "0", "value", "statuses", "0", "status")}},
		},
	}
	whatsappOne   = slices.Concat(absent(path("changes", "1")), absent(path("changes", "0", "value", "messages", "1")), absent(path("changes", "0", "value", "statuses", "1")))
	metaHandshake = []Handshake{{
		Method: "GET", Open: true, When: is(Value{Query: "hub.mode"}, "subscribe"),
		Known: Value{Query: "hub.verify_token"}, KnownParam: "verify_token",
		Echo: Value{Query: "hub.challenge"}, Text: TokenText, ContentType: plainText,
	}}
	metaParams = []Param{{Name: "verify_token", Doc: "The verify token given to Meta; without it Meta's verification of the URL is refused."}}
)

// smartcarVerify answers Smartcar's one-time challenge.
func smartcarVerify(when []Condition, challenge Value) Handshake {
	return Handshake{Open: true, When: when, Echo: challenge, Text: TokenText, Before: `{"challenge":"`, MAC: Hex, After: `"}`, ContentType: jsonType}
}

// extras are what handshakes, batches and answers add to rows of catalogue.go.
var extras = [...]Scheme{
	{Name: "discord", Handshakes: []Handshake{
		{When: []Condition{{path("type"), "1"}, {path("event"), ""}}, Before: `{"type":1}`, ContentType: jsonType},
		{When: []Condition{{path("type"), "0"}, {path("event"), ""}}, Status: 204},
	}},
	{Name: "dropbox", Handshakes: []Handshake{
		{Method: "GET", Open: true, Echo: Value{Query: "challenge"}, Text: TokenText, ContentType: plainText},
	}, Thin: true},
	{Name: "front", Handshakes: []Handshake{{Echo: Value{Name: "X-Front-Challenge"}, Text: TokenText, ContentType: plainText}}},
	{
		Name: "hubspot", Batch: hubspotBatch,
		Template: []Part{{Kind: PartMethod}, {Kind: PartURLDecoded}, {Kind: PartBody}, {Kind: PartTimestamp}},
	},
	{
		Name: "notion", Params: []Param{{
			Name: "setup",
			Doc: "A random text of your own, of 16 characters or more, that the URL given to Notion has as `?setup=…`. Only then is the token of Notion's first request kept for an hour, " +
				"for `GET …/sources/{source}/offer`; without it that request is refused.",
		}},
		Handshakes: []Handshake{{
			Open: true, When: absent(Value{Name: "X-Notion-Signature"}), Known: Value{Query: "setup"}, KnownParam: "setup",
			Echo: path("verification_token"), Offers: true, Text: TokenText,
		}},
	},
	{Name: "intercom", Handshakes: []Handshake{{Method: "HEAD", Open: true}}},
	{Name: "nylas", Handshakes: []Handshake{
		{Method: "GET", Open: true, Echo: Value{Query: "challenge"}, Text: TokenText, ContentType: plainText},
	}},
	{Name: "openai", Thin: true},
	{Name: "meta", Handshakes: metaHandshake, Params: metaParams, Batch: metaBatch},
	{
		// As of X: the challenge's MAC is under the key that signs bodies.
		Name: "smartcar", ObjectBody: true, Handshakes: []Handshake{
			smartcarVerify(is(path("eventType"), "VERIFY"), path("data", "challenge")),
			smartcarVerify(is(path("eventName"), "verify"), path("payload", "challenge")), // version 2 of the payload
		},
	},
	{Name: "trello", Handshakes: []Handshake{{Method: "HEAD", Open: true}}},
	{Name: "whatsapp", Handshakes: metaHandshake, Params: metaParams, Batch: whatsappBatch},
	{Name: "woocommerce", Handshakes: []Handshake{{
		Open: true, When: absent(Value{Name: "X-WC-Webhook-Signature"}), Echo: Value{Form: "webhook_id"}, Text: TokenText, ContentType: plainText,
	}}},
	{
		// The challenge's MAC is under the key that signs events, which sign
		// the body alone: a body that is no object is therefore no event.
		Name: "x", ObjectBody: true, Handshakes: []Handshake{{
			Method: "GET", Open: true, Echo: Value{Query: "crc_token"}, Text: TokenText,
			Before: `{"response_token":"sha256=`, MAC: Base64, After: `"}`, ContentType: jsonType,
		}},
	},
	{
		Name: "xero", Answer: &Reply{Status: 200},
		Handshakes: []Handshake{{When: absent(path("events", "0")), Status: 200}},
		Batch: &Batch{
			Path: []string{"events"}, Type: made(path("eventCategory"), literal("."), path("eventType")),
		},
		Thin: true,
	},
	{Name: "zoom", Handshakes: []Handshake{{
		When: is(path("event"), "endpoint.url_validation"), Echo: path("payload", "plainToken"), Text: TokenText,
		Before: `{"plainToken":"`, Between: `","encryptedToken":"`, MAC: Hex, After: `"}`, ContentType: jsonType,
	}}},
}
