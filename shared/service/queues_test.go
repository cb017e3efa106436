package service

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/queue"
)

// TestQueuesOfAnotherName: queue names are an account's, so a second
// deployment, or one beside another project's `events`, has a prefix before
// them. A queue that the consumers do not know is never acknowledged, and after
// days all of it is gone.
func TestQueuesOfAnotherName(t *testing.T) {
	for name, known := range map[string]bool{
		"events": true, "events-dead": true, "writes": true, "writes-dead": true, "polls": true,
		"hookweir-events": true, "staging-eu-events-dead": true, "staging-writes": true, "x-polls": true, "x-writes-dead": true,
		"devents": false, "events2": false, "dead": false, "": false, "-": false,
	} {
		var logged []string
		cfg := whole(t)
		cfg.Log = func(event string, _ ...string) { logged = append(logged, event) }
		s, err := New(cfg)
		require.NoError(t, err)
		verdicts := s.Queue(t.Context(), name, []queue.Message{{ID: "m", Body: []byte("garbage")}})
		assert.Len(t, verdicts, 1, name)
		assert.Equal(t, known, !slices.Contains(logged, "queue_unknown"), name)
	}
}
