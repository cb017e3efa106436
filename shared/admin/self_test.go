//go:build !js

package admin_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheAgentIsNotHookweir: sent to a webhook of Hookweir's, under a secret
// that it knows, an event comes back as another one, which is sent there, for
// ever, and each is kept for days.
func TestTheAgentIsNotHookweir(t *testing.T) {
	w := newWorld(t)
	for _, url := range []string{
		"https://hooks.example.com/webhooks/acme/loop", "https://hooks.example.com", "https://hooks.example.com/v1/tenants/acme/keys",
		"https://HOOKS.example.com/webhooks/acme/loop", "https://hooks.example.com:443/webhooks/other/loop",
		"https://hooks.example.com:8443/webhooks/acme/loop", // Cloudflare serves a host at several ports
	} {
		r := w.admin("PUT", "/agent", `{"url":"`+url+`"}`)
		assert.Equal(t, "invalid_target", r.code(), url)
	}
	require.Equal(t, 404, w.admin("GET", "/agent", "").Code)
	for _, url := range []string{"https://agent.example.com/hooks.example.com", "https://hooks.example.com.example.net/", "https://xhooks.example.com/"} {
		assert.Equal(t, 200, w.admin("PUT", "/agent", `{"url":"`+url+`"}`).Code, url)
	}

	// The host that the API is asked at is ours as well, whatever the setting
	// says. A machine of development has an agent beside it.
	assert.Equal(t, "invalid_target", w.admin("PUT", "/agent", `{"url":"https://edge.example.net/webhooks/acme/loop"}`).code())
	w.cfg.PublicURL, w.cfg.AllowLoopback = "", true
	w.rebuild()
	assert.Equal(t, "invalid_target", w.admin("PUT", "/agent", `{"url":"https://edge.example.net/webhooks/acme/loop"}`).code())
	w.cfg.PublicURL = "http://127.0.0.1:8787"
	w.rebuild()
	assert.Equal(t, "invalid_target", w.admin("PUT", "/agent", `{"url":"http://127.0.0.1:8787/webhooks/acme/loop"}`).code())
	assert.Equal(t, 200, w.admin("PUT", "/agent", `{"url":"http://127.0.0.1:9000/events"}`).Code)
}
