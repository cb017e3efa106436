package poll

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/crawl"
)

func TestFindsWhatTheWebhookMissed(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	s := r.put(stripePoll())
	assert.True(t, s.Backs)
	assert.Equal(t, StateNew, s.State)
	ids := a.add(r, 10)
	for i, id := range ids {
		if i%3 != 0 { // every third is dropped
			r.webhook("stripe", id)
		}
	}
	r.clock = r.clock.Add(time.Minute)
	ran := r.tick()
	assert.Equal(t, 4, ran.Found)
	assert.Equal(t, 4, ran.Missed)
	assert.ElementsMatch(t, ids, r.got, "each once")
	assert.Equal(t, []string{"evt_0001", "evt_0004", "evt_0007", "evt_0010"}, r.got[6:], "oldest first, over several pages")

	told := r.told(NoticeMissed)
	total := 0
	for _, n := range told {
		total += n.Count
	}
	assert.Equal(t, 4, total)
	assert.Equal(t, Totals{Runs: 1, Requests: 4, Found: 4, Missed: 4, Arrived: 6}, r.status().Totals)

	ran = r.tick()
	assert.Zero(t, ran.Found, "the overlap is known")
	assert.Equal(t, int64(4), r.status().Totals.Missed, "and not counted again")
}

func TestAnEventOnItsWayIsNotMissed(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	r.put(stripePoll())
	r.tick()
	ids := a.add(r, 2)
	r.run(Asked)
	r.consume()
	assert.Empty(t, r.got, "younger than the grace")
	r.webhook("stripe", ids[0])
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	assert.Equal(t, ids, r.got)
	assert.Equal(t, int64(1), r.status().Totals.Missed)
	assert.Equal(t, int64(1), r.status().Totals.Arrived)
}

func TestGitHubFetchesOnlyWhatIsMissing(t *testing.T) {
	a := &github{}
	r := newRig(t, a)
	r.put(githubPoll())
	r.tick()
	for i := range 8 {
		guid := fmt.Sprintf("guid-%d", i)
		status := 200
		if i%4 == 0 {
			status = 503
		} else {
			r.webhook("gh", guid)
		}
		a.add(r, guid, status)
		r.clock = r.clock.Add(time.Second)
	}
	r.clock = r.clock.Add(time.Minute)
	ran := r.tick()
	assert.Equal(t, 2, ran.Found)
	assert.Equal(t, 2, a.details, "one request for each that is missing")
	assert.Equal(t, []string{"guid-0", "guid-4"}, r.got[6:])
	before := len(r.asked)
	r.tick()
	assert.Equal(t, before+1, len(r.asked))
	assert.Equal(t, 1, a.conditional)
	assert.Equal(t, int64(1), r.status().Totals.Free, "a 304 is free")
}

func TestGitHubRedelivers(t *testing.T) {
	a := &github{}
	r := newRig(t, a)
	d := githubPoll()
	d.Redeliver = true
	r.put(d)
	r.tick()
	a.add(r, "guid-1", 503)
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	assert.Equal(t, []string{"100"}, a.redelivered)
	assert.Empty(t, r.got, "it comes by the webhook, signed")
	a.add(r, "guid-1", 503) // the redelivery, which fails as well
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	assert.Equal(t, []string{"100", "101"}, a.redelivered, "and is asked for again")
	a.add(r, "guid-1", 200)
	r.webhook("gh", "guid-1")
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	assert.Equal(t, []string{"100", "101"}, a.redelivered)
}

func TestAnItemThatIsGoneIsPoisoned(t *testing.T) {
	a := &github{gone: "101"}
	r := newRig(t, a)
	r.put(githubPoll())
	r.tick()
	for i := range 3 {
		a.add(r, fmt.Sprintf("guid-%d", i), 503)
	}
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	assert.Equal(t, []string{"guid-0", "guid-2"}, r.got, "the rest moves")
	assert.Len(t, r.buried, 1)
	assert.Equal(t, int64(1), r.status().Totals.Poisoned)
	r.tick()
	assert.Len(t, r.buried, 1)
}

