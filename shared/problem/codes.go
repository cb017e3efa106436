package problem

// Stable codes. A code keeps its meaning for good; a new meaning gets a new
// code.
const (
	// Any route.
	CodeBadRequest       = "bad_request"
	CodeNotFound         = "not_found"
	CodeMethodNotAllowed = "method_not_allowed"
	CodeRequestTimeout   = "request_timeout"
	CodeBodyTooLarge     = "body_too_large"
	CodeURITooLong       = "uri_too_long"
	CodeHeadersTooLarge  = "headers_too_large"
	CodeInternal         = "internal"
	CodeBadGateway       = "bad_gateway"
	CodeUnavailable      = "unavailable"
	CodeNotReady         = "not_ready"

	// The edge: POST and GET /webhooks/{tenant}/{source}.
	CodeMissingSignature    = "missing_signature"
	CodeMalformedSignature  = "malformed_signature"
	CodeBadSignature        = "bad_signature"
	CodeStaleTimestamp      = "stale_timestamp"
	CodeFutureTimestamp     = "future_timestamp"
	CodeDuplicateHeader     = "duplicate_header"
	CodeInvalidHandshake    = "invalid_handshake"
	CodeSourceNotReady      = "source_not_ready"
	CodeKeysUnavailable     = "keys_unavailable"
	CodeUnreadableEvent     = "unreadable_event"
	CodeUnsupportedEncoding = "unsupported_encoding"
	CodeOverloaded          = "overloaded"

	// The API under /v1.
	CodeUnauthenticated      = "unauthenticated"
	CodeUnsupportedMediaType = "unsupported_media_type"
	CodeInvalidJSON          = "invalid_json"
	CodeInvalidRequest       = "invalid_request"
	CodeInvalidName          = "invalid_name"
	CodeInvalidQuery         = "invalid_query"
	CodeInvalidCursor        = "invalid_cursor"
	CodeInvalidTarget        = "invalid_target"
	CodeUnknownProvider      = "unknown_provider"
	CodeUnknownDestination   = "unknown_destination"
	CodeUnknownConnection    = "unknown_connection"
	CodeUnknownSource        = "unknown_source"
	CodeInvalidSecret        = "invalid_secret"
	CodeInvalidParams        = "invalid_params"
	CodeTooManySecrets       = "too_many_secrets"
	CodeLimitReached         = "limit_reached"
	CodeConflict             = "conflict"
	CodeRestrictedKey        = "restricted_key"
	CodePayloadGone          = "payload_gone"

	// Destinations, writes and reads.
	CodeInvalidDestination  = "invalid_destination"
	CodeInvalidWrite        = "invalid_write"
	CodeInvalidPath         = "invalid_path"
	CodeInvalidHeader       = "invalid_header"
	CodeExpired             = "expired"
	CodeIdempotencyConflict = "idempotency_conflict"
	CodeQueueFull           = "queue_full"
	CodeRateLimited         = "rate_limited"
	CodeDestinationFailing  = "destination_failing"
	CodeDestinationTimeout  = "destination_timeout"
	CodeAnswerTooLarge      = "answer_too_large"

	// Connections and their authorization.
	CodeNeedsReauth         = "needs_reauth"
	CodeTokenUnavailable    = "token_unavailable"
	CodeTokenRefused        = "token_refused"
	CodeCallerNotAllowed    = "caller_not_allowed"
	CodeDiscoveryFailed     = "discovery_failed"
	CodeInvalidState        = "invalid_state"
	CodeWrongIssuer         = "wrong_issuer"
	CodeAuthorizationDenied = "authorization_denied"
	CodeExchangeFailed      = "exchange_failed"

	// The agent's endpoint: /mcp/{tenant}.
	CodeForbiddenOrigin   = "forbidden_origin"
	CodeInsufficientScope = "insufficient_scope"
	CodeForbiddenTool     = "forbidden_tool"
	CodePathNotListed     = "path_not_listed"
)

