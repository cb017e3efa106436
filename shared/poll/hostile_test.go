package poll

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/crawl"
)

// scripted answers as a function says.
type scripted func(u *url.URL, h http.Header) Response

func (f scripted) answer(_ *rig, _ string, u *url.URL, h http.Header) (Response, error) {
	res := f(u, h)
	if res.Header == nil {
		res.Header = http.Header{}
	}
	return res, nil
}

func said(v any) Response {
	b, _ := json.Marshal(v)
	return Response{Status: 200, Body: b}
}

type thing struct {
	ID any       `json:"id"`
	At time.Time `json:"at"`
}

// ownPoll is an operator's recipe.
func ownPoll(r crawl.Recipe) Definition {
	if r.ID == nil {
		r.ID = []crawl.Parts{{{Path: []string{"id"}}}}
	}
	if r.Items == nil {
		r.Items = []string{"items"}
	}
	return Definition{Recipe: &r, Destination: "own"}
}

// TestACursorThatExpiresWithinACrawl: a run that read a part of the list is no
// reason to begin anew after it. What the crawl had not come to is older.
func TestACursorThatExpiresWithinACrawl(t *testing.T) {
	const pages = maxRequests + 10
	expired := false
	at := func(page int) time.Time { return begin.Add(time.Duration(page) * time.Second) }
	first := true
	api := scripted(func(u *url.URL, _ http.Header) Response {
		q := u.Query()
		page, _ := strconv.Atoi(q.Get("page"))
		switch {
		case first:
			first = false
			return said(map[string]any{"items": []thing{}, "cursor": "c0"})
		case expired && (q.Get("cursor") != "" || q.Get("page") != ""):
			return Response{Status: 410}
		case expired: // all there is
			var all []thing
			for n := range pages {
				all = append(all, thing{fmt.Sprint("i", n), at(n)})
			}
			return said(map[string]any{"items": all, "cursor": "c9"})
		case page == maxRequests: // asked for by the second run
			expired = true
			return Response{Status: 410}
		}
		return said(map[string]any{"items": []thing{{fmt.Sprint("i", page), at(page)}}, "next": strconv.Itoa(page + 1), "cursor": "c1"})
	})
	r := newRig(t, api)
	r.put(ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l?cursor={{cursor}}"}, More: &crawl.Request{Path: "/l?page={{page}}"}, Time: [][]string{{"at"}},
		Rule: crawl.RuleToken, Token: []string{"cursor"}, Expired: []int{410}, Paging: crawl.Paging{Kind: crawl.PagingToken, Path: []string{"next"}},
	}))
	r.tick()
	require.Equal(t, "c0", r.status().Cursor)
	r.clock = r.clock.Add(10 * time.Minute)
	require.True(t, r.run(Asked).More)
	r.clock = r.clock.Add(time.Minute)
	r.run(Asked)
	r.consume()
	r.tick()
	assert.Len(t, r.got, pages, "each item once, and none left out")
}

// TestAnAnswerThatExpiresAlways is a failure, not forty requests a run and a
// success.
func TestAnAnswerThatExpiresAlways(t *testing.T) {
	api := scripted(func(*url.URL, http.Header) Response { return Response{Status: 410} })
	r := newRig(t, api)
	r.put(ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l?since={{since}}"}, Time: [][]string{{"at"}}, Rule: crawl.RuleTime, Expired: []int{410},
	}))
	ran := r.run(Due)
	assert.Equal(t, RanFailed, ran.Outcome)
	assert.Equal(t, crawl.CodeExpired, ran.Reason)
	assert.LessOrEqual(t, len(r.asked), 2)
	for range 6 {
		r.tick()
	}
	assert.Len(t, r.told(NoticeStalled), 1)
}

