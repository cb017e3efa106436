package sim

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// seeds is how many seeds `go test` runs; SIM_SEEDS asks for another number
// and SIM_FROM for another first one.
func seeds(t *testing.T) (from, n uint64) {
	t.Helper()
	number := func(name string, def uint64) uint64 {
		text := os.Getenv(name)
		if text == "" {
			return def
		}
		v, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, name)
		return v
	}
	return number("SIM_FROM", 1), number("SIM_SEEDS", 3)
}

func TestSeeds(t *testing.T) {
	from, n := seeds(t)
	begin := time.Now()
	var virtual time.Duration
	accepted, posts, faults := 0, 0, 0
	for seed := from; seed < from+n; seed++ {
		r, err := Run(Config{Root: root, Seed: seed})
		require.NoError(t, err)
		virtual += r.Virtual
		accepted, posts, faults = accepted+r.Accepted, posts+r.Posts, faults+len(r.Faults)
		if len(r.Violations) > 0 {
			require.NoError(t, os.MkdirAll(root+"/build", 0o755))
			trace := fmt.Sprintf("%s/build/sim-%d.trace", root, seed)
			require.NoError(t, os.WriteFile(trace, []byte(strings.Join(r.Trace, "\n")), 0o600))
			t.Fatalf("seed %d (%d faults): %v\ntrace: %s\nreplay: SIM_FROM=%d SIM_SEEDS=1 go test ./wasmtest/sim -run TestSeeds", seed, len(r.Faults), r.Violations, trace, seed)
		}
	}
	wall := time.Since(begin)
	t.Logf("%d seeds, %d events, %d posts, %d faults; %.0f simulated hours in %v: %.1f hours/s, %.0f seeds/min",
		n, accepted, posts, faults, virtual.Hours(), wall.Round(time.Millisecond), virtual.Hours()/wall.Seconds(), float64(n)/wall.Minutes())
}
