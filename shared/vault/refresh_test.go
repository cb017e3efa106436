//go:build !js

package vault_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/shared/vault"
)

func TestConnectAndToken(t *testing.T) {
	w := newWorld(t)
	c := w.connect("crm")
	assert.Equal(t, []string{"read", "write"}, c.Granted)
	assert.True(t, c.Refreshable)
	tok, err := w.token("crm")
	require.NoError(t, err)
	assert.True(t, w.as.Active(tok.Value))
	assert.Equal(t, "Bearer", tok.Type)
	assert.Equal(t, c.Generation, tok.Generation)
	assert.Equal(t, start.Add(time.Hour), tok.Expires)
}

func TestManyAskOneRefresh(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	w.advance(time.Hour)
	var group sync.WaitGroup
	tokens := make([]vault.Token, 500)
	for i := range tokens {
		group.Go(func() {
			tok, err := w.token("crm")
			assert.NoError(t, err)
			tokens[i] = tok
		})
	}
	group.Wait()
	posts, spends, reuses := w.as.Counts()
	assert.Equal(t, []int{1, 1, 0}, []int{posts, spends, reuses})
	for _, tok := range tokens {
		require.Equal(t, tokens[0], tok)
	}
	assert.True(t, w.as.Active(tokens[0].Value))
	assert.Len(t, w.as.Granted(), 1)
}

func TestRefreshAheadOfNeed(t *testing.T) {
	w := newWorld(t)
	first := w.connect("crm")
	w.until(start.Add(47 * time.Minute))
	assert.Equal(t, first.Generation, w.state("crm").Generation, "before 80 %")
	w.until(start.Add(55 * time.Minute))
	c := w.state("crm")
	assert.Greater(t, c.Generation, first.Generation)
	assert.Equal(t, vault.Active, c.State)
	assert.True(t, c.Obtained.After(start.Add(48*time.Minute)) && c.Obtained.Before(start.Add(54*time.Minute).Add(time.Second)), c.Obtained)
	w.until(start.Add(48 * time.Hour))
	posts, spends, reuses := w.as.Counts()
	assert.Equal(t, posts, spends)
	assert.Zero(t, reuses)
	tok, err := w.token("crm")
	require.NoError(t, err)
	assert.True(t, w.as.Active(tok.Value))
	assert.Empty(t, w.told(), "nothing happened that anybody has to know")
}

// outcome is one row of the table below: how a server fails once, and what must
// come of it.
type outcome struct {
	fault    oauthtest.Fault
	rotation string
	grace    time.Duration
	lost     bool // RetryLost
	reason   string
	cause    string
	// after the token's end:
	state string
	posts int // of refresh requests that reached the server
}

