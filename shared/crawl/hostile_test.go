package crawl

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fixed is a server's list as it stands: ids with times, oldest first.
type fixed struct {
	newest bool
	most   int // items on a page, whatever was asked for; 0: as asked
	clamp  bool
	items  []entry
}

func (f fixed) page(t *testing.T, c Call, limit int) Answer {
	q := query(t, c.Path)
	var list []entry
	for _, e := range f.items {
		if since, err := time.Parse(time.RFC3339Nano, q["since"]); err == nil && e.At.Before(since) {
			continue
		}
		if f.newest {
			list = append([]entry{e}, list...)
		} else {
			list = append(list, e)
		}
	}
	if f.most > 0 {
		limit = min(limit, f.most)
	}
	start := 0
	switch {
	case q["offset"] != "":
		_, err := fmt.Sscan(q["offset"], &start)
		require.NoError(t, err)
	case q["number"] != "":
		_, err := fmt.Sscan(q["number"], &start)
		require.NoError(t, err)
		start = (start - 1) * limit
	}
	if f.clamp && start >= len(list) {
		start = max((len(list)-1)/limit*limit, 0)
	}
	start = min(start, len(list))
	body, err := json.Marshal(map[string]any{"items": append([]entry{}, list[start:min(start+limit, len(list))]...)})
	require.NoError(t, err)
	return ok200(string(body))
}

// crawlAll reads one crawl to its end.
func (f fixed) crawlAll(t *testing.T, r *Recipe, s *State, in Input, found map[string]bool) (requests int) {
	t.Helper()
	in.Known = func(id string, _ []byte) bool { return found[id] }
	for requests = 1; requests < 50; requests++ {
		c, err := r.Request(*s, in)
		require.NoError(t, err)
		p, err := r.Read(*s, in, f.page(t, c, r.Limit))
		require.NoError(t, err)
		for _, it := range p.Items {
			found[it.ID] = true
		}
		*s = p.State
		if p.Done {
			return requests
		}
	}
	t.Fatal("no end")
	return 0
}

func minutes(n int) (list []entry) {
	for i := range n {
		list = append(list, entry{ID: i + 1, At: noon.Add(time.Duration(i-n) * time.Minute)})
	}
	return list
}

// TestAServerThatSendsLessThanIsAsked: many cap the page size and say nothing.
// Where pages are counted, a short page is the end only if longer ones came.
func TestAServerThatSendsLessThanIsAsked(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		page   string
		newest bool
		clamp  bool
	}{
		{PagingOffset, "&offset={{page}}", true, false},
		{PagingOffset, "&offset={{page}}", false, false},
		{PagingNumber, "&number={{page}}", true, false},
		{PagingNumber, "&number={{page}}", false, true}, // a page too far is the last one again
	} {
		t.Run(fmt.Sprint(c.kind, " newest ", c.newest), func(t *testing.T) {
			r := &Recipe{
				List: Request{Path: "/l?since={{since}}&limit={{limit}}" + c.page}, Items: path("items"), ID: oneID("id"),
				Time: [][]string{{"at"}}, Rule: RuleTime, Newest: c.newest, Limit: 10, Paging: Paging{Kind: c.kind},
			}
			require.NoError(t, r.Check())
			f := fixed{newest: c.newest, most: 4, clamp: c.clamp, items: minutes(10)}
			s, found := r.Begin(noon.Add(-time.Hour)), map[string]bool{}
			f.crawlAll(t, r, &s, Input{Now: noon, Base: "https://l.example"}, found)
			assert.Len(t, found, 10)
			assert.Equal(t, timePosition(f.items[9].At), s.Cursor)

			f.items = append(f.items, entry{ID: 11, At: noon})
			assert.Equal(t, 1, f.crawlAll(t, r, &s, Input{Now: noon.Add(time.Minute), Base: "https://l.example"}, found), "two items are fewer than the server is known to send")
			assert.Len(t, found, 11)
		})
	}
}

