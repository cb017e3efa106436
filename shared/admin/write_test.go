//go:build !js

package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/target"
)

// lane is a client of a destination's object, whose queue takes everything and
// delivers nothing.
func (w *world) lane(n, d string) lane.Client {
	return lane.Client{Tenant: n, Destination: d, Invoke: func(_ context.Context, m string, p []byte) ([]byte, error) {
		if w.down != nil {
			return nil, w.down
		}
		object := lane.ObjectName(n, d)
		if w.lanes[object] == nil {
			l, err := lane.New(lane.Config{
				DB: w.db(), Now: w.clock, Jitter: func() float64 { return 0.5 }, VaultKeys: w.rings[1],
				SendWrites: func([][]byte) error { return nil }, SendEvents: func([][]byte) error { return nil },
				SetAlarm:   func(time.Time) error { return nil },
				PutPayload: func(string, []byte) error { return nil }, DropPayload: func(string) error { return nil },
				Performer: &lane.Performer{}, Budget: func(string, string) outbound.Lane { return nil },
				Policy: target.Policy{AllowLoopback: w.cfg.AllowLoopback},
			})
			require.NoError(w.t, err)
			w.lanes[object] = l
		}
		return w.lanes[object].Invoke(m, p)
	}}
}

// read answers what the destination's path asks for.
func (w *world) read(_ context.Context, _, dest string, c outbound.Call) (outbound.Response, error) {
	if dest != "shop" {
		return outbound.Response{}, outbound.ErrNotFound
	}
	if c.Listed && c.Path != "/ok" {
		return outbound.Response{}, outbound.ErrNotListed
	}
	for path, err := range map[string]error{
		"/budget":  &outbound.WaitError{Reason: outbound.ReasonBudget, After: 2500 * time.Millisecond},
		"/breaker": &outbound.WaitError{Reason: outbound.ReasonBreaker, After: time.Minute},
		"/reauth":  outbound.ErrNeedsReauth, "/timeout": outbound.ErrTimeout, "/network": outbound.ErrNetwork, "/away": outbound.ErrUnavailable,
		"/..": destination.ErrPathEscapes, "/header": destination.ErrHeaderReserved, "/private": target.ErrNotPublic,
	} {
		if c.Path == path {
			return outbound.Response{}, err
		}
	}
	res := fetch.Response{Status: 200, Header: http.Header{"X-A": {"1"}, "Set-Cookie": {"s"}}, Body: []byte(`{"a":1}`)}
	switch c.Path {
	case "/large":
		res = fetch.Response{Status: 200, TooLarge: true}
	case "/text":
		res.Body = []byte("héllo")
	case "/bytes":
		res.Body = []byte{0xff, 0}
	}
	return outbound.Response{Response: res, Took: 5 * time.Millisecond}, nil
}

