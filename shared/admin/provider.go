package admin

import (
	"cmp"
	"net/http"

	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/webhook/reference"
)

// listProviders answers the catalogue: what a source's provider may be.
func (a *api) listProviders(*call) (answer, error) {
	return answer{http.StatusOK, map[string][]reference.Row{"providers": reference.Rows()}}, nil
}

// oauthProvider is a row of the other catalogue: what a connection's provider
// may be.
type oauthProvider struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Params     []string `json:"params,omitempty"`
	ClientAuth string   `json:"client_auth"`
	Rotation   string   `json:"rotation"` // of refresh tokens; `no refresh tokens`, `unknown`
	Revokes    bool     `json:"revokes"`
	Docs       string   `json:"docs"`
	Checked    string   `json:"checked"`
	Confidence string   `json:"confidence"`
	Notes      string   `json:"notes,omitempty"`
}

func (a *api) listOAuthProviders(*call) (answer, error) {
	var rows []oauthProvider
	for _, p := range oauth.Providers() {
		rotation := cmp.Or(string(p.Rotation), "unknown")
		if p.NoRefresh {
			rotation = "no refresh tokens"
		}
		rows = append(rows, oauthProvider{
			Name: p.Name, Title: p.Title, Params: p.Params, ClientAuth: string(p.Style), Rotation: rotation,
			Revokes: p.RevokeKind != oauth.RevokeNone, Docs: p.Docs, Checked: p.Checked, Confidence: p.Confidence, Notes: p.Notes,
		})
	}
	return answer{http.StatusOK, map[string][]oauthProvider{"providers": rows}}, nil
}