func TestOneFailure(t *testing.T) {
	const strict, none, grace = "strict", "none", "grace"
	for _, o := range []outcome{
		// A server that failed is asked once more, at the end.
		{oauthtest.FailBefore, strict, 0, false, vault.ReasonProviderFailed, "temporarily_unavailable (503)", vault.Active, 2},
		{oauthtest.FailBefore, none, 0, false, vault.ReasonProviderFailed, "temporarily_unavailable (503)", vault.Active, 2},
		// A lost answer is not asked for again where the token may be spent.
		{oauthtest.DropBefore, strict, 0, false, vault.ReasonAnswerLost, "no_answer", vault.NeedsReauth, 0},
		{oauthtest.DropAfter, strict, 0, false, vault.ReasonAnswerLost, "no_answer", vault.NeedsReauth, 1},
		{oauthtest.HangAfter, strict, 0, false, vault.ReasonAnswerLost, "timeout", vault.NeedsReauth, 1},
		{oauthtest.HTML, strict, 0, false, vault.ReasonAnswerLost, "unreadable (200)", vault.NeedsReauth, 1},
		{oauthtest.Huge, strict, 0, false, vault.ReasonAnswerLost, "too_large (200)", vault.NeedsReauth, 1},
		// … unless the operator says so.
		{oauthtest.DropBefore, strict, 0, true, vault.ReasonAnswerLost, "no_answer", vault.Active, 1},
		// Where nothing is spent, or a repetition is forgiven, it is.
		{oauthtest.DropAfter, none, 0, false, vault.ReasonAnswerLost, "no_answer", vault.Active, 2},
		{oauthtest.DropAfter, grace, time.Minute, false, "", "", vault.Active, 2},
		{oauthtest.FailAfter, grace, time.Minute, false, "", "", vault.Active, 2},
		{oauthtest.Throttle, strict, 0, false, vault.ReasonThrottled, "slow_down (429)", vault.Active, 2},
	} {
		t.Run(string(o.fault)+" "+o.rotation, func(t *testing.T) {
			w := newWorld(t)
			w.as.Rotate, w.as.Grace = o.rotation != none, o.grace
			w.connect("crm", rotation(o.rotation, o.grace), func(in *vault.PutConnection) { in.RetryLost = o.lost })
			w.as.Break(o.fault)
			w.until(start.Add(54*time.Minute + 30*time.Second))
			c := w.state("crm")
			if o.reason == "" {
				assert.Equal(t, vault.Active, c.State, "the one repetition healed it at once")
			} else if o.state == vault.NeedsReauth || o.fault != oauthtest.Throttle && o.rotation == strict {
				assert.Equal(t, vault.Degraded, c.State)
				assert.Equal(t, o.reason, c.Reason)
				assert.Equal(t, o.cause, c.Cause)
				tok, err := w.token("crm")
				require.NoError(t, err, "the old token is used while it lives")
				assert.Equal(t, start.Add(time.Hour), tok.Expires)
			}
			if o.reason != "" {
				assert.Contains(t, w.told(), "degraded")
				assert.Equal(t, o.reason, w.notice("degraded")["reason"])
				assert.Equal(t, o.cause, w.notice("degraded")["cause"])
			}
			w.until(start.Add(61 * time.Minute))
			c = w.state("crm")
			require.Equal(t, o.state, c.State)
			posts, _, reuses := w.as.Counts()
			assert.Equal(t, o.posts, posts)
			assert.Zero(t, reuses, "a spent token was sent again")
			tok, err := w.token("crm")
			if o.state == vault.Active {
				require.NoError(t, err)
				assert.True(t, w.as.Active(tok.Value))
				if o.reason != "" {
					assert.Contains(t, w.told(), "recovered")
				}
				return
			}
			require.ErrorIs(t, err, vault.ErrNeedsReauth)
			assert.Equal(t, vault.ReasonRotationLost, c.Reason)
			assert.Equal(t, vault.ReasonRotationLost, w.notice("needs_reauth")["reason"])
			assert.Equal(t, "/v1/tenants/acme/connections/crm/authorize", w.notice("needs_reauth")["authorize"])
			// A person mends it.
			_, err = w.vault.Finish(ctx, w.consent(w.begin("crm")))
			require.NoError(t, err)
			_, err = w.token("crm")
			require.NoError(t, err)
		})
	}
}

func TestGrantRefused(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	w.as.End()
	w.until(start.Add(2 * time.Hour))
	c := w.state("crm")
	assert.Equal(t, vault.NeedsReauth, c.State)
	assert.Equal(t, vault.ReasonGrantRefused, c.Reason)
	assert.Equal(t, "invalid_grant (400)", c.Cause)
	posts, _, _ := w.as.Counts()
	assert.Equal(t, 1, posts, "a refused token is not tried again")
	_, err := w.token("crm")
	require.ErrorIs(t, err, vault.ErrNeedsReauth)
	assert.Equal(t, []string{"needs_reauth"}, w.told())
	w.until(start.Add(40 * 24 * time.Hour))
	posts, _, _ = w.as.Counts()
	assert.Equal(t, 1, posts)
}

