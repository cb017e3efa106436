package wasmtest_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestFatalFailurePrintsSeedAndReplay: what ends a test at once (here a host
// without a server) is told once, and the seed, the replay and the trace all
// the same.
func TestFatalFailurePrintsSeedAndReplay(t *testing.T) {
	r := &printer{recorder: recorder{T: t}}
	edge := wasmtest.New(r, wasmtest.Config{
		Seed:    17,
		Workers: []wasmtest.Worker{{Name: "leaky", Module: guest("leaky"), KV: map[string]string{"KV": "kv"}}},
	})
	require.Panics(t, func() { edge.Fetch(httptest.NewRequest("GET", "https://leaky.example/unknown", nil)) })
	require.NotPanics(t, r.cleanup)
	require.Equal(t, 1, strings.Count(strings.Join(r.failures, "\n"), `no server for host "nobody.example"`), "told once: %q", r.failures)
	require.Len(t, r.lines, 2)
	require.Contains(t, r.lines[0], "FAIL wasmtest:")
	require.Contains(t, r.lines[1], "WASMTEST_SEED=17 go test -run '^TestFatalFailurePrintsSeedAndReplay$'")
}
