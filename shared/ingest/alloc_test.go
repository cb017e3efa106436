//go:build !race

package ingest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
)

// The line: once a configuration is cached, finding it, opening it and
// its row in the catalogue cost a request no memory.
func TestLookupAllocatesNothing(t *testing.T) {
	p := newPlatform(t)
	ctx := context.Background()
	_, err := p.gate.lookup(ctx, "acme", "github")
	require.NoError(t, err)
	reads := p.reads
	assert.Zero(t, testing.AllocsPerRun(200, func() {
		if s, err := p.gate.lookup(ctx, "acme", "github"); err != nil || s == nil {
			t.Fatal(err)
		}
	}))
	assert.Equal(t, reads, p.reads, "nor a read of the store")

	webhook.Lookup("github")
	assert.Zero(t, testing.AllocsPerRun(200, func() {
		if _, ok := webhook.Lookup("zoom"); !ok {
			t.Fatal("no row")
		}
	}))
}
