package access

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/webhook"
)

// Issuer is an authorization server.
type Issuer struct {
	URL  string // what iss must be
	JWKS string // its key set: https, at a public name
}

// Tokens checks the access tokens of one tenant's issuer: JWTs (RFC 9068)
// under RS256 or ES256. A JWT as a webhook's proof and one as an access token
// are checked by the same code.
type Tokens struct {
	Crypto webhook.Crypto
	// Documents keeps key sets; Payer is whose budget fetching them is of.
	Documents *webhook.Documents
	Payer     string
	Fetch     func(url string, maxBytes int) ([]byte, error)
	Now       func() time.Time
}

const (
	maxScopes = 64  // of a token
	maxScope  = 64  // bytes
	maxUser   = 255 // bytes; a sub is at most 255 characters (OpenID Connect Core §2)
)

// Check verifies a token. Errors: ErrUnknown, ErrUnavailable.
func (t Tokens) Check(issuer Issuer, audience, token string) (*Caller, error) {
	v, err := webhook.New(webhook.Config{
		Provider: "jwt", Crypto: t.Crypto, Documents: t.Documents, Payer: t.Payer,
		// The issuer is asked for twice: once as such, and as the identity that
		// must be right before a stranger's token causes a fetch.
		Params:  map[string]string{"jwks": issuer.JWKS, "issuer": issuer.URL, "audience": audience, "identity": "iss"},
		Secrets: []webhook.Secret{{ID: "issuer", Value: []byte(issuer.URL)}},
	})
	if err != nil {
		return nil, ErrUnavailable
	}
	_, err = v.Verify(&webhook.Request{
		Method: "POST", URL: audience, Fetch: t.Fetch,
		Header: http.Header{"Authorization": {"Bearer " + token}},
	}, t.Now())
	switch {
	case errors.Is(err, webhook.ErrKeysUnavailable):
		return nil, ErrUnavailable
	case err != nil:
		return nil, ErrUnknown
	}
	return callerOf(token)
}

// callerOf reads a verified token.
func callerOf(token string) (*Caller, error) {
	_, rest, _ := strings.Cut(token, ".")
	middle, _, _ := strings.Cut(rest, ".")
	claims, err := base64.RawURLEncoding.DecodeString(middle)
	if err != nil {
		return nil, ErrUnknown
	}
	subject, _ := jsontext.FindString(claims, "sub")
	if subject == "" || len(subject) > maxUser {
		return nil, ErrUnknown // RFC 9068 §2.2: sub is required
	}
	// RFC 9068 §2.2.3; some servers say scp, and some a list.
	text, ok := jsontext.FindString(claims, "scope")
	if !ok {
		text, _ = jsontext.FindString(claims, "scp")
	}
	scopes := []string{}
	for s := range strings.FieldsSeq(text) {
		if len(scopes) < maxScopes && len(s) <= maxScope && plain(s) && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return &Caller{ID: "subject:" + subject, Scoped: true, Scopes: scopes}, nil
}

// plain says that a scope can stand in a header (RFC 6749 §3.3).
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
