package hookweir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGraveEventsAreDocumented holds the table of docs/deploying.md to the
// levels that the code gives: by the table of package severity, and in words
// at the edge and in the glue.
func TestGraveEventsAreDocumented(t *testing.T) {
	table, err := os.ReadFile("shared/severity/severity.go")
	require.NoError(t, err)
	said := map[string][]string{}
	for level, from := range map[string]string{"error": "errors = [...]string{", "warn": "warns = [...]string{"} {
		_, rest, ok := strings.Cut(string(table), from)
		require.True(t, ok)
		rest, _, _ = strings.Cut(rest, "\n\t}")
		said[level] = names(rest, `"([a-z_.]+)"`)
		require.NotEmpty(t, said[level])
	}
	var panics []string
	require.NoError(t, filepath.WalkDir("shared", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".mjs") {
			return err
		}
		text, err := os.ReadFile(path)
		panics = append(panics, names(string(text), `bulkhead\.Run\([^,]+, "([a-z_.]+)"`)...)
		for level := range said {
			for _, pattern := range []string{`"level":"` + level + `","event":"([a-z_.]+)"`, `level: "` + level + `", event: "([a-z_.]+)"`, `\("` + level + `", "([a-z]+\.[a-z_]+)"`} {
				said[level] = append(said[level], names(string(text), pattern)...)
			}
		}
		return err
	}))
	require.Subset(t, said["error"], panics, "a panic is a defect")
	page, err := os.ReadFile("docs/deploying.md")
	require.NoError(t, err)
	for level, events := range said {
		var told []string
		for _, row := range names(string(page), "(?m)^\\| `"+level+"`[^|]*\\| (.*) \\|$") {
			told = append(told, names(row, "`([a-z_.]+)`")...)
		}
		require.Equal(t, sorted(events), sorted(told), level)
	}
}