// TestKeysetOverAServerThatSendsLess: what the overlap brings again must not
// fill every page there is.
func TestKeysetOverAServerThatSendsLess(t *testing.T) {
	r := &Recipe{
		List: Request{Path: "/l?since={{since}}&limit={{limit}}"}, Items: path("items"), ID: oneID("id"),
		Time: [][]string{{"at"}}, Rule: RuleTime, Overlap: Duration(time.Hour), Limit: 100, Paging: Paging{Kind: PagingKeyset},
	}
	require.NoError(t, r.Check())
	f := fixed{most: 5, items: minutes(12)}
	s, found := r.Begin(noon.Add(-2*time.Hour)), map[string]bool{}
	in := Input{Now: noon, Base: "https://l.example"}
	for range 3 {
		f.crawlAll(t, r, &s, in, found)
	}
	assert.Len(t, found, 12)
	assert.Equal(t, timePosition(f.items[11].At), s.Cursor)

	one := fixed{items: minutes(1)}
	s, found = r.Begin(noon.Add(-2*time.Hour)), map[string]bool{}
	one.crawlAll(t, r, &s, in, found)
	one.crawlAll(t, r, &s, in, found) // one item in the overlap is no page of ties
	assert.Len(t, found, 1)
}

// TestTheCursorStaysBeforeTheCrawlsBeginning: what was not visible when its
// page was read becomes visible within the overlap of its time, which may be
// long before the crawl's end.
func TestTheCursorStaysBeforeTheCrawlsBeginning(t *testing.T) {
	for name, r := range map[string]*Recipe{
		"pages by token": {
			List: Request{Path: "/l?since={{since}}&page={{page}}"}, Items: path("items"), ID: oneID("id"), Time: [][]string{{"at"}},
			Rule: RuleTime, Overlap: Duration(2 * time.Minute), Limit: 2, Paging: Paging{Kind: PagingToken, Path: path("next")},
		},
		"keyset": {
			List: Request{Path: "/l?since={{since}}"}, Items: path("items"), ID: oneID("id"), Time: [][]string{{"at"}},
			Rule: RuleTime, Overlap: Duration(2 * time.Minute), Limit: 2, Paging: Paging{Kind: PagingKeyset},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, r.Check())
			late := noon.Add(-30 * time.Second) // of an item that is visible a minute later
			found := false
			at := func(d time.Duration) string { return noon.Add(d).Format(time.RFC3339Nano) }
			answers := []string{
				`{"items":[{"id":1,"at":"` + at(-time.Minute) + `"},{"id":2,"at":"` + at(-time.Second) + `"}],"next":"b"}`,
				`{"items":[{"id":3,"at":"` + at(9*time.Minute) + `"}]}`, // ten minutes later: the server was down
			}
			s := r.Begin(noon.Add(-time.Hour))
			for i, body := range answers {
				now := noon.Add(time.Duration(i) * 10 * time.Minute)
				p, err := r.Read(s, Input{Now: now, Base: "https://l.example"}, ok200(body))
				require.NoError(t, err)
				s = p.State
			}
			s.Crawl = Crawl{}
			since, ok := r.since(s, Input{})
			require.True(t, ok)
			found = !since.After(late)
			assert.True(t, found, "the next crawl starts at %s, after %s", since, late)
		})
	}
}

// TestATagHidesNoLaterPage: the first page of an ascending list stays the same
// for ever, whatever is added behind it.
func TestATagHidesNoLaterPage(t *testing.T) {
	r := &Recipe{
		List: Request{Path: "/l?limit={{limit}}&number={{page}}"}, Items: path("items"), ID: oneID("id"), Position: path("id"),
		Rule: RuleID, Limit: 2, Paging: Paging{Kind: PagingNumber}, Conditional: true,
	}
	require.NoError(t, r.Check())
	in := Input{Now: noon, Base: "https://l.example"}
	s := State{Settled: true}
	for _, body := range []string{`{"items":[{"id":1},{"id":2}]}`, `{"items":[{"id":3}]}`} {
		p, err := r.Read(s, in, ok200(body, "ETag", `"first"`))
		require.NoError(t, err)
		s = p.State
	}
	require.Equal(t, "3", s.Cursor)
	c, err := r.Request(s, in)
	require.NoError(t, err)
	assert.Empty(t, c.Header, "the first page will be unmodified when the second has an item more")
}

// TestATokenSaysWhatIsNew, not the item's own time: a change of something made
// before the poll is a change.
func TestATokenSaysWhatIsNew(t *testing.T) {
	r := &Recipe{
		List: Request{Path: "/l?cursor={{cursor}}"}, Items: path("items"), ID: oneID("id"), Time: [][]string{{"created"}},
		Rule: RuleToken, Token: path("next"),
	}
	require.NoError(t, r.Check())
	in := Input{Now: noon, Base: "https://l.example"}
	s := r.Begin(noon)
	p, err := r.Read(s, in, ok200(`{"items":[{"id":"a","created":"2026-01-01T00:00:00Z"}],"next":"1"}`))
	require.NoError(t, err)
	require.Empty(t, p.Items, "the list as it stood")
	p, err = r.Read(p.State, in, ok200(`{"items":[{"id":"b","created":"2026-01-01T00:00:00Z"}],"next":"2"}`))
	require.NoError(t, err)
	assert.Len(t, p.Items, 1, "the server says that it has changed since")
}

