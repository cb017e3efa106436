package wasmtest_test

import (
	"net/http/httptest"
	"testing"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHostProofInWasm: the worker tells Fastly whose logs it takes, from its
// variable alone; without it the path is nothing.
func TestHostProofInWasm(t *testing.T) {
	const service, hash = "SU1Z0isxPaozGVKXdv0eY", "66b01d440c79400570c755aad9d589af5368719067c13fee58710a7198db2de8" // sha256sum
	for value, want := range map[string]string{"": "", service: hash, "*": "*"} {
		workers, err := wasmtest.Hookweir("..", secrets)
		require.NoError(t, err)
		if value != "" {
			workers[0].Vars["FASTLY_SERVICE_IDS"] = value
		}
		workers[0].Services = nil // answered by the edge or not at all
		edge := wasmtest.New(t, wasmtest.Config{Workers: workers[:1]})
		res := edge.Fetch(httptest.NewRequest("GET", "https://hooks.example.com/.well-known/fastly/logging/challenge", nil))
		if want == "" {
			assert.Equal(t, 404, res.StatusCode)
			continue
		}
		assert.Equal(t, "200 "+want, text(res))
	}
}
