package reference

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/providers.md")

const page = "../../../docs/providers.md"

// TestPage holds the page to the table. `make catalogue` writes it.
func TestPage(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile(page, Page(), 0o644))
	}
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(Page()), string(written), "run `make catalogue`")
}

func TestEveryRowSaysWhatAReaderNeeds(t *testing.T) {
	rows := Rows()
	require.NotEmpty(t, rows)
	for i, r := range rows {
		assert.NotEmpty(t, r.Title, r.Name)
		assert.NotEmpty(t, strings.TrimSpace(r.Scheme), r.Name)
		assert.NotEmpty(t, r.EventID, r.Name)
		assert.True(t, strings.HasPrefix(r.Docs, "https://"), r.Name)
		assert.Len(t, r.Checked, len("2026-11-23"), r.Name)
		assert.Contains(t, []string{"A", "B", "C"}, r.Confidence, r.Name)
		if i > 0 {
			assert.Less(t, rows[i-1].Name, r.Name)
		}
	}
}
