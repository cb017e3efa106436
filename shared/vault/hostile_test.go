//go:build !js

package vault_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/vault"
)

// answers has the token endpoint say what it is told to.
func (w *world) answers(body func() string) {
	w.hosts["as.example.com"] = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			w.as.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte(body()))
	})
}

// TestScopesChangeTwiceUnderOneToken: where tokens do not expire, every change
// is seen under the same generation, and each is to be told.
func TestScopesChangeTwiceUnderOneToken(t *testing.T) {
	w := newWorld(t)
	w.connect("crm")
	for _, granted := range [][]string{{"read"}, {"read", "write"}, {"read"}} {
		w.advance(time.Minute)
		require.NoError(t, w.vault.Used(ctx, "crm", []vault.Use{{Method: "GET", Path: "/x", Granted: granted}}))
		w.settle()
	}
	keys := map[string]bool{}
	for _, m := range w.sent {
		msg, err := event.Decode(m)
		require.NoError(t, err)
		keys[msg.Key] = true
	}
	assert.Len(t, keys, 3, "the Ledger takes a key once")
}

// TestConsentThatGivesLess: a person may untick a scope.
func TestConsentThatGivesLess(t *testing.T) {
	w := newWorld(t)
	scope := "read"
	w.answers(func() string {
		return `{"access_token":"at","refresh_token":"rt","expires_in":5184000,"scope":"` + scope + `"}`
	})
	w.connect("crm", func(in *vault.PutConnection) { in.Scopes = []string{"openid", "offline_access", "read", "write"} })
	w.settle()
	require.Equal(t, []string{"scopes_changed"}, w.told())
	assert.Equal(t, []any{"write"}, w.notice("scopes_changed")["removed"])

	w.advance(time.Minute)
	scope = "read write"
	_, err := w.vault.Finish(ctx, w.consent(w.begin("crm")))
	require.NoError(t, err)
	w.settle()
	require.Len(t, w.told(), 2)
	assert.Equal(t, []any{"write"}, w.notice("scopes_changed")["added"])

	w.advance(time.Minute)
	_, err = w.vault.Finish(ctx, w.consent(w.begin("crm")))
	require.NoError(t, err)
	w.settle()
	assert.Len(t, w.told(), 2, "the same again is no change")
}

// TestUseIsOfTheWindow: a connection that nobody uses any more has no use
// within it.
func TestUseIsOfTheWindow(t *testing.T) {
	w := newWorld(t)
	w.connect("crm", func(in *vault.PutConnection) {
		in.Operations = []vault.Operation{{Path: "/x", Scopes: []string{"read"}}}
	})
	require.NoError(t, w.vault.Used(ctx, "crm", []vault.Use{{Method: "GET", Path: "/x", At: start}}))
	w.advance(500 * 24 * time.Hour)
	s, err := w.vault.Scopes(ctx, vault.ScopesRequest{Connection: "crm"})
	require.NoError(t, err)
	assert.Zero(t, s.Calls)
	assert.Zero(t, s.Since)
	assert.Equal(t, []string{"read", "write"}, s.Unused)
	for _, u := range s.Scopes {
		assert.Zero(t, u.Calls, u.Scope)
	}
}

// TestTheSameSettingsAgain: provisioning that is repeated ends no consent that
// a person is giving.
func TestTheSameSettingsAgain(t *testing.T) {
	w := newWorld(t)
	w.put("crm")
	back := w.consent(w.begin("crm"))
	w.put("crm")
	w.put("crm", func(in *vault.PutConnection) { in.ClientSecret = "" })
	c, err := w.vault.Finish(ctx, back)
	require.NoError(t, err)
	assert.Equal(t, vault.Active, c.State)

	back = w.consent(w.begin("crm"))
	w.put("crm", func(in *vault.PutConnection) { in.ClientSecret = "another" })
	_, err = w.vault.Finish(ctx, back)
	require.ErrorIs(t, err, vault.ErrFlow, "another secret is another configuration")
}

// TestARefreshTokenThatDiesAtOnce is not refreshed without pause.
func TestARefreshTokenThatDiesAtOnce(t *testing.T) {
	w := newWorld(t)
	posts := 0
	w.answers(func() string {
		posts++
		return `{"access_token":"at","refresh_token":"rt","expires_in":3600,"refresh_token_expires_in":0.01,"scope":"read write"}`
	})
	w.connect("crm")
	for n := 0; n < 400 && !w.alarm.IsZero() && w.clock().Before(start.Add(time.Minute)); n++ {
		w.tick()
	}
	assert.LessOrEqual(t, posts, 40, "in a minute")
}

// TestLifetimesThatMakeNoSense neither end a token nor make one live for ever
// in the past.
func TestLifetimesThatMakeNoSense(t *testing.T) {
	for _, life := range []string{`0`, `-1`, `1e18`, `"never"`, `null`, `{}`, `"1e400"`, `true`, `99999999999999999999`} {
		w := newWorld(t)
		w.answers(func() string {
			return `{"access_token":"at","refresh_token":"rt","token_type":"MAC","scope":"read write","expires_in":` + life + `}`
		})
		c := w.connect("crm")
		assert.True(t, c.Expires.IsZero(), life)
		tok, err := w.token("crm")
		require.NoError(t, err, life)
		assert.Equal(t, "at", tok.Value, life)
	}
}

// TestTheAnswerGoesBeforeTheBrowser: what the token endpoint says of the
// account is the provider's word, what the callback's query says the browser's.
func TestTheAnswerGoesBeforeTheBrowser(t *testing.T) {
	w := newWorld(t)
	w.hosts["connect.stripe.com"] = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte(`{"access_token":"at","refresh_token":"rt","stripe_user_id":"acct_theirs","scope":"read_write"}`))
	})
	_, err := w.vault.PutConnection(ctx, vault.PutConnection{Name: "pay", ClientSecret: "sk_1", Settings: vault.Settings{Provider: "stripe", ClientID: "ca_1", Scopes: []string{"read_write"}}})
	require.NoError(t, err)
	f := w.begin("pay")
	c, err := w.vault.Finish(ctx, vault.Callback{State: f.Cookie, Code: "ac_1", Cookie: f.Value, Params: map[string]string{"stripe_user_id": "acct_another"}})
	require.NoError(t, err)
	assert.Equal(t, "acct_theirs", c.Kept["stripe_user_id"])
}
