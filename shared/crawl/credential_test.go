package crawl

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestACredentialIsNoPartOfARecipe: whoever may look at a poll sees its recipe.
func TestACredentialIsNoPartOfARecipe(t *testing.T) {
	for header, refused := range map[[2]string]bool{
		{"X-Api-Key", "sk_live_4711"}:         true,
		{"x-auth-token", "{{token_of_mine}}"}: true,
		{"Private-Token", "a{{page}}"}:        true,
		{"X-Page-Token", "{{page}}"}:          false, // the list's own
		{"X-Sync-Token", "{{cursor}}"}:        false,
		{"Accept", "application/json"}:        false,
		{"X-Api-Version", "2026-01-01"}:       false,
	} {
		request := Request{Path: "/items", Headers: map[string]string{header[0]: header[1]}}
		for where, r := range map[string]Recipe{
			"list":   {List: request, ID: oneID("id"), Rule: RuleWindow},
			"first":  {First: &request, List: Request{Path: "/items"}, ID: oneID("id"), Rule: RuleWindow},
			"more":   {More: &request, List: Request{Path: "/items"}, ID: oneID("id"), Rule: RuleWindow},
			"detail": {Detail: &request, List: Request{Path: "/items"}, ID: oneID("id"), Key: path("id"), Body: path("x"), Rule: RuleWindow},
		} {
			err := r.Check()
			shown := r.Shown()
			for _, q := range shown.templates() {
				if value, ok := q.Headers[header[0]]; ok {
					assert.Equal(t, refused, value != header[1], "%s in %s", header, where)
					assert.NotContains(t, value, "4711")
				}
			}
			assert.Equal(t, header[1], request.Headers[header[0]], "the recipe itself is as it was")
			if !refused {
				assert.NoError(t, err, "%s in %s", header, where)
				continue
			}
			if assert.ErrorIs(t, err, ErrRecipe, "%s in %s", header, where) {
				assert.Contains(t, err.Error(), `auth of type header`, "it says where it belongs")
				assert.NotContains(t, err.Error(), "4711")
			}
		}
	}
}
