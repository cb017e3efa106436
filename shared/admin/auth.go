package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/tenant"
)

// maxToken bounds a bearer token, in bytes.
const maxToken = 512

// Callers, as a connection's allow-list names them.
const (
	callerOperator = "operator"
	callerKey      = "key:" // and the key's id
)

// authorize lets the operator in, and a tenant's key for its own tenant, and
// says which of them it was.
//
// A key that is good but for another tenant gets 404: that is also what it
// would see if there were no such tenant. (403 for both would do as well, but
// would say that the path means something.)
func (a *api) authorize(r *http.Request, pathTenant string) (caller string, err error) {
	token, ok := bearer(r)
	if !ok {
		return "", unauthenticated()
	}
	if a.isAdmin(token) {
		return callerOperator, nil
	}
	owner, ok := tenant.TenantOf(token)
	if !ok {
		return "", unauthenticated()
	}
	err = a.Tenant(owner).Authenticate(r.Context(), token)
	switch {
	case errors.Is(err, tenant.ErrUnauthenticated):
		return "", unauthenticated()
	case err != nil:
		return "", err
	case owner != pathTenant:
		return "", refuse(problem.CodeNotFound, "")
	}
	return callerKey + tenant.KeyIDOf(token), nil
}

// authorizeOperator lets in the operator alone.
func (a *api) authorizeOperator(r *http.Request) error {
	if token, ok := bearer(r); !ok || !a.isAdmin(token) {
		return unauthenticated()
	}
	return nil
}

// authorizeAny lets in whoever may see what belongs to no tenant: the
// operator, and every tenant's keys.
func (a *api) authorizeAny(r *http.Request) error {
	token, _ := bearer(r)
	owner, _ := tenant.TenantOf(token)
	_, err := a.authorize(r, owner)
	return err
}

// isAdmin compares hashes: of equal length, so the time tells nothing about
// the token's, and in constant time.
func (a *api) isAdmin(token string) bool {
	if a.AdminToken == "" {
		return false
	}
	want, got := sha256.Sum256([]byte(a.AdminToken)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// bearer reads the one Authorization header (RFC 6750 §2.1). The scheme's case
// does not matter (RFC 9110 §11.1); a token in the query or the body is never
// looked at.
func bearer(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return "", false
	}
	return token, true
}

func unauthenticated() error {
	p := problem.New(problem.CodeUnauthenticated, "send Authorization: Bearer with the operator's token or a key of the tenant")
	return refusal{p.With("WWW-Authenticate", `Bearer realm="hookweir"`)}
}
