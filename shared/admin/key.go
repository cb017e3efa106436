package admin

import (
	"net/http"

	"github.com/hookweir/hookweir/shared/tenant"
)

func (a *api) listKeys(c *call) (answer, error) {
	keys, err := a.Tenant(c.tenant).Keys(c.Context())
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, map[string]any{"keys": keys}}, nil
}

// keyBody describes a new key.
type keyBody struct {
	Label string   `json:"label"` // for people, at most 100 bytes
	Tools []string `json:"tools"` // the MCP tools it may use and nothing else; every route when absent
	Rate  int      `json:"rate"`  // MCP calls a minute; 0 for the default
}

// createKey answers the new key, the only time it is ever shown.
func (a *api) createKey(c *call) (answer, error) {
	var in keyBody
	if err := a.readOptionalJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	key, err := a.Tenant(c.tenant).CreateKey(c.Context(), tenant.NewKey{Label: in.Label, Tools: in.Tools, Rate: in.Rate})
	if err != nil {
		return answer{}, err
	}
	c.object = key.ID
	a.logChange("admin.key_created", c, nil)
	return answer{http.StatusCreated, key}, nil
}

func (a *api) deleteKey(c *call) (answer, error) {
	err := a.Tenant(c.tenant).DeleteKey(c.Context(), c.object)
	a.logChange("admin.key_deleted", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}
