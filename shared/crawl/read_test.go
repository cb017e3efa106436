package crawl

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func preset(t *testing.T, name string) *Recipe {
	t.Helper()
	r, ok := Lookup(name)
	require.True(t, ok)
	return r
}

func input(r *Recipe) Input {
	return Input{Params: sample(r), Now: noon, Base: "https://api.example.com"}
}

func ok200(body string, header ...string) Answer {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return Answer{Status: 200, Header: h, Body: []byte(body)}
}

func status(code int, body string, header ...string) Answer {
	a := ok200(body, header...)
	a.Status = code
	return a
}

// TestRefusals is the table of bad answers and what becomes of them.
func TestRefusals(t *testing.T) {
	middle := State{Cursor: "1795600000000000000", Settled: true, Crawl: Crawl{Pages: 2, Page: "p"}}
	same := `{"data":[{"id":"evt_1","created":1795607900}],"has_more":true}`
	for _, c := range []struct {
		what   string
		preset string
		state  State
		answer Answer
		class  Class
		code   string
		wait   time.Duration
	}{
		{"malformed JSON", "stripe", State{}, ok200(`{"data":[{"id":"evt_1"`), Failed, CodeNotJSON, 0},
		{"an HTML error page with 200", "stripe", State{}, ok200("<!doctype html><h1>Down for maintenance</h1>"), Failed, CodeNotJSON, 0},
		{"an empty body", "stripe", State{}, ok200(""), Failed, CodeNotJSON, 0},
		{"JSON of another shape", "stripe", State{}, ok200(`{"object":"list"}`), Failed, CodeNoItems, 0},
		{"an object where the list should be", "stripe", State{}, ok200(`{"data":{"id":"evt_1"}}`), Failed, CodeNoItems, 0},
		{"a list said twice", "stripe", State{}, ok200(`{"data":[],"data":[{"id":"evt_1"}]}`), Failed, CodeNoItems, 0},
		{"a page over the size", "stripe", State{}, Answer{Status: 200, Header: http.Header{}, TooLarge: true}, TooLarge, CodeTooLarge, 0},
		{"a page of too many items", "stripe", State{}, ok200(`{"data":[` + strings.Repeat(`{},`, maxItems) + `{}]}`), TooLarge, CodeTooLarge, 0},
		{"429", "stripe", State{}, status(429, `{}`, "Retry-After", "90"), Throttled, CodeThrottled, 90 * time.Second},
		{"429 with an empty list", "stripe", State{}, status(429, `{"data":[]}`), Throttled, CodeThrottled, 0},
		{"GitHub's 403 with nothing remaining", "github-events", State{}, status(403, `{}`, "X-RateLimit-Remaining", "0"), Throttled, CodeThrottled, 0},
		{"GitHub's secondary limit", "github-events", State{}, status(403, `{}`, "Retry-After", "60"), Throttled, CodeThrottled, time.Minute},
		{"a 403 that is one", "github-events", State{}, status(403, `{}`, "X-RateLimit-Remaining", "4999"), Failed, "http_403", 0},
		{"Slack's error inside a 200", "slack", State{}, ok200(`{"ok":false,"error":"channel_not_found"}`), Failed, CodeInside, 0},
		{"Slack's limit inside a 200", "slack", State{}, ok200(`{"ok":false,"error":"ratelimited"}`, "Retry-After", "30"), Throttled, CodeThrottled, 30 * time.Second},
		{"Slack's token inside a 200", "slack", State{}, ok200(`{"ok":false,"error":"token_expired"}`), Unauthorized, CodeAuth, 0},
		{"Linear's limit in a 400", "linear", State{}, status(400, `{"errors":[{"extensions":{"code":"RATELIMITED"}}]}`), Throttled, CodeThrottled, 0},
		{"GraphQL data with errors", "shopify", State{}, ok200(`{"data":{"orders":{"nodes":[]}},"errors":[{"message":"boom"}]}`), Failed, CodeInside, 0},
		{"401", "stripe", State{}, status(401, `{}`), Unauthorized, CodeAuth, 0},
		{"500", "stripe", State{}, status(500, `oops`), Failed, "http_500", 0},
		{"503 that names a time", "stripe", State{}, status(503, ``, "Retry-After", "120"), Failed, "http_503", 2 * time.Minute},
		{"a redirect", "stripe", State{}, status(302, ``, "Location", "https://evil.example"), Failed, "http_302", 0},
		{"a 304 nobody asked for", "stripe", State{}, status(304, ``), Failed, CodeNotModified, 0},
		{"a page token the server forgot", "stripe", middle, status(400, `{}`), Broken, "http_400", 0},
		{"the same page again", "stripe", State{Cursor: "1795600000000000000", Settled: true, Crawl: Crawl{Pages: 2, Page: "p", Last: hashOf([]byte(same))}}, ok200(same), Broken, CodeEndless, 0},
		{"the same token again", "stripe", State{Settled: true, Crawl: Crawl{Pages: 2, Page: "evt_1"}}, ok200(same), Broken, CodeEndless, 0},
		{"pages without end", "stripe", State{Settled: true, Crawl: Crawl{Pages: maxPages, Page: "evt_0"}}, ok200(same), Broken, CodeEndless, 0},
		{"an expired history", "gmail", State{Cursor: "5", Settled: true}, status(404, `{}`), Expired, CodeExpired, 0},
		{"an expired sync token, as Google says it", "google-calendar", State{Cursor: "5", Settled: true}, status(410, `{"error":{"code":410,"errors":[{"domain":"calendar","reason":"fullSyncRequired"}]}}`), Expired, CodeExpired, 0},
		{"an expired history, as Google says it", "gmail", State{Cursor: "5", Settled: true}, status(404, `{"error":{"code":404,"errors":[{"reason":"notFound"}]}}`), Expired, CodeExpired, 0},
		{"a mailbox that is not there", "gmail", State{}, status(404, `{}`), Failed, "http_404", 0},
		{"an expired delta in a 400", "microsoft-graph", State{Cursor: "/v1.0/a", Settled: true}, status(400, `{"error":{"code":"syncStateNotFound"}}`), Expired, CodeExpired, 0},
		{"a history that goes back", "gmail", State{Cursor: "500", Settled: true}, ok200(`{"history":[],"historyId":"499"}`), Broken, CodeBackwards, 0},
		{"a last page without a cursor", "microsoft-graph", State{}, ok200(`{"value":[]}`), Broken, CodeNoCursor, 0},
		{"a link to another host", "microsoft-graph", State{}, ok200(`{"value":[],"@odata.nextLink":"https://evil.example/v1.0/x"}`), Failed, CodeLink, 0},
		{"a delta link to another host", "microsoft-graph", State{}, ok200(`{"value":[],"@odata.deltaLink":"https://evil.example/v1.0/x"}`), Broken, CodeLink, 0},
		{"keyset over what is not ascending", "hubspot", State{Settled: true}, ok200(`{"results":[{"id":"1","updatedAt":"2026-11-25T10:00:00Z"},{"id":"2","updatedAt":"2026-11-25T09:00:00Z"}]}`), Failed, CodeOrder, 0},
		{"a feed that is a web page", "feed", State{}, ok200("<!DOCTYPE html><html><body><p>hello</body></html>"), Failed, CodeNoFeed, 0},
		{"a feed cut short", "feed", State{}, ok200("<rss><channel><item><guid>1</gu"), Failed, CodeNoFeed, 0},
		{"a profile without a history", "gmail", State{}, ok200(`{"emailAddress":"a@b"}`), Failed, CodeNoCursor, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := preset(t, c.preset)
			_, err := r.Read(c.state, input(r), c.answer)
			var f *Failure
			require.ErrorAs(t, err, &f)
			assert.Equal(t, Failure{c.class, c.code, c.wait}, *f)
		})
	}
}

