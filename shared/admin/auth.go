package admin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/hookweir/hookweir/shared/access"
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
	switch err := a.Operator.Check(r, token); {
	case err == nil:
		return callerOperator, nil
	case errors.Is(err, access.ErrElsewhere):
		return "", elsewhere()
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
	token, ok := bearer(r)
	if !ok {
		return unauthenticated()
	}
	switch err := a.Operator.Check(r, token); {
	case errors.Is(err, access.ErrElsewhere):
		return elsewhere()
	case err != nil:
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
	return challenge("send Authorization: Bearer with the operator's token or a key of the tenant")
}

func elsewhere() error {
	return challenge("a short ADMIN_TOKEN is taken by a name of this machine only: in consumers/.dev.vars set one that nobody knows, such as openssl rand -hex 32 makes")
}

func challenge(detail string) error {
	p := problem.New(problem.CodeUnauthenticated, detail)
	return refusal{p.With("WWW-Authenticate", `Bearer realm="hookweir"`)}
}