// TestAnEmptyPageOfAWindowIsNotItsEnd.
func TestAnEmptyPageOfAWindowIsNotItsEnd(t *testing.T) {
	r := preset(t, "github-events")
	p, err := r.Read(State{Settled: true}, input(r), ok200(`[]`, "Link", `<https://api.example.com/repos/a/b/events?page=2>; rel="next"`))
	require.NoError(t, err)
	assert.False(t, p.Done)
}

// TestZonesOfFeeds: RFC 822 §5.1 has more zones than GMT, and RSS dates are
// of that form. Read as UTC they would lie hours before the poll began.
func TestZonesOfFeeds(t *testing.T) {
	for in, want := range map[string]string{
		"Wed, 25 Nov 2026 12:00:00 GMT":  "2026-11-25T12:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 UT":   "2026-11-25T12:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 Z":    "2026-11-25T12:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 EST":  "2026-11-25T17:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 EDT":  "2026-11-25T16:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 CST":  "2026-11-25T18:00:00Z",
		"25 Nov 2026 12:00:00 CDT":       "2026-11-25T17:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 MST":  "2026-11-25T19:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 MDT":  "2026-11-25T18:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 PST":  "2026-11-25T20:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 PDT":  "2026-11-25T19:00:00Z",
		"Wed, 25 Nov 2026 12:00:00 CET":  "", // no date is better than a wrong one
		"Wed, 5 Nov 2026 12:00:00 +0200": "2026-11-05T10:00:00Z",
	} {
		assert.Equal(t, want, feedTime(in), in)
	}
}

// TestAWindowThatWasTorn: what a crawl took before it was broken off, or before
// the list moved under it, is known, and is no sign that all below it is.
func TestAWindowThatWasTorn(t *testing.T) {
	more := func(f *fixed) { f.items = append(f.items, minutes(16)[12:]...) }
	for name, between := range map[string]func(r *Recipe, s State, f *fixed) State{
		"broken off":              func(r *Recipe, s State, _ *fixed) State { return r.Abandon(s) },
		"broken off, and moved":   func(r *Recipe, s State, f *fixed) State { more(f); return r.Abandon(s) },
		"asked for smaller pages": func(r *Recipe, s State, _ *fixed) State { s, _ = r.Smaller(s); s.Limit = 0; return s },
		"moved":                   func(_ *Recipe, s State, f *fixed) State { more(f); return s },
		"nothing":                 func(_ *Recipe, s State, _ *fixed) State { return s },
	} {
		t.Run(name, func(t *testing.T) {
			r := &Recipe{
				List: Request{Path: "/l?limit={{limit}}&number={{page}}"}, Items: path("items"), ID: oneID("id"),
				Rule: RuleWindow, Newest: true, Limit: 3, Paging: Paging{Kind: PagingNumber},
			}
			require.NoError(t, r.Check())
			f := fixed{newest: true, items: minutes(12)}
			found := map[string]bool{"1": true, "2": true, "3": true}
			in := Input{Now: noon, Base: "https://l.example", Known: func(id string, _ []byte) bool { return found[id] }}
			s := State{Settled: true}
			for range 2 {
				c, err := r.Request(s, in)
				require.NoError(t, err)
				p, err := r.Read(s, in, f.page(t, c, r.Limit))
				require.NoError(t, err)
				for _, it := range p.Items {
					found[it.ID] = true
				}
				s = p.State
			}
			s = between(r, s, &f)
			for range 2 {
				f.crawlAll(t, r, &s, in, found)
			}
			assert.Len(t, found, len(f.items))
			assert.Zero(t, s.Torn)
			assert.LessOrEqual(t, f.crawlAll(t, r, &s, in, found), 1, "and a list without news is one page again")
		})
	}
}

