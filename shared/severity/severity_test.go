package severity_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/severity"
)

func TestOf(t *testing.T) {
	for _, level := range []string{severity.Error, severity.Warn} {
		events := severity.Events(level)
		require.True(t, slices.IsSorted(events), "it is searched by halves")
		require.Equal(t, events, slices.Compact(slices.Clone(events)))
		for _, event := range events {
			assert.Equal(t, level, severity.Of(event), event)
		}
	}
	for _, event := range []string{"", "event_delivered", "poll.ran", "vault.connection_active"} {
		assert.Equal(t, severity.Info, severity.Of(event))
	}
	assert.Empty(t, severity.Events(severity.Info))
}

// TestEventsAreLogged: an event of the table that nobody logs any more was
// renamed, and the new name has no level.
func TestEventsAreLogged(t *testing.T) {
	var source strings.Builder
	require.NoError(t, filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "severity") {
			return err
		}
		text, err := os.ReadFile(path)
		source.Write(text)
		return err
	}))
	made := map[string][]string{ // by a prefix and a state
		`"vault.connection_"+state`: {"vault.connection_degraded", "vault.connection_needs_reauth"},
		`"write_"+state`:            {"write_dead", "write_parked"},
	}
	for from, events := range made {
		require.Contains(t, source.String(), from)
		for _, event := range events {
			source.WriteString(`"` + event + `"`)
		}
	}
	for _, level := range []string{severity.Error, severity.Warn} {
		for _, event := range severity.Events(level) {
			assert.Contains(t, source.String(), `"`+event+`"`)
		}
	}
}
