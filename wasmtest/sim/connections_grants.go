package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

const (
	// noAnswer stands for the status of an answer that never came, or that
	// nobody can read.
	noAnswer = 0
	// lateness is how much later than the server the product may believe that
	// a token ends: its answer may have been under way for the 20 s of the
	// product's deadline, and the call for some more.
	lateness = 30 * time.Second
	// agreeing is how long an authorization may go on after nobody waits for
	// its answer any more.
	agreeing = 2 * time.Minute
)

// Grants is the model of what an authorization server, and an API that takes
// its tokens, saw of the product: every access token with its place in its
// grant, every refresh token with what became of it.
type Grants struct {
	now      func() time.Time
	accounts map[string]*account
	access   map[string]*accessToken
	refresh  map[string]*refreshToken
	begun    map[string]asked // reads, by path
	grants   int
	Calls    int // of the API
	found    []Violation
}

// account is a tenant's connection.
type account struct {
	RetryLost bool // the operator takes the risk of a second spend, once
	Ended     string
	Useful    string // what did not work at the end; empty for nothing

	newest   map[int]int    // by grant: the newest access token that anybody was shown
	agreedAt time.Time      // when the person last began to agree
	refused  bool           // it said needs_reauth, and nobody has agreed since
	needed   map[int64]bool // generations at which it said so
	degraded map[int64]bool
}

type accessToken struct {
	tenant       string
	grant, index int // the index counts within the grant
	ends         time.Time
}

type refreshToken struct {
	tenant       string
	grant, index int
	spends       []spend
}

// spend is a refresh token that was shown to the server.
type spend struct {
	at     time.Time
	status int // of the server's answer, or noAnswer
}

// asked is what was known when somebody asked for something.
type asked struct {
	at      time.Time
	newest  map[int]int
	refused bool
}

func newGrants(now func() time.Time) *Grants {
	return &Grants{
		now: now, accounts: map[string]*account{}, access: map[string]*accessToken{}, refresh: map[string]*refreshToken{}, begun: map[string]asked{},
	}
}

func (g *Grants) at(tenant string) *account {
	if g.accounts[tenant] == nil {
		g.accounts[tenant] = &account{newest: map[int]int{}, needed: map[int64]bool{}, degraded: map[int64]bool{}}
	}
	return g.accounts[tenant]
}

func (g *Grants) add(guarantee, key, format string, args ...any) {
	g.found = append(g.found, Violation{guarantee, key, fmt.Sprintf("at %s ", g.now().Format(time.TimeOnly)) + fmt.Sprintf(format, args...)})
}

// Spent notes a refresh token that the server was shown; none is no matter.
func (g *Grants) Spent(token string, status int) {
	if t := g.refresh[token]; t != nil {
		t.spends = append(t.spends, spend{g.now(), status})
	}
}

// Issued notes the tokens of an answer: to a refresh token, or to a new
// consent when there was none.
func (g *Grants) Issued(tenant, spent, access, refresh string, life time.Duration) {
	grant, index := 0, 0
	if old := g.refresh[spent]; old != nil {
		grant, index = old.grant, old.index+1
	} else {
		g.grants++
		grant = g.grants
	}
	g.access[access] = &accessToken{tenant, grant, index, g.now().Add(life)}
	g.refresh[refresh] = &refreshToken{tenant: tenant, grant: grant, index: index}
}

// Before is what is known of a tenant's connection now.
func (g *Grants) Before(tenant string) asked {
	a := g.at(tenant)
	return asked{g.now(), maps.Clone(a.newest), a.refused}
}

// Begin notes that somebody asks for a page.
func (g *Grants) Begin(tenant, path string) { g.begun[path] = g.Before(tenant) }

// Call is a request that reached the API, with the token it had.
func (g *Grants) Call(tenant, path, token string) {
	g.Calls++
	before, known := g.begun[path]
	switch {
	case !known:
		g.add("G6", tenant+path, "asked for, and nobody did")
	case before.refused:
		g.add("G6", tenant+path, "asked for, though the connection had said needs_reauth")
	case token == "":
		g.add("G6", tenant+path, "asked for without a token")
	default:
		g.Shown(tenant, token, before)
	}
}

