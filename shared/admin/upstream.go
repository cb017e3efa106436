package admin

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/upstream"
)

// UpstreamAPI is one tenant's upstream MCP servers; upstream.Client implements
// it and returns that package's errors.
type UpstreamAPI interface {
	Put(ctx context.Context, name string, s upstream.Settings) (upstream.Upstream, error)
	Get(ctx context.Context, name string) (upstream.Upstream, error)
	List(ctx context.Context) ([]upstream.Upstream, error)
	Delete(ctx context.Context, name string) error
	Drift(ctx context.Context, name string) (upstream.Report, error)
	Approve(ctx context.Context, name, report string, items []string) (upstream.Report, error)
}

// routeUpstreams finds the route below /upstreams.
func (c *call) routeUpstreams(s []string) (methods, error) {
	switch {
	case len(s) == 0:
		return methods{http.MethodGet: (*api).listUpstreams}, nil
	case len(s) == 1:
		return methods{
			http.MethodGet: (*api).getUpstream, http.MethodPut: (*api).putUpstream, http.MethodDelete: (*api).deleteUpstream,
		}, c.named(s[0])
	case len(s) == 2 && s[1] == "drift":
		return methods{http.MethodGet: (*api).getDrift}, c.named(s[0])
	case len(s) == 2 && s[1] == "approve":
		return methods{http.MethodPost: (*api).approveUpstream}, c.named(s[0])
	}
	return nil, refuse(problem.CodeNotFound, "")
}

// upstreamAnswer is an upstream as the API shows it.
type upstreamAnswer struct {
	upstream.Upstream
	Recheck string `json:"recheck"`
	Timeout string `json:"timeout"`
}

func showUpstream(u upstream.Upstream) upstreamAnswer {
	return upstreamAnswer{u, u.Recheck.String(), u.Timeout.String()}
}

func (a *api) listUpstreams(c *call) (answer, error) {
	list, err := a.Upstreams(c.tenant).List(c.Context())
	if err != nil {
		return answer{}, err
	}
	out := make([]upstreamAnswer, len(list))
	for i, u := range list {
		out[i] = showUpstream(u)
	}
	return answer{http.StatusOK, map[string]any{"upstreams": out}}, nil
}

func (a *api) getUpstream(c *call) (answer, error) {
	u, err := a.Upstreams(c.tenant).Get(c.Context(), c.object)
	return answerUpstream(u, err)
}

func answerUpstream(u upstream.Upstream, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, showUpstream(u)}, nil
}

// upstreamBody is an upstream MCP server as a PUT gives it.
type upstreamBody struct {
	URL        string          `json:"url"`        // of its Streamable HTTP endpoint
	Connection string          `json:"connection"` // whose token is sent
	Trust      string          `json:"trust"`      // `approval`, the default, or `first_use`
	Recheck    string          `json:"recheck"`    // how long a comparison is good for, at most `1h`; every call when empty
	Timeout    string          `json:"timeout"`    // at most `60s`
	Policy     upstream.Policy `json:"policy"`
}

// putUpstream connects an upstream and looks at it at once: the answer says
// how that went.
func (a *api) putUpstream(c *call) (answer, error) {
	var in upstreamBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	if err := target.Check(in.URL, a.policy()); err != nil {
		return answer{}, refuse(problem.CodeInvalidTarget, err.Error())
	}
	s := upstream.Settings{URL: in.URL, Connection: in.Connection, Trust: in.Trust, Policy: in.Policy}
	if s.Trust == "" {
		s.Trust = upstream.TrustApproval
	}
	var err error
	if s.Recheck, err = duration("recheck", in.Recheck, 0); err != nil {
		return answer{}, err
	}
	if s.Timeout, err = duration("timeout", in.Timeout, upstream.DefaultTimeout); err != nil {
		return answer{}, err
	}
	if err := a.checkConnection(c, in.Connection); err != nil {
		return answer{}, err
	}
	u, err := a.Upstreams(c.tenant).Put(c.Context(), c.object, s)
	a.logChange("admin.upstream_put", c, err)
	return answerUpstream(u, err)
}

func (a *api) deleteUpstream(c *call) (answer, error) {
	err := a.Upstreams(c.tenant).Delete(c.Context(), c.object)
	a.logChange("admin.upstream_deleted", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func (a *api) getDrift(c *call) (answer, error) {
	r, err := a.Upstreams(c.tenant).Drift(c.Context(), c.object)
	return answerReport(r, err)
}

func answerReport(r upstream.Report, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, r}, nil
}

// approveBody names what of a drift report becomes the pin.
type approveBody struct {
	Report string            `json:"report"` // its id
	Items  []json.RawMessage `json:"items"`  // strings, kind/name; all when absent
}

func (a *api) approveUpstream(c *call) (answer, error) {
	var in approveBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	items := make([]string, len(in.Items))
	for i, raw := range in.Items {
		if json.Unmarshal(raw, &items[i]) != nil || items[i] == "" {
			return answer{}, refuse(problem.CodeInvalidRequest, "items are strings, kind/name")
		}
	}
	r, err := a.Upstreams(c.tenant).Approve(c.Context(), c.object, in.Report, items)
	a.logChange("admin.upstream_approved", c, err)
	return answerReport(r, err)
}
