package playbook_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// grants is what the providers' authorization servers have in common: codes,
// grants and their tokens.
type grants struct {
	now          func() time.Time
	clientID     string
	clientSecret string
	rotate       bool // a refresh token is good once
	life         time.Duration

	n         int
	codes     map[string][]string // code → scopes
	access    map[string]*accessToken
	refresh   map[string]*grant
	issued    []string
	refreshes int
	reuses    int // a dead refresh token was shown
}

type grant struct {
	scopes []string
	ended  bool
}

type accessToken struct {
	*grant
	until time.Time
}

func newGrants(now func() time.Time, name string, rotate bool, life time.Duration) *grants {
	return &grants{
		now: now, clientID: name + "-client", clientSecret: name + "-client-secret", rotate: rotate, life: life,
		codes: map[string][]string{}, access: map[string]*accessToken{}, refresh: map[string]*grant{},
	}
}

func (g *grants) mint(kind string) string {
	g.n++
	token := fmt.Sprintf("%s-%s-%04d-playbook-token", g.clientID, kind, g.n)
	if kind != "code" {
		g.issued = append(g.issued, token)
	}
	return token
}

// authorize is the person who agrees: where the browser is sent back to.
func (g *grants) authorize(q url.Values) string {
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != g.clientID || q.Get("state") == "" {
		panic("playbook: no provider would ask anybody to agree to " + q.Encode())
	}
	code := g.mint("code")
	g.codes[code] = strings.FieldsFunc(q.Get("scope"), func(r rune) bool { return r == ' ' || r == ',' })
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	return back.String()
}

type tokens struct {
	access, refresh string
	scopes          []string
	expires         int // seconds
}

// token answers a token request; the error is a code of RFC 6749 §5.2.
func (g *grants) token(r *http.Request) (tokens, string) {
	if r.PostFormValue("client_id") != g.clientID || r.PostFormValue("client_secret") != g.clientSecret {
		return tokens{}, "invalid_client"
	}
	if r.PostFormValue("grant_type") == "authorization_code" {
		code := r.PostFormValue("code")
		scopes, ok := g.codes[code]
		delete(g.codes, code)
		if !ok {
			return tokens{}, "invalid_grant"
		}
		gr := &grant{scopes: scopes}
		return g.issue(gr, g.keep(gr)), ""
	}
	old := r.PostFormValue("refresh_token")
	gr := g.refresh[old]
	if gr == nil || gr.ended {
		if slices.Contains(g.issued, old) {
			g.reuses++
		}
		return tokens{}, "invalid_grant"
	}
	g.refreshes++
	if !g.rotate {
		return g.issue(gr, ""), ""
	}
	delete(g.refresh, old)
	return g.issue(gr, g.keep(gr)), ""
}

func (g *grants) keep(gr *grant) string {
	token := g.mint("refresh")
	g.refresh[token] = gr
	return token
}

func (g *grants) issue(gr *grant, refresh string) tokens {
	access := g.mint("access")
	g.access[access] = &accessToken{gr, g.now().Add(g.life)}
	return tokens{access: access, refresh: refresh, scopes: gr.scopes, expires: int(g.life / time.Second)}
}

// scopesOf are those of a request's bearer token; nil when it may nothing.
func (g *grants) scopesOf(r *http.Request) []string {
	a := g.access[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if a == nil || a.ended || !g.now().Before(a.until) {
		return nil
	}
	return a.scopes
}

// revoke ends the grant of a token, of either kind.
func (g *grants) revoke(token string) bool {
	gr := g.refresh[token]
	if a := g.access[token]; gr == nil && a != nil {
		gr = a.grant
	}
	if gr == nil {
		return false
	}
	gr.ended = true
	return true
}

// limit is a budget as a provider counts it: so many within any such time.
type limit struct {
	most   int
	within time.Duration
	times  []time.Time
	excess int
}

func (l *limit) take(now time.Time) bool {
	l.times = slices.DeleteFunc(l.times, func(t time.Time) bool { return !t.After(now.Add(-l.within)) })
	if len(l.times) >= l.most {
		l.excess++
		return false
	}
	l.times = append(l.times, now)
	return true
}
