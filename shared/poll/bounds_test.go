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
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

// answering is an API of one answer.
type answering func(u *url.URL) Response

func (a answering) answer(_ *rig, _ string, u *url.URL, _ http.Header) (Response, error) {
	res := a(u)
	if res.Status == 0 {
		res.Status = 200
	}
	if res.Header == nil {
		res.Header = http.Header{}
	}
	return res, nil
}

// TestAListWithoutEnd: each run has its bound, the crawl has one over all of
// its runs, what was found on the way is delivered, and the agent hears of it.
func TestAListWithoutEnd(t *testing.T) {
	n, end := 0, false
	r := newRig(t, answering(func(*url.URL) Response {
		if n++; end {
			return Response{Body: []byte(`{"data":[],"has_more":false}`)}
		}
		return Response{Body: fmt.Appendf(nil, `{"data":[{"id":"evt_%05d","created":%d}],"has_more":true}`, n, begin.Unix()+30)}
	}))
	d := Definition{Preset: "stripe", Destination: "stripe", AtMost: crawl.Duration(time.Minute)}
	r.put(d)
	r.clock = r.clock.Add(time.Minute)
	var ran Ran
	for ran.Reason != crawl.CodeEndless {
		before := len(r.asked)
		ran = r.run(Due)
		require.LessOrEqual(t, len(r.asked)-before, maxRequests)
		require.Less(t, len(r.asked), 1100, "it ends")
		r.clock = r.clock.Add(time.Second)
	}
	r.consume()
	assert.GreaterOrEqual(t, len(r.got), 900, "what was found is not lost")
	r.clock = r.clock.Add(3 * time.Minute)
	r.tick()
	require.Len(t, r.told(NoticeStalled), 1, "parts of it are no success")
	assert.Equal(t, crawl.CodeEndless, r.told(NoticeStalled)[0].Reason)
	end = true
	for r.status().State != StateOK {
		r.tick()
		require.Less(t, r.clock.Sub(begin), time.Hour)
	}
	assert.Len(t, r.told(NoticeRecovered), 1)
}

// TestBadListsAreReported: each is a failure with its reason, within three
// intervals a stall, and moves no cursor.
func TestBadListsAreReported(t *testing.T) {
	for reason, c := range map[string]struct {
		preset string
		params map[string]string
		good   string // the first answers
		bad    string
	}{
		crawl.CodeBackwards: {"gmail", nil, `{"historyId":"500"}`, `{"historyId":"499"}`},
		crawl.CodeInside:    {"slack", map[string]string{"channel": "C1"}, `{"ok":true,"messages":[]}`, `{"ok":false,"error":"channel_not_found"}`},
		crawl.CodeNotJSON:   {"gmail", nil, `{"historyId":"500"}`, `<html>`},
		crawl.CodeTooLarge:  {"stripe", nil, `{"data":[]}`, `{"data":[` + strings.Repeat(`1,`, 5001) + `1]}`},
	} {
		t.Run(reason, func(t *testing.T) {
			body := c.good
			r := newRig(t, answering(func(*url.URL) Response { return Response{Body: []byte(body)} }))
			r.put(Definition{Preset: c.preset, Params: c.params, Destination: "d", AtMost: crawl.Duration(time.Minute)})
			r.tick()
			r.tick()
			s := r.status()
			require.Equal(t, StateOK, s.State)
			body = c.bad
			good := r.clock
			for len(r.told(NoticeStalled)) == 0 {
				assert.Equal(t, RanFailed, r.tick().Outcome)
				require.Less(t, r.clock.Sub(good), 5*time.Minute)
			}
			assert.Equal(t, reason, r.told(NoticeStalled)[0].Reason)
			assert.Equal(t, s.Cursor, r.status().Cursor)
			assert.Empty(t, r.got)
			body = c.good
			for r.status().State != StateOK {
				r.tick()
				require.Less(t, r.clock.Sub(good), time.Hour, "it recovers by itself")
			}
		})
	}
}

// counting counts the rows that statements write.
type counting struct {
	*memsql.DB
	rows *int
}

func (c counting) Exec(q string, args ...any) (sqlstore.Rows, error) {
	rows, err := c.DB.Exec(q, args...)
	if word, _, _ := strings.Cut(strings.TrimSpace(q), " "); word == "INSERT" || word == "UPDATE" || word == "DELETE" {
		n, _ := sqlstore.Int64(c.DB, `SELECT changes()`)
		*c.rows += int(n)
	}
	return rows, err
}

// TestCost counts what the platform bills for an idle poll; docs/polling.md
// has the table. Its Lane's part is counted by the Lane's own.
func TestCost(t *testing.T) {
	db, err := memsql.Open()
	require.NoError(t, err)
	defer db.Close()
	clock, alarm := begin, time.Time{}
	var rows, alarms, set, requests, ledgers, sends int
	p, err := New(Config{
		DB: counting{db, &rows}, Now: func() time.Time { return clock }, Rand: func() float64 { return 0.5 },
		SetAlarm: func(at time.Time) error { set++; alarm = at; return nil },
		Call: func(context.Context, string, Request) (Response, error) {
			requests++
			return Response{Status: 200, Header: http.Header{}, Body: []byte(`{"data":[],"has_more":false}`), Base: "https://api.example.com"}, nil
		},
		Ledger:     func(string, int) Ledger { ledgers++; return nil },
		Send:       func([][]byte) error { sends++; return nil },
		PutPayload: func(context.Context, string, []byte) error { return nil },
		Schedule:   func(string) Schedule { return noSchedule{} },
		Log:        func(string, ...string) {},
	})
	require.NoError(t, err)
	require.NoError(t, p.bind("acme", "p", true))
	_, err = p.Put(context.Background(), Definition{Preset: "stripe", Destination: "stripe"})
	require.NoError(t, err)
	const warm, n = 10, 200
	for i := range warm + n {
		if i == warm { // at the longest interval
			rows, alarms, set, requests, ledgers, sends = 0, 0, 0, 0, 0, 0
		}
		s, err := p.Get()
		require.NoError(t, err)
		for alarm.After(clock) && !alarm.After(s.NextAt) {
			clock = alarm
			alarms++
			require.NoError(t, p.Alarm())
		}
		clock = s.NextAt
		ran, err := p.Run(context.Background(), Due)
		require.NoError(t, err)
		require.Equal(t, RanOK, ran.Outcome)
	}
	t.Logf("per idle poll: %.2f requests, %.2f rows written, %.2f alarms set, %.2f alarms rung, %d questions to Ledgers, %d sends",
		float64(requests)/n, float64(rows)/n, float64(set)/n, float64(alarms)/n, ledgers, sends)
	assert.Equal(t, n, requests)
	assert.Zero(t, ledgers+sends, "a poll without news asks nobody")
	assert.LessOrEqual(t, float64(rows+set)/n, 2.6, "as docs/polling.md says")
	assert.LessOrEqual(t, float64(alarms)/n, 0.6)
}