// TestAWindowWhosePagesFail: the second page cannot be had for a while.
func TestAWindowWhosePagesFail(t *testing.T) {
	down := false
	count := 0
	api := scripted(func(u *url.URL, _ http.Header) Response {
		page, _ := strconv.Atoi(u.Query().Get("page"))
		if page > 1 && down {
			return Response{Status: 404}
		}
		var list []thing
		for id := count - 3*(page-1); id > 0 && len(list) < 3; id-- {
			list = append(list, thing{ID: id})
		}
		return said(map[string]any{"items": list})
	})
	r := newRig(t, api)
	r.put(ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l?limit={{limit}}&page={{page}}"}, Rule: crawl.RuleWindow, Newest: true, Limit: 3,
		Paging: crawl.Paging{Kind: crawl.PagingNumber},
	}))
	count = 4
	r.tick() // where the list stands
	require.Empty(t, r.got)
	count, down = 12, true
	for range 3 {
		r.tick()
	}
	down = false
	for range 3 {
		r.tick()
	}
	assert.ElementsMatch(t, []string{"5", "6", "7", "8", "9", "10", "11", "12"}, r.got)
}

// TestAPageSizeChangedWithinACrawl: page 3 of 1 and page 3 of 3 are not the
// same.
func TestAPageSizeChangedWithinACrawl(t *testing.T) {
	const items = 60
	api := scripted(func(u *url.URL, _ http.Header) Response {
		page, _ := strconv.Atoi(u.Query().Get("page"))
		limit, _ := strconv.Atoi(u.Query().Get("limit"))
		var list []thing
		for id := (page-1)*limit + 1; id <= items && len(list) < limit; id++ {
			list = append(list, thing{ID: id, At: begin.Add(time.Duration(id) * time.Second)})
		}
		return said(map[string]any{"items": list})
	})
	r := newRig(t, api)
	d := ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l?limit={{limit}}&page={{page}}"}, Rule: crawl.RuleTime, Time: [][]string{{"at"}}, Limit: 3,
		Paging: crawl.Paging{Kind: crawl.PagingNumber},
	})
	d.Limit = 1
	r.put(d)
	r.clock = r.clock.Add(time.Hour)
	require.True(t, r.run(Asked).More)
	d.Limit = 3
	r.put(d)
	for n := 0; n < 5 && r.run(Asked).More; n++ { // more than it takes
	}
	r.consume()
	assert.Len(t, r.got, items)
}

// TestAnItemWithoutARequest: a key that makes no path is one item's trouble.
func TestAnItemWithoutARequest(t *testing.T) {
	api := scripted(func(u *url.URL, _ http.Header) Response {
		if rest, ok := strings.CutPrefix(u.EscapedPath(), "/l/"); ok {
			return said(map[string]any{"whole": rest})
		}
		return said(map[string]any{"items": []thing{{"a/b", begin}, {"..", begin}, {"c", begin}}})
	})
	r := newRig(t, api)
	r.refuse = func(path string) bool { return strings.Contains(path, "%2F") || strings.HasSuffix(path, "/..") }
	d := ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l"}, Detail: &crawl.Request{Path: "/l/{{key}}"}, Key: []string{"id"}, Body: []string{"whole"},
		Rule: crawl.RuleTime, Time: [][]string{{"at"}}, Overlap: crawl.Duration(time.Hour),
	})
	d.Start = begin.Add(-time.Hour).Format(time.RFC3339)
	r.put(d)
	ran := r.tick()
	assert.Equal(t, RanOK, ran.Outcome, ran.Reason)
	assert.Equal(t, []string{"c"}, r.got)
	assert.Len(t, r.buried, 2)
}

// TestADestinationThatIsGone is the whole poll's trouble, and no item's.
func TestADestinationThatIsGone(t *testing.T) {
	api := scripted(func(*url.URL, http.Header) Response { return said(map[string]any{"items": []thing{{"a", begin}}}) })
	r := newRig(t, api)
	d := ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l"}, Detail: &crawl.Request{Path: "/l/{{key}}"}, Key: []string{"id"}, Body: []string{"whole"},
		Rule: crawl.RuleTime, Time: [][]string{{"at"}}, Overlap: crawl.Duration(time.Hour),
	})
	d.Start = begin.Add(-time.Hour).Format(time.RFC3339)
	r.put(d)
	r.gone = true
	ran := r.tick()
	assert.Equal(t, ReasonDestination, ran.Reason)
	assert.Empty(t, r.buried)
}

