package wasmtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/wasmtest"
)

// rotationBound is what docs/rotation.md promises: KV's minute and the
// isolate's half.
const rotationBound = 90 * time.Second

// TestRotationUnderStaleKV is the drill of docs/rotation.md where every read of
// KV may be a minute old: a leaked secret opens nothing once 90 s have passed
// since the edge's configuration was written, however often it was tried in
// between, and the new one verifies by then.
func TestRotationUnderStaleKV(t *testing.T) {
	const next = "the secret that comes after it"
	for seed := range uint64(12) {
		edge := hookweir(t, &agent{}, wasmtest.Config{Seed: seed + 1, Faults: wasmtest.Faults{wasmtest.KVStale: 0.9}})
		configure(t, edge, "acme")
		n := 0
		try := func(secret string) int {
			n++
			return edge.Fetch(github("acme", fmt.Sprintf("d-%d", n), secret, `{}`)).StatusCode
		}
		edge.Advance(2 * time.Minute)
		require.Equal(t, 202, try(githubSecret), "the isolate has the old configuration")
		res := edge.Fetch(api("POST", "acme/sources/gh/rotate", `{"secret":"`+next+`","overlap":"0s"}`))
		require.Equal(t, 200, res.StatusCode, text(res))
		for end := edge.Now().Add(rotationBound); edge.Now().Before(end); {
			try(githubSecret) // whoever has the secret keeps the configuration read
			edge.Advance(7 * time.Second)
		}
		for range 20 {
			require.Equal(t, 401, try(githubSecret), "seed %d: %v after the rotation", seed+1, edge.Now())
			require.Equal(t, 202, try(next), "seed %d", seed+1)
			edge.Advance(3 * time.Second)
		}
	}
}

// maxWorker bounds the public module, in bytes: what an isolate compiles before
// its first answer.
const maxWorker = 3_500_000

func TestWorkerStaysSmall(t *testing.T) {
	info, err := os.Stat(filepath.Join("..", "build", "worker.wasm"))
	require.NoError(t, err, "run `make build` first")
	assert.LessOrEqual(t, info.Size(), int64(maxWorker), "what grew? `make cost` says what packages of Go's cost")
}
