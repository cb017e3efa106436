package admin

import (
	"net/http"

	"github.com/hookweir/hookweir/shared/webhook/reference"
)

// listProviders answers the catalogue: what a source's provider may be.
func (a *api) listProviders(*call) (answer, error) {
	return answer{http.StatusOK, map[string][]reference.Row{"providers": reference.Rows()}}, nil
}
