package lane_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
)

// TestAKeptCredentialStaysInItsHeader: a credential is never shown, so it goes
// into no other header, which a server might show.
func TestAKeptCredentialStaysInItsHeader(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		put := func(header string, credential *destination.Credential) error {
			c := destination.New(base)
			c.Auth, c.AuthHeader = destination.Header, header
			_, err := w.client.Put(ctx(), lane.PutDestination{Config: c, Credential: credential})
			return err
		}
		require.NoError(t, put("x-api-key", &destination.Credential{Secret: "key 4711"}))
		assert.NoError(t, put("x-api-key", nil))
		var item *lane.ItemError
		require.ErrorAs(t, put("x-trace", nil), &item)
		assert.NotContains(t, item.Detail, "4711")
		assert.NoError(t, put("x-trace", &destination.Credential{Secret: "key 4712"}))
	})
}
