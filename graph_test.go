// Package hookweir_test holds what the repository as a whole promises.
package hookweir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the import graph into ARCHITECTURE.md")

const module = "github.com/hookweir/hookweir/"

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// list asks the go command about packages, as built for js/wasm.
func list(t *testing.T, patterns ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, patterns...)...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
	require.NotEmpty(t, packages)
	return packages
}

// TestImportGraph holds the graph drawn in ARCHITECTURE.md to what the code
// imports, both ways. `go test . -update` draws it anew.
func TestImportGraph(t *testing.T) {
	file, err := os.ReadFile("ARCHITECTURE.md")
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(file), "```imports\n")
	require.True(t, ok, "ARCHITECTURE.md has no imports block")
	drawn, after, ok := strings.Cut(rest, "```")
	require.True(t, ok)

	var actual strings.Builder
	for _, p := range list(t, "./worker", "./consumers", "./shared/...") {
		name, _ := short(p.ImportPath)
		line := name + " →"
		for _, i := range p.Imports {
			if dep, ours := short(i); ours {
				line += " " + dep
			}
		}
		actual.WriteString(line + "\n")
	}
	if *update {
		require.NoError(t, os.WriteFile("ARCHITECTURE.md", []byte(before+"```imports\n"+actual.String()+"```"+after), 0o644))
		return
	}
	require.Equal(t, actual.String(), drawn, "draw it anew: go test . -update")
}

func short(path string) (string, bool) {
	name, ours := strings.CutPrefix(path, module)
	return strings.TrimPrefix(name, "shared/"), ours
}

// TestNoGoTimers holds DESIGN §3 rule 1: a wait is the host's promise of the
// event that waits. Where timers of Go's stand in what the modules link of
// ours, workerd cancels them with the event that began them.
func TestNoGoTimers(t *testing.T) {
	timer := regexp.MustCompile(`\btime\.(Sleep|After|AfterFunc|NewTimer|NewTicker|Tick)\(|\bcontext\.With(Timeout|Deadline)(Cause)?\(`)
	files := 0
	for _, root := range []string{"shared", "worker", "consumers"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			files++
			require.NotRegexp(t, timer, string(text), path)
			return err
		}))
	}
	require.NotZero(t, files)
}

// TestDependencies holds what may never be linked or imported where (DESIGN
// §2).
func TestDependencies(t *testing.T) {
	// crypto brings fmt into the list of dependencies; the linker leaves it
	// out, so for it our own imports are what counts.
	linked := []string{"net/http", "net/url", "encoding/json", "log", "regexp", "golang.org/x/oauth2", module + "shared/vault", module + "shared/tenant"}
	for _, p := range list(t, "./worker") {
		for _, dep := range p.Deps {
			require.NotContains(t, linked, dep, "the public module is small and holds no token")
		}
	}
	for _, p := range list(t, "./shared/...") {
		if strings.HasPrefix(p.ImportPath, module+"shared/edge/") {
			continue
		}
		for _, dep := range p.Imports {
			require.False(t, dep == "syscall/js" || strings.HasPrefix(dep, "github.com/syumai/workers"),
				"%s imports %s: only shared/edge touches the platform", p.ImportPath, dep)
		}
	}
}