func TestPoisonIsApart(t *testing.T) {
	r := preset(t, "stripe")
	p, err := r.Read(State{Settled: true}, input(r), ok200(`{"data":[{"id":"evt_3","created":1795607903,"type":"a.b"},{"created":1795607902},{"id":"evt_1","created":"yesterday"},"text",{"id":"evt_0","created":1795607900,"type":"c.d"}],"has_more":false}`))
	require.NoError(t, err)
	require.Len(t, p.Items, 2)
	assert.Equal(t, []string{"evt_0", "evt_3"}, []string{p.Items[0].ID, p.Items[1].ID}, "oldest first")
	var reasons []string
	for _, x := range p.Poisoned {
		reasons = append(reasons, x.Reason)
	}
	assert.Equal(t, []string{PoisonNoID, PoisonNoTime, PoisonNotObject}, reasons)
	assert.Equal(t, timePosition(time.Unix(1795607903, 0)), p.State.Cursor, "the rest moves on")
}

func TestAnItemFromTheFutureHidesNothing(t *testing.T) {
	r := preset(t, "stripe")
	p, err := r.Read(State{Settled: true}, input(r), ok200(`{"data":[{"id":"evt_x","created":4081795200}],"has_more":false}`))
	require.NoError(t, err)
	assert.Len(t, p.Items, 1)
	assert.Equal(t, timePosition(noon), p.State.Cursor)
}

