package poll

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scenario has things happen and polls in between; it goes on after a crash
// as a clock and an alarm would.
type scenario struct {
	name string
	make func() (api, Definition)
	// feed adds events and says their ids; missed are those that no webhook
	// brings.
	feed func(r *rig, a api, round int) (ids, missed []string)
}

func scenarios() []scenario {
	return []scenario{
		{
			"stripe, newest first", func() (api, Definition) { return &stripe{}, stripePoll() },
			func(r *rig, a api, _ int) (ids, missed []string) {
				for i, id := range a.(*stripe).add(r, 5) {
					ids = append(ids, id)
					if i%2 == 0 {
						missed = append(missed, id)
					} else {
						r.webhook("stripe", id)
					}
				}
				return ids, missed
			},
		},
		{
			"github, with details", func() (api, Definition) { return &github{}, githubPoll() },
			func(r *rig, a api, round int) (ids, missed []string) {
				for i := range 4 {
					guid := fmt.Sprintf("guid-%d-%d", round, i)
					a.(*github).add(r, guid, 503)
					ids, missed = append(ids, guid), append(missed, guid)
					r.clock = r.clock.Add(time.Second)
				}
				return ids, missed
			},
		},
		{
			"a change log by token", func() (api, Definition) {
				return &changes{}, Definition{Preset: "airtable", Params: map[string]string{"base": "b", "webhook": "w"}, Destination: "airtable", Limit: 2}
			},
			func(r *rig, a api, _ int) (ids, missed []string) {
				for range 5 {
					ids = append(ids, a.(*changes).add(r))
				}
				return ids, nil
			},
		},
	}
}

// changes is Airtable's list of payloads.
type changes struct{ at []time.Time }

func (a *changes) add(r *rig) string {
	r.clock = r.clock.Add(time.Second)
	a.at = append(a.at, r.clock)
	return fmt.Sprintf("w:%d", len(a.at))
}

func (a *changes) answer(_ *rig, _ string, u *url.URL, _ http.Header) (Response, error) {
	q := u.Query()
	from, limit := 1, 2
	_, _ = fmt.Sscan(q.Get("cursor"), &from)
	body := `{"payloads":[`
	n := from
	for ; n <= len(a.at) && n < from+limit; n++ {
		if n > from {
			body += ","
		}
		body += fmt.Sprintf(`{"baseTransactionNumber":%d,"timestamp":"%s"}`, n, a.at[n-1].Format(time.RFC3339Nano))
	}
	body += fmt.Sprintf(`],"cursor":%d,"mightHaveMore":%t}`, n, n <= len(a.at))
	return Response{Status: 200, Header: http.Header{}, Body: []byte(body)}, nil
}

// play runs a scenario with a crash at the given call of the platform; 0 for
// none. It returns how many calls there were.
func play(t *testing.T, s scenario, crashAt int, prompt bool) int {
	a, d := s.make()
	r := newRig(t, a)
	ctx := context.Background()
	for r.survive(func() error { _, err := r.client().Put(ctx, d); return err }) {
	}
	r.calls, r.crashAt = 0, crashAt
	var want, missed []string
	for round := range 2 {
		r.clock = r.clock.Add(time.Minute)
		ids, m := s.feed(r, a, round)
		want, missed = append(want, ids...), append(missed, m...)
		r.clock = r.clock.Add(time.Minute)
		for range 3 { // the clock ticks
			r.survive(func() error {
				for {
					ran, err := r.client().Run(ctx, Due)
					if err != nil || !ran.More {
						return err
					}
				}
			})
			if prompt { // else the consumer is slow, and a run does not see its own
				r.consume()
			}
			r.survive(func() error {
				if r.alarm.After(r.clock) {
					return nil
				}
				return r.p.Alarm()
			})
			r.clock = r.clock.Add(2 * time.Minute)
		}
	}
	r.crashAt = 0
	for range 2 {
		r.tick()
		if !r.alarm.After(r.clock) {
			require.NoError(t, r.p.Alarm())
		}
		r.consume()
	}
	for _, id := range want {
		require.Contains(t, r.got, id, "crash at call %d", crashAt)
	}
	require.Len(t, r.got, len(want), "crash at call %d: each once", crashAt)
	total := 0
	for _, n := range r.told(NoticeMissed) {
		total += n.Count
	}
	require.Equal(t, len(missed), total, "crash at call %d: what was missed is told once", crashAt)
	require.Equal(t, int64(len(missed)), r.status().Totals.Missed, "crash at call %d", crashAt)
	if crashAt == 0 {
		var found []string
		for _, id := range r.got {
			if slices.Contains(missed, id) || len(missed) == 0 {
				found = append(found, id)
			}
		}
		if len(missed) == 0 {
			missed = want
		}
		assert.Equal(t, missed, found, "oldest first")
	}
	require.Equal(t, StateOK, r.status().State)
	return r.calls
}

// TestCrashesAtEveryCall is G9: wherever the object dies, nothing is skipped,
// nothing reaches the agent twice, and what was missed is counted once.
func TestCrashesAtEveryCall(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			calls := play(t, s, 0, true)
			require.Greater(t, calls, 30)
			t.Logf("%d calls of the platform", calls)
			for at := 1; at <= calls; at++ {
				play(t, s, at, at%2 == 0)
			}
		})
	}
}
