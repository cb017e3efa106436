package admin

import (
	"net/http"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
)

func (a *api) getAuthorization(c *call) (answer, error) {
	out, err := a.Tenant(c.tenant).Authorization(c.Context())
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, out}, nil
}

// authorizationBody is an authorization server.
type authorizationBody struct {
	Issuer string `json:"issuer"`
	JWKS   string `json:"jwks_url"`
}

// putAuthorization says whose access tokens open the agent's endpoint.
func (a *api) putAuthorization(c *call) (answer, error) {
	var in authorizationBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	// No loopback, not even in development: a key set is fetched by name.
	for _, u := range []string{in.Issuer, in.JWKS} {
		if err := target.Check(u, target.Policy{}); err != nil {
			return answer{}, refuse(problem.CodeInvalidTarget, err.Error())
		}
	}
	if !(access.Issuer{URL: in.Issuer, JWKS: in.JWKS}).Usable(gocrypto.Crypto{}) {
		return answer{}, refuse(problem.CodeInvalidTarget, "jwks_url must be https at a public name, without a port, of at most 1024 bytes")
	}
	out, err := a.Tenant(c.tenant).PutAuthorization(c.Context(), tenant.Authorization{Issuer: in.Issuer, JWKS: in.JWKS})
	a.logChange("admin.authorization_put", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, out}, nil
}

func (a *api) deleteAuthorization(c *call) (answer, error) {
	err := a.Tenant(c.tenant).DeleteAuthorization(c.Context())
	a.logChange("admin.authorization_deleted", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}