func TestManyMissedGoOnInTheNextRun(t *testing.T) {
	a := &github{}
	r := newRig(t, a)
	d := githubPoll()
	d.Limit = 100
	r.put(d)
	r.tick()
	var want []string
	for i := range 150 {
		guid := fmt.Sprintf("guid-%03d", i)
		want = append(want, guid)
		a.add(r, guid, 503)
	}
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	assert.Equal(t, want, r.got, "oldest first, all of them")
	assert.Equal(t, 150, a.details, "each once")
	assert.Equal(t, int64(150), r.status().Totals.Missed)
}

func TestPaceAndHealth(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	r.put(stripePoll())
	for _, want := range []string{"2m0s", "4m0s", "8m0s", "16m0s", "30m0s", "30m0s"} {
		r.tick()
		assert.Equal(t, want, r.status().Interval, "empty doubles")
	}
	ran := r.run(Touched)
	assert.Equal(t, RanOK, ran.Outcome)
	assert.Equal(t, "1m0s", r.status().Interval, "a webhook of the source brings it to the floor")
	assert.Equal(t, RanEarly, r.run(Due).Outcome)

	// 429: a floor, and no empty answer.
	a.fail = func(*url.URL) *Response {
		return &Response{Status: 429, Header: http.Header{"Retry-After": {"600"}}, Body: []byte(`{"data":[]}`)}
	}
	r.clock = r.clock.Add(time.Minute)
	ran = r.run(Due)
	assert.Equal(t, RanThrottled, ran.Outcome)
	assert.Equal(t, "1m0s", r.status().Interval)
	assert.GreaterOrEqual(t, ran.Next.Sub(r.clock), 10*time.Minute)
	r.clock = r.clock.Add(599 * time.Second)
	assert.Equal(t, RanEarly, r.run(Touched|Asked).Outcome, "nobody undercuts what the provider asked for")

	a.fail = nil
	a.used = 0.85
	r.clock = r.clock.Add(10 * time.Minute)
	r.run(Due)
	s := r.status()
	assert.Greater(t, s.NextAt.Sub(r.clock), 2*time.Minute, "85 % of the budget slow it down")
	assert.InDelta(t, 0.85, s.BudgetUsed, 0.001)
}

func TestStallsWithinThreeIntervalsAndRecovers(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	d := stripePoll()
	d.AtMost = crawl.Duration(time.Minute)
	r.put(d)
	r.tick()
	good := r.clock
	for what, answer := range map[string]Response{
		"http_500":       {Status: 500},
		"not_json":       {Status: 200, Body: []byte("<html>")},
		"http_302":       {Status: 302, Header: http.Header{"Location": {"https://evil.example"}}},
		"no_items":       {Status: 200, Body: []byte(`{}`)},
		"page_too_large": {Status: 200, TooLarge: true},
	} {
		a.fail = func(*url.URL) *Response { c := answer; return &c }
		n := len(r.told(NoticeStalled))
		for len(r.told(NoticeStalled)) == n {
			r.tick()
			require.Less(t, r.clock.Sub(good), 5*time.Minute, what)
		}
		told := r.told(NoticeStalled)
		assert.Equal(t, what, told[n].Reason)
		assert.LessOrEqual(t, r.lastNotice(NoticeStalled).Time.Sub(told[n].LastSuccess), 3*time.Minute, what)
		assert.Equal(t, StateStalled, r.status().State)
		a.fail = nil
		for r.status().State != StateOK {
			r.tick()
		}
		good = r.clock
	}
	assert.Len(t, r.told(NoticeRecovered), 5)
}

func TestACursorThatStandsStill(t *testing.T) {
	// Each answer has news, all of them from before the cursor.
	n := 0
	a := &stripe{}
	r := newRig(t, a)
	r.put(stripePoll())
	r.tick()
	r.clock = r.clock.Add(time.Minute)
	first := a.add(r, 1)
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	require.Equal(t, first, r.got)
	at := a.events[0].Created
	a.fail = func(*url.URL) *Response {
		n++
		return &Response{Status: 200, Header: http.Header{}, Body: fmt.Appendf(nil, `{"data":[{"id":"evt_x%d","created":%d}],"has_more":false}`, n, at-1)}
	}
	for range unmovedRuns {
		r.tick()
	}
	told := r.told(NoticeStalled)
	require.Len(t, told, 1)
	assert.Equal(t, ReasonUnmoved, told[0].Reason)
}

