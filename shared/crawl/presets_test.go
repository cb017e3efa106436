package crawl

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// samples are parameters that each preset takes.
func sample(r *Recipe) map[string]string {
	given := map[string]string{}
	for _, p := range r.Params {
		if p.Default == "" {
			given[p.Name] = "a-1"
		}
	}
	return given
}

func TestEveryPresetIsWhole(t *testing.T) {
	list := All()
	require.True(t, slices.IsSortedFunc(list, func(a, b Recipe) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	}), "in the order of names")
	for i := range list {
		r := &list[i]
		t.Run(r.Name, func(t *testing.T) {
			assert.Regexp(t, regexp.MustCompile(`^[a-z0-9-]+$`), r.Name)
			assert.NotEmpty(t, r.Title)
			assert.Regexp(t, `^https://`, r.Docs)
			_, err := time.Parse("2006-01-02", r.Checked)
			assert.NoError(t, err, "when Docs was looked up")
			assert.NotEmpty(t, r.Notes)
			require.NoError(t, r.Check())
			require.NoError(t, r.CheckParams(sample(r)))
			assert.Equal(t, r.Backs, r.Provider != "", "what backs a source says whose")
			whole, why := r.Promise()
			assert.Equal(t, whole, why == "", "what cannot promise says why")

			// Every request it can make can be made.
			in := Input{Params: sample(r), Now: time.Unix(1_700_000_000, 0), Base: "https://api.example.com"}
			for _, s := range []State{r.Begin(in.Now), {Cursor: "17", Settled: true}, {Cursor: "17", Settled: true, Crawl: Crawl{Pages: 1, Page: "/next"}}} {
				c, err := r.Request(s, in)
				if r.Rule == RuleLink && s.Cursor != "" && s.Crawl.Pages == 0 {
					assert.ErrorIs(t, err, ErrRecipe, "17 is no link")
					continue
				}
				require.NoError(t, err)
				assert.NotContains(t, c.Path, "{{")
				assert.NotContains(t, string(c.Body), "{{")
			}
			if r.Detail != nil {
				c, err := r.One(r.Detail, "a/b", in)
				require.NoError(t, err)
				assert.Contains(t, c.Path, "a%2Fb")
			}
		})
	}
}

