//go:build !js

package admin_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestDevelopmentsTokenIsTakenOnThisMachineOnly: with a tunnel in front of
// `make dev`, as docs/pointing.md has it, the whole Internet knows the token.
func TestDevelopmentsTokenIsTakenOnThisMachineOnly(t *testing.T) {
	w := newWorld(t)
	key := w.admin("POST", "/keys", "").json()["key"].(string)
	w.cfg.Operator.Local = true
	w.rebuild()
	for _, path := range []string{"/v1/tenants/acme/sources", "/v1/providers", "/v1/vault/keys"} {
		r := w.do(adminToken, "GET", path, "") // at edge.example.net
		assert.Equal(t, 401, r.Code, path)
		assert.Contains(t, r.json()["detail"], "this machine only", path)
		assert.NotContains(t, r.Body.String(), adminToken, path)
		r = w.do("another", "GET", path, "")
		assert.Equal(t, 401, r.Code, path)
		assert.NotContains(t, r.json()["detail"], "this machine only", "a wrong token learns nothing")
	}
	assert.Equal(t, 200, w.do(key, "GET", "/v1/tenants/acme/sources", "").Code, "a tenant's key is a secret")
}