func TestReauthPausesLoudlyAndResumesByItself(t *testing.T) {
	a := &refusing{}
	r := newRig(t, a)
	r.put(Definition{Preset: "stripe", Destination: "stripe"})
	a.err = ErrReauth
	for range 3 {
		ran := r.tick()
		assert.Equal(t, RanPaused, ran.Outcome)
	}
	s := r.status()
	assert.Equal(t, StatePaused, s.State)
	assert.Equal(t, ReasonReauth, s.Reason)
	assert.LessOrEqual(t, s.NextAt.Sub(r.clock), pausedEvery)
	assert.Len(t, r.told(NoticePaused), 1, "once")
	a.err = nil
	r.tick()
	assert.Equal(t, StateOK, r.status().State)
	assert.Len(t, r.told(NoticeResumed), 1)
}

type refusing struct {
	stripe
	err error
}

func (a *refusing) answer(r *rig, method string, u *url.URL, h http.Header) (Response, error) {
	if a.err != nil {
		return Response{}, a.err
	}
	return a.stripe.answer(r, method, u, h)
}

func TestOurOwnBudgetIsNoFailure(t *testing.T) {
	a := &refusing{}
	r := newRig(t, a)
	r.put(Definition{Preset: "stripe", Destination: "stripe"})
	a.err = &Busy{Wait: 7 * time.Minute, Reason: ReasonBudget}
	ran := r.tick()
	assert.Equal(t, RanThrottled, ran.Outcome)
	assert.Zero(t, r.status().Failures)
	assert.GreaterOrEqual(t, ran.Next.Sub(r.clock), 7*time.Minute)
	for err, reason := range map[error]string{
		ErrTimeout: ReasonTimeout, ErrDestination: ReasonDestination, errDown: ReasonNetwork,
		error(&Busy{Wait: time.Second, Reason: ReasonBreaker}): ReasonBreaker,
	} {
		a.err = err
		assert.Equal(t, reason, r.tick().Reason)
	}
}

func TestSilentClock(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	d := stripePoll()
	d.AtMost = crawl.Duration(time.Minute)
	r.put(d)
	r.clock = r.alarm
	require.NoError(t, r.p.Alarm())
	r.tick()
	require.Empty(t, r.told(NoticeCronSilent))
	last := r.clock
	ids := a.add(r, 1)
	for len(r.got) == 0 { // nothing but alarms
		require.True(t, r.alarm.After(r.clock), "an alarm is set")
		require.Less(t, r.alarm.Sub(last), 4*time.Minute)
		r.clock = r.alarm
		require.NoError(t, r.p.Alarm())
		r.consume()
	}
	assert.Equal(t, ids, r.got)
	assert.LessOrEqual(t, r.clock.Sub(last), 2*time.Minute+10*time.Second, "twice the interval")
	assert.Len(t, r.told(NoticeCronSilent), 1)
	for range 5 { // from then on at its interval, told once an hour
		before := r.clock
		r.clock = r.alarm
		require.NoError(t, r.p.Alarm())
		assert.LessOrEqual(t, r.clock.Sub(before), time.Minute+10*time.Second)
	}
	assert.Len(t, r.told(NoticeCronSilent), 1)
	assert.True(t, r.status().CronSilent)
	r.tick() // the clock is back
	assert.False(t, r.status().CronSilent)
}

