package wasmtest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// storm is a run of Hookweir under every fault; its trace is all it gives.
func storm(t *testing.T, seed uint64) []string {
	t.Helper()
	a := &agent{}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	edge := hookweir(t, a, wasmtest.Config{Seed: seed, Start: start, Faults: wasmtest.EveryFault(0.03), Calm: start.Add(10 * time.Minute)})
	r := edge.Rand()
	for _, tenant := range []string{"acme", "globex"} {
		for _, set := range []string{
			tenant + `/sources/gh {"provider":"github","secrets":["` + githubSecret + `"]}`,
			tenant + `/agent {"url":"https://agent.example.com/e","secret":"whsec_dGVzdHMtb25seS1hZ2VudC1zZWNyZXQtMDAwMQ=="}`,
		} {
			var path, body string
			_, _ = fmt.Sscanf(set, "%s %s", &path, &body)
			for range 10 { // the operator tries again
				if res := edge.Fetch(api("PUT", path, body)); res.StatusCode < 300 {
					break
				}
			}
		}
	}
	for i := range 15 {
		tenant := []string{"acme", "globex"}[r.IntN(2)]
		edge.Send(github(tenant, fmt.Sprintf("72d3162e-cc78-11e3-81ab-%012d", i/2), githubSecret, `{"ref":"x"}`), nil)
		edge.Advance(r.Between(0, 5*time.Second))
	}
	edge.Advance(time.Hour)
	return edge.Trace()
}

func TestSameSeedSameTrace(t *testing.T) {
	a, b := storm(t, 1), storm(t, 1)
	require.Greater(t, len(a), 100)
	for i := range min(len(a), len(b)) {
		require.Equal(t, a[i], b[i], "line %d", i)
	}
	require.Equal(t, len(a), len(b))
	require.NotEqual(t, a, storm(t, 2))
}