func TestClientRefusedKeepsTokens(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	w.put("crm", func(in *vault.PutConnection) { in.ClientSecret = "wrong-secret" })
	w.until(start.Add(3 * time.Hour))
	c := w.state("crm")
	assert.Equal(t, vault.Degraded, c.State)
	assert.Equal(t, vault.ReasonClientRefused, c.Reason)
	_, err := w.token("crm")
	require.ErrorIs(t, err, vault.ErrUnavailable)
	w.put("crm")
	w.settle()
	assert.Equal(t, vault.Active, w.state("crm").State, "whoever mends the client does not wait for the pause")
	tok, err := w.token("crm")
	require.NoError(t, err)
	assert.True(t, w.as.Active(tok.Value))
	assert.Contains(t, w.told(), "recovered")
}

func TestRefusedByDestination(t *testing.T) {
	w := newWorld(t)
	c := w.connect("crm")
	ask := func(refused int64) (vault.Token, error) {
		return w.vault.Token(ctx, vault.TokenRequest{Connection: "crm", Caller: "destination:x", Refused: refused})
	}
	_, err := ask(c.Generation)
	require.ErrorIs(t, err, vault.ErrRefused, "a token that was just made")
	w.advance(time.Minute)
	tok, err := ask(c.Generation)
	require.NoError(t, err)
	assert.Greater(t, tok.Generation, c.Generation)
	again, err := ask(c.Generation)
	require.NoError(t, err)
	assert.Equal(t, tok, again, "an older generation is answered with the newer token")
	posts, _, _ := w.as.Counts()
	assert.Equal(t, 1, posts)

	w.advance(time.Minute)
	w.as.Break(oauthtest.FailBefore)
	_, err = ask(tok.Generation)
	require.ErrorIs(t, err, vault.ErrUnavailable)
	for range 5 {
		w.advance(10 * time.Second)
		_, err = ask(tok.Generation)
		require.ErrorIs(t, err, vault.ErrUnavailable)
	}
	posts, _, _ = w.as.Counts()
	assert.Equal(t, 2, posts, "one refresh per generation")
	other, err := w.token("crm")
	require.NoError(t, err, "those whom nobody refused are served on")
	assert.Equal(t, tok, other)
}

func TestTokenWithoutAnEnd(t *testing.T) {
	// The provider does not say when the token ends, and the answer to its one
	// refresh is lost: it is used until a destination refuses it.
	w := newWorld(t)
	c := w.connect("crm")
	_, err := w.db.Exec(`UPDATE connections SET expires = NULL`)
	require.NoError(t, err)
	w.as.Break(oauthtest.DropAfter)
	w.until(start.Add(48 * time.Hour))
	assert.Equal(t, []string{vault.Degraded, vault.ReasonAnswerLost}, []string{w.state("crm").State, w.state("crm").Reason})
	_, err = w.token("crm")
	require.NoError(t, err)
	_, err = w.vault.Token(ctx, vault.TokenRequest{Connection: "crm", Caller: "mcp", Refused: c.Generation})
	require.ErrorIs(t, err, vault.ErrNeedsReauth)
	w.settle()
	assert.Equal(t, vault.ReasonRotationLost, w.notice("needs_reauth")["reason"])
	assert.Empty(t, w.as.Twice())
}

func TestOmittedRefreshTokenStays(t *testing.T) {
	w := newWorld(t)
	w.as.Rotate = false
	w.connect("crm", rotation("", 0))
	for i := range 5 {
		w.until(start.Add(time.Duration(i+1) * time.Hour))
		_, err := w.token("crm")
		require.NoError(t, err)
	}
	// What was seen counts: a lost answer is asked for again.
	w.as.Break(oauthtest.DropAfter)
	w.until(start.Add(7 * time.Hour))
	assert.Equal(t, vault.Active, w.state("crm").State)
}

func TestNarrowedScopeIsNoticed(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	w.as.Narrow("read")
	w.until(start.Add(time.Hour))
	assert.Equal(t, []string{"read"}, w.state("crm").Granted)
	assert.Equal(t, []string{"scopes_changed"}, w.told())
	assert.Equal(t, []any{"write"}, w.notice("scopes_changed")["removed"])
	s, err := w.vault.Scopes(ctx, vault.ScopesRequest{Connection: "crm"})
	require.NoError(t, err)
	assert.Equal(t, []string{"write"}, s.Missing)
}

