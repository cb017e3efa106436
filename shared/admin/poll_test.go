//go:build !js

package admin_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/poll"
	"github.com/hookweir/hookweir/shared/schedule"
)

// polls are the objects behind the routes of polls, kept by the test's world.
type polls struct {
	objects map[string]*poll.Poll
	shards  map[int]*schedule.Schedule
}

func (w *world) invokePoll(tenant, name string) func(context.Context, string, []byte) ([]byte, error) {
	return func(_ context.Context, m string, p []byte) ([]byte, error) {
		if w.down != nil {
			return nil, w.down
		}
		if w.polls.objects == nil {
			w.polls.objects = map[string]*poll.Poll{}
		}
		key := poll.ObjectName(tenant, name)
		if w.polls.objects[key] == nil {
			o, err := poll.New(poll.Config{
				DB: w.db(), Now: w.clock, Rand: func() float64 { return 0.5 }, SetAlarm: func(time.Time) error { return nil },
				Call: func(context.Context, string, poll.Request) (poll.Response, error) {
					return poll.Response{Status: 200, Header: http.Header{}, Body: []byte(`{"data":[],"has_more":false}`)}, nil
				},
				Ledger:     func(string, int) poll.Ledger { return emptyLedger{} },
				Send:       func([][]byte) error { return nil },
				PutPayload: func(context.Context, string, []byte) error { return nil },
				Schedule:   func(n string) poll.Schedule { return w.schedule(n) },
				Log:        func(string, ...string) {},
			})
			require.NoError(w.t, err)
			w.polls.objects[key] = o
		}
		return w.polls.objects[key].Invoke(m, p)
	}
}

func (w *world) schedule(tenant string) schedule.Client {
	n := schedule.ShardOf(tenant)
	return schedule.Client{Tenant: tenant, Shard: schedule.Shard{Number: n, Invoke: func(_ context.Context, m string, p []byte) ([]byte, error) {
		if w.polls.shards == nil {
			w.polls.shards = map[int]*schedule.Schedule{}
		}
		if w.polls.shards[n] == nil {
			s, err := schedule.New(schedule.Config{DB: w.db(), Now: w.clock})
			require.NoError(w.t, err)
			w.polls.shards[n] = s
		}
		return w.polls.shards[n].Invoke(m, p)
	}}}
}

type emptyLedger struct{}

func (emptyLedger) Seen(_ context.Context, keys []string) ([]ledger.Sighting, error) {
	return make([]ledger.Sighting, len(keys)), nil
}

func (emptyLedger) Bury(context.Context, string, [][]byte) error { return nil }

