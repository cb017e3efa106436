//go:build !js

package vault_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/vault"
)

// TestNoScopesSilenceTheVault: a server grants as many scopes as its answer
// holds. What is told of them must not be more than the queue takes: it would
// stand first in the outbox for ever, and nothing after it be told (G6).
func TestNoScopesSilenceTheVault(t *testing.T) {
	w := newWorld(t)
	w.cfg.Send = func(messages [][]byte) error {
		for _, m := range messages {
			if len(m) > queue.MaxMessageBytes {
				return errors.New("queue: message too large")
			}
		}
		w.sent = append(w.sent, messages...)
		return nil
	}
	w.restart()
	w.connect("crm")
	var many []string
	for i := range 12_000 {
		many = append(many, "scope-"+strconv.Itoa(1_000_000+i))
	}
	w.as.Narrow(strings.Join(many, " "))
	w.until(start.Add(time.Hour))
	require.Len(t, w.state("crm").Granted, len(many))
	w.as.End()
	w.until(start.Add(3 * time.Hour))
	require.Equal(t, vault.NeedsReauth, w.state("crm").State)

	assert.Equal(t, []string{"scopes_changed", "needs_reauth"}, w.told())
	changed := w.notice("scopes_changed")
	assert.Equal(t, []any{"added"}, changed["left_out"])
	assert.Equal(t, []any{"read", "write"}, changed["removed"])
	assert.NotContains(t, changed, "added")
	assert.NotContains(t, w.notice("needs_reauth"), "left_out")
}
