package crawl

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// list is a server's list that changes while it is read.
type list struct {
	rand    *rand.Rand
	now     time.Time
	nextID  int
	entries []entry // by id
	log     []entry // every change there was, for the token rule
}

type entry struct {
	ID      int       `json:"id"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	gone    bool
}

func (e entry) key() string { return fmt.Sprintf("%d:%d", e.ID, e.Version) }

func (l *list) tick() { l.now = l.now.Add(time.Duration(1+l.rand.IntN(3000)) * time.Millisecond) }

// mutate inserts, changes and deletes. Changed entries move to the end of an
// order by time.
func (l *list) mutate() {
	for range l.rand.IntN(4) {
		l.tick()
		switch n := l.rand.IntN(10); {
		case n < 6 || len(l.entries) == 0:
			l.nextID++
			l.entries = append(l.entries, entry{ID: l.nextID, At: l.now})
			l.log = append(l.log, l.entries[len(l.entries)-1])
		case n < 8:
			e := &l.entries[l.rand.IntN(len(l.entries))]
			if !e.gone {
				e.Version++
				e.At = l.now
				l.log = append(l.log, *e)
			}
		default:
			l.entries[l.rand.IntN(len(l.entries))].gone = true
		}
	}
}

// page answers a request of one of the recipes below.
func (l *list) page(t *testing.T, c Call, newest bool, by string) Answer {
	q := query(t, c.Path)
	limit, _ := strconv.Atoi(q["limit"])
	if by == "log" {
		from, _ := strconv.Atoi(q["from"])
		to := min(from+limit, len(l.log))
		link := fmt.Sprintf("https://l.example/l?from=%d&limit=%d", to, limit)
		links := map[bool]string{true: "next_link", false: "delta_link"}
		return reply(map[string]any{"items": l.log[from:to], "next": strconv.Itoa(to), "more": to < len(l.log), links[to < len(l.log)]: link})
	}
	var all []entry
	for _, e := range l.entries {
		if !e.gone {
			all = append(all, e)
		}
	}
	position := func(e entry) string {
		if by == "id" {
			return strconv.Itoa(e.ID)
		}
		return timePosition(e.At)
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		if newest {
			a, b = b, a
		}
		return comparePositions(position(a), position(b))
	})
	all = slices.DeleteFunc(all, func(e entry) bool {
		if q["since"] != "" && by == "time" {
			since, err := time.Parse(time.RFC3339Nano, q["since"])
			require.NoError(t, err)
			if e.At.Before(since) {
				return true
			}
		}
		return q["over"] != "" && by == "id" && comparePositions(position(e), q["over"]) <= 0
	})
	start := 0
	if q["offset"] != "" {
		start, _ = strconv.Atoi(q["offset"])
	}
	if q["number"] != "" {
		n, _ := strconv.Atoi(q["number"])
		start = (n - 1) * limit
	}
	if q["last"] != "" {
		at, err := time.Parse(time.RFC3339Nano, q["last"])
		require.NoError(t, err)
		q["page"] = timePosition(at)
	}
	if q["page"] != "" { // the position of the page's last: pages are by key
		start = len(all)
		for i, e := range all {
			if d := comparePositions(position(e), q["page"]); !newest && d > 0 || newest && d < 0 {
				start = i
				break
			}
		}
	}
	start = min(start, len(all))
	end := min(start+limit, len(all))
	next := ""
	if end > start && end < len(all) {
		next = position(all[end-1])
	}
	a := reply(map[string]any{"items": all[start:end], "next": next, "more": end < len(all)})
	if q["header"] != "" && next != "" {
		a.Header.Set("Link", fmt.Sprintf(`<https://l.example/l?header=1&since=%s&limit=%d&page=%s>; rel="next"`, q["since"], limit, next))
	}
	return a
}

func reply(v any) Answer {
	b, _ := json.Marshal(v)
	return Answer{Status: 200, Header: http.Header{}, Body: b}
}

func query(t *testing.T, path string) map[string]string {
	t.Helper()
	_, raw, _ := strings.Cut(path, "?")
	out := map[string]string{}
	for _, pair := range strings.Split(raw, "&") {
		k, v, _ := strings.Cut(pair, "=")
		v = strings.ReplaceAll(v, "%3A", ":")
		out[k] = v
	}
	return out
}

type mutated struct {
	name   string
	by     string
	recipe Recipe
}

