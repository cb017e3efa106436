package access_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/problem"
)

// TestOperator: development's token stands in a committed file. A tunnel to
// the machine, and a page whose name was rebound to it, come under names of
// their own, and must not have it.
func TestOperator(t *testing.T) {
	for _, at := range []struct {
		url   string
		local error // what a token of this machine only gets
	}{
		{"http://127.0.0.1:8787/v1/tenants/acme", nil},
		{"http://localhost:8787/", nil},
		{"http://[::1]:8787/", nil},
		{"http://hooks.localhost/", nil},
		{"https://abc.trycloudflare.com/v1/tenants/acme", access.ErrElsewhere},
		{"http://rebound.example:8787/", access.ErrElsewhere},
		{"http://192.168.0.7:8787/", access.ErrElsewhere},
		{"http://0.0.0.0:8787/", access.ErrElsewhere},
		{"http://localhost.example.com/", access.ErrElsewhere},
	} {
		r := httptest.NewRequest("GET", at.url, nil)
		assert.Equal(t, at.local, access.Operator{Tokens: []string{"short"}, Local: true}.Check(r, "short"), at.url)
		assert.NoError(t, access.Operator{Tokens: []string{"short"}}.Check(r, "short"), at.url)
		for _, wrong := range []string{"", "shor", "shortt", "Short"} {
			assert.Equal(t, access.ErrUnknown, access.Operator{Tokens: []string{"short"}, Local: true}.Check(r, wrong), at.url)
		}
		assert.Equal(t, access.ErrUnknown, access.Operator{}.Check(r, ""), "no token is no operator")
	}
	r := httptest.NewRequest("GET", "https://abc.trycloudflare.com/mcp/acme", nil)
	r.Header.Set("Authorization", "Bearer short")
	a := access.Authenticator{
		Operator: access.Operator{Tokens: []string{"short"}, Local: true},
		Metadata: func(*http.Request) string { return "https://m" },
	}
	_, refusal := a.Authenticate(r)
	if assert.NotNil(t, refusal) {
		assert.Equal(t, problem.CodeUnauthenticated, refusal.Code)
	}
}

// TestOperatorsTokens: while a token is rotated, the new and the old one open.
func TestOperatorsTokens(t *testing.T) {
	r := httptest.NewRequest("GET", "https://hooks.example.com/", nil)
	o := access.Operator{Tokens: []string{"new-token", "old-token"}}
	for token, want := range map[string]error{
		"new-token": nil, "old-token": nil,
		"new-token,old-token": access.ErrUnknown, "": access.ErrUnknown, ",": access.ErrUnknown, "old-toke": access.ErrUnknown,
	} {
		assert.Equal(t, want, o.Check(r, token), token)
	}
}