// TestADeletedPollThatIsListed: an Add that came after the Remove.
func TestADeletedPollThatIsListed(t *testing.T) {
	r := newRig(t, &stripe{})
	r.put(stripePoll())
	_, err := r.client().Delete(t.Context())
	require.NoError(t, err)
	r.listed["p"] = r.clock
	assert.Equal(t, RanGone, r.run(Due).Outcome)
	assert.Empty(t, r.listed)
}

// TestADrainThatWasOvertaken deletes nothing that another run has staged.
func TestADrainThatWasOvertaken(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	d := stripePoll()
	d.Start = begin.Add(-time.Hour).Format(time.RFC3339)
	r.put(d)
	ids := a.add(r, 5) // two pages: the first is staged
	r.clock = r.clock.Add(10 * time.Minute)
	old := r.p
	r.onSend = func() { // the old isolate waits for the queue
		r.onSend = nil
		r.restart()
		d.Start = begin.Add(-2 * time.Hour).Format(time.RFC3339)
		r.put(d)
		a.fail = func(u *url.URL) *Response {
			if u.Query().Get("starting_after") != "" {
				return &Response{Status: 500}
			}
			return nil
		}
		more := a.add(r, 4)
		ids = append(ids, more...)
		r.clock = r.clock.Add(10 * time.Minute)
		r.run(Due) // stages a page, and gets no further
		a.fail = nil
	}
	_, err := old.Run(t.Context(), Asked)
	require.NoError(t, err)
	for range 3 {
		r.tick()
	}
	r.consume()
	assert.ElementsMatch(t, ids, r.got)
}

// TestARunThatWasOvertakenRemembersNothing: what it knew was of another list.
func TestARunThatWasOvertakenRemembersNothing(t *testing.T) {
	var r *rig
	version := 1
	change := func() {}
	api := scripted(func(u *url.URL, _ http.Header) Response {
		id, next := "a", "2"
		if u.Query().Get("page") != "" {
			change()
			id, next = "b", ""
		}
		return said(map[string]any{"items": []any{map[string]any{"id": id, "at": begin.Add(time.Second), "version": version}}, "next": next})
	})
	r = newRig(t, api)
	d := ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l?since={{since}}&page={{page}}"}, Time: [][]string{{"at"}}, Rule: crawl.RuleTime, Overlap: crawl.Duration(time.Hour),
		Paging: crawl.Paging{Kind: crawl.PagingToken, Path: []string{"next"}},
	})
	r.put(d)
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	require.Equal(t, []string{"a", "b"}, r.got)
	other := d
	recipe := *d.Recipe
	recipe.TypePrefix = "other."
	other.Recipe = &recipe
	other.Start = begin.Format(time.RFC3339)
	version, change = 2, func() { change = func() {}; r.put(other) }
	r.tick()
	r.known = map[string]string{} // as if the Ledger had never seen it
	r.tick()
	assert.Equal(t, []string{"a", "b", "a", "b"}, r.got, "the new definition asks for it")
}

// TestALongWaitIsNoReasonToWatchLess: a budget that is used up for a day puts
// the next run off by a day, and the alarm by three intervals more.
func TestALongWaitIsNoReasonToWatchLess(t *testing.T) {
	used := 1.0
	api := scripted(func(*url.URL, http.Header) Response {
		res := said(map[string]any{"items": []thing{}})
		res.Used, res.Reset = used, 24*time.Hour
		return res
	})
	r := newRig(t, api)
	d := ownPoll(crawl.Recipe{List: crawl.Request{Path: "/l?since={{since}}"}, Time: [][]string{{"at"}}, Rule: crawl.RuleTime})
	d.AtMost = crawl.Duration(time.Minute)
	r.put(d)
	r.run(Due)
	next := r.status().NextAt
	require.Equal(t, r.clock.Add(24*time.Hour), next)
	used = 0
	r.api = scripted(func(*url.URL, http.Header) Response { return Response{Status: 500} })
	r.clock = next
	for range 6 {
		r.tick()
	}
	require.Len(t, r.told(NoticeStalled), 1)
	assert.Less(t, r.clock.Sub(next), time.Hour)
}

