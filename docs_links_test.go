package hookweir_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLinks follows every link between our pages, to the heading, and sees
// that the README leads to all of them.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	all := append([]string{"README.md", "ARCHITECTURE.md", "RATIONALE.md", "CONTRIBUTING.md", "wasmtest/README.md"}, pages...)
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	anchors := map[string]map[string]bool{}
	for _, page := range all {
		anchors[page] = headings(t, page)
	}
	for _, page := range all {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target, anchor, _ := strings.Cut(m[1], "#")
			path := page
			if target != "" {
				path = filepath.Join(filepath.Dir(page), target)
			}
			_, err := os.Stat(path)
			assert.NoError(t, err, "%s links to %s", page, m[1])
			if known, ours := anchors[path]; ours && anchor != "" {
				assert.True(t, known[anchor], "%s links to %s, which has no such heading", page, m[1])
			}
		}
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, page := range all[1:] {
		assert.Contains(t, string(readme), "]("+page, "the README does not lead there")
	}
}

// headings are a page's anchors, as GitHub makes them.
func headings(t *testing.T, page string) map[string]bool {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	out := map[string]bool{}
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		out[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return out
}