// Shown is an access token that the product handed out to a tenant that had
// asked when before was so.
func (g *Grants) Shown(tenant, token string, before asked) {
	t := g.access[token]
	switch {
	case t == nil:
		g.add("G6", tenant, "a token was handed out that nobody issued")
		return
	case t.tenant != tenant:
		g.add("G10", tenant, "the token of %s was handed out", t.tenant)
	case before.at.After(t.ends.Add(lateness)):
		g.add("G6", tenant, "a token was handed out that had ended at %s", t.ends.Format(time.TimeOnly))
	case t.index < before.newest[t.grant]:
		g.add("G5", tenant, "token %d of grant %d was handed out, and before it number %d: that one was not stored", t.index, t.grant, before.newest[t.grant])
	}
	a := g.at(t.tenant)
	a.newest[t.grant] = max(a.newest[t.grant], t.index)
}

// Says is what the API says of a connection.
func (g *Grants) Says(tenant, state string, generation int64) {
	a := g.at(tenant)
	a.refused = state == "needs_reauth" && g.now().After(a.agreedAt.Add(agreeing))
	switch state {
	case "needs_reauth":
		a.needed[generation] = true
	case "degraded":
		a.degraded[generation] = true
	}
}

// Agree notes that a person begins to agree: from now on it may be alive.
func (g *Grants) Agree(tenant string) {
	a := g.at(tenant)
	a.agreedAt, a.refused = g.now(), false
}

// Refused holds that a caller got an error while a connection needed a person.
func (g *Grants) Refused(tenant, what string, res *http.Response) {
	if res.StatusCode < 400 {
		g.add("G6", tenant, "needs_reauth, and %s was answered %d", what, res.StatusCode)
	}
}

// Check holds G5, G6 and G10 against all of that, and against what the agents
// were told.
func (g *Grants) Check(posts []*Post, add adder) {
	for _, v := range g.found {
		add(v.Guarantee, v.Key, "%s", v.What)
	}
	for _, token := range sorted(g.refresh) {
		g.checkSpends(g.refresh[token], add)
	}
	for _, t := range sorted(g.accounts) {
		a := g.accounts[t]
		if a.Ended != "active" {
			add("G6", t, "at the end the connection is neither alive nor does it say needs_reauth: %q", a.Ended)
		}
		if a.Useful != "" {
			add("G5", t, "at the end the connection says that it is alive, and is not: %s", a.Useful)
		}
		checkTold(posts, t, "needs_reauth", a.needed, add)
		checkTold(posts, t, "degraded", a.degraded, add)
	}
}

// checkSpends is G5 for one refresh token: once it may have been used up, it
// is not sent again. An answer that says 429 used nothing up; one that says
// that the server failed allows one more try, and so does an operator who
// takes the risk of a lost one.
func (g *Grants) checkSpends(t *refreshToken, add adder) {
	spent := 0
	for i, s := range t.spends {
		if i+1 == len(t.spends) || s.status == http.StatusTooManyRequests {
			continue
		}
		spent++
		if spent == 1 && (s.status >= 500 || g.at(t.tenant).RetryLost) {
			continue
		}
		add("G5", t.tenant, "refresh token %d of grant %d was sent again at %s, after %s", t.index, t.grant,
			t.spends[i+1].at.Format(time.TimeOnly), became(s))
	}
}

func became(s spend) string {
	if s.status == noAnswer {
		return "its answer had been lost at " + s.at.Format(time.TimeOnly)
	}
	return fmt.Sprintf("the server had answered %d at %s", s.status, s.at.Format(time.TimeOnly))
}

// checkTold holds that a state that was seen at so many generations was told
// of as often.
func checkTold(posts []*Post, tenant, state string, said map[int64]bool, add adder) {
	if told := toldOf(posts, tenant, "hookweir.connection."+state); told < len(said) {
		add("G6", tenant, "said %s %d times, and the agent was told %d times", state, len(said), told)
	}
}

// toldOf counts the notices of a kind that a tenant's agent took.
func toldOf(posts []*Post, tenant, kind string) int {
	var keys []string
	for _, p := range posts {
		var data struct{ Connection string }
		if p.Tenant == tenant && p.Type == kind && ok2xx(p) && json.Unmarshal([]byte(p.Body), &data) == nil && data.Connection == "books" && !slices.Contains(keys, p.Key) {
			keys = append(keys, p.Key)
		}
	}
	return len(keys)
}

func (g *Grants) refreshes() (n int) {
	for _, t := range g.refresh {
		n += len(t.spends)
	}
	return n
}
