package webhook

// refusal is an error with the stable code that strangers may see.
type refusal struct{ code, text string }

func (r *refusal) Error() string { return "webhook: " + r.text }

func refuse(code, text string) error { return &refusal{code: code, text: text} }

// Refusals of a configuration, by [New], [ParseSecret] and [Sign].
var (
	ErrUnknownProvider = refuse("unknown_provider", "provider is not in the catalogue")
	ErrNoCrypto        = refuse("source_not_ready", "no cryptography is configured")
	ErrNoSecret        = refuse("source_not_ready", "no secret is active") // also by Verify
	ErrTooManySecrets  = refuse("too_many_secrets", "more than MaxSecrets secrets")
	ErrEmptySecret     = refuse("empty_secret", "secret is empty")
	ErrWeakKey         = refuse("weak_secret", "secret is too short, all zero, or a key anybody can sign for")
	ErrSecretFormat    = refuse("invalid_secret", "secret does not have the provider's form")
	ErrParams          = refuse("invalid_params", "a parameter is missing, unknown or malformed")
	ErrMessageID       = refuse("invalid_message_id", "message id is empty or not printable ASCII")
)

// Refusals of a request, by [Verifier.Verify].
var (
	ErrMethod          = refuse("method_not_allowed", "provider does not use this method")
	ErrMissingHeader   = refuse("missing_signature", "a header of the signature is missing")
	ErrDuplicateHeader = refuse("duplicate_header", "a header or element occurs more than once")
	ErrMalformed       = refuse("malformed_signature", "a header of the signature cannot be read")
	ErrStale           = refuse("stale_timestamp", "timestamp is too old")
	ErrFuture          = refuse("future_timestamp", "timestamp is too far in the future")
	ErrSignature       = refuse("bad_signature", "signature does not match")
	ErrKeysUnavailable = refuse("keys_unavailable", "the provider's keys could not be fetched")
	ErrHandshake       = refuse("invalid_handshake", "handshake has no usable challenge")
)

// Code returns the stable name of a refusal, such as "bad_signature". It says
// nothing about secrets, so a stranger may see it. An error that is not of
// this package is "bad_signature" too: what cannot be told is refused alike.
func Code(err error) string {
	if r, ok := err.(*refusal); ok { // the package wraps nothing
		return r.code
	}
	return "bad_signature"
}
