package crawl

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the table of presets into docs/polling.md")

// TestPage holds the table of docs/polling.md to the presets.
func TestPage(t *testing.T) {
	const file, begin, end = "../../docs/polling.md", "-update -->\n", "<!-- end -->"
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(page), begin)
	require.True(t, ok)
	table, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	var b strings.Builder
	b.WriteString("| preset | polls | params | rule | backs | finds everything | checked |\n|---|---|---|---|---|---|---|\n")
	for _, r := range All() {
		var params []string
		for _, p := range r.Params {
			text := "`" + p.Name + "`"
			if p.Default != "" {
				text += "?"
			}
			params = append(params, text)
		}
		backs := "–"
		if r.Backs {
			backs = "`" + r.Provider + "`"
		}
		whole, why := r.Promise()
		promise := "yes"
		if !whole {
			promise = "no: " + why
		} else if a := r.Assumes(); a != "" {
			promise = "if " + a
		}
		fmt.Fprintf(&b, "| `%s` | [%s](%s). %s | %s | %s | %s | %s | %s |\n", r.Name, r.Title, r.Docs, r.Notes, strings.Join(params, " "), r.Rule, backs, promise, r.Checked)
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(head+begin+b.String()+end+tail), 0o644))
		return
	}
	require.Equal(t, b.String(), table, "go test ./shared/crawl -run TestPage -update")
}