func TestAllowList(t *testing.T) {
	w := newWorld(t)
	w.connect("crm", func(in *vault.PutConnection) { in.Callers = []string{"destination:*", "key:abc"} })
	for caller, want := range map[string]error{
		"destination:x": nil, "key:abc": nil, "key:other": vault.ErrForbidden, "mcp": vault.ErrForbidden, "": vault.ErrForbidden, "operator": vault.ErrForbidden,
	} {
		_, err := w.vault.Token(ctx, vault.TokenRequest{Connection: "crm", Caller: caller})
		require.ErrorIs(t, err, want, caller)
	}
}

// TestGraceWindowKeepsPauses: the repetition that a grace window forgives is
// one, and a server that asks for a pause gets it.
func TestGraceWindowKeepsPauses(t *testing.T) {
	w := newWorld(t)
	w.as.Grace = 10 * time.Minute
	w.connect("crm", rotation("grace", 10*time.Minute))
	var at []time.Time
	w.before = func(fetch.Request) { at = append(at, w.clock()) }
	w.as.Break(oauthtest.FailBefore, oauthtest.Throttle)
	_, err := w.vault.Token(ctx, vault.TokenRequest{Connection: "crm", Caller: "mcp"})
	require.NoError(t, err)
	w.until(start.Add(58 * time.Minute))
	require.Len(t, at, 3)
	assert.Equal(t, at[0], at[1])
	assert.GreaterOrEqual(t, at[2].Sub(at[1]), 7*time.Second, "Retry-After")
	assert.Equal(t, vault.Active, w.state("crm").State)
}

// TestRefusedTokenWithoutAnEnd: the refresh that a refusal brings about is
// lost. There is nothing left to wait for, so a person is asked for, loudly.
func TestRefusedTokenWithoutAnEnd(t *testing.T) {
	for _, faults := range [][]oauthtest.Fault{{oauthtest.DropAfter}, {oauthtest.FailBefore, oauthtest.FailBefore}} {
		w := newWorld(t)
		c := w.connect("crm")
		_, err := w.db.Exec(`UPDATE connections SET expires = NULL, refresh_at = NULL`)
		require.NoError(t, err)
		w.advance(time.Minute)
		w.as.Break(faults...)
		ask := vault.TokenRequest{Connection: "crm", Caller: "mcp", Refused: c.Generation}
		for range faults {
			_, err = w.vault.Token(ctx, ask)
			require.Error(t, err)
			w.until(w.clock().Add(time.Minute))
		}
		_, err = w.vault.Token(ctx, ask)
		require.ErrorIs(t, err, vault.ErrNeedsReauth, "%v", faults)
		w.settle()
		assert.Equal(t, vault.ReasonRotationLost, w.notice("needs_reauth")["reason"])
	}
}

func TestAllowListOfNobody(t *testing.T) {
	w := newWorld(t)
	w.connect("crm", func(in *vault.PutConnection) { in.Callers = []string{} })
	for _, caller := range []string{"mcp", "key:a", "operator"} {
		_, err := w.vault.Token(ctx, vault.TokenRequest{Connection: "crm", Caller: caller})
		require.ErrorIs(t, err, vault.ErrForbidden, caller)
	}
}

// TestShortLives: a token of a second is not refreshed every second, but when
// somebody needs it.
func TestShortLives(t *testing.T) {
	w := newWorld(t)
	w.as.AccessLife = time.Second
	w.connect("crm")
	before, _, _ := w.as.Counts()
	w.until(start.Add(10 * time.Minute))
	posts, _, _ := w.as.Counts()
	assert.LessOrEqual(t, posts-before, 300)
	tok, err := w.token("crm")
	require.NoError(t, err)
	assert.True(t, w.as.Active(tok.Value))
}
