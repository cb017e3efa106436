// Package oauthtest is an authorization server for tests: rotation, reuse
// detection, a grace window, faults at its front, and an account of every
// refresh token that was ever presented.
//
//	client ─▶ front (faults) ─▶ /auth /token /revoke /introspect /par
//	                              │
//	                              └─▶ Spends, Reuses, Posts
//
// It is a model, and stricter than servers are: a refresh token is good once,
// and a second use ends its grant. The real thing is the npm oidc-provider of
// e2e/authserver.mjs.
package oauthtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is what goes wrong with one request to the token endpoint.
type Fault string

// Faults.
const (
	FailBefore  Fault = "503"        // answered 503, nothing done
	FailAfter   Fault = "503-after"  // done, answered 503
	Throttle    Fault = "429"        // answered 429 with Retry-After: 7
	DropBefore  Fault = "drop"       // the connection breaks, nothing done
	DropAfter   Fault = "drop-after" // done, the connection breaks
	HTML        Fault = "html"       // done, answered with a page
	Huge        Fault = "huge"       // done, answered with 10 MB
	HangAfter   Fault = "hang-after" // done, never answered
	Unavailable Fault = "unavailable"
)

// ErrSilent is what the handler panics with to never answer; a test's transport
// makes a timeout of it.
var ErrSilent = errors.New("oauthtest: no answer")

// Server is an http.Handler. Fields are set before the first request.
type Server struct {
	// URL is its issuer, such as https://as.example.
	URL string
	Now func() time.Time
	// Rotate: a refresh gives a new refresh token and uses up the old one.
	Rotate bool
	// Grace: a used refresh token gives the same answer again for so long.
	Grace time.Duration
	// AccessLife, zero: an hour.
	AccessLife time.Duration
	// Silence is what a request without an answer panics with; nil: ErrSilent.
	Silence any
	// Scopes it grants; nil: those asked for.
	Scopes []string
	// Tap sees every form of the token endpoint.
	Tap func(form url.Values)

	mu     sync.Mutex
	faults []Fault
	serial int
	codes  map[string]code
	grants map[int]*grant
	live   map[string]*token // refresh and access tokens

	// Posts counts presentations of each refresh token, Spends those that were
	// honoured, Reuses presentations of one that had been used up (outside a
	// grace window).
	Posts, Spends, Reuses int
	presented             map[string]int
}

type code struct {
	grant     int
	challenge string
	redirect  string
	client    string
	scope     string
}

type grant struct {
	id     int
	scope  string
	ended  bool
	client string
}

type token struct {
	grant   *grant
	refresh bool
	used    time.Time // refresh: when it was used up
	answer  []byte    // refresh: what it was answered with
	expires time.Time
	revoked bool
}

// New makes a server.
func New(url string, now func() time.Time) *Server {
	return &Server{URL: url, Now: now, Rotate: true, codes: map[string]code{}, grants: map[int]*grant{}, live: map[string]*token{}, presented: map[string]int{}}
}

// Break plans faults for the next requests to the token endpoint, one each.
func (s *Server) Break(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Mend forgets planned faults.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Twice lists refresh tokens that were presented more than once.
func (s *Server) Twice() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, t := range slices.Sorted(maps.Keys(s.presented)) {
		if s.presented[t] > 1 {
			list = append(list, t)
		}
	}
	return list
}

// Counts are Posts, Spends and Reuses.
func (s *Server) Counts() (posts, spends, reuses int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Posts, s.Spends, s.Reuses
}

// Active reports whether a token is good (RFC 7662).
func (s *Server) Active(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active(value)
}

func (s *Server) active(value string) bool {
	t := s.live[value]
	return t != nil && !t.revoked && !t.grant.ended && t.used.IsZero() && (t.expires.IsZero() || s.Now().Before(t.expires))
}

// Granted lists the good refresh tokens.
func (s *Server) Granted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, v := range slices.Sorted(maps.Keys(s.live)) {
		if s.live[v].refresh && s.active(v) {
			list = append(list, v)
		}
	}
	return list
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var out reply
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		out = jsonReply(200, map[string]any{
			"issuer": s.URL, "authorization_endpoint": s.URL + "/auth", "token_endpoint": s.URL + "/token", "revocation_endpoint": s.URL + "/revoke",
			"code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
			"authorization_response_iss_parameter_supported": true,
		})
	case "/auth":
		out = s.authorize(r)
	case "/token":
		out = s.front(r)
	case "/revoke":
		_ = r.ParseForm()
		if t := s.live[r.PostForm.Get("token")]; t != nil {
			t.revoked = true
			if t.refresh {
				t.grant.ended = true
			}
		}
		out = reply{status: 200}
	default:
		out = reply{status: 404}
	}
	silence := s.Silence
	s.mu.Unlock()
	switch {
	case out.drop:
		panic(http.ErrAbortHandler)
	case out.silent:
		if silence == nil {
			silence = ErrSilent
		}
		panic(silence)
	}
	for k, v := range out.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body)
}

type reply struct {
	status       int
	header       map[string]string
	body         []byte
	drop, silent bool
}