// The platform's alarms have milliseconds: one for a time between two of them
// rings at the first, and would find that nothing is due.
func TestNoAlarmIsInVain(t *testing.T) {
	r := newRig(t, &stripe{})
	r.p.cfg.Rand = func() float64 { return 0.123456789 }
	d := stripePoll()
	d.AtMost = crawl.Duration(time.Hour)
	r.put(d)
	ring := func() {
		r.clock = r.alarm.Truncate(time.Millisecond)
		require.NoError(t, r.p.Alarm())
	}
	for !r.status().CronSilent {
		ring()
	}
	for range 10 {
		before := r.status().Totals.Runs
		ring()
		require.Equal(t, before+1, r.status().Totals.Runs)
	}
}

func TestNobodyRuns(t *testing.T) {
	// Neither clock nor alarm can poll, since the object is busy elsewhere:
	// the alarm still says that it has stalled.
	a := &stripe{}
	r := newRig(t, a)
	d := stripePoll()
	d.AtMost = crawl.Duration(time.Minute)
	r.put(d)
	r.tick()
	a.fail = func(*url.URL) *Response { return &Response{Status: 503, Header: http.Header{"Retry-After": {"86400"}}} }
	r.tick()
	for range 4 {
		r.clock = r.alarm
		require.NoError(t, r.p.Alarm())
	}
	told := r.told(NoticeStalled)
	require.Len(t, told, 1)
	assert.Equal(t, "http_503", told[0].Reason)
}

func TestDefinitions(t *testing.T) {
	r := newRig(t, &stripe{})
	for what, d := range map[string]Definition{
		"an unknown preset":              {Preset: "nothing", Destination: "d"},
		"neither preset nor recipe":      {Destination: "d"},
		"both":                           {Preset: "stripe", Recipe: &crawl.Recipe{}, Destination: "d"},
		"no destination":                 {Preset: "stripe"},
		"a missing param":                {Preset: "slack", Destination: "d"},
		"an unknown param":               {Preset: "stripe", Params: map[string]string{"x": "y"}, Destination: "d"},
		"a param that leads up":          {Preset: "feed", Params: map[string]string{"path": "a/../b"}, Destination: "d"},
		"an interval of seconds":         {Preset: "stripe", Destination: "d", Every: crawl.Duration(time.Second)},
		"a cap below the floor":          {Preset: "stripe", Destination: "d", Every: crawl.Duration(time.Hour), AtMost: crawl.Duration(time.Minute)},
		"a start in the future":          {Preset: "stripe", Destination: "d", Start: begin.Add(time.Hour).Format(time.RFC3339)},
		"a start of last year":           {Preset: "stripe", Destination: "d", Start: begin.Add(-365 * 24 * time.Hour).Format(time.RFC3339)},
		"the system's source":            {Preset: "stripe", Destination: "d", Source: "hookweir"},
		"lazy without a source":          {Preset: "stripe", Destination: "d", Lazy: true},
		"redelivery where there is none": {Preset: "stripe", Destination: "d", Source: "s", Redeliver: true},
		"a page over the preset's":       {Preset: "stripe", Destination: "d", Limit: 101},
		"a recipe that leads elsewhere":  {Recipe: &crawl.Recipe{List: crawl.Request{Path: "https://evil.example"}}, Destination: "d"},
	} {
		_, err := r.client().Put(context.Background(), d)
		assert.ErrorIs(t, err, ErrDefinition, what)
		assert.Greater(t, len(err.Error()), len(ErrDefinition.Error())+3, "it says why")
	}
	_, err := r.client().Get(context.Background())
	assert.ErrorIs(t, err, ErrNotFound, "a refusal makes nothing")
}

func TestPutKeepsTheCursorOfTheSameList(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	r.put(stripePoll())
	ids := a.add(r, 2)
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	require.Equal(t, ids, r.got)
	d := stripePoll()
	d.AtMost = crawl.Duration(2 * time.Hour)
	before := r.status()
	after := r.put(d)
	assert.Equal(t, before.Cursor, after.Cursor)
	assert.Equal(t, before.Generation+1, after.Generation)
	d.Destination = "another"
	assert.NotEqual(t, before.Cursor, r.put(d).Cursor, "another list begins anew")
}