// TestAListOfNothingButPoison: a server that renames its ids poisons whole
// pages, and a run may make only so many calls of its platform.
func TestAListOfNothingButPoison(t *testing.T) {
	api := scripted(func(*url.URL, http.Header) Response {
		var list []any
		for i := range 900 {
			list = append(list, map[string]any{"uid": i, "at": begin})
		}
		return said(map[string]any{"items": list})
	})
	r := newRig(t, api)
	r.put(ownPoll(crawl.Recipe{List: crawl.Request{Path: "/l"}, Time: [][]string{{"at"}}, Rule: crawl.RuleTime}))
	r.run(Due)
	assert.Len(t, r.buried, 900)
	assert.LessOrEqual(t, r.burials, 20)
	r.tick()
	assert.LessOrEqual(t, r.burials, 20, "once")
}

// TestASlowDetail: forty answers of a minute each are more than a run may take.
func TestASlowDetail(t *testing.T) {
	var r *rig
	api := scripted(func(u *url.URL, _ http.Header) Response {
		if strings.HasPrefix(u.Path, "/l/") {
			r.clock = r.clock.Add(50 * time.Second)
			return said(map[string]any{"whole": u.Path})
		}
		var list []thing
		for i := range 12 {
			list = append(list, thing{fmt.Sprint("i", i), begin})
		}
		return said(map[string]any{"items": list})
	})
	r = newRig(t, api)
	d := ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l"}, Detail: &crawl.Request{Path: "/l/{{key}}"}, Key: []string{"id"}, Body: []string{"whole"},
		Rule: crawl.RuleTime, Time: [][]string{{"at"}}, Overlap: crawl.Duration(time.Hour),
	})
	d.Start = begin.Add(-time.Hour).Format(time.RFC3339)
	r.put(d)
	for n := 1; n < 20; n++ {
		before := r.clock
		ran := r.run(Asked)
		r.consume()
		require.LessOrEqual(t, r.clock.Sub(before), itemTime+time.Minute)
		if !ran.More {
			break
		}
		require.GreaterOrEqual(t, len(r.got), n, "what was fetched is kept")
	}
	assert.Len(t, r.got, 12)
}

// TestAnItemFromTheFutureHidesNoLag: one that is dated 2099 is no sign that the
// list is up to date.
func TestAnItemFromTheFutureHidesNoLag(t *testing.T) {
	list := []thing{{"a", time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}}
	r := newRig(t, scripted(func(*url.URL, http.Header) Response { return said(map[string]any{"items": list}) }))
	r.put(ownPoll(crawl.Recipe{List: crawl.Request{Path: "/l"}, Time: [][]string{{"at"}}, Rule: crawl.RuleTime}))
	r.run(Due)
	list = []thing{}
	r.clock = r.clock.Add(time.Hour)
	r.run(Asked)
	assert.Equal(t, int64(3600), r.status().LagSeconds)
}