func mutatedRecipes() []mutated {
	versioned := []Parts{{{Path: path("id")}, {Text: ":"}, {Path: path("version")}}}
	at := [][]string{{"at"}}
	token := Paging{Kind: PagingToken, Path: path("next"), More: &Condition{path("more"), "true"}}
	more := &Condition{path("more"), "true"}
	since := Request{Path: "/l?since={{since}}&limit={{limit}}&page={{page}}"}
	return []mutated{
		{"token", "log", Recipe{List: Request{Path: "/l?from={{cursor}}&limit={{limit}}"}, More: &Request{Path: "/l?from={{page}}&limit={{limit}}"}, Items: path("items"), ID: versioned, Rule: RuleToken, Token: path("next"), Counts: true, Limit: 3, Paging: token}},
		{"time, newest first", "time", Recipe{List: since, Items: path("items"), ID: versioned, Time: at, Rule: RuleTime, Newest: true, Overlap: Duration(time.Second), Limit: 3, Paging: token}},
		{"time, oldest first", "time", Recipe{List: since, Items: path("items"), ID: versioned, Time: at, Rule: RuleTime, Overlap: Duration(time.Second), Limit: 3, Paging: token}},
		{"time, keyset", "time", Recipe{List: Request{Path: "/l?since={{since}}&limit={{limit}}"}, Items: path("items"), ID: versioned, Time: at, Rule: RuleTime, Limit: 4, Paging: Paging{Kind: PagingKeyset}}},
		{"id, newest first", "id", Recipe{List: Request{Path: "/l?limit={{limit}}&page={{page}}"}, Items: path("items"), ID: oneID("id"), Time: at, Rule: RuleID, Position: path("id"), Newest: true, Limit: 3, Paging: token}},
		{"id, keyset", "id", Recipe{List: Request{Path: "/l?over={{cursor}}&limit={{limit}}"}, Items: path("items"), ID: oneID("id"), Rule: RuleID, Position: path("id"), Limit: 3, Paging: Paging{Kind: PagingKeyset}}},
		{"link", "log", Recipe{List: Request{Path: "/l?from=0&limit={{limit}}"}, Items: path("items"), ID: versioned, Rule: RuleLink, Token: path("delta_link"), Limit: 3, Paging: Paging{Kind: PagingLink, Path: path("next_link")}}},
		{"time, by the page's last", "time", Recipe{List: Request{Path: "/l?since={{since}}&limit={{limit}}&last={{page}}"}, Items: path("items"), ID: versioned, Time: at, Rule: RuleTime, Newest: true, Overlap: Duration(time.Second), Limit: 3, Paging: Paging{Kind: PagingLast, Path: path("at"), More: more}}},
		{"time, by header", "time", Recipe{List: Request{Path: "/l?header=1&since={{since}}&limit={{limit}}"}, Items: path("items"), ID: versioned, Time: at, Rule: RuleTime, Newest: true, Overlap: Duration(time.Second), Limit: 3, Paging: Paging{Kind: PagingHeader}}},
		{"window", "time", Recipe{List: Request{Path: "/l?limit=2"}, Items: path("items"), ID: versioned, Time: at, Rule: RuleWindow, Newest: true}},
		{"time, numbered pages", "time", Recipe{List: Request{Path: "/l?since={{since}}&limit={{limit}}&number={{page}}"}, Items: path("items"), ID: versioned, Time: at, Rule: RuleTime, Limit: 3, Paging: Paging{Kind: PagingNumber}}},
		{"time, counted pages", "time", Recipe{List: Request{Path: "/l?since={{since}}&limit={{limit}}&offset={{page}}"}, Items: path("items"), ID: versioned, Time: at, Rule: RuleTime, Limit: 3, Paging: Paging{Kind: PagingOffset}}},
	}
}

// crawlOver polls a list that changes between any two requests, with crashes
// after any of them, and returns what was never found.
func crawlOver(t *testing.T, m mutated, seed uint64) (lost []string) {
	r := &m.recipe
	require.NoError(t, r.Check())
	l := &list{rand: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	state := r.Begin(l.now)
	state.Settled = true // everything is new
	found := map[string]bool{}
	turn := func(quiet bool) (done bool) {
		in := Input{Now: l.now, Base: "https://l.example", All: true, Known: func(id string, _ []byte) bool { return found[id] && l.rand.IntN(3) > 0 }}
		if !quiet && l.rand.IntN(4) == 0 {
			in.Hold = time.Duration(l.rand.IntN(3000)) * time.Millisecond
		}
		c, err := r.Request(state, in)
		require.NoError(t, err)
		p, err := r.Read(state, in, l.page(t, c, r.Newest, m.by))
		if err != nil { // a page gone by a deletion: from the cursor again
			state.Crawl = Crawl{}
			return false
		}
		for _, it := range p.Items {
			found[it.ID] = true
		}
		if !quiet && l.rand.IntN(6) == 0 {
			return false // the state was not stored
		}
		require.LessOrEqual(t, comparePositions(state.Cursor, p.State.Cursor), 0, "the cursor never goes back")
		state = p.State
		return p.Done
	}
	for range 120 {
		l.mutate()
		turn(false)
	}
	l.now = l.now.Add(time.Minute)
	for ends := 0; ends < 2; { // the list rests
		if turn(true) {
			ends++
		}
	}
	for _, e := range l.entries {
		id := e.key()
		if m.by == "id" {
			id = strconv.Itoa(e.ID)
		}
		if !e.gone && !found[id] {
			lost = append(lost, id)
		}
	}
	return lost
}

// TestEveryRuleIsMutated: no rule and no paging is left out below.
func TestEveryRuleIsMutated(t *testing.T) {
	rules, kinds := map[Rule]bool{}, map[Kind]bool{}
	for _, m := range mutatedRecipes() {
		rules[m.recipe.Rule], kinds[m.recipe.Paging.Kind] = true, true
	}
	for _, r := range [...]Rule{RuleToken, RuleLink, RuleTime, RuleID, RuleWindow} {
		require.True(t, rules[r], r)
	}
	for _, k := range [...]Kind{PagingNone, PagingToken, PagingLast, PagingLink, PagingHeader, PagingOffset, PagingNumber, PagingKeyset} {
		require.True(t, kinds[k], k)
	}
}

// TestMutationsLoseNothing holds each rule to its promise: entries inserted,
// changed and deleted while the list is read, and crashes at any point.
func TestMutationsLoseNothing(t *testing.T) {
	const seeds = 25
	for _, m := range mutatedRecipes() {
		t.Run(m.name, func(t *testing.T) {
			whole, why := m.recipe.Promise()
			require.Equal(t, whole, why == "")
			losses := 0
			for seed := range uint64(seeds) {
				lost := crawlOver(t, m, seed)
				if whole {
					require.Empty(t, lost, "seed %d", seed)
				}
				losses += len(lost)
			}
			if !whole {
				require.NotZero(t, losses, "it says that it cannot promise (%s) and yet never loses: say so", why)
			}
		})
	}
}
