package sim

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCheckGrants is the model of a connection's tokens.
func TestCheckGrants(t *testing.T) {
	now := start
	tests := []struct {
		name   string
		happen func(g *Grants)
		want   string // empty: all is well
	}{
		{"used up once each", func(g *Grants) {
			g.Spent("r0", 200)
			g.Issued("a", "r0", "t1", "r1", time.Minute)
			g.Shown("a", "t1", g.Before("a"))
		}, ""},
		{"sent again after an answer", func(g *Grants) { g.Spent("r0", 200); g.Spent("r0", 200) }, "G5"},
		{"sent again after a refusal", func(g *Grants) { g.Spent("r0", 400); g.Spent("r0", 400) }, "G5"},
		{"sent again after a lost answer", func(g *Grants) { g.Spent("r0", noAnswer); g.Spent("r0", 200) }, "G5"},
		{"at the operator's risk", func(g *Grants) {
			g.at("a").RetryLost = true
			g.Spent("r0", noAnswer)
			g.Spent("r0", 200)
		}, ""},
		{"at the operator's risk, twice", func(g *Grants) {
			g.at("a").RetryLost = true
			g.Spent("r0", noAnswer)
			g.Spent("r0", noAnswer)
			g.Spent("r0", 200)
		}, "G5"},
		{"once more after a failure", func(g *Grants) { g.Spent("r0", 503); g.Spent("r0", 429); g.Spent("r0", 200) }, ""},
		{"twice more after a failure", func(g *Grants) { g.Spent("r0", 503); g.Spent("r0", 503); g.Spent("r0", 200) }, "G5"},
		{"as often as it is throttled", func(g *Grants) { g.Spent("r0", 429); g.Spent("r0", 429); g.Spent("r0", 200) }, ""},
		{"a token older than the one before", func(g *Grants) {
			g.Issued("a", "r0", "t1", "r1", time.Minute)
			g.Shown("a", "t1", g.Before("a"))
			g.Shown("a", "t0", g.Before("a"))
		}, "G5"},
		{"a token older than one that came meanwhile", func(g *Grants) {
			before := g.Before("a")
			g.Issued("a", "r0", "t1", "r1", time.Minute)
			g.Shown("a", "t1", g.Before("a"))
			g.Shown("a", "t0", before)
		}, ""},
		{"a token that has ended", func(g *Grants) {
			now = start.Add(2 * time.Minute)
			g.Shown("a", "t0", g.Before("a"))
		}, "G6"},
		{"a token out of nowhere", func(g *Grants) { g.Shown("a", "x", g.Before("a")) }, "G6"},
		{"another tenant's token", func(g *Grants) { g.Shown("b", "t0", g.Before("b")) }, "G10"},
		{"a call without a token", func(g *Grants) { g.Begin("a", "/1"); g.Call("a", "/1", "") }, "G6"},
		{"a call that nobody asked for", func(g *Grants) { g.Call("a", "/1", "t0") }, "G6"},
		{"a call with its token", func(g *Grants) { g.Begin("a", "/1"); g.Call("a", "/1", "t0") }, ""},
		{"a call after needs_reauth", func(g *Grants) {
			g.Says("a", "needs_reauth", 1)
			g.Begin("a", "/1")
			g.Call("a", "/1", "t0")
		}, "G6"},
		{"a call after needs_reauth and a new consent", func(g *Grants) {
			g.Says("a", "needs_reauth", 1)
			g.Agree("a")
			g.Begin("a", "/1")
			g.Call("a", "/1", "t0")
		}, ""},
		{"an answer in spite of needs_reauth", func(g *Grants) { g.Refused("a", "a read", &http.Response{StatusCode: 200}) }, "G6"},
		{"needs_reauth once more than told", func(g *Grants) { g.Says("a", "needs_reauth", 1); g.Says("a", "needs_reauth", 2) }, "G6"},
		{"neither alive nor in need", func(g *Grants) { g.at("a").Ended = "degraded" }, "G6"},
		{"alive and of no use", func(g *Grants) { g.at("a").Useful = "a read was answered 503" }, "G5"},
	}
	told := []*Post{{Tenant: "a", Key: "a/hookweir/1", Type: "hookweir.connection.needs_reauth", Body: `{"connection":"books"}`, Status: 204}}
	for _, tt := range tests {
		now = start
		g := newGrants(func() time.Time { return now })
		g.at("a").agreedAt = start.Add(-time.Hour)
		g.Issued("a", "", "t0", "r0", time.Minute)
		g.at("a").Ended = "active"
		g.at("b").Ended = "active"
		tt.happen(g)
		found := violations(func(add adder) { g.Check(told, add) })
		if tt.want == "" {
			require.Empty(t, found, tt.name)
			continue
		}
		require.Len(t, found, 1, tt.name)
		require.Equal(t, tt.want, found[0].Guarantee, tt.name)
	}
}
