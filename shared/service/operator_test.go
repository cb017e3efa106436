package service

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAShortTokenStaysOnThisMachine: the committed token of development does
// not open what a tunnel shows to the Internet; one of the developer's does.
func TestAShortTokenStaysOnThisMachine(t *testing.T) {
	for token, want := range map[string]int{"dev-admin-token": 401, strings.Repeat("t", MinAdminToken): 200} {
		cfg := whole(t)
		cfg.Development, cfg.AdminToken = true, token
		s, err := New(cfg)
		require.NoError(t, err)
		for at, want := range map[string]int{"http://127.0.0.1:8787": 200, "https://abc.trycloudflare.com": want} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, at+"/v1/providers", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			s.API.ServeHTTP(w, r)
			assert.Equal(t, want, w.Code, at)
		}
	}
}
