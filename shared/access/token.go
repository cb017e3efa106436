package access

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
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
	maxScopes = 64      // of a token; more than a server has to give
	maxScope  = 64      // bytes; ours have under 30
	maxExpiry = 1 << 40 // seconds, in the year 36812: what fits a time.Time many times over
	maxUser   = 255     // bytes; a sub is at most 255 characters (OpenID Connect Core §2)
)

// Check verifies a token. Errors: ErrUnknown, ErrUnavailable.
func (t Tokens) Check(issuer Issuer, audience, token string) (*Caller, error) {
	v, err := t.verifier(issuer, audience)
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

// verifier is nil, with an error, for an issuer or an audience whose tokens
// could never be checked.
func (t Tokens) verifier(issuer Issuer, audience string) (*webhook.Verifier, error) {
	return webhook.New(webhook.Config{
		Provider: "jwt", Crypto: t.Crypto, Documents: t.Documents, Payer: t.Payer,
		// The issuer is asked for twice: once as such, and as the identity that
		// must be right before a stranger's token causes a fetch.
		Params:  map[string]string{"jwks": issuer.JWKS, "issuer": issuer.URL, "audience": audience, "identity": "iss"},
		Secrets: []webhook.Secret{{ID: "issuer", Value: []byte(issuer.URL)}},
	})
}

// Usable reports whether an issuer's tokens can be checked: its key set's URL
// has a public name, no port, and bounds on its length.
func (i Issuer) Usable(crypto webhook.Crypto) bool {
	_, err := Tokens{Crypto: crypto}.verifier(i, "https://audience.invalid/mcp/tenant")
	return err == nil
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
	raw, ok := jsontext.Find(claims, "scope")
	if !ok {
		raw, _ = jsontext.Find(claims, "scp")
	}
	scopes := []string{}
	for _, s := range words(raw) {
		if len(scopes) < maxScopes && len(s) <= maxScope && plain(s) && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return &Caller{ID: "subject:" + subject, Scoped: true, Scopes: scopes, Until: expiry(claims)}, nil
}

// expiry is exp (RFC 7519 §4.1.4), which is verified; zero for none.
func expiry(claims []byte) time.Time {
	raw, _ := jsontext.Find(claims, "exp")
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || !(seconds > 0 && seconds < maxExpiry) {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// words are those of a text separated by spaces, or of a list of texts.
func words(raw []byte) []string {
	if text, ok := jsontext.String(raw); ok {
		return strings.Fields(text)
	}
	list, _ := jsontext.Elements(raw, maxScopes)
	out := make([]string, 0, len(list))
	for _, raw := range list {
		if text, ok := jsontext.String(raw); ok {
			out = append(out, text)
		}
	}
	return out
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
