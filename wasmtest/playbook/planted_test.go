package playbook_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/wasmtest"
)

// plantedBug, in the environment, names the bug that what is deployed shall
// have (package planted).
const plantedBug = "PLAYBOOK_PLANTED"

// plantedModule is where a module with all the bugs is built.
func plantedModule(name string) string { return filepath.Join("../../build/playbook", name) }

// plant puts the modules with bugs in the place of those that deploy, if one
// is to be had.
func plant(workers []wasmtest.Worker) {
	name := os.Getenv(plantedBug)
	if name == "" {
		return
	}
	for i := range workers {
		w := &workers[i]
		w.Module, w.Env = plantedModule(filepath.Base(w.Module)), []string{"HOOKWEIR_PLANTED=" + name}
	}
}

// TestModesCanFail: what holds a failure mode's guarantee up is taken away, and
// its test fails. Each is this test binary once more, with a bug.
func TestModesCanFail(t *testing.T) {
	for _, module := range []string{"worker", "consumers"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags=hookweirplanted", "-o", filepath.Join("build/playbook", module+".wasm"), "./"+module)
		cmd.Dir, cmd.Env = "../..", append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	self, err := os.Executable()
	require.NoError(t, err)
	for i, m := range []struct{ mode, bug string }{
		{"TestSchemaChange", "nopin"}, // alone: it compiles the modules, for the others too
		{"TestDroppedWebhook", "blind"},
		{"TestDuplicate", "nofence"},
		{"TestTokenLeak", "silent"},
		{"TestDownstream503", "noorder"},
		{"TestBurst", "nopace"},
	} {
		t.Run(m.mode, func(t *testing.T) {
			if i > 0 {
				t.Parallel()
			}
			cmd := exec.Command(self, "-test.run=^"+m.mode+"$", "-test.count=1")
			cmd.Env = append(os.Environ(), plantedBug+"="+m.bug)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "with the bug %s it passes", m.bug)
			assert.Contains(t, string(out), "--- FAIL: "+m.mode, string(out))
		})
	}
}
