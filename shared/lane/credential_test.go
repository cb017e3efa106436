package lane_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
)

// TestAKeptCredentialStaysWhereItIs: a credential is never shown, so it must
// not be had by pointing the destination at a server of one's own either, or
// at a header that is kept.
func TestAKeptCredentialStaysWhereItIs(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		put := func(base, header string, credential *destination.Credential) error {
			c := destination.New(base)
			c.Auth, c.AuthHeader = destination.Header, header
			_, err := w.client.Put(ctx(), lane.PutDestination{Config: c, Credential: credential})
			return err
		}
		require.NoError(t, put("https://api.example.com/v1", "x-api-key", &destination.Credential{Secret: "key 4711"}))
		for _, same := range []string{"https://api.example.com/v2", "https://API.example.com", "https://api.example.com:443/v1"} {
			assert.NoError(t, put(same, "x-api-key", nil), same)
		}
		for _, other := range []string{"https://evil.example.net/v1", "https://api.example.com:8443/v1", "https://api.example.com.evil.example/v1"} {
			var item *lane.ItemError
			require.ErrorAs(t, put(other, "x-api-key", nil), &item, other)
			assert.Equal(t, "base_url is of another server, or auth is sent in another way: give the credential again", item.Detail, other)
		}
		assert.Error(t, put("https://api.example.com/v1", "x-trace", nil))
		assert.NoError(t, put("https://other.example.net", "x-trace", &destination.Credential{Secret: "key 4712"}))
	})
}
