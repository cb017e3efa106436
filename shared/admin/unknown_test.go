//go:build !js

package admin_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/upstream"
)

// anyUpstreams take every upstream.
type anyUpstreams struct{ admin.UpstreamAPI }

func (anyUpstreams) Put(context.Context, string, upstream.Settings) (upstream.Upstream, error) {
	return upstream.Upstream{}, nil
}

// TestUnknownConnection: a name that is mistyped would otherwise be told of by
// a breaker that waits for a person to authorize what does not exist.
func TestUnknownConnection(t *testing.T) {
	w := newWorld(t)
	w.cfg.Upstreams = func(string) admin.UpstreamAPI { return anyUpstreams{} }
	w.rebuild()
	puts := map[string]string{
		"/destinations/crm": `{"base_url":"https://api.example.com","connection":"crm"}`,
		"/upstreams/crm":    `{"url":"https://mcp.example.com/mcp","connection":"crm"}`,
	}
	for path, body := range puts {
		r := w.admin("PUT", path, body)
		assert.Equal(t, 422, r.Code, path)
		assert.Equal(t, "unknown_connection", r.code(), path)
		assert.Contains(t, r.json()["detail"], "comes first", path)
	}
	assert.Empty(t, w.listed())
	require.Equal(t, 200, w.do(adminToken, "PUT", "/v1/tenants/other/connections/crm", connectionJSON).Code)
	for path, body := range puts {
		assert.Equal(t, "unknown_connection", w.admin("PUT", path, body).code(), "another tenant's is none")
	}
	require.Equal(t, 200, w.admin("PUT", "/connections/crm", connectionJSON).Code)
	for path, body := range puts {
		assert.Equal(t, 200, w.admin("PUT", path, body).Code, path)
	}
	require.Equal(t, 200, w.admin("DELETE", "/connections/crm", "").Code)
	for path, body := range puts {
		assert.Equal(t, "unknown_connection", w.admin("PUT", path, body).code(), "one that was deleted is none")
	}
	assert.Equal(t, 200, w.admin("PUT", "/destinations/crm", `{"base_url":"https://api.example.com"}`).Code)
	assert.Equal(t, "invalid_destination", w.admin("PUT", "/destinations/crm", `{"base_url":"https://api.example.com","connection":"Not a name"}`).code())
	assert.Equal(t, "unknown_connection", w.admin("PUT", "/upstreams/crm", `{"url":"https://mcp.example.com/mcp","connection":"Not a name"}`).code())
}
