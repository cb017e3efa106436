package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/wasmtest"
)

const (
	// shortLife is the life of an access token while things happen, longLife
	// after that: four days of calm would be thousands of refreshes.
	shortLife = 3 * time.Minute
	longLife  = 60 * 24 * time.Hour
)

// connections is an OAuth connection at every tenant, at a server that uses up
// a refresh token with its first use, and an API that takes live tokens of the
// tenant only. The person behind it takes back what she agreed to at times,
// and the operator has her agree again. What the servers saw is in [Grants],
// which holds G5, G6 and G10.
type connections struct {
	*simulation
	as     *oauthtest.Server
	grants *Grants
	down   time.Time // until when the authorization server's front answers 503
	reads  int
}

func newConnections(s *simulation) part {
	c := &connections{simulation: s}
	now := func() time.Time { return s.edge.Now() }
	c.grants = newGrants(now)
	c.as = oauthtest.New("https://login.example.com", now)
	c.as.Silence = wasmtest.ErrSilent
	return part{
		name: "connections", steps: 13, ticks: true,
		servers: map[string]http.Handler{"login.example.com": http.HandlerFunc(c.serveLogin), "books.example.com": http.HandlerFunc(c.serveBooks)},
		setUp:   c.setUp,
		step:    c.step,
		settle:  c.settle,
		check:   func(add adder) { c.grants.Check(s.events.Posts, add) },
		figures: func() []Figure {
			return []Figure{{"refreshes", c.grants.refreshes()}, {"calls with a token", c.grants.Calls}}
		},
	}
}

func (c *connections) setUp(t string) {
	c.grants.at(t).RetryLost = c.rand.IntN(4) == 0
	c.must("PUT", t+"/connections/books", fmt.Sprintf(`{"provider":"custom","client_id":%q,"client_secret":"s","scopes":["read"],"rotation":"strict","retry_lost":%t,
		"endpoints":{"authorize":"https://login.example.com/auth","token":"https://login.example.com/token","issuer":"https://login.example.com"}}`, t, c.grants.at(t).RetryLost))
	c.must("PUT", t+"/destinations/books", fmt.Sprintf(`{"base_url":"https://books.example.com/%s","connection":"books"}`, t))
	for try := range tries {
		c.authorize(t)
		if c.look(t) == "active" {
			return
		}
		c.edge.Advance(time.Duration(1+try) * time.Second)
	}
}

// step is one thing that happens to a tenant's connection.
func (c *connections) step(t string) string {
	switch n := c.rand.IntN(20); {
	case n < 6:
		return c.several(t, "read", c.read)
	case n < 11:
		return c.several(t, "token", c.token)
	case n < 13:
		f := []oauthtest.Fault{
			oauthtest.FailBefore, oauthtest.FailAfter, oauthtest.Throttle, oauthtest.DropBefore, oauthtest.DropAfter, oauthtest.HTML, oauthtest.HangAfter,
		}[c.rand.IntN(7)]
		c.as.Break(f)
		return "the next answer of the login server: " + string(f)
	case n < 14:
		d := c.rand.Between(time.Second, 2*time.Minute)
		c.down = c.edge.Now().Add(d)
		return fmt.Sprintf("login server down for %v", d)
	case n < 15:
		c.as.End(t)
		return "consent taken back at " + t
	}
	state := c.look(t)
	if state == "needs_reauth" {
		c.authorize(t)
	}
	return "operator of " + t + " sees " + state
}

// several asks one to four times within some seconds: a refresh in between
// shows to the later ones.
func (c *connections) several(t, what string, ask func(t string)) string {
	n := 1 + c.rand.IntN(3)
	for range n {
		c.edge.After(c.rand.Between(0, 8*time.Second), func() { ask(t) })
	}
	return fmt.Sprintf("%d × %s at %s", n, what, t)
}

// read asks the API for something, through the destination.
func (c *connections) read(t string) { c.edge.Send(c.readRequest(t), func(*http.Response) {}) }

