//go:build !js

package admin_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
)

func TestProviders(t *testing.T) {
	w := newWorld(t)
	assert.Equal(t, 401, w.do("", "GET", "/v1/providers", "").Code)
	assert.Equal(t, 401, w.do("hwk_acme_aaaaaaaa_guess", "GET", "/v1/providers", "").Code)
	assert.Equal(t, 405, w.do(adminToken, "POST", "/v1/providers", "{}").Code)

	r := w.admin("POST", "/keys", `{"label":"reader"}`)
	require.Equal(t, 201, r.Code, r.Body)
	r = w.do(r.json()["key"].(string), "GET", "/v1/providers", "")
	require.Equal(t, 200, r.Code, "a tenant's key may read what belongs to no tenant")
	rows := r.json()["providers"].([]any)
	assert.Len(t, rows, len(webhook.Providers()))
	for _, row := range rows {
		if row := row.(map[string]any); row["name"] == "github" {
			assert.Equal(t, "HMAC-SHA256 hex", row["scheme"])
			assert.Equal(t, []any{"X-Hub-Signature-256"}, row["headers"])
			assert.Equal(t, false, row["event_id_signed"])
			return
		}
	}
	t.Fatal("no row for github")
}