func jsonReply(status int, v any) reply {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return reply{status: status, header: map[string]string{"Content-Type": "application/json"}, body: b}
}

// authorize consents at once.
func (s *Server) authorize(r *http.Request) reply {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
		return jsonReply(400, map[string]string{"error": "invalid_request"})
	}
	s.serial++
	g := &grant{id: s.serial, scope: q.Get("scope"), client: q.Get("client_id")}
	if s.Scopes != nil {
		g.scope = strings.Join(s.Scopes, " ")
	}
	s.grants[g.id] = g
	c := fmt.Sprintf("code-%d", s.serial)
	s.codes[c] = code{grant: g.id, challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri"), client: q.Get("client_id"), scope: g.scope}
	back.RawQuery = url.Values{"code": {c}, "state": {q.Get("state")}, "iss": {s.URL}}.Encode()
	return reply{status: 302, header: map[string]string{"Location": back.String()}}
}

// front is what stands before the token endpoint.
func (s *Server) front(r *http.Request) reply {
	fault := Fault("")
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	_ = r.ParseForm()
	if s.Tap != nil {
		s.Tap(r.PostForm)
	}
	if rt := r.PostForm.Get("refresh_token"); rt != "" && fault != DropBefore {
		s.Posts++
		s.presented[rt]++
	}
	switch fault {
	case FailBefore, Unavailable:
		return jsonReply(503, map[string]string{"error": "temporarily_unavailable"})
	case Throttle:
		out := jsonReply(429, map[string]string{"error": "slow_down"})
		out.header["Retry-After"] = "7"
		return out
	case DropBefore:
		return reply{drop: true}
	}
	out := s.token(r)
	switch fault {
	case FailAfter:
		return reply{status: 503, body: []byte("upstream connect error")}
	case DropAfter:
		return reply{drop: true}
	case HangAfter:
		return reply{silent: true}
	case HTML:
		return reply{status: 200, header: map[string]string{"Content-Type": "text/html"}, body: []byte("<html>All is well</html>")}
	case Huge:
		return reply{status: 200, header: map[string]string{"Content-Type": "application/json"}, body: bytes.Repeat([]byte("x"), 10<<20)}
	}
	return out
}

func (s *Server) token(r *http.Request) reply {
	if _, _, ok := r.BasicAuth(); !ok && r.PostForm.Get("client_id") == "" {
		return jsonReply(401, map[string]string{"error": "invalid_client"})
	}
	if user, password, ok := r.BasicAuth(); ok && (user == "" || password == "wrong-secret") {
		return jsonReply(401, map[string]string{"error": "invalid_client"})
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		c, ok := s.codes[r.PostForm.Get("code")]
		delete(s.codes, r.PostForm.Get("code"))
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if !ok || c.redirect != r.PostForm.Get("redirect_uri") || c.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return jsonReply(400, map[string]string{"error": "invalid_grant"})
		}
		return s.issue(s.grants[c.grant], "")
	case "refresh_token":
		return s.refresh(r.PostForm.Get("refresh_token"))
	}
	return jsonReply(400, map[string]string{"error": "unsupported_grant_type"})
}

func (s *Server) refresh(value string) reply {
	t := s.live[value]
	refused := jsonReply(400, map[string]string{"error": "invalid_grant", "error_description": "grant request is invalid"})
	switch {
	case t == nil || !t.refresh:
		return refused
	case t.grant.ended || t.revoked:
		if !t.used.IsZero() {
			s.Reuses++
		}
		return refused
	case !t.used.IsZero():
		if s.Now().Before(t.used.Add(s.Grace)) {
			return reply{status: 200, header: map[string]string{"Content-Type": "application/json"}, body: t.answer}
		}
		s.Reuses++
		t.grant.ended = true // replay: the grant is over (RFC 9700 §4.14.2)
		return refused
	}
	s.Spends++
	if !s.Rotate {
		return s.issue(t.grant, value)
	}
	t.used = s.Now()
	out := s.issue(t.grant, "")
	t.answer = out.body
	return out
}

// issue makes tokens; keep is the refresh token that stays.
func (s *Server) issue(g *grant, keep string) reply {
	life := s.AccessLife
	if life == 0 {
		life = time.Hour
	}
	s.serial++
	access := fmt.Sprintf("at-%d-%d-secret", g.id, s.serial)
	s.live[access] = &token{grant: g, expires: s.Now().Add(life)}
	out := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": int(life / time.Second), "scope": g.scope}
	if keep == "" {
		keep = fmt.Sprintf("rt-%d-%d-secret", g.id, s.serial)
		s.live[keep] = &token{grant: g, refresh: true}
		out["refresh_token"] = keep
	}
	return jsonReply(200, out)
}

// Narrow changes what every grant is worth from the next refresh on.
func (s *Server) Narrow(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		g.scope = scope
	}
}

// End revokes every grant, as a user does in the provider's settings; with
// clients, those of these clients only.
func (s *Server) End(clients ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		if len(clients) == 0 || slices.Contains(clients, g.client) {
			g.ended = true
		}
	}
}