// TestNoContentIsAnEmptyList: some APIs have 204 for it (RFC 9110 §15.3.5).
func TestNoContentIsAnEmptyList(t *testing.T) {
	for _, r := range []*Recipe{
		{List: Request{Path: "/l?since={{since}}"}, Items: path("items"), ID: oneID("id"), Time: [][]string{{"at"}}, Rule: RuleTime},
		{List: Request{Path: "/l"}, ID: oneID("id"), Rule: RuleWindow},
		{List: Request{Path: "/l?from={{cursor}}"}, Items: path("items"), ID: oneID("id"), Rule: RuleToken, Token: path("next")},
	} {
		require.NoError(t, r.Check())
		s := State{Cursor: timePosition(noon), Settled: true}
		p, err := r.Read(s, Input{Now: noon, Base: "https://l.example"}, Answer{Status: 204})
		require.NoError(t, err, r.Rule)
		assert.True(t, p.Done)
		assert.Equal(t, s.Cursor, p.State.Cursor)
	}
	_, err := preset(t, "feed").Read(State{}, input(preset(t, "feed")), Answer{Status: 204})
	assert.Error(t, err, "a feed that is empty says so")
}

// TestAByteOrderMark: RFC 8259 §8.1 lets a parser ignore one.
func TestAByteOrderMark(t *testing.T) {
	r := preset(t, "stripe")
	p, err := r.Read(State{Settled: true}, input(r), ok200("\xef\xbb\xbf"+`{"data":[{"id":"evt_1","created":1795607900}],"has_more":false}`))
	require.NoError(t, err)
	assert.Len(t, p.Items, 1)
}

// TestAHeaderThatIsNoTemplate is refused when it is given, not when it is used.
func TestAHeaderThatIsNoTemplate(t *testing.T) {
	r := &Recipe{List: Request{Path: "/l", Headers: map[string]string{"x-page": "{{page"}}, ID: oneID("id"), Rule: RuleWindow}
	assert.ErrorIs(t, r.Check(), ErrRecipe)
}

// TestAParamThatLeadsUp is refused when it is given: the destination would take
// no such path.
func TestAParamThatLeadsUp(t *testing.T) {
	r := &Recipe{List: Request{Path: "/a/{{it}}/b?x={{it}}"}, ID: oneID("id"), Rule: RuleWindow}
	require.NoError(t, r.Check())
	assert.NoError(t, r.CheckParams(map[string]string{"it": "plain"}))
	for _, v := range []string{"..", ".", "a/b", `a\b`} {
		assert.ErrorIs(t, r.CheckParams(map[string]string{"it": v}), ErrRecipe, v)
	}
	r.List.Path = "/a?x={{it}}"
	assert.NoError(t, r.CheckParams(map[string]string{"it": "a/b"}), "a query takes anything")
}

// TestALinkToTheSameOrigin, however it is written (RFC 3986 §6.2.2.1, §6.2.3).
func TestALinkToTheSameOrigin(t *testing.T) {
	for _, c := range []struct{ link, base, want string }{
		{"https://api.example.com/v1/x?p=2", "https://api.example.com/v1", "/x?p=2"},
		{"https://api.example.com/v1/x", "https://API.example.com/v1", "/x"},
		{"HTTPS://Api.Example.com/v1/X", "https://api.example.com/v1", "/X"},
		{"https://api.example.com:443/v1/x", "https://api.example.com/v1", "/x"},
		{"https://api.example.com/v1/x", "https://api.example.com:443/v1/", "/x"},
		{"https://api.example.com?p=2", "https://api.example.com", "/?p=2"},
		{"/v1/x", "https://api.example.com:8443/v1", "/x"},
		{"https://api.example.com:8443/v1/x", "https://api.example.com/v1", ""},
		{"http://api.example.com/v1/x", "https://api.example.com/v1", ""},
		{"http://api.example.com:443/v1/x", "https://api.example.com/v1", ""},
		{"https://api.example.com.evil.example/v1/x", "https://api.example.com/v1", ""},
		{"https://api.example.com@evil.example/v1/x", "https://api.example.com/v1", ""},
		{"https://api.example.com:443@evil.example/v1/x", "https://api.example.com/v1", ""},
		{"https://evil.example/v1/x?https://api.example.com/", "https://api.example.com/v1", ""},
		{"https://api.example.com/V1/x", "https://api.example.com/v1", ""},
		{"https://api.example.com/v10/x", "https://api.example.com/v1", ""},
		{"//api.example.com/v1/x", "https://api.example.com/v1", ""},
		{"https:/api.example.com/v1/x", "https://api.example.com/v1", ""},
		{"?p=2", "https://api.example.com/v1", ""},
	} {
		got, ok := within(c.link, c.base)
		assert.Equal(t, c.want != "", ok, "%s in %s", c.link, c.base)
		if ok {
			assert.Equal(t, c.want, got, "%s in %s", c.link, c.base)
		}
	}
}
