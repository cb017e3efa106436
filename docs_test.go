package hookweir_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/problem"
)

// TestErrorsPage holds docs/errors.md to the table of problems. `make
// catalogue` writes it.
func TestErrorsPage(t *testing.T) {
	const page = "docs/errors.md"
	var b strings.Builder
	b.WriteString(`# Errors

Every error is ` + "`application/problem+json`" + ` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): branch on ` + "`code`" + `, which keeps its meaning for good; ` + "`title` and `detail`" + ` are for people. 429 and 503 say ` + "`Retry-After`" + ` where there is a time to name. Made from the table in ` + "`shared/problem/codes.go`" + ` by ` + "`make catalogue`" + `.

| status | code | what it means |
|---|---|---|
`)
	all := problem.All()
	slices.SortStableFunc(all, func(x, y problem.Problem) int { return x.Status - y.Status })
	for _, p := range all {
		b.WriteString("| " + strconv.Itoa(p.Status) + " | `" + p.Code + "` | " + p.Title + " |\n")
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(b.String()), 0o644))
	}
	have, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "write it anew: make catalogue")
}

// TestNoticesAreDocumented holds docs/events.md to the notices that the source
// names, both ways.
func TestNoticesAreDocumented(t *testing.T) {
	kind := regexp.MustCompile(`["` + "`" + `](hookweir\.[a-z_]+\.[a-z_]+)["` + "`" + `]`)
	collect := func(text []byte, into map[string]bool) {
		for _, m := range kind.FindAllSubmatch(text, -1) {
			into[string(m[1])] = true
		}
	}
	raised, told := map[string]bool{}, map[string]bool{}
	require.NoError(t, filepath.WalkDir("shared", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(strings.TrimSpace(line), "//") {
				collect([]byte(line), raised)
			}
		}
		return err
	}))
	page, err := os.ReadFile("docs/events.md")
	require.NoError(t, err)
	collect(page, told)
	require.NotEmpty(t, raised)
	require.Equal(t, raised, told)
}
