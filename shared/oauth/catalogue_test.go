package oauth_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/target"
)

var update = flag.Bool("update", false, "write docs/oauth-providers.md")

const page = "../../docs/oauth-providers.md"

// resolved fills in what a row asks for.
func resolved(t *testing.T, p oauth.Provider) oauth.Provider {
	t.Helper()
	params := map[string]string{}
	for _, n := range p.Params {
		params[n] = "example-1"
	}
	out, err := p.Resolve(params, target.Policy{})
	require.NoError(t, err, p.Name)
	return out
}

// TestEveryRow walks the table: each row is whole, resolves, makes its requests,
// takes an answer of its form and refuses one.
func TestEveryRow(t *testing.T) {
	rows := oauth.Providers()
	require.GreaterOrEqual(t, len(rows), 60)
	for i, p := range rows {
		t.Run(p.Name, func(t *testing.T) {
			require.True(t, name.Valid(p.Name))
			if i > 0 {
				require.Less(t, rows[i-1].Name, p.Name)
			}
			assert.NotEmpty(t, p.Title)
			assert.True(t, strings.HasPrefix(p.Docs, "https://"))
			_, err := time.Parse(time.DateOnly, p.Checked)
			require.NoError(t, err)
			assert.Contains(t, []string{"A", "B", "C"}, p.Confidence)
			assert.Equal(t, p.Rotation == oauth.RotationGrace, p.Grace > 0, "a window goes with grace")
			assert.Equal(t, p.RevokeKind == oauth.RevokeNone, p.Revoke == "")
			if p.NoRefresh {
				assert.Empty(t, p.Rotation, "what is not there does not rotate")
			}
			assert.Contains(t, []oauth.Style{oauth.StyleBasic, oauth.StylePost}, p.Style, "pinned")

			r := resolved(t, p)
			w := &wire{}
			c := client(w, r)
			to, err := c.AuthorizeURL("state-1", strings.Repeat("v", 43), "")
			require.NoError(t, err)
			u, err := url.Parse(to)
			require.NoError(t, err)
			assert.NotContains(t, to, "client%3Asecret", "the secret stays out of the browser")
			assert.NotContains(t, to, "{")
			assert.Equal(t, []string{"state-1", c.RedirectURL}, []string{u.Query().Get("state"), u.Query().Get("redirect_uri")})
			assert.Equal(t, !p.NoPKCE, u.Query().Get("code_challenge_method") == "S256")

			w.res = accepted(p)
			tokens, err := c.Refresh(ctx, "rt-1")
			require.NoError(t, err)
			assert.Equal(t, "at-2", tokens.Access)
			assert.Equal(t, "rt-2", tokens.Refresh)
			assert.Contains(t, string(w.sent[0].Body), "rt-1")
			_, err = c.Exchange(ctx, "code-1", strings.Repeat("v", 43))
			require.NoError(t, err)

			w.res = answer(400, `{"error":"invalid_grant"}`)
			_, err = c.Refresh(ctx, "rt-1")
			var f *oauth.Failure
			require.ErrorAs(t, err, &f)
			assert.Equal(t, oauth.Dead, f.Outcome)
			for _, code := range p.Dead {
				w.res = answer(200, `{"ok":false,"error":"`+code+`"}`)
				_, err = c.Refresh(ctx, "rt-1")
				require.ErrorAs(t, err, &f)
				assert.Equal(t, oauth.Dead, f.Outcome, code)
			}

			w.res = answer(200, `{"ok":true}`)
			for _, hint := range []string{oauth.HintRefresh, oauth.HintAccess} {
				if r.Revokes(hint) {
					require.NoError(t, c.Revoke(ctx, "tok", hint))
					assert.NotContains(t, w.sent[len(w.sent)-1].URL, "{")
				}
			}
		})
	}
}

// accepted is a token answer of the row's form.
func accepted(p oauth.Provider) fetch.Response {
	tokens := `"access_token":"at-2","refresh_token":"rt-2","expires_in":3600`
	if p.Nested != "" {
		return answer(200, `{"ok":true,"`+p.Nested+`":{`+tokens+`}}`)
	}
	return answer(200, `{"ok":true,`+tokens+`}`)
}

