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

// TestCommandsExist: what our pages tell a reader to type is there: targets of
// make, scripts, and Go's tests and benchmarks by name. The end-to-end tests
// run the commands that are in blocks.
func TestCommandsExist(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	require.NoError(t, err)
	targets := map[string]bool{}
	for _, name := range names(string(makefile), `(?m)^([a-z-]+):`) {
		targets[name] = true
	}
	var scripts string
	tests, err := filepath.Glob("e2e/*.test.mjs")
	require.NoError(t, err)
	for _, file := range tests {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		scripts += string(text)
	}
	seen := 0
	for _, page := range allPages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		code := typed(string(text))
		for _, name := range names(code, `(?m)(?:^|[;&|] *|\d )make ([a-z-]+)`) {
			seen++
			assert.True(t, targets[name], "%s: there is no make %s", page, name)
		}
		for _, file := range names(code, `\bnode (?:--test )?([\w/.-]+\.(?:mjs|ts))\b`) {
			seen++
			_, err := os.Stat(file)
			assert.NoError(t, err, page)
		}
		for _, args := range names(code, `(?m)\bgo test (\./.*)$`) {
			seen++
			assertTests(t, page, args)
		}
		if strings.Contains(string(text), "```sh\n") {
			assert.Regexp(t, `(?:commands\(|page = )"`+regexp.QuoteMeta(page)+`"`, scripts, "no test runs the commands of %s", page)
		}
	}
	require.Greater(t, seen, 80)
}

// typed is what of a page is code, a line each.
func typed(text string) string {
	var out []string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
		case inside:
			out = append(out, line)
		default:
			parts := strings.Split(line, "`")
			for i := 1; i < len(parts); i += 2 {
				out = append(out, parts[i])
			}
		}
	}
	return strings.Join(out, "\n")
}

// assertTests: the packages of a `go test` have what it runs.
func assertTests(t *testing.T, page, line string) {
	var declared []string
	for _, arg := range strings.Fields(line) {
		if !strings.HasPrefix(arg, "./") {
			continue
		}
		folder, deep := strings.CutSuffix(arg, "/...")
		folder = filepath.Clean(folder)
		require.NoError(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && path != folder && !deep {
				return filepath.SkipDir
			}
			if strings.HasSuffix(path, "_test.go") {
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				declared = append(declared, names(string(text), `(?m)^func ((?:Test|Benchmark|Fuzz|Example)\w*)\(`)...)
			}
			return nil
		}), "%s: %s", page, line)
	}
	require.NotEmpty(t, declared, "%s: %s", page, line)
	for _, flag := range []struct{ pattern, kind string }{{`-run '?([^' ]+)`, ""}, {`-bench '?([^' ]+)`, "Benchmark"}} {
		for _, wanted := range names(line, flag.pattern) {
			if strings.EqualFold(wanted, "xxx") { // runs no test on purpose
				continue
			}
			first, _, _ := strings.Cut(wanted, "/") // what comes after is a subtest's
			pattern, err := regexp.Compile(first)
			require.NoError(t, err, "%s: %s", page, line)
			found := false
			for _, name := range declared {
				found = found || strings.HasPrefix(name, flag.kind) && pattern.MatchString(name)
			}
			assert.True(t, found, "%s: %s runs nothing", page, line)
		}
	}
}

// allPages are the pages of the repository.
func allPages(t *testing.T) (pages []string) {
	for _, pattern := range []string{"*.md", "docs/*.md", "wasmtest/*.md", "wasmtest/*/*.md", "bench/*.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		pages = append(pages, found...)
	}
	require.Greater(t, len(pages), 20)
	return pages
}
