//go:build !js

package vault_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/shared/vault"
)

// TestRefusedForLong: a token that lives for months, that a destination
// refuses and no refresh can replace, is not kept to its end, whichever of the
// two came first: an hour later the connection says that it needs a person.
func TestRefusedForLong(t *testing.T) {
	const life = 60 * 24 * time.Hour
	ask := func(w *world, c vault.Connection) error {
		_, err := w.vault.Token(ctx, vault.TokenRequest{Connection: "crm", Caller: "destination:x", Refused: c.Generation})
		return err
	}
	for name, c := range map[string]struct {
		faults []oauthtest.Fault
		wait   time.Duration // before the destination refuses it
		posts  int
	}{
		"refused, and the answer lost":      {[]oauthtest.Fault{oauthtest.DropAfter}, time.Minute, 1},
		"refused, and the server failed":    {[]oauthtest.Fault{oauthtest.FailBefore, oauthtest.FailBefore}, time.Minute, 2},
		"the answer lost, and then refused": {[]oauthtest.Fault{oauthtest.DropAfter}, life - time.Hour*24, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.as.AccessLife = life
			connection := w.connect("crm", rotation("strict", 0))
			w.as.Break(c.faults...)
			w.until(start.Add(c.wait))
			require.ErrorIs(t, ask(w, connection), vault.ErrUnavailable)
			refused := w.clock()
			w.until(refused.Add(50 * time.Minute))
			assert.Equal(t, vault.Degraded, w.state("crm").State)
			_, err := w.token("crm")
			require.NoError(t, err, "others are served on")
			w.until(refused.Add(2*time.Hour + 10*time.Minute))
			assert.Equal(t, vault.NeedsReauth, w.state("crm").State)
			assert.Equal(t, vault.ReasonRotationLost, w.notice("needs_reauth")["reason"])
			require.ErrorIs(t, ask(w, connection), vault.ErrNeedsReauth)
			posts, _, reuses := w.as.Counts()
			assert.Equal(t, c.posts, posts)
			assert.Zero(t, reuses)
		})
	}
}
