//go:build !js

package admin_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestKeysInHeaders: an API that takes its key in a header has it from the
// destination, where it is sealed; a poll, whose recipe whoever may look at it
// sees, holds none.
func TestKeysInHeaders(t *testing.T) {
	w := newWorld(t)
	put := `{"base_url":"https://api.example.com","auth":{"type":"header","name":"X-Api-Key","token":"key-4711"}}`
	r := w.admin("PUT", "/destinations/own", put)
	require.Equal(t, 200, r.Code, r.Body)
	for _, body := range []string{r.Body.String(), w.admin("GET", "/destinations/own", "").Body.String(), w.admin("GET", "/destinations", "").Body.String()} {
		assert.Contains(t, body, `"auth":{"type":"header","name":"x-api-key"}`)
		assert.NotContains(t, body, "4711")
	}
	assert.Equal(t, 200, w.admin("PUT", "/destinations/own", `{"base_url":"https://api.example.com/v2","auth":{"type":"header","name":"x-api-key"}}`).Code, "kept")
	for why, body := range map[string]string{
		"another header":     `{"base_url":"https://api.example.com","auth":{"type":"header","name":"x-trace"}}`,
		"as a bearer token":  `{"base_url":"https://api.example.com","auth":{"type":"bearer"}}`,
		"no header":          `{"base_url":"https://api.example.com","auth":{"type":"header","token":"k"}}`,
		"a header of bearer": `{"base_url":"https://api.example.com","auth":{"type":"bearer","name":"x-a","token":"k"}}`,
	} {
		r := w.admin("PUT", "/destinations/own", body)
		assert.Equal(t, 422, r.Code, why)
		assert.NotContains(t, r.Body.String(), "4711", why)
	}

	recipe := func(headers string) string {
		return `{"recipe":{"list":{"path":"/items","headers":` + headers + `},"id":[[{"path":["id"]}]],"rule":"window"},"destination":"own","params":{"mine":"v"}}`
	}
	r = w.admin("PUT", "/polls/own", recipe(`{"X-Api-Key":"key-4711"}`))
	assert.Equal(t, "invalid_request", r.code())
	assert.Contains(t, r.json()["detail"], "give it to the destination, as auth of type header")
	assert.NotContains(t, r.Body.String(), "4711")
	assert.Equal(t, "invalid_request", w.admin("PUT", "/polls/own", recipe(`{"X-Api-Key":"{{mine}}"}`)).code(), "nor by a param")
	assert.Equal(t, 200, w.admin("PUT", "/polls/own", recipe(`{"X-Version":"{{mine}}"}`)).Code)
}