func TestResolveRefuses(t *testing.T) {
	p, ok := oauth.Lookup("shopify")
	require.True(t, ok)
	for _, params := range []map[string]string{
		nil,
		{},
		{"shop": ""},
		{"shop": "a/b"},
		{"shop": "evil.example.com#"},
		{"shop": "-a"},
		{"shop": "a b"},
		{"shop": "a", "more": "b"},
		{"store": "a"},
		{"shop": strings.Repeat("a", 64)},
		{"shop": "a%2eb"},
		{"shop": "a@b"},
	} {
		_, err := p.Resolve(params, target.Policy{})
		require.ErrorIs(t, err, oauth.ErrParams, params)
	}
	_, ok = oauth.Lookup("nobody")
	assert.False(t, ok)
	p = oauth.Provider{Authorize: "https://as.example.com/a", Token: "https://169.254.169.254/t"}
	_, err := p.Resolve(nil, target.Policy{})
	require.ErrorIs(t, err, oauth.ErrEndpoint)
}

// TestPage holds the page to the table. `make catalogue` writes it.
func TestPage(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile(page, pageOf(), 0o644))
	}
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(pageOf()), string(written), "run `make catalogue`")
}

func pageOf() []byte {
	rows := oauth.Providers()
	var b bytes.Buffer
	fmt.Fprintf(&b, "# OAuth providers\n\nMade by `make catalogue` from the table in `shared/oauth`; do not edit. %d rows.\n\n", len(rows))
	b.WriteString("The name is what `PUT …/connections/{connection}` takes as `provider`; *needs* are its `params`. *Auth* is how the client authenticates at the token endpoint, *refresh token* what becomes of it when it is used: `strict`: good once; `grace`: the old one can be repeated for so long; `none`: it stays; `unknown`: treated as strict until a refresh shows otherwise. *Dies* is after how long without use (idle) or since the authorization (in all). *Revoked*: by a disconnect. Confidence: A by the provider's own page or library, B by two other sources, C by one.\n\n")
	b.WriteString("A server that is not here: `\"provider\": \"issuer\"` with the `issuer` whose metadata describes it (RFC 8414, OpenID Connect Discovery), or `\"provider\": \"custom\"` with its `endpoints`.\n\n")
	b.WriteString("| name | provider | needs | auth | refresh token | dies | revoked | particulars | docs |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, p := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | [%s, %s](%s) |\n", p.Name, p.Title, strings.Join(p.Params, ", "), p.Style,
			rotationOf(p), diesOf(p), revokedOf(p), particulars(p), p.Confidence, p.Checked, p.Docs)
	}
	return b.Bytes()
}

func rotationOf(p oauth.Provider) string {
	switch {
	case p.NoRefresh:
		return "there is none"
	case p.Rotation == oauth.RotationUnknown:
		return "unknown"
	case p.Grace > 0:
		return "grace, " + life(p.Grace)
	}
	return string(p.Rotation)
}

func diesOf(p oauth.Provider) string {
	var list []string
	if p.RefreshIdle > 0 {
		list = append(list, life(p.RefreshIdle)+" idle")
	}
	if p.RefreshLife > 0 {
		list = append(list, life(p.RefreshLife)+" in all")
	}
	return strings.Join(list, ", ")
}

func life(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}

func revokedOf(p oauth.Provider) string {
	switch {
	case p.RevokeKind == oauth.RevokeNone:
		return "no"
	case p.RevokesGrant:
		return "the whole grant"
	}
	return "yes"
}

func particulars(p oauth.Provider) string {
	var list []string
	add := func(yes bool, text string) {
		if yes {
			list = append(list, text)
		}
	}
	add(p.NoPKCE, "no PKCE")
	add(p.Separator != "", "scopes joined by a comma")
	add(p.ScopeParam != "", "scopes in `"+p.ScopeParam+"`")
	add(p.JSONBody, "JSON body")
	add(p.OKFlag, "errors with status 200")
	add(p.Nested != "", "tokens in `"+p.Nested+"`")
	add(p.Refresh != "", "own refresh URL")
	add(p.SecretAsUser, "secret as user name")
	add(p.ClientIDParam != "", "client id as `"+p.ClientIDParam+"`")
	add(p.AccessDies, "a refresh ends the old access token")
	for _, a := range p.AuthorizeParams {
		list = append(list, "`"+a.Name+"="+a.Value+"`")
	}
	text := strings.Join(list, ", ")
	if p.Notes != "" {
		if text != "" {
			text += ". "
		}
		text += p.Notes
	}
	return text
}
