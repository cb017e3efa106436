package wasmtest_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme holds README.md's Go to the examples, which are compiled and run,
// and the tests it names to those there are.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(readme), "```go\n")
	require.True(t, ok)
	code, _, _ := strings.Cut(rest, "```")
	for line := range strings.Lines(code) {
		require.Contains(t, string(example), strings.TrimSpace(line))
	}

	out, err := exec.Command("grep", "-rhoE", "^func Test[A-Za-z]+", ".").Output()
	require.NoError(t, err)
	named := regexp.MustCompile(`\bTest[A-Z][A-Za-z]+`).FindAllString(string(readme), -1)
	require.Greater(t, len(named), 10)
	for _, name := range named {
		require.Contains(t, string(out)+"\n", "func "+name+"\n", "README.md names a test that is not there")
	}
}