// TestADetailThatIsRefused: the server will not give this one, and gives the
// others. It is among the dead letters as the list has it.
func TestADetailThatIsRefused(t *testing.T) {
	status := 422
	api := scripted(func(u *url.URL, _ http.Header) Response {
		if u.Path == "/l/a" {
			return Response{Status: status}
		}
		if strings.HasPrefix(u.Path, "/l/") {
			return said(map[string]any{"whole": u.Path})
		}
		return said(map[string]any{"items": []thing{{"a", begin}, {"b", begin}}})
	})
	r := newRig(t, api)
	d := ownPoll(crawl.Recipe{
		List: crawl.Request{Path: "/l"}, Detail: &crawl.Request{Path: "/l/{{key}}"}, Key: []string{"id"}, Body: []string{"whole"},
		Rule: crawl.RuleTime, Time: [][]string{{"at"}}, Overlap: crawl.Duration(time.Hour),
	})
	d.Start = begin.Add(-time.Hour).Format(time.RFC3339)
	r.put(d)
	for _, wait := range []int{403, 408, 409, 500} { // may pass, or be the token's
		status = wait
		assert.Equal(t, RanFailed, r.run(Asked).Outcome, wait)
	}
	status = 422
	assert.Equal(t, RanOK, r.run(Asked).Outcome)
	r.consume()
	assert.Equal(t, []string{"b"}, r.got)
	assert.Len(t, r.buried, 1)
}

// TestARedeliveryThatIsRefused: the delivery is fetched instead.
func TestARedeliveryThatIsRefused(t *testing.T) {
	a := &github{refuses: 422}
	r := newRig(t, a)
	d := githubPoll()
	d.Redeliver = true
	r.put(d)
	r.clock = r.clock.Add(time.Minute)
	a.add(r, "guid-1", 500)
	r.clock = r.clock.Add(10 * time.Minute)
	assert.Equal(t, RanOK, r.run(Asked).Outcome)
	r.consume()
	assert.Equal(t, []string{"guid-1"}, r.got)
	assert.Equal(t, int64(1), r.status().Totals.Missed)
	assert.Zero(t, r.status().Totals.Redelivered)
}

// TestAnOvertakenRunLeavesTheAlarm: there is one alarm, and the definition that
// overtook the run may need it sooner.
func TestAnOvertakenRunLeavesTheAlarm(t *testing.T) {
	var r *rig
	d := ownPoll(crawl.Recipe{List: crawl.Request{Path: "/l?since={{since}}"}, Time: [][]string{{"at"}}, Rule: crawl.RuleTime})
	d.Every, d.AtMost = crawl.Duration(24*time.Hour), crawl.Duration(24*time.Hour)
	change := func() {}
	r = newRig(t, scripted(func(*url.URL, http.Header) Response {
		change()
		return said(map[string]any{"items": []thing{}})
	}))
	r.put(d)
	r.run(Due)
	r.listed = map[string]time.Time{}
	change = func() {
		change = func() {}
		r.scheduleDown = true
		d.Every, d.AtMost = crawl.Duration(time.Minute), crawl.Duration(time.Minute)
		r.put(d)
		r.scheduleDown = false
	}
	r.clock = r.status().NextAt
	require.Equal(t, RanBusy, r.run(Due).Outcome, "overtaken")
	require.LessOrEqual(t, r.alarm.Sub(r.clock), time.Minute)
	r.clock = r.alarm
	require.NoError(t, r.p.Alarm())
	assert.Contains(t, r.listed, "p")
}

// TestALimitTakesNoPollAway: one that was there is not the one too many, should
// the schedule have lost it.
func TestALimitTakesNoPollAway(t *testing.T) {
	r := newRig(t, &stripe{})
	r.put(stripePoll())
	r.tick()
	cursor := r.status().Cursor
	r.full = true
	d := stripePoll()
	d.AtMost = crawl.Duration(time.Hour)
	_, err := r.client().Put(t.Context(), d)
	require.ErrorIs(t, err, ErrLimit)
	assert.Equal(t, cursor, r.status().Cursor)
	require.LessOrEqual(t, r.alarm.Sub(r.clock), time.Minute)

	other := newRig(t, &stripe{})
	other.full = true
	_, err = other.client().Put(t.Context(), d)
	require.ErrorIs(t, err, ErrLimit)
	_, err = other.client().Get(t.Context())
	require.ErrorIs(t, err, ErrNotFound)
}
