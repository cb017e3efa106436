package admin

import (
	"net/http"

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
	agent, err := a.Tenant(c.tenant).PutAgent(c.Context(), tenant.PutAgent{URL: in.URL, Secret: in.Secret})
	a.logChange("admin.agent_put", c, err)
	return answerAgent(agent, err)
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
