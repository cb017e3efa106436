package hookweir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sameStart is how many bytes two lines of a page may have in common at their
// beginning: more is one of them twice, as a merge leaves it.
const sameStart = 80

// TestPagesAreWhole: every block of code that begins ends before another one
// does, and no line of prose is there twice.
func TestPagesAreWhole(t *testing.T) {
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "wasmtest/*.md", "wasmtest/*/*.md"} {
		pages, err := filepath.Glob(pattern)
		require.NoError(t, err)
		all = append(all, pages...)
	}
	require.Greater(t, len(all), 20)
	for _, page := range all {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		inside, seen := false, map[string]bool{}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if info, fence := strings.CutPrefix(line, "```"); fence {
				assert.False(t, inside && info != "", "%s: %s within a block", page, line)
				inside = !inside
				continue
			}
			if inside || len(line) < sameStart || strings.HasPrefix(line, "|") {
				continue
			}
			start := line[:sameStart]
			assert.False(t, seen[start], "%s: twice: %s…", page, start)
			seen[start] = true
		}
		assert.False(t, inside, "%s: a block without an end", page)
	}
}