func TestHeldItemsKeepTheCursorBack(t *testing.T) {
	r := preset(t, "github-deliveries")
	in := input(r)
	in.Hold = time.Minute
	body := `[{"id":9,"guid":"g9","event":"push","delivered_at":"2026-11-25T11:58:00Z"},{"id":8,"guid":"g8","event":"push","delivered_at":"2026-11-25T11:59:30Z"},{"id":7,"guid":"g7","event":"push","delivered_at":"2026-11-25T11:50:00Z"},{"id":6,"guid":"g6","event":"push","delivered_at":"2026-11-25T11:40:00Z"}]`
	s := State{Cursor: "6", Settled: true}
	p, err := r.Read(s, in, ok200(body, "ETag", `"a"`))
	require.NoError(t, err)
	require.True(t, p.Done)
	assert.Equal(t, 1, p.Held)
	assert.Equal(t, "7", p.State.Cursor, "before the held one, whatever lies above it")
	assert.Empty(t, p.State.ETag, "a 304 would hide the held one")
	in.Now = noon.Add(time.Hour)
	p, err = r.Read(p.State, in, ok200(body, "ETag", `"a"`))
	require.NoError(t, err)
	require.Len(t, p.Items, 2)
	assert.Equal(t, []string{"g8", "g9"}, []string{p.Items[0].ID, p.Items[1].ID})
	assert.Equal(t, "9", p.State.Cursor)
	assert.Equal(t, `"a"`, p.State.ETag)
	c, err := r.Request(p.State, in)
	require.NoError(t, err)
	assert.Contains(t, c.Header, [2]string{"if-none-match", `"a"`})
	p, err = r.Read(p.State, in, status(304, ""))
	require.NoError(t, err)
	assert.True(t, p.Unchanged && p.Done)
}

func TestFirstCrawlFromNow(t *testing.T) {
	for _, c := range []struct {
		preset string
		answer Answer
		items  int // to be enqueued
		cursor string
	}{
		{"github-deliveries", ok200(`[{"id":9,"guid":"g9","event":"push","delivered_at":"2026-11-25T12:00:01Z"},{"id":8,"guid":"g8","event":"push","delivered_at":"2026-11-25T11:00:00Z"}]`, "Link", `<https://api.example.com/a-1/deliveries?cursor=x>; rel="next"`), 1, "9"},
		{"google-calendar", ok200(`{"items":[{"id":"a","updated":"2020-01-01T00:00:00Z"},{"id":"b","updated":"2026-11-25T12:00:01Z"}],"nextSyncToken":"t1"}`), 1, "t1"},
		{"google-drive", ok200(`{"startPageToken":"77"}`), 0, "77"},
		{"microsoft-graph", ok200(`{"value":[{"id":"u1"},{"id":"u2"}],"@odata.deltaLink":"https://api.example.com/v1.0/users/delta?t=1"}`), 0, "/v1.0/users/delta?t=1"},
	} {
		t.Run(c.preset, func(t *testing.T) {
			r := preset(t, c.preset)
			in := input(r)
			in.Now = noon.Add(time.Minute)
			p, err := r.Read(r.Begin(noon), in, c.answer)
			require.NoError(t, err)
			assert.True(t, p.Done, "one page says where the list stands")
			n := 0
			for _, it := range p.Items {
				if !it.Mark {
					n++
				}
			}
			assert.Equal(t, c.items, n)
			assert.Equal(t, c.cursor, p.State.Cursor)
			assert.True(t, p.State.Settled)
		})
	}
}