// table is every problem there is; read only.
var table = [...]Problem{
	{Status: 400, Code: CodeBadRequest, Title: "The request is malformed"},
	{Status: 404, Code: CodeNotFound, Title: "There is nothing here"},
	{Status: 405, Code: CodeMethodNotAllowed, Title: "This route does not take that method"},
	{Status: 408, Code: CodeRequestTimeout, Title: "The request did not arrive in time"},
	{Status: 413, Code: CodeBodyTooLarge, Title: "The body is too large"},
	{Status: 414, Code: CodeURITooLong, Title: "The URL is too long"},
	{Status: 431, Code: CodeHeadersTooLarge, Title: "The headers are too large"},
	{Status: 500, Code: CodeInternal, Title: "Something went wrong on our side"},
	{Status: 502, Code: CodeBadGateway, Title: "A part behind this one did not answer properly"},
	{Status: 503, Code: CodeUnavailable, Title: "Not available at the moment, try again"},
	{Status: 503, Code: CodeNotReady, Title: "A setting is missing"},

	{Status: 401, Code: CodeMissingSignature, Title: "The signature is missing"},
	{Status: 401, Code: CodeMalformedSignature, Title: "The signature cannot be read"},
	{Status: 401, Code: CodeBadSignature, Title: "The signature does not match"},
	{Status: 401, Code: CodeStaleTimestamp, Title: "The signed timestamp is outside the tolerance"},
	{Status: 401, Code: CodeFutureTimestamp, Title: "The signed timestamp lies in the future"},
	{Status: 401, Code: CodeDuplicateHeader, Title: "A header or element of the signature occurs more than once"},
	{Status: 400, Code: CodeInvalidHandshake, Title: "The handshake cannot be answered"},
	{Status: 503, Code: CodeSourceNotReady, Title: "This source cannot verify anything yet"},
	{Status: 503, Code: CodeKeysUnavailable, Title: "The provider's keys could not be fetched"},
	{Status: 400, Code: CodeUnreadableEvent, Title: "The event cannot be read"},
	{Status: 415, Code: CodeUnsupportedEncoding, Title: "The content coding is not supported"},
	{Status: 503, Code: CodeOverloaded, Title: "Too many large bodies are under way, try again"},

	{Status: 401, Code: CodeUnauthenticated, Title: "A valid bearer token is required"},
	{Status: 415, Code: CodeUnsupportedMediaType, Title: "The body must be application/json"},
	{Status: 400, Code: CodeInvalidJSON, Title: "The body is not the JSON this route takes"},
	{Status: 422, Code: CodeInvalidRequest, Title: "A value is not acceptable"},
	{Status: 400, Code: CodeInvalidName, Title: "A name must match [a-z0-9][a-z0-9_-]{0,62}"},
	{Status: 400, Code: CodeInvalidQuery, Title: "A query parameter is not acceptable"},
	{Status: 400, Code: CodeInvalidCursor, Title: "The cursor is not one this list gave"},
	{Status: 422, Code: CodeInvalidTarget, Title: "The URL is not an allowed target"},
	{Status: 422, Code: CodeUnknownProvider, Title: "The provider is not in the catalogue"},
	{Status: 422, Code: CodeUnknownDestination, Title: "The tenant has no destination of that name"},
	{Status: 422, Code: CodeUnknownConnection, Title: "The tenant has no connection of that name"},
	{Status: 422, Code: CodeUnknownSource, Title: "The tenant has no source of that name"},
	{Status: 422, Code: CodeInvalidSecret, Title: "A secret does not have the provider's form"},
	{Status: 422, Code: CodeInvalidParams, Title: "A parameter of the source is missing, unknown or malformed"},
	{Status: 409, Code: CodeTooManySecrets, Title: "Too many secrets are active"},
	{Status: 409, Code: CodeLimitReached, Title: "The tenant has as many of these as it may"},
	{Status: 409, Code: CodeConflict, Title: "The state does not allow this"},
	{Status: 403, Code: CodeRestrictedKey, Title: "This key does not open this route"},
	{Status: 409, Code: CodePayloadGone, Title: "The payload is no longer kept"},

	{Status: 422, Code: CodeInvalidDestination, Title: "The destination is not acceptable"},
	{Status: 422, Code: CodeInvalidWrite, Title: "A write is not acceptable"},
	{Status: 422, Code: CodeInvalidPath, Title: "The path leaves the destination or could be read in two ways"},
	{Status: 422, Code: CodeInvalidHeader, Title: "A header is not the caller's to set, or malformed"},
	{Status: 422, Code: CodeExpired, Title: "expires_at has passed"},
	{Status: 409, Code: CodeIdempotencyConflict, Title: "The idempotency key was used for another write"},
	{Status: 429, Code: CodeQueueFull, Title: "As many writes wait as may"},
	{Status: 429, Code: CodeRateLimited, Title: "The budget is used up for the moment"},
	{Status: 503, Code: CodeDestinationFailing, Title: "The destination is failing, its breaker is open"},
	{Status: 504, Code: CodeDestinationTimeout, Title: "The destination did not answer in time"},
	{Status: 502, Code: CodeAnswerTooLarge, Title: "The destination's answer is too large"},

	{Status: 409, Code: CodeNeedsReauth, Title: "The connection must be authorized again"},
	{Status: 503, Code: CodeTokenUnavailable, Title: "There is no live token at the moment"},
	{Status: 409, Code: CodeTokenRefused, Title: "The destination refuses a fresh token"},
	{Status: 403, Code: CodeCallerNotAllowed, Title: "The connection does not allow this caller"},
	{Status: 502, Code: CodeDiscoveryFailed, Title: "The issuer's metadata cannot be used"},
	{Status: 400, Code: CodeInvalidState, Title: "There is no such authorization under way"},
	{Status: 400, Code: CodeWrongIssuer, Title: "The answer is from another issuer"},
	{Status: 400, Code: CodeAuthorizationDenied, Title: "The provider did not grant the authorization"},
	{Status: 502, Code: CodeExchangeFailed, Title: "The provider did not give tokens"},

	{Status: 403, Code: CodeForbiddenOrigin, Title: "A page of this origin may not call here"},
	{Status: 403, Code: CodeInsufficientScope, Title: "The token lacks a scope"},
	{Status: 403, Code: CodeForbiddenTool, Title: "This key may not use that tool"},
	{Status: 403, Code: CodePathNotListed, Title: "The destination does not list this path for reading by tools"},
}
