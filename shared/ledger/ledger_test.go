package ledger

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShardsAreStableAndEven(t *testing.T) {
	// Stored rows depend on these.
	for key, want := range map[string]int{
		"acme/github/1": 0, "acme/stripe/evt_1": 2, "acme/slack/C1:1.2": 1, "t/s/x": 0, "zeta/gh/0f": 2,
	} {
		require.Equal(t, want, ShardOf(key))
	}
	var n [Shards]int
	for i := range 10000 {
		n[ShardOf(fmt.Sprintf("acme/stripe/evt_%d", i))]++
	}
	for _, c := range n {
		require.InDelta(t, 10000/Shards, c, 250)
	}
}

func TestObjectNames(t *testing.T) { require.Equal(t, "acme/3", ObjectName("acme", 3)) }