func TestFeeds(t *testing.T) {
	r := preset(t, "feed")
	for name, c := range map[string]struct {
		doc, id, title, when string
	}{
		"RSS 2.0": {`<?xml version="1.0"?><rss version="2.0"><channel><title>c</title><item><title>A &amp; B</title><link>https://e.example/1</link><guid isPermaLink="false">g-1</guid><pubDate>Wed, 25 Nov 2026 11:00:00 GMT</pubDate><description>d</description></item></channel></rss>`, "g-1", "A & B", "2026-11-25T11:00:00Z"},
		"RSS 1.0": {`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="https://e.example/2"><title>T</title><link>https://e.example/2</link><dc:date>2026-11-25T12:30:00+01:30</dc:date></item></rdf:RDF>`, "https://e.example/2", "T", "2026-11-25T11:00:00Z"},
		"Atom":    {`<feed xmlns="http://www.w3.org/2005/Atom"><title>f</title><entry><id>urn:1</id><title>T</title><link href="https://e.example/3"/><updated>2026-11-25T11:00:00Z</updated></entry></feed>`, "urn:1", "T", "2026-11-25T11:00:00Z"},
		"JSON":    {`{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"j1","title":"T","date_published":"2026-11-25T11:00:00Z"}]}`, "j1", "T", "2026-11-25T11:00:00Z"},
		"latin 1": {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss><channel><item><guid>g</guid><title>caf\xe9</title><pubDate>25 Nov 2026 11:00:00 GMT</pubDate></item></channel></rss>", "g", "café", "2026-11-25T11:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := r.Read(State{Settled: true}, input(r), ok200(c.doc))
			require.NoError(t, err)
			require.Len(t, p.Items, 1)
			assert.Equal(t, c.id, p.Items[0].ID)
			assert.Contains(t, string(p.Items[0].Body), `"title":"`+strings.ReplaceAll(c.title, "&", `\u0026`)+`"`)
			assert.Equal(t, c.when, p.Items[0].Time.Format(time.RFC3339))
		})
	}
}

func TestSmallerPages(t *testing.T) {
	r := preset(t, "airtable")
	s := State{Cursor: "3", Settled: true, Crawl: Crawl{Pages: 1}}
	var sizes []int
	for {
		next, ok := r.Smaller(s)
		if !ok {
			break
		}
		s = next
		sizes = append(sizes, s.Limit)
	}
	assert.Equal(t, []int{25, 12, 6, 3, 1}, sizes)
}

func TestRestart(t *testing.T) {
	since := noon.Add(-time.Hour)
	for name, loses := range map[string]bool{"google-calendar": false, "gmail": true, "google-drive": true, "microsoft-graph": false} {
		r := preset(t, name)
		s := r.Restart(State{Cursor: "x", Since: timePosition(noon.Add(-24 * time.Hour)), Settled: true}, since)
		assert.Equal(t, State{Since: timePosition(since), Settled: true}, s)
		assert.Equal(t, loses, r.Loses(), name)
	}
}

// FuzzRead: whatever a server answers, a page or a Failure comes of it, and
// the cursor of an ordered list never goes back.
func FuzzRead(f *testing.F) {
	for _, body := range []string{
		`{"data":[{"id":"evt_1","created":1795607900}],"has_more":true}`, `{"ok":true,"messages":[{"ts":"1795607900.000100","type":"message"}],"has_more":false}`,
		`[{"id":9,"guid":"g9","event":"push","delivered_at":"2026-11-25T11:58:00Z"}]`, `<rss><channel><item><guid>1</guid></item></channel></rss>`,
		`{"value":[{"id":"1"}],"@odata.deltaLink":"/v1.0/x"}`, `{"history":[{"id":"1"}],"historyId":"2"}`, `{"items":[`, ``, `[[],1,null]`,
	} {
		f.Add(uint8(0), 200, []byte(body), uint8(0))
		f.Add(uint8(9), 304, []byte(body), uint8(1))
	}
	f.Fuzz(func(t *testing.T, which uint8, code int, body []byte, pages uint8) {
		list := All()
		r := &list[int(which)%len(list)]
		s := State{Cursor: "1795600000000000000", Settled: true, ETag: "e", Crawl: Crawl{Pages: int(pages), Page: "p"}}
		p, err := r.Read(s, input(r), Answer{Status: code, Header: http.Header{}, Body: body})
		if err != nil {
			var failure *Failure
			if !errors.As(err, &failure) || failure.Code == "" || failure.Class == 0 {
				t.Fatalf("%v is no failure", err)
			}
			return
		}
		if (r.Rule == RuleTime || r.Rule == RuleID || r.Counts) && comparePositions(p.State.Cursor, s.Cursor) < 0 {
			t.Fatalf("the cursor went back to %s", p.State.Cursor)
		}
		for _, it := range p.Items {
			if it.ID == "" || len(it.ID) > 256 {
				t.Fatalf("id %q", it.ID)
			}
		}
	})
}