func TestDeleteIsTold(t *testing.T) {
	r := newRig(t, &stripe{})
	r.put(stripePoll())
	require.Contains(t, r.listed, "p")
	r.scheduleDown = true
	unlisted, err := r.client().Delete(context.Background())
	require.NoError(t, err)
	assert.False(t, unlisted)
	assert.Equal(t, RanGone, r.run(Due).Outcome)
	r.scheduleDown = false
	r.clock = r.alarm
	require.NoError(t, r.p.Alarm())
	assert.NotContains(t, r.listed, "p", "the alarm tells it")
	_, err = r.client().Get(context.Background())
	assert.ErrorIs(t, err, ErrNotFound)
	r.put(stripePoll())
	assert.Contains(t, r.listed, "p", "and it can be made again")
}

func TestAFullScheduleTakesNoPoll(t *testing.T) {
	r := newRig(t, &stripe{})
	r.full = true
	_, err := r.client().Put(context.Background(), stripePoll())
	assert.ErrorIs(t, err, ErrLimit)
	_, err = r.client().Get(context.Background())
	assert.ErrorIs(t, err, ErrNotFound)
}

func TestObjectsAreNobodyElses(t *testing.T) {
	r := newRig(t, &stripe{})
	r.put(stripePoll())
	c := r.client()
	for _, other := range []Client{{Tenant: "other", Poll: "p"}, {Tenant: "acme", Poll: "q"}, {Tenant: "acme/p", Poll: ""}, {Tenant: "acme", Poll: "hookweir"}} {
		other.Invoke = c.Invoke
		_, err := other.Get(context.Background())
		assert.ErrorIs(t, err, ErrTenant)
		_, err = other.Put(context.Background(), stripePoll())
		assert.ErrorIs(t, err, ErrTenant)
	}
}

func TestALargeItemGoesByClaim(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	r.put(Definition{Preset: "stripe", Destination: "stripe"})
	big := strings.Repeat("x", 200<<10)
	a.fail = func(*url.URL) *Response {
		return &Response{Status: 200, Body: fmt.Appendf(nil, `{"data":[{"id":"evt_big","created":%d,"pad":"%s"}],"has_more":false}`, begin.Unix()+1, big)}
	}
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	assert.Equal(t, []string{"evt_big"}, r.got)
	require.Len(t, r.puts, 1)
	for key, body := range r.puts {
		assert.Contains(t, key, "evt/acme/p/")
		assert.Contains(t, string(body), big)
	}
}

func TestIDsThatComeAgainWithOtherContent(t *testing.T) {
	r := newRig(t, &stripe{})
	n := 0
	r.api.(*stripe).fail = func(*url.URL) *Response {
		n++
		return &Response{Status: 200, Body: fmt.Appendf(nil, `{"items":[{"id":"a","title":"%d"}]}`, n)}
	}
	r.put(Definition{Preset: "json-feed", Params: map[string]string{"path": "feed.json"}, Destination: "blog"})
	r.tick()
	r.tick()
	r.tick()
	assert.Empty(t, r.got, "the first crawl from now on takes none")
	assert.Equal(t, int64(2), r.status().Totals.Changed)
}

func TestLazyTightensWhenTheWebhookMisses(t *testing.T) {
	a := &stripe{}
	r := newRig(t, a)
	d := stripePoll()
	d.Lazy = true
	r.put(d)
	r.tick()
	assert.Equal(t, "30m0s", r.status().Interval, "webhooks do it")
	a.add(r, 1)
	r.tick()
	assert.Equal(t, "1m0s", r.status().Interval, "one was missed")
	for range 8 {
		r.tick()
	}
	r.clock = r.clock.Add(tight)
	r.tick()
	assert.Equal(t, "30m0s", r.status().Interval)
}

func TestALogSaysNothingOfPayloads(t *testing.T) {
	a := &github{gone: "100"}
	r := newRig(t, a)
	r.put(githubPoll())
	r.tick()
	a.add(r, "guid-secret", 503)
	r.clock = r.clock.Add(time.Minute)
	r.tick()
	require.NotEmpty(t, r.logs)
	for _, line := range r.logs {
		assert.NotContains(t, line, "secret")
	}
}