// TestPresetsSay holds requests of presets to the providers' documentation.
func TestPresetsSay(t *testing.T) {
	now := time.Date(2026, 11, 25, 17, 0, 30, 0, time.UTC)
	at := now.Add(-10 * time.Minute)
	for _, c := range []struct {
		name   string
		params map[string]string
		state  State
		method string
		path   string
		body   string
	}{
		{"github-deliveries", map[string]string{"hook": "repos/acme/site/hooks/1"}, State{}, "GET", "/repos/acme/site/hooks/1/deliveries?per_page=100", ""},
		{"slack", map[string]string{"channel": "C1"}, State{Cursor: timePosition(at.Add(216 * time.Microsecond))}, "GET", "/api/conversations.history?channel=C1&oldest=1795625370.000216&inclusive=true&limit=200", ""},
		{"stripe", nil, State{Cursor: timePosition(at), Crawl: Crawl{Pages: 1, Page: "evt_9"}}, "GET", "/v1/events?limit=100&created[gte]=1795625310&starting_after=evt_9", ""},
		{"gmail", nil, State{}, "GET", "/gmail/v1/users/me/profile", ""},
		{"gmail", nil, State{Cursor: "12"}, "GET", "/gmail/v1/users/me/history?startHistoryId=12&maxResults=500", ""},
		{"jira", map[string]string{"jql": "project = OPS"}, State{Cursor: timePosition(at)}, "GET", "/rest/api/3/search/jql?jql=(project%20%3D%20OPS)%20AND%20updated%20%3E%3D%20-15m%20ORDER%20BY%20updated%20ASC&fields=%2Anavigable&maxResults=100", ""},
		{"salesforce", map[string]string{"object": "Account"}, State{Cursor: timePosition(at)}, "GET", "/services/data/v62.0/queryAll?q=SELECT%20Id,SystemModstamp,CreatedDate%20FROM%20Account%20WHERE%20SystemModstamp%20%3E%3D%202026-11-25T16%3A45%3A30.000Z%20ORDER%20BY%20SystemModstamp%20ASC,Id%20ASC", ""},
		{"hubspot", map[string]string{"object": "deals"}, State{Cursor: timePosition(at)}, "POST", "/crm/v3/objects/deals/search", `{"limit":200,"filterGroups":[{"filters":[{"propertyName":"hs_lastmodifieddate","operator":"GTE","value":"1795625310000"}]}],"sorts":[{"propertyName":"hs_lastmodifieddate","direction":"ASCENDING"}],"properties":["hs_lastmodifieddate"]}`},
		{"zendesk", nil, State{Since: timePosition(at)}, "GET", "/api/v2/incremental/tickets/cursor.json?start_time=1795625430&per_page=1000", ""},
		{"microsoft-graph", map[string]string{"resource": "me/mailFolders/inbox/messages"}, State{Cursor: "/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=a"}, "GET", "/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=a", ""},
		{"google-calendar", nil, State{Cursor: "CPD="}, "GET", "/calendar/v3/calendars/primary/events?maxResults=250&syncToken=CPD%3D", ""},
		{"airtable", map[string]string{"base": "app1", "webhook": "ach1"}, State{Cursor: "5"}, "GET", "/v0/bases/app1/webhooks/ach1/payloads?cursor=5&limit=50", ""},
		{"notion", nil, State{Crawl: Crawl{Pages: 1, Page: "c-2"}}, "POST", "/v1/search", `{"page_size":100,"start_cursor":"c-2","sort":{"direction":"descending","timestamp":"last_edited_time"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, ok := Lookup(c.name)
			require.True(t, ok)
			require.NoError(t, r.CheckParams(c.params))
			got, err := r.Request(c.state, Input{Params: c.params, Now: now})
			require.NoError(t, err)
			assert.Equal(t, c.method, got.Method)
			assert.Equal(t, c.path, got.Path)
			assert.Equal(t, c.body, string(got.Body))
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	good := func() Recipe {
		return Recipe{List: Request{Path: "/items?since={{since}}"}, Items: path("items"), ID: oneID("id"), Time: [][]string{{"at"}}, Rule: RuleTime, Limit: 10}
	}
	ok := good()
	require.NoError(t, ok.Check())
	for what, spoil := range map[string]func(*Recipe){
		"a path that is a URL":          func(r *Recipe) { r.List.Path = "https://elsewhere.example/" },
		"a path to another host":        func(r *Recipe) { r.List.Path = "//elsewhere.example/" },
		"a path that leads up":          func(r *Recipe) { r.List.Path = "/a/%2e%2E/b" },
		"a fragment":                    func(r *Recipe) { r.List.Path = "/a#b" },
		"a method that writes":          func(r *Recipe) { r.List.Method = "DELETE" },
		"an Authorization header":       func(r *Recipe) { r.List.Headers = map[string]string{"Authorization": "Bearer x"} },
		"a header with a line end":      func(r *Recipe) { r.List.Headers = map[string]string{"X-A": "a\r\nb: c"} },
		"a template without an end":     func(r *Recipe) { r.List.Path = "/a?{{since" },
		"a body that is no JSON":        func(r *Recipe) { r.List.Body = `{"a":}` },
		"no id":                         func(r *Recipe) { r.ID = nil },
		"a part of two kinds":           func(r *Recipe) { r.ID = []Parts{{{Text: "a", Hash: true}}} },
		"an unknown rule":               func(r *Recipe) { r.Rule = "guess" },
		"time without a path":           func(r *Recipe) { r.Time = nil },
		"id without a position":         func(r *Recipe) { r.Rule = RuleID },
		"token without a path":          func(r *Recipe) { r.Rule = RuleToken },
		"keyset from the newest":        func(r *Recipe) { r.Newest = true; r.Paging.Kind = PagingKeyset },
		"paging without a path":         func(r *Recipe) { r.Paging.Kind = PagingToken },
		"an unknown paging":             func(r *Recipe) { r.Paging.Kind = "scroll" },
		"a page without bound":          func(r *Recipe) { r.Limit = 1 << 20 },
		"an overlap of days":            func(r *Recipe) { r.Overlap = Duration(100 * time.Hour) },
		"a window read upwards":         func(r *Recipe) { r.Rule = RuleWindow; r.Paging.Kind = PagingNumber },
		"detail without a body":         func(r *Recipe) { r.Detail = &Request{Path: "/a"} },
		"an expiry that is a success":   func(r *Recipe) { r.Expired = []int{200} },
		"an unknown format of times":    func(r *Recipe) { r.TimeFormat = "stardate" },
		"a path that is endlessly deep": func(r *Recipe) { r.Items = make([]string, 99) },
	} {
		r := good()
		spoil(&r)
		assert.ErrorIs(t, r.Check(), ErrRecipe, what)
	}
}

func TestLinksLeadNowhereElse(t *testing.T) {
	const base = "https://api.example.com/v2"
	for link, want := range map[string]string{
		"https://api.example.com/v2/items?page=2": "/items?page=2",
		"/v2/items?page=2":                        "/items?page=2",
		"https://api.example.com/v2?page=2":       "/?page=2",
		"https://api.example.com/v1/items":        "",
		"https://api.example.com/v22/items":       "",
		"https://api.example.com/v2/../admin":     "",
		"https://api.example.com/v2/%2e%2e/admin": "",
		"https://api.example.com.evil.example/v2": "",
		"https://api.example.com@evil.example/v2": "",
		"http://api.example.com/v2/items":         "",
		"//evil.example/v2/items":                 "",
		"items?page=2":                            "",
		"https://api.example.com\\@evil/v2/":      "",
		"https://api.example.com/v2/a\nb":         "",
		"":                                        "",
	} {
		got, ok := within(link, base)
		assert.Equal(t, want != "", ok, link)
		if ok {
			assert.Equal(t, want, got, link)
		}
	}
}

func TestNextLink(t *testing.T) {
	for header, want := range map[string]string{
		`<https://a/x?page=2>; rel="next", <https://a/x?page=9>; rel="last"`: "https://a/x?page=2",
		`<https://a/x?page=1>; rel="prev", <https://a/x?page=3>; rel=next`:   "https://a/x?page=3",
		`<https://a/x?page=9>; rel="last"`:                                   "",
		`<https://a/x?page=2; rel="next"`:                                    "",
		"nonsense":                                                           "",
	} {
		assert.Equal(t, want, nextLink([]string{header}), header)
	}
}
