//go:build !js

package admin_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/source"
)

// What a provider has offered is shown to the operator alone, for a source that
// is there.
func TestOffer(t *testing.T) {
	w := newWorld(t)
	var offer *source.Offer
	var down error
	asked := ""
	w.cfg.Offer = func(_ context.Context, tenant, name string) (*source.Offer, error) {
		asked = tenant + "/" + name
		return offer, down
	}
	w.rebuild()
	const path = "/sources/notion/offer"
	require.Equal(t, 404, w.admin("GET", path, "").Code, "no such source")
	require.Empty(t, asked)
	require.Equal(t, 200, w.admin("PUT", "/sources/notion", `{"provider":"notion","secrets":["any-secret-to-begin-with"],"params":{"setup":"a-text-of-the-operator"}}`).Code)
	require.Equal(t, 404, w.admin("GET", path, "").Code, "nothing offered")

	offer = &source.Offer{Secret: []byte("secret_token"), At: start}
	res := w.admin("GET", path, "")
	require.Equal(t, http.StatusOK, res.Code)
	require.JSONEq(t, `{"secret":"secret_token","offered":"2026-08-04T12:00:00Z"}`, res.Body.String())
	require.Equal(t, "acme/notion", asked)
	for _, line := range w.log {
		require.NotContains(t, line, "secret_token")
	}
	require.Equal(t, 405, w.admin("POST", path, "{}").Code)
	require.Equal(t, 401, w.do("", "GET", "/v1/tenants/acme"+path, "").Code)
	down = errors.New("bucket")
	require.Equal(t, 503, w.admin("GET", path, "").Code)
}
