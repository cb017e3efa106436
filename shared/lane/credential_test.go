package lane_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
)

// TestCredentialStaysWithItsServer: a credential that is never shown is not
// handed to another server by a PUT that does not know it.
func TestCredentialStaysWithItsServer(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		put := func(url string, c *destination.Credential) error {
			cfg := destination.New(url)
			cfg.Auth = destination.Bearer
			_, err := w.client.Put(ctx(), lane.PutDestination{Config: cfg, Credential: c})
			return err
		}
		require.NoError(t, put(base+"/v1", &destination.Credential{Secret: "s3cr3t"}))
		for _, other := range []string{"https://evil.example.com/v1", "https://api.example.com:8443/v1", "https://api.example.com.evil.example/v1"} {
			var item *lane.ItemError
			require.ErrorAs(t, put(other, nil), &item, other)
			assert.Equal(t, lane.RuleValue, item.Rule)
		}
		assert.Equal(t, base+"/v1", w.describe().Config.BaseURL, "nothing has changed")
		for _, same := range []string{base + "/v2", "https://API.example.com:443", base} {
			assert.NoError(t, put(same, nil), same)
		}
		require.NoError(t, put("https://other.example.com", &destination.Credential{Secret: "another"}))
	})
}