func TestPolls(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 200, w.admin("PUT", "/sources/st", `{"provider":"stripe","secrets":["whsec_0123456789abcdef"]}`).Code)
	require.Equal(t, 200, w.admin("PUT", "/sources/gh", putGitHub).Code)
	for _, name := range []string{"stripe", "own", "d"} {
		require.Equal(t, 200, w.admin("PUT", "/destinations/"+name, `{"base_url":"https://api.example.com"}`).Code)
	}

	r := w.admin("PUT", "/polls/stripe", `{"preset":"stripe","destination":"stripe","source":"st","at_most":"10m"}`)
	require.Equal(t, 200, r.Code, r.Body)
	v := r.json()
	assert.Equal(t, "new", v["state"])
	assert.Equal(t, true, v["backs_source"])
	assert.Equal(t, true, v["promise"].(map[string]any)["whole"])
	assert.Equal(t, "10m0s", v["definition"].(map[string]any)["at_most"])
	assert.Equal(t, v, w.admin("GET", "/polls/stripe", "").json())
	list := w.admin("GET", "/polls", "").json()["polls"].([]any)
	require.Len(t, list, 1)
	assert.Equal(t, "stripe", list[0].(map[string]any)["poll"])

	r = w.admin("POST", "/polls/stripe/run", "")
	require.Equal(t, 200, r.Code, r.Body)
	assert.Equal(t, "ok", r.json()["outcome"])
	assert.Equal(t, "ok", w.admin("GET", "/polls/stripe", "").json()["state"])

	own := `{"recipe":{"list":{"path":"/items?page={{page}}"},"items":["items"],"id":[[{"path":["id"]}]],"time":[["at"]],"rule":"time","overlap":"1m","limit":50,"paging":{"kind":"number"}},"destination":"own","start":"now"}`
	r = w.admin("PUT", "/polls/own", own)
	require.Equal(t, 200, r.Code, r.Body)
	promise := r.json()["promise"].(map[string]any)
	assert.Equal(t, false, promise["whole"], "what cannot promise says so")
	assert.NotEmpty(t, promise["why"])

	assert.Equal(t, 204, w.admin("DELETE", "/polls/own", "").Code)
	assert.Equal(t, "not_found", w.admin("GET", "/polls/own", "").code())
	assert.Equal(t, "not_found", w.admin("DELETE", "/polls/own", "").code())
	assert.Equal(t, "not_found", w.admin("POST", "/polls/own/run", "").code())
	assert.Len(t, w.admin("GET", "/polls", "").json()["polls"], 1)

	for what, c := range map[string]struct{ path, body, code string }{
		"no preset":               {"/polls/p", `{"destination":"d"}`, "invalid_request"},
		"an unknown field":        {"/polls/p", `{"preset":"stripe","destination":"d","url":"https://x"}`, "invalid_json"},
		"an unknown recipe":       {"/polls/p", `{"recipe":{"url":"https://x"},"destination":"d"}`, "invalid_request"},
		"a recipe of elsewhere":   {"/polls/p", `{"recipe":{"list":{"path":"https://x/"},"id":[[{"hash":true}]],"rule":"window"},"destination":"d"}`, "invalid_request"},
		"a source of another":     {"/polls/p", `{"preset":"stripe","destination":"d","source":"gh"}`, "invalid_request"},
		"a source not there":      {"/polls/p", `{"preset":"stripe","destination":"d","source":"none"}`, "unknown_source"},
		"a destination not there": {"/polls/p", `{"preset":"stripe","destination":"none"}`, "unknown_destination"},
		"no destination":          {"/polls/p", `{"preset":"stripe"}`, "invalid_request"},
		"a destination's name":    {"/polls/p", `{"preset":"stripe","destination":"../d"}`, "invalid_request"},
		"an interval":             {"/polls/p", `{"preset":"stripe","destination":"d","every":"5s"}`, "invalid_request"},
		"a duration":              {"/polls/p", `{"preset":"stripe","destination":"d","every":"soon"}`, "invalid_request"},
		"a name":                  {"/polls/P%20", `{"preset":"stripe","destination":"d"}`, "invalid_name"},
		"our own name":            {"/polls/hookweir", `{"preset":"stripe","destination":"d"}`, "not_found"},
	} {
		assert.Equal(t, c.code, w.admin("PUT", c.path, c.body).code(), what)
	}
	assert.Equal(t, "method_not_allowed", w.admin("PATCH", "/polls/stripe", "").code())
	assert.Equal(t, "not_found", w.admin("GET", "/polls/stripe/runs", "").code())
	w.down = errors.New("down")
	assert.Equal(t, "unavailable", w.admin("GET", "/polls/stripe", "").code())
}

func TestPresetsAreListed(t *testing.T) {
	w := newWorld(t)
	list := w.do(adminToken, "GET", "/v1/presets", "").json()["presets"].([]any)
	assert.GreaterOrEqual(t, len(list), 18)
	for _, p := range list {
		promise := p.(map[string]any)["promise"].(map[string]any)
		assert.Equal(t, promise["whole"] == false, promise["why"] != nil)
	}
	assert.Equal(t, 401, w.do("", "GET", "/v1/presets", "").Code)
}
