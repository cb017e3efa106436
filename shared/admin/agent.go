package admin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/tenant"
)

func (a *api) getAgent(c *call) (answer, error) {
	agent, err := a.Tenant(c.tenant).Agent(c.Context())
	return answerAgent(agent, err)
}

// agentBody says where events go.
type agentBody struct {
	URL    string `json:"url"`    // https, public
	Secret string `json:"secret"` // `whsec_…`; made and shown once when a new agent has none
}

// putAgent stores where events go. Without a secret a new agent gets one,
// which this answer shows and no other ever will; a secret that was given is
// not shown at all.
func (a *api) putAgent(c *call) (answer, error) {
	var in agentBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	if err := target.Check(in.URL, a.policy()); err != nil {
		return answer{}, refuse(problem.CodeInvalidTarget, err.Error()) // quotes nothing of the URL
	}
	if a.isSelf(c.Request, in.URL) {
		return answer{}, refuse(problem.CodeInvalidTarget, "the agent is Hookweir itself: each event would come back as another one, without end")
	}
	agent, err := a.Tenant(c.tenant).PutAgent(c.Context(), tenant.PutAgent{URL: in.URL, Secret: in.Secret})
	a.logChange("admin.agent_put", c, err)
	return answerAgent(agent, err)
}

// isSelf reports a URL of our own host, whatever its path: there is nothing at
// it that takes events but webhooks. Every port is ours, except on a machine
// of development. A name of ours that is neither set nor asked at is not known.
func (a *api) isSelf(r *http.Request, rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false // target.Check has refused it
	}
	for _, origin := range [...]string{a.origin(r), "https://" + r.Host} {
		own, err := url.Parse(origin)
		if err == nil && strings.EqualFold(u.Hostname(), own.Hostname()) && (!a.AllowLoopback || u.Port() == own.Port()) {
			return true
		}
	}
	return false
}

func (a *api) rotateAgent(c *call) (answer, error) {
	var in rotateBody
	if err := a.readOptionalJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	overlap, err := overlapOf(in.Overlap)
	if err != nil {
		return answer{}, err
	}
	agent, err := a.Tenant(c.tenant).RotateAgent(c.Context(), tenant.RotateAgent{Secret: in.Secret, Overlap: overlap})
	a.logChange("admin.agent_rotated", c, err)
	return answerAgent(agent, err)
}

func answerAgent(agent tenant.Agent, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, agent}, nil
}
