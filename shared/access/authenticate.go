package access

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/hookweir/hookweir/shared/problem"
)

// maxToken bounds a bearer token, in bytes: an access token with its claims.
const maxToken = 8 << 10

// Errors of Config's functions.
var (
	// ErrUnknown is every reason why a token opens nothing here.
	ErrUnknown = errors.New("access: not a valid token")
	// ErrUnavailable: whether it does cannot be said at the moment.
	ErrUnavailable = errors.New("access: cannot be checked at the moment")
)

// Authenticator finds out who calls one tenant's endpoint.
type Authenticator struct {
	Operator Operator
	// Key finds the caller that a tenant's key is. Errors: ErrUnknown.
	Key func(token string) (*Caller, error)
	// Token finds the caller that an access token is, for an audience.
	// Errors: ErrUnknown, ErrUnavailable.
	Token func(ctx context.Context, token, audience string) (*Caller, error)
	// Resource is the URL of the endpoint that was called, and Metadata that
	// of what is said about it.
	Resource, Metadata func(*http.Request) string
}

// Authenticate reads the one Authorization header. A token anywhere else is
// never looked at.
func (a *Authenticator) Authenticate(r *http.Request) (*Caller, *Refusal) {
	token, ok := bearer(r)
	if !ok {
		return nil, a.challenge(r, "")
	}
	err := a.Operator.Check(r, token)
	if err == nil {
		return &Caller{ID: "operator", Operator: true}, nil
	}
	var c *Caller
	if !errors.Is(err, ErrElsewhere) {
		c, err = a.find(r, token)
	}
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrElsewhere):
		return nil, a.challenge(r, `error="invalid_token"`)
	}
	return nil, &Refusal{problem.New(problem.CodeUnavailable, "").RetryAfter(5)}
}

func (a *Authenticator) find(r *http.Request, token string) (*Caller, error) {
	if strings.HasPrefix(token, "hwk_") {
		return a.Key(token)
	}
	return a.Token(r.Context(), token, a.Resource(r))
}

// challenge is 401 (RFC 6750 §3, RFC 9728 §5.1).
func (a *Authenticator) challenge(r *http.Request, params string) *Refusal {
	p := problem.New(problem.CodeUnauthenticated, "send Authorization: Bearer with a key of the tenant or an access token for this endpoint")
	return &Refusal{p.With("WWW-Authenticate", a.header(r, params))}
}

// Insufficient is 403 for a token that would do with one more scope.
func (a *Authenticator) Insufficient(r *http.Request, c *Caller, scope string) *Refusal {
	// The client asks for a token with all it had and what it lacks.
	all := strings.Join(append(append([]string(nil), c.Scopes...), scope), " ")
	p := problem.New(problem.CodeInsufficientScope, "this tool needs the scope "+scope)
	return &Refusal{p.With("WWW-Authenticate", a.header(r, `error="insufficient_scope", scope="`+all+`"`))}
}

func (a *Authenticator) header(r *http.Request, params string) string {
	h := `Bearer resource_metadata="` + a.Metadata(r) + `"`
	if params != "" {
		h += ", " + params
	}
	return h
}

func bearer(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken || strings.ContainsAny(token, " ,\t\r\n") {
		return "", false
	}
	return token, true
}