func TestDestinations(t *testing.T) {
	w := newWorld(t)
	put := func(body string) response { return w.admin("PUT", "/destinations/shop", body) }
	r := put(`{"base_url":"https://api.example.com/v1","auth":{"type":"bearer","token":"tok-1"},"rate":{"requests":50,"per":"1s","burst":10,"concurrency":4},
		"on_failure":"park","retry":{"base":"1s","max_attempts":5},"breaker":{"failure_ratio":0.3},"idempotency_header":"X-Request-Key","timeout":"10s","read_paths":["/orders/*"]}`)
	require.Equal(t, 200, r.Code, r.Body.String())
	assert.NotContains(t, r.Body.String(), "tok-1")
	got := r.json()
	for path, want := range map[string]string{
		"auth": `{"type":"bearer"}`, "rate": `{"burst":10,"concurrency":4,"per":"1s","requests":50}`, "on_failure": `"park"`,
		"retry":              `{"base":"1s","cap":"6h0m0s","max_age":"72h0m0s","max_attempts":5}`,
		"breaker":            `{"failure_ratio":0.3,"max_pause":"10m0s","min_requests":10,"pause":"30s","window":"1m0s"}`,
		"idempotency_header": `"x-request-key"`, "timeout": `"10s"`, "generation": "1", "read_paths": `["/orders/*"]`,
	} {
		text, err := json.Marshal(got[path])
		require.NoError(t, err)
		assert.JSONEq(t, want, string(text), path)
	}
	assert.Equal(t, 200, w.admin("GET", "/destinations/shop", "").Code)
	assert.Len(t, w.admin("GET", "/destinations", "").json()["destinations"], 1)

	for body, code := range map[string]string{
		`{"base_url":"https://10.0.0.1"}`:                                                    problem.CodeInvalidTarget,
		`{"base_url":"http://api.example.com"}`:                                              problem.CodeInvalidTarget,
		`{"base_url":"https://api.example.com/a/../b"}`:                                      problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","connection":"Not a name"}`:                   problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","connection":"crm","auth":{"type":"bearer"}}`: problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","auth":{"type":"basic","username":"u"}}`:      problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","rate":{"requests":-1,"per":"1s"}}`:           problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","rate":{"requests":1,"per":"soon"}}`:          problem.CodeInvalidRequest,
		`{"base_url":"https://api.example.com","rate":{"request":1}}`:                        problem.CodeInvalidJSON,
		`{"base_url":"https://api.example.com","on_failure":"explode"}`:                      problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","timeout":"1h"}`:                              problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","idempotency_header":"Host"}`:                 problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","read_paths":["/a*"]}`:                        problem.CodeInvalidDestination,
		`{"base_url":"https://api.example.com","read_paths":"/a"}`:                           problem.CodeInvalidJSON,
		`{"base_url":"https://api.example.com","colour":"red"}`:                              problem.CodeInvalidJSON,
	} {
		r := w.admin("PUT", "/destinations/other", body)
		assert.Equal(t, code, r.json()["code"], body)
	}
	assert.Equal(t, 404, w.admin("GET", "/destinations/other", "").Code)
	assert.Equal(t, 204, w.admin("DELETE", "/destinations/shop", "").Code)
	assert.Equal(t, 404, w.admin("DELETE", "/destinations/shop", "").Code)
	assert.Empty(t, w.admin("GET", "/destinations", "").json()["destinations"])
}

func TestWrites(t *testing.T) {
	w := newWorld(t)
	for _, d := range []string{"shop", "crm"} {
		require.Equal(t, 200, w.admin("PUT", "/destinations/"+d, `{"base_url":"https://api.example.com"}`).Code)
	}
	post := func(d, body string) response { return w.admin("POST", "/destinations/"+d+"/writes", body) }
	r := post("shop", `{"method":"POST","path":"/x","body":{"a":1},"idempotency_key":"k","priority":3,"headers":{"X-Token":"t0k"}}`)
	require.Equal(t, 202, r.Code, r.Body.String())
	id := r.json()["id"].(string)
	again := post("shop", `{"method":"POST","path":"/x","body":{"a":1},"idempotency_key":"k","priority":3,"headers":{"x-token":"t0k"}}`)
	assert.Equal(t, []any{id}, again.json()["duplicates"])

	d := w.admin("GET", "/writes/"+id, "").json()
	assert.Equal(t, map[string]any{"content-type": "application/json", "x-token": "[removed]"}, d["headers"])
	assert.Equal(t, map[string]any{"a": 1.0}, d["body"])
	assert.Equal(t, "pending", d["state"])

	var list []string
	for i := range 5 {
		w.now = w.now.Add(time.Second)
		list = append(list, post([]string{"shop", "crm"}[i%2], fmt.Sprintf(`[{"method":"DELETE","path":"/%d"}]`, i)).json()["ids"].([]any)[0].(string))
	}
	// Pages over both destinations, newest first.
	var got []string
	for cursor := ""; ; {
		page := w.admin("GET", "/writes?limit=2"+cursor, "").json()
		for _, e := range page["writes"].([]any) {
			got = append(got, e.(map[string]any)["id"].(string))
		}
		next, more := page["next"].(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	assert.Equal(t, []string{list[4], list[3], list[2], list[1], list[0], id}, got)
	assert.Len(t, w.admin("GET", "/writes?destination=crm&state=pending", "").json()["writes"], 2)
	assert.Len(t, w.admin("GET", "/destinations/crm/writes", "").json()["writes"], 2)

	for query, code := range map[string]string{
		"state=lost": problem.CodeInvalidQuery, "limit=0": problem.CodeInvalidQuery, "colour=red": problem.CodeInvalidQuery,
		"state=dead&state=dead": problem.CodeInvalidQuery, "cursor=x": problem.CodeInvalidCursor, "since=today": problem.CodeInvalidQuery,
		"destination=A": problem.CodeInvalidQuery,
	} {
		assert.Equal(t, code, w.admin("GET", "/writes?"+query, "").json()["code"], query)
	}
	assert.Equal(t, 204, w.admin("POST", "/writes/"+list[0]+"/cancel", "").Code)
	assert.Equal(t, "cancelled", w.admin("GET", "/writes/"+list[0], "").json()["state"])
	assert.Equal(t, 204, w.admin("POST", "/writes/"+list[0]+"/replay", "").Code)
	assert.Equal(t, 409, w.admin("DELETE", "/writes/"+list[0], "").Code)
	assert.Equal(t, 404, w.admin("GET", "/writes/shop.0000000000000000000v0", "").Code)
	assert.Equal(t, 404, w.admin("GET", "/writes/nonsense", "").Code)
	assert.Equal(t, 404, w.do(adminToken, "GET", "/v1/tenants/umbrella/writes/"+id, "").Code)
	assert.Equal(t, 409, w.admin("DELETE", "/destinations/shop", "").Code)
	assert.Equal(t, problem.CodeInvalidRequest, w.admin("POST", "/writes/replay", `{}`).json()["code"])
	assert.Equal(t, map[string]any{"replayed": 0.0, "more": false}, w.admin("POST", "/writes/replay", `{"state":"dead"}`).json())
	assert.Equal(t, map[string]any{"purged": 0.0, "more": false}, w.admin("POST", "/writes/purge", `{"state":"parked","destination":"crm"}`).json())
}

func TestWritesRefused(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 200, w.admin("PUT", "/destinations/shop", `{"base_url":"https://api.example.com"}`).Code)
	for body, code := range map[string]string{
		`[]`: problem.CodeInvalidJSON, `[1]`: problem.CodeInvalidJSON, `"x"`: problem.CodeInvalidJSON, `{}`: problem.CodeInvalidWrite,
		`{"method":"POST","path":"/x"`:                                                     problem.CodeInvalidJSON,
		`{"method":"POST","path":"/x","body":1,"body_base64":""}`:                          problem.CodeInvalidWrite,
		`{"method":"POST","path":"/x","not_before":"soon"}`:                                problem.CodeInvalidWrite,
		`{"method":"POST","path":"/x","priority":10}`:                                      problem.CodeInvalidWrite,
		`{"method":"POST","path":"/..;/x"}`:                                                problem.CodeInvalidPath,
		`{"method":"POST","path":"/x","headers":{"X-A":"1","x-a":"2"}}`:                    problem.CodeInvalidHeader,
		`{"method":"POST","path":"/x","expires_at":"2026-08-04T11:59:59Z"}`:                problem.CodeExpired,
		`{"method":"POST","path":"/x","partition_key":"` + strings.Repeat("x", 256) + `"}`: problem.CodeInvalidWrite,
	} {
		r := w.admin("POST", "/destinations/shop/writes", body)
		assert.Equal(t, code, r.json()["code"], body)
	}
	assert.Equal(t, 404, w.admin("POST", "/destinations/nowhere/writes", `{"method":"POST","path":"/x"}`).Code)
	assert.Empty(t, w.admin("GET", "/writes", "").json()["writes"])
	w.down = fmt.Errorf("away")
	r := w.admin("POST", "/destinations/shop/writes", `{"method":"POST","path":"/x"}`)
	assert.Equal(t, 503, r.Code)
}

func TestReads(t *testing.T) {
	w := newWorld(t)
	read := func(body string) response { return w.admin("POST", "/destinations/shop/reads", body) }
	assert.JSONEq(t, `{"status":200,"headers":{"x-a":"1"},"body":{"a":1},"took_ms":5}`, read(`{"path":"/ok"}`).Body.String())
	assert.Equal(t, "héllo", read(`{"path":"/text","method":"GET"}`).json()["body"])
	assert.Equal(t, "/wA=", read(`{"path":"/bytes"}`).json()["body_base64"])
	for _, c := range []struct {
		path, code string
		status     int
		after      string
	}{
		{"/budget", problem.CodeRateLimited, 429, "3"},
		{"/breaker", problem.CodeDestinationFailing, 503, "60"},
		{"/reauth", problem.CodeNeedsReauth, 409, ""},
		{"/timeout", problem.CodeDestinationTimeout, 504, ""},
		{"/network", problem.CodeBadGateway, 502, ""},
		{"/away", problem.CodeUnavailable, 503, "5"},
		{"/..", problem.CodeInvalidPath, 422, ""},
		{"/header", problem.CodeInvalidHeader, 422, ""},
		{"/private", problem.CodeInvalidTarget, 422, ""},
		{"/large", problem.CodeAnswerTooLarge, 502, ""},
	} {
		r := read(`{"path":"` + c.path + `"}`)
		assert.Equal(t, []any{c.status, c.code, c.after}, []any{r.Code, r.json()["code"], r.Header().Get("Retry-After")}, c.path)
	}
	assert.Equal(t, problem.CodeInvalidRequest, read(`{"path":"/ok","method":"POST"}`).json()["code"])
	assert.Contains(t, w.log, "admin.read tenant acme object shop caller operator status 200")
	assert.Equal(t, 404, w.admin("POST", "/destinations/other/reads", `{"path":"/"}`).Code)
}

// TestReadsByTools: what comes by the agent's endpoint reads only what the
// destination lists, whoever it is.
func TestReadsByTools(t *testing.T) {
	w := newWorld(t)
	h, err := admin.ForTenant(w.cfg, "acme", "mcp")
	require.NoError(t, err)
	read := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/destinations/shop/reads", strings.NewReader(`{"path":"`+path+`"}`))
		r.Header.Set("Content-Type", "application/json")
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		return out
	}
	assert.Equal(t, 200, read("/ok").Code)
	assert.Contains(t, w.log, "admin.read tenant acme object shop caller mcp status 200")
	refused := read("/text")
	assert.Equal(t, 403, refused.Code)
	assert.Contains(t, refused.Body.String(), `"path_not_listed"`)
	assert.Contains(t, refused.Body.String(), "read_paths", "it says what to set")
	assert.Equal(t, 200, w.admin("POST", "/destinations/shop/reads", `{"path":"/text"}`).Code, "the HTTP route is the operator's and the tenant's own")
}
