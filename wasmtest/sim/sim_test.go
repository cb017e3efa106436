package sim

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// shrinkRuns bounds how long a failure is looked at: half a minute.
const shrinkRuns = 60

// gcPercent has the collector run seldom: what a seed leaves is garbage at its
// end, and there is memory enough (a sixth of the time otherwise).
const gcPercent = 400

func TestMain(m *testing.M) {
	debug.SetGCPercent(gcPercent)
	os.Exit(m.Run())
}

// number reads a number from the environment.
func number(t testing.TB, name string, def uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	v, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return v
}

// freeInside is how many operations of its own services Workers Free lets an
// event make: a tenth of the limit that is modelled.
const freeInside = 1_000

// TestSimulation runs SIM_SEEDS seeds (12) from SIM_FROM (1), on every core.
// SIM_PARTS are those that take part, all by default, or "standard"; it,
// SIM_FAULTS and SIM_STEPS narrow a run down as Shrink found it. SIM_PLANTED
// names a planted bug to deploy.
func TestSimulation(t *testing.T) {
	config := Config{Root: root}
	require.NoError(t, config.Environment(os.LookupEnv))
	if bug := os.Getenv("SIM_PLANTED"); bug != "" {
		config.Edit = plant(t, bug)
	}
	from, n := number(t, "SIM_FROM", 1), number(t, "SIM_SEEDS", 12)
	begin := time.Now()
	var virtual time.Duration
	figures, names := map[string]int{}, []string{}
	faults, most := map[wasmtest.Fault]int{}, wasmtest.Subrequests{}
	seeds(config, from, n, func(r *Report, err error) bool {
		if err != nil {
			t.Error(err)
			return false
		}
		virtual += r.Virtual
		most.Outside, most.Inside = max(most.Outside, r.Subrequests.Outside), max(most.Inside, r.Subrequests.Inside)
		for _, f := range r.Faults {
			faults[f.Fault]++
		}
		for _, f := range r.Figures {
			if _, seen := figures[f.Name]; !seen {
				names = append(names, f.Name)
			}
			figures[f.Name] += f.N
		}
		if len(r.Violations) > 0 {
			config.Seed = r.Seed
			explain(t, config, r)
			return false
		}
		return true
	})
	wall := time.Since(begin)
	counts := ""
	for _, name := range names {
		counts += fmt.Sprintf(", %d %s", figures[name], name)
	}
	t.Logf("%d seeds%s; %.0f simulated hours in %v: %.0f hours/s, %.0f seeds/min",
		n, counts, virtual.Hours(), wall.Round(time.Millisecond), virtual.Hours()/wall.Seconds(), float64(n)/wall.Minutes())
	t.Logf("faults:%s", faultTable(faults))
	t.Logf("the busiest event made %d subrequests outside, %d inside", most.Outside, most.Inside)
	require.Less(t, max(most.Outside, most.Inside), freeInside, "an event came near the limits of the platform")
	if n >= allFaults && config.everything() && !t.Failed() {
		require.Empty(t, missing(faults), "faults that never happened")
	}
}

// seeds runs n seeds on every core and gives each report to each, one at a
// time, until that says no.
func seeds(c Config, from, n uint64, each func(*Report, error) bool) {
	var next atomic.Uint64
	var mu sync.Mutex
	var wg sync.WaitGroup
	stop := false
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				c := c
				i := next.Add(1) - 1
				mu.Lock()
				over := stop
				mu.Unlock()
				if i >= n || over {
					return
				}
				c.Seed = from + i
				r, err := Run(c)
				mu.Lock()
				stop = stop || !each(r, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// explain shrinks a failure and says how to see it again.
func explain(t *testing.T, c Config, r *Report) {
	t.Helper()
	small, shrunk, runs, err := Shrink(c, r, shrinkRuns)
	if err != nil {
		t.Errorf("shrinking: %v", err)
	}
	require.NoError(t, os.MkdirAll(filepath.Join(root, "build"), 0o755))
	trace := filepath.Join(root, "build", fmt.Sprintf("sim-%d.trace", c.Seed))
	require.NoError(t, os.WriteFile(trace, []byte(strings.Join(shrunk.Trace, "\n")), 0o600))
	t.Errorf("%s", explanation(small, r, shrunk, runs))
	t.Logf("trace: %s", trace)
}

func explanation(small Config, r, shrunk *Report, runs int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %v\n", small.Seed, r.Violations)
	fmt.Fprintf(&b, "shrunk in %d runs from %d faults and %d steps to %d and %d: %v\n",
		runs, len(r.Faults), len(r.Steps), len(shrunk.Faults), len(shrunk.Steps), shrunk.Violations)
	for _, s := range shrunk.Steps {
		fmt.Fprintf(&b, "  %v\n", s)
	}
	for _, f := range shrunk.Faults {
		fmt.Fprintf(&b, "  fault %v at %s\n", f.Hit, f.At.Format(time.TimeOnly))
	}
	fmt.Fprintf(&b, "replay: %s", small.Command())
	return b.String()
}

// TestSameSeedSameRun also runs beside another seed: nothing is shared.
func TestSameSeedSameRun(t *testing.T) {
	sums := map[uint64][]uint64{}
	for _, seed := range []uint64{7, 8} {
		seeds(Config{Root: root}, seed, 2, func(r *Report, err error) bool {
			require.NoError(t, err)
			sums[r.Seed] = append(sums[r.Seed], r.TraceSum)
			return true
		})
	}
	require.Len(t, sums[8], 2)
	require.Equal(t, sums[8][0], sums[8][1])
	require.NotEqual(t, sums[7][0], sums[8][0])
}

// What Shrink works with gives back the run it was told of: the same faults by
// name, all steps.
func TestCommandReplays(t *testing.T) {
	c := Config{Root: root, Seed: 3}
	r, err := Run(c)
	require.NoError(t, err)
	c.Only = []wasmtest.Hit{}
	for _, f := range r.Faults {
		c.Only = append(c.Only, f.Hit)
	}
	for _, s := range r.Steps {
		c.Steps = append(c.Steps, s.Name)
	}
	read := Config{Root: root, Seed: 3}
	require.NoError(t, read.Environment(func(name string) (string, bool) {
		_, rest, ok := strings.Cut(c.Command(), name+"='")
		value, _, _ := strings.Cut(rest, "'")
		return value, ok
	}))
	require.Equal(t, c, read)
	again, err := Run(read)
	require.NoError(t, err)
	require.Equal(t, r.TraceSum, again.TraceSum)
}

func BenchmarkSeed(b *testing.B) {
	n := uint64(0)
	for b.Loop() {
		n++
		_, err := Run(Config{Root: root, Seed: n})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Minutes(), "seeds/min")
}