func (c *connections) readRequest(t string) *http.Request {
	c.reads++
	path := fmt.Sprintf("/pages/%d", c.reads)
	c.grants.Begin(t, path)
	return api("POST", t+"/destinations/books/reads", fmt.Sprintf(`{"path":%q}`, path))
}

// token asks for the token itself.
func (c *connections) token(t string) {
	before := c.grants.Before(t)
	c.edge.Send(api("POST", t+"/connections/books/token", ""), func(res *http.Response) {
		if token, _ := tokenOf(res); res.StatusCode == 200 {
			c.grants.Shown(t, token, before)
		}
	})
}

func tokenOf(res *http.Response) (token string, generation int64) {
	var out struct {
		Token      string `json:"access_token"`
		Generation int64  `json:"generation"`
	}
	_ = json.NewDecoder(res.Body).Decode(&out)
	return out.Token, out.Generation
}

// look is the operator's look at the state; empty when the API did not say.
func (c *connections) look(t string) string {
	res := c.edge.Fetch(api("GET", t+"/connections/books", ""))
	var out struct {
		State      string `json:"state"`
		Generation int64  `json:"generation"`
	}
	if res.StatusCode != 200 || json.NewDecoder(res.Body).Decode(&out) != nil {
		return ""
	}
	c.grants.Says(t, out.State, out.Generation)
	return out.State
}

// authorize has the person agree.
func (c *connections) authorize(t string) {
	c.grants.Agree(t)
	oauthtest.Consent(api("GET", t+"/connections/books/authorize", ""), c.edge.Fetch, c.as)
}

// settle holds that each connection is alive and of use, or says that it needs
// a person and then is after she has agreed.
func (c *connections) settle() (again bool) {
	c.as.Mend()
	for i := range tenants {
		t := tenant(i)
		a := c.grants.at(t)
		if a.Ended = c.look(t); a.Ended == "active" {
			if a.Useful = c.useful(t); a.Useful == "" {
				continue
			}
			// Consent that was taken back is noticed only when a token is used.
			a.Ended = c.look(t)
		}
		again = true
		if a.Ended == "needs_reauth" {
			c.grants.Refused(t, "a token", c.edge.Fetch(api("POST", t+"/connections/books/token", "")))
			c.grants.Refused(t, "a read", c.edge.Fetch(c.readRequest(t)))
			c.authorize(t)
			if a.Ended = c.look(t); a.Ended == "active" {
				a.Useful = c.useful(t)
			}
		}
	}
	return again
}

// useful tries a connection out: its token, a refresh, a read. It says what
// failed; empty for nothing.
func (c *connections) useful(t string) string {
	old, generation, status := c.ask(t, "")
	if status != 200 {
		return fmt.Sprintf("a token was asked for, and the answer was %d", status)
	}
	c.edge.Advance(time.Minute) // a token of half a minute is not refreshed on a word
	fresh, _, status := c.ask(t, fmt.Sprintf(`{"refused":%d}`, generation))
	if status != 200 || fresh == old || !c.as.Active(fresh) {
		return fmt.Sprintf("a refresh was asked for, and the answer was %d (another token: %t, a live one: %t)", status, fresh != old, c.as.Active(fresh))
	}
	var res *http.Response
	for range 5 { // the breaker may still be open
		calls := c.grants.Calls
		if res = c.edge.Fetch(c.readRequest(t)); res.StatusCode == 200 && c.grants.Calls > calls {
			return ""
		}
		c.edge.Advance(time.Minute)
	}
	return fmt.Sprintf("a read was answered %d", res.StatusCode)
}

// ask asks for a token, and waits.
func (c *connections) ask(t, body string) (token string, generation int64, status int) {
	before := c.grants.Before(t)
	res := c.edge.Fetch(api("POST", t+"/connections/books/token", body))
	token, generation = tokenOf(res)
	if res.StatusCode == 200 {
		c.grants.Shown(t, token, before)
	}
	return token, generation, res.StatusCode
}
