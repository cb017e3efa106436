package sim

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// plantedBug is a bug that builds with the tag hookweirplanted have when their
// environment names it (package planted).
type plantedBug struct {
	name      string
	module    string   // what it is in: worker or consumers
	guarantee string   // what it breaks
	within    uint64   // seeds in which it has to be found
	parts     []string // the parts that find it; nil for all
}

// plantedBugs are those of every part.
func plantedBugs() []plantedBug {
	return slices.Concat(webhookBugs(), agentBugs(), pollBugs(), writeBugs(), connectionBugs(), mcpBugs())
}

func planted(t testing.TB, name string) plantedBug {
	t.Helper()
	bugs := plantedBugs()
	i := slices.IndexFunc(bugs, func(b plantedBug) bool { return b.name == name })
	require.GreaterOrEqual(t, i, 0, "no planted bug is called %q", name)
	return bugs[i]
}

// plant builds the module that has a bug, and deploys it.
func plant(t testing.TB, name string) func([]wasmtest.Worker) {
	t.Helper()
	bug := planted(t, name)
	module, err := build(bug.module)
	require.NoError(t, err)
	return func(workers []wasmtest.Worker) {
		for i := range workers {
			if filepath.Base(workers[i].Module) == bug.module+".wasm" {
				workers[i].Module, workers[i].Env = module, []string{"HOOKWEIR_PLANTED=" + name}
			}
		}
	}
}

// building holds what this process builds: a module for all the bugs in it.
var building struct {
	sync.Mutex
	done map[string]bool
}

func build(module string) (path string, err error) {
	building.Lock()
	defer building.Unlock()
	path, err = filepath.Abs(filepath.Join(root, "build", "sim", "planted-"+module+".wasm"))
	if err != nil || building.done[module] {
		return path, err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags=hookweirplanted", "-o", path, "./"+module)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return path, fmt.Errorf("%w: %s", err, out)
	}
	if building.done == nil {
		building.done = map[string]bool{}
	}
	building.done[module] = true
	return path, nil
}

// find runs seeds until one breaks the bug's guarantee.
func (bug plantedBug) find(t *testing.T, c Config) (found *Report) {
	t.Helper()
	c.Parts = bug.parts
	for c.Seed = 1; c.Seed <= bug.within; c.Seed++ {
		r, err := Run(c)
		require.NoError(t, err)
		if slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.Guarantee == bug.guarantee }) {
			return r
		}
	}
	return nil
}

func TestPlantedBugsAreFound(t *testing.T) {
	table, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, bug := range plantedBugs() {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			row := "\n| `" + bug.name + "` | [a-z]+ | " + bug.guarantee + " | " + strconv.FormatUint(bug.within, 10) + " |"
			require.Regexp(t, strings.ReplaceAll(row, "|", `\|`), string(table), "README.md's table")
			r := bug.find(t, Config{Root: root, Edit: plant(t, bug.name)})
			require.NotNil(t, r, "%s was not found in %d seeds", bug.name, bug.within)
			t.Logf("found by seed %d: %v", r.Seed, r.Violations[0])
		})
	}
}

func TestShrink(t *testing.T) {
	bug := planted(t, "ackfirst")
	c := Config{Root: root, Edit: plant(t, bug.name)}
	r := bug.find(t, c)
	require.NotNil(t, r)
	c.Seed, c.Parts = r.Seed, bug.parts
	small, shrunk, runs, err := Shrink(c, r, 40)
	require.NoError(t, err)
	t.Log(explanation(small, r, shrunk, runs))
	require.LessOrEqual(t, runs, 40)
	require.Equal(t, bug.guarantee, shrunk.Violations[0].Guarantee)
	// An acknowledged event that was never queued: one delivery, one fault.
	require.Len(t, shrunk.Steps, 1)
	require.Len(t, shrunk.Faults, 1)
	require.Equal(t, wasmtest.QueueSendFail, shrunk.Faults[0].Fault)
	require.True(t, strings.HasPrefix(small.Command(), "SIM_FROM="))
}

func TestReduce(t *testing.T) {
	tries := 0
	best := []int{}
	items := make([]int, 100)
	for i := range items {
		items[i] = i
	}
	wasmtest.Shrink(items, func(some []int) bool {
		tries++
		if slices.Contains(some, 17) && slices.Contains(some, 80) {
			best = some
			return true
		}
		return false
	})
	require.Equal(t, []int{17, 80}, best)
	require.Less(t, tries, 60)
}
