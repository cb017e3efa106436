//go:build !js

package admin_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/ledger"
)

func TestSources(t *testing.T) {
	w := newWorld(t)
	r := w.admin("PUT", "/sources/gh", `{"provider":"github","secrets":["s3cr3t-one","s3cr3t-two"],"retention":"48h","url":"https://x.example.com/y"}`)
	require.Equal(t, 200, r.Code, r.Body)
	v := r.json()
	assert.Equal(t, []string{"created", "generation", "provider", "published", "retention", "secrets", "source", "updated", "url", "webhook_url"}, fields(v))
	assert.Equal(t, "https://hooks.example.com/webhooks/acme/gh", v["webhook_url"])
	assert.Equal(t, "48h0m0s", v["retention"])
	assert.Equal(t, true, v["published"])
	assert.Equal(t, []string{"created", "id"}, fields(v["secrets"].([]any)[0]))
	assert.Equal(t, v, w.admin("GET", "/sources/gh", "").json())
	assert.Equal(t, []any{v}, w.admin("GET", "/sources", "").json()["sources"])
	head := w.admin("HEAD", "/sources/gh", "")
	assert.Equal(t, 200, head.Code)
	assert.Empty(t, head.Body.String())

	r = w.admin("POST", "/sources/gh/rotate", `{"secret":"s3cr3t-new"}`)
	require.Equal(t, 200, r.Code, r.Body)
	secrets := r.json()["secrets"].([]any)
	require.Len(t, secrets, 3)
	assert.Equal(t, "2026-08-05T12:00:00Z", secrets[1].(map[string]any)["not_after"], "24 h is the default")
	r = w.admin("POST", "/sources/gh/rotate", `{"secret":"s3cr3t-newer","overlap":"0s"}`)
	assert.Len(t, r.json()["secrets"], 1)

	w.kv.err = errors.New("429")
	assert.Equal(t, false, w.admin("PUT", "/sources/gh", putGitHub).json()["published"])
	r = w.admin("DELETE", "/sources/gh", "")
	assert.Equal(t, 202, r.Code)
	assert.JSONEq(t, `{"published":false}`, r.Body.String())
	w.kv.err = nil
	w.now = w.now.Add(time.Minute)
	require.Equal(t, 200, w.admin("PUT", "/sources/gh", putGitHub).Code)
	r = w.admin("DELETE", "/sources/gh", "")
	assert.Equal(t, 204, r.Code)
	assert.Empty(t, r.Body.String())
	assert.Equal(t, "not_found", w.admin("DELETE", "/sources/gh", "").code())
	assert.Equal(t, []any{}, w.admin("GET", "/sources", "").json()["sources"])
}

func TestSourcesRefuse(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 200, w.admin("PUT", "/sources/gh", putGitHub).Code)
	for body, want := range map[string]string{
		`{}`: "invalid_secret",
		`{"provider":"nobody","secrets":["s3cr3t-one"]}`:                                                   "unknown_provider",
		`{"provider":"github","secrets":[]}`:                                                               "invalid_secret",
		`{"provider":"github","secrets":[""]}`:                                                             "invalid_secret",
		`{"provider":"github","secrets":["s3"]}`:                                                           "invalid_secret",
		`{"provider":"github","secrets":["s3cr3t-one\ud800"]}`:                                             "invalid_secret",
		`{"provider":"github","secrets":["s3cr3t-one","s3cr3t-one"]}`:                                      "invalid_request",
		`{"provider":"github","secrets":["s3cr3t-one"],"retention":"1h"}`:                                  "invalid_request",
		`{"provider":"github","secrets":["s3cr3t-one"],"retention":"721h"}`:                                "invalid_request",
		`{"provider":"github","secrets":["s3cr3t-one"],"retention":"-72h"}`:                                "invalid_request",
		`{"provider":"github","secrets":["s3cr3t-one"],"retention":"3 days"}`:                              "invalid_request",
		`{"provider":"github","secrets":["s3cr3t-one"],"url":"gopher://x"}`:                                "invalid_request",
		`{"provider":"github","secrets":["1234","2345","3456","4567","5678","6789","7890","8901","9012"]}`: "too_many_secrets",
	} {
		r := w.admin("PUT", "/sources/gh", body)
		assert.Equal(t, want, r.code(), body)
		assert.NotContains(t, r.Body.String(), "s3cr3t")
	}
	for body, want := range map[string]string{
		`{}`:                                     "invalid_secret",
		`{"secret":"s3cr3t-x","overlap":"721h"}`: "invalid_request",
		`{"secret":"s3cr3t-x","overlap":"-1s"}`:  "invalid_request",
		`{"secret":"s3cr3t-x","overlap":"soon"}`: "invalid_request",
		`{"secrets":["s3cr3t-x"]}`:               "invalid_json",
	} {
		assert.Equal(t, want, w.admin("POST", "/sources/gh/rotate", body).code(), body)
	}
	assert.Equal(t, "not_found", w.admin("POST", "/sources/x/rotate", `{"secret":"s3cr3t-x"}`).code())
}

func TestWebhookURLFromTheRequest(t *testing.T) {
	w := newWorld(t)
	w.cfg.PublicURL = ""
	w.rebuild()
	assert.Equal(t, "https://edge.example.net/webhooks/acme/gh", w.admin("PUT", "/sources/gh", putGitHub).json()["webhook_url"])
	w.cfg.PublicURL = "http://127.0.0.1:8787/"
	w.rebuild()
	assert.Equal(t, "http://127.0.0.1:8787/webhooks/acme/gh", w.admin("GET", "/sources/gh", "").json()["webhook_url"])
}

func TestAgent(t *testing.T) {
	w := newWorld(t)
	assert.Equal(t, "not_found", w.admin("POST", "/agent/rotate", "").code())
	r := w.admin("PUT", "/agent", `{"url":"https://agent.example.com/events"}`)
	require.Equal(t, 200, r.Code, r.Body)
	v := r.json()
	assert.Equal(t, []string{"created", "generation", "secret", "secrets", "state", "updated", "url"}, fields(v))
	assert.Regexp(t, `^whsec_`, v["secret"])
	assert.Equal(t, "active", v["state"])
	delete(v, "secret")
	assert.Equal(t, v, w.admin("GET", "/agent", "").json())
	r = w.admin("POST", "/agent/rotate", `{"overlap":"1h"}`)
	assert.Len(t, r.json()["secrets"], 2)
	assert.Contains(t, r.json(), "secret")
	r = w.admin("POST", "/agent/rotate", `{"secret":"whsec_`+base64.StdEncoding.EncodeToString([]byte("a very secret key of 32 bytes!!!"))+`"}`)
	assert.NotContains(t, r.json(), "secret")

	for body, want := range map[string]string{
		`{}`:                                                             "invalid_target",
		`{"url":"http://agent.example.com"}`:                             "invalid_target",
		`{"url":"https://10.0.0.1/"}`:                                    "invalid_target",
		`{"url":"https://0x7f.1/"}`:                                      "invalid_target",
		`{"url":"http://127.0.0.1:9/"}`:                                  "invalid_target",
		`{"url":"https://u:s3cr3t@agent.example.com/"}`:                  "invalid_target",
		`{"url":"https://agent.example.com/","secret":"s3cr3t"}`:         "invalid_secret",
		`{"url":"https://agent.example.com/","secret":"whsec_c2hvcnQ="}`: "invalid_secret",
	} {
		r := w.admin("PUT", "/agent", body)
		assert.Equal(t, want, r.code(), body)
		assert.NotContains(t, r.Body.String(), "s3cr3t")
	}
	w.cfg.AllowLoopback = true
	w.rebuild()
	assert.Equal(t, 200, w.admin("PUT", "/agent", `{"url":"http://127.0.0.1:9/"}`).Code)
}

func TestKeys(t *testing.T) {
	w := newWorld(t)
	assert.Equal(t, []any{}, w.admin("GET", "/keys", "").json()["keys"])
	r := w.admin("POST", "/keys", `{"label":"ci"}`)
	assert.Equal(t, 201, r.Code)
	v := r.json()
	assert.Equal(t, []string{"created", "id", "key", "label"}, fields(v))
	assert.Equal(t, 200, w.do(v["key"].(string), "GET", "/v1/tenants/acme/keys", "").Code)
	list := w.admin("GET", "/keys", "").json()["keys"].([]any)
	require.Len(t, list, 1)
	assert.Equal(t, []string{"created", "id", "label", "last_used"}, fields(list[0]))
	assert.Equal(t, "invalid_request", w.admin("POST", "/keys", `{"label":"a\u0000"}`).code())
	assert.Equal(t, "invalid_request", w.admin("POST", "/keys", `{"label":"none","tools":[]}`).code(), "restricted to nothing is not everything")
	assert.Equal(t, "not_found", w.admin("DELETE", "/keys/abcdefgh", "").code())
	assert.Equal(t, 204, w.admin("DELETE", "/keys/"+v["id"].(string), "").Code)
}

// seedEvents puts n dead events into the log, a second apart, two of each time.
func (w *world) seedEvents(n int) []string {
	var keys []string
	for i := range n {
		w.now = start.Add(time.Duration(i/2) * time.Second)
		keys = append(keys, w.dead("acme", []string{"gh", "stripe"}[i%2], fmt.Sprintf("id-%03d", i), `{"n":1}`))
	}
	w.now = start.Add(time.Hour)
	return keys
}

func (w *world) pages(query string) (keys []string, pages int) {
	w.t.Helper()
	cursor := ""
	for {
		r := w.admin("GET", "/events?"+query+cursor, "")
		require.Equal(w.t, 200, r.Code, r.Body)
		v := r.json()
		for _, e := range v["events"].([]any) {
			keys = append(keys, e.(map[string]any)["key"].(string))
		}
		pages++
		next, ok := v["next"]
		if !ok {
			return keys, pages
		}
		cursor = "&cursor=" + url.QueryEscape(next.(string))
		require.Less(w.t, pages, 100)
	}
}

func TestEventListMergesTheShards(t *testing.T) {
	w := newWorld(t)
	keys := w.seedEvents(37)
	var want []string // newest first, and by key where the time is equal
	for i := len(keys) - 1; i >= 0; i-- {
		want = append(want, keys[i])
	}
	for i := 1; i+1 < len(want); i += 2 { // pairs of one time: stripe before gh already holds by key
		require.Greater(t, want[i], want[i+1])
	}
	shards := map[int]bool{}
	for _, k := range keys {
		shards[ledger.ShardOf(k)] = true
	}
	require.Len(t, shards, ledger.Shards, "the events must lie in every shard")

	for _, limit := range []int{1, 2, 3, 5, 36, 37, 38, 200} {
		got, pages := w.pages(fmt.Sprintf("limit=%d", limit))
		assert.Equal(t, want, got, "limit %d", limit)
		assert.Equal(t, max(1, (37+limit-1)/limit), pages, "limit %d", limit)
	}
	got, _ := w.pages("source=gh&limit=4")
	assert.Len(t, got, 19)
	got, _ = w.pages("since=2026-08-04T12:00:05Z&until=2026-08-04T12:00:07Z")
	assert.Len(t, got, 4)
	got, _ = w.pages("state=delivered")
	assert.Empty(t, got)
	got, _ = w.pages("state=dead&type=com.github.push&limit=200")
	assert.Len(t, got, 37)
	assert.Empty(t, w.do(adminToken, "GET", "/v1/tenants/other/events", "").json()["events"])
	assert.Equal(t, []any{}, w.do(adminToken, "GET", "/v1/tenants/other/events", "").json()["events"])
}

func TestEventListRefuses(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string]string{
		"state=lost":           "invalid_query",
		"state=":               "invalid_query",
		"source=A":             "invalid_query",
		"source=":              "invalid_query",
		"type=":                "invalid_query",
		"since=yesterday":      "invalid_query",
		"until=2026-08-04":     "invalid_query",
		"limit=0":              "invalid_query",
		"limit=-1":             "invalid_query",
		"limit=201":            "invalid_query",
		"limit=x":              "invalid_query",
		"stat=dead":            "invalid_query",
		"State=dead":           "invalid_query",
		"state=dead&state=x":   "invalid_query",
		"limit=5;state=dead":   "invalid_query",
		"%zz=1":                "invalid_query",
		"cursor=":              "invalid_cursor",
		"cursor=AAAA":          "invalid_cursor",
		"cursor=%00":           "invalid_cursor",
		"cursor=" + long(1000): "invalid_cursor",
	} {
		r := w.admin("GET", "/events?"+query, "")
		assert.Equal(t, want, r.code(), query)
		assert.Equal(t, 400, r.Code, query)
	}
}

func TestEventByEitherForm(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"72d3162e", "C123/1690.0001", "a%2Fb", "replay", "x/replay", "?#&=+;,@:", "..", "evt_1:2~3"} {
		key := w.dead("acme", "gh", id, `{"a":1}`)
		plain := strings.Split(key, "/")
		for i := range plain {
			plain[i] = url.PathEscape(plain[i])
		}
		forms := []string{url.PathEscape(key)}
		if !strings.HasSuffix(id, "/replay") && id != "replay" && id != ".." {
			forms = append(forms, strings.Join(plain, "/"))
		}
		assert.Equal(t, "dead", w.admin("GET", "/events/"+forms[0], "").json()["state"])
		for _, form := range forms {
			r := w.admin("GET", "/events/"+form, "")
			require.Equal(t, 200, r.Code, "%s: %s", form, r.Body)
			assert.Equal(t, key, r.json()["key"], form)
			assert.Equal(t, map[string]any{"a": 1.0}, r.json()["data"])
			r = w.admin("POST", "/events/"+form+"/replay", "")
			require.Equal(t, 202, r.Code, "%s: %s", form, r.Body)
			assert.JSONEq(t, `{"replayed":1}`, r.Body.String())
			assert.Equal(t, "pending", w.admin("GET", "/events/"+form, "").json()["state"])
		}
	}
	assert.Equal(t, "not_found", w.admin("GET", "/events/acme/gh/none", "").code())
	assert.Equal(t, "not_found", w.admin("POST", "/events/acme/gh/none/replay", "").code())

	// Another tenant's event, by either form and either token.
	theirs, late := w.dead("other", "gh", "1", `{}`), w.dead("acme", "gh", "late", "{}")
	w.cfg.Ledger = func(n string, _ int) admin.LedgerAPI { t.Error("the ledger was asked"); return nil }
	ledgers := w.handler
	w.rebuild()
	for _, form := range []string{theirs, url.PathEscape(theirs)} {
		assert.Equal(t, "not_found", w.admin("GET", "/events/"+form, "").code())
		assert.Equal(t, "not_found", w.admin("POST", "/events/"+form+"/replay", "").code())
	}
	assert.Equal(t, "invalid_json", w.admin("POST", "/events/acme/gh/72d3162e/replay", `{"x":1}`).code())
	w.handler = ledgers

	w.queue = errors.New("queue is down")
	r := w.admin("POST", "/events/"+url.PathEscape(late)+"/replay", "")
	assert.Equal(t, 202, r.Code)
	assert.JSONEq(t, `{"replayed":1,"delayed":true}`, r.Body.String())
}

func TestEventBodies(t *testing.T) {
	w := newWorld(t)
	r := w.admin("GET", "/events/"+w.dead("acme", "gh", "form", "a=b&c=\xff"), "")
	assert.Equal(t, base64.StdEncoding.EncodeToString([]byte("a=b&c=\xff")), r.json()["data_base64"])
	assert.NotContains(t, r.json(), "data")
	r = w.admin("GET", "/events/"+w.dead("acme", "gh", "bad", "{\"a\":\"\xff\"}"), "")
	assert.Contains(t, r.json(), "data_base64", "JSON must be UTF-8 to be shown as such")
}

// byFours replays or purges the dead events, four a call, and adds up how many
// the answers say.
func (w *world) byFours(action, did string) (total int) {
	w.t.Helper()
	cursor := ""
	for range 50 {
		r := w.admin("POST", "/events/"+action, `{"state":"dead","limit":4`+cursor+`}`)
		require.Equal(w.t, 202, r.Code, r.Body)
		v := r.json()
		n := int(v[did].(float64))
		assert.LessOrEqual(w.t, n, 4)
		total += n
		next, ok := v["next"]
		if !ok {
			return total
		}
		cursor = `,"cursor":"` + next.(string) + `"`
	}
	require.Fail(w.t, "calls without end")
	return 0
}

func TestReplayWhere(t *testing.T) {
	w := newWorld(t)
	w.seedEvents(23)
	assert.Equal(t, 23, w.byFours("replay", "replayed"))
	got, _ := w.pages("state=pending")
	assert.Len(t, got, 23)

	w = newWorld(t)
	w.seedEvents(23)
	r := w.admin("POST", "/events/replay", `{"state":"dead","source":"gh","since":"2026-08-04T12:00:01Z"}`)
	assert.JSONEq(t, `{"replayed":11}`, r.Body.String())
	w.queue = errors.New("queue is down")
	r = w.admin("POST", "/events/replay", `{"state":"dead"}`)
	assert.JSONEq(t, `{"replayed":12,"delayed":true}`, r.Body.String())

	for body, want := range map[string]string{
		``:                                  "unsupported_media_type",
		`{}`:                                "invalid_request",
		`{"state":"pending"}`:               "invalid_request",
		`{"state":"dead","limit":-1}`:       "invalid_request",
		`{"state":"dead","limit":1001}`:     "invalid_request",
		`{"state":"dead","limit":1.5}`:      "invalid_json",
		`{"state":"dead","source":"A"}`:     "invalid_query",
		`{"state":"dead","since":"x"}`:      "invalid_query",
		`{"state":"dead","cursor":"x"}`:     "invalid_cursor",
		`{"state":"dead","cursor":"9."}`:    "invalid_cursor",
		`{"state":"dead","cursor":"01."}`:   "invalid_cursor",
		`{"state":"dead","cursor":"-1."}`:   "invalid_cursor",
		`{"state":"dead","cursor":"0.!"}`:   "invalid_cursor",
		`{"state":"dead","sources":["gh"]}`: "invalid_json",
	} {
		assert.Equal(t, want, w.admin("POST", "/events/replay", body).code(), body)
	}
}

// TestNoAnswerHoldsASecret runs a whole scenario and looks for every secret in
// every answer and every log line, in all the forms it could take.
func TestNoAnswerHoldsASecret(t *testing.T) {
	w := newWorld(t)
	raw := []byte("a very secret key of 32 bytes!!!")
	agentSecret := "whsec_" + base64.StdEncoding.EncodeToString(raw)
	secrets := [][]byte{[]byte("gh-s3cr3t-1"), []byte("gh-s3cr3t-2"), []byte("gh-s3cr3t-3"), raw, []byte(agentSecret), []byte(adminToken)}
	var all []string
	step := func(token, method, path, body string) response {
		t.Helper()
		r := w.do(token, method, path, body)
		head := fmt.Sprint(r.Header())
		all = append(all, head+r.Body.String())
		return r
	}
	const base = "/v1/tenants/acme"
	key := w.do(adminToken, "POST", base+"/keys", `{"label":"ci"}`).json()["key"].(string) // shown once
	secrets = append(secrets, []byte(key), []byte(key[len(key)-43:]))
	generated := w.do(adminToken, "PUT", base+"/agent", `{"url":"https://agent.example.com"}`).json()["secret"].(string) // shown once
	rawGenerated, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(generated, "whsec_"))
	require.NoError(t, err)
	secrets = append(secrets, []byte(generated), rawGenerated)

	for _, token := range []string{adminToken, key, "wrong-" + adminToken} {
		step(token, "PUT", base+"/sources/gh", `{"provider":"github","secrets":["gh-s3cr3t-1","gh-s3cr3t-2"]}`)
		step(token, "POST", base+"/sources/gh/rotate", `{"secret":"gh-s3cr3t-3"}`)
		step(token, "PUT", base+"/sources/gh", `{"provider":"nobody","secrets":["gh-s3cr3t-1"]}`)
		step(token, "PUT", base+"/sources/gh", `{"provider":"github","gh-s3cr3t-1":["gh-s3cr3t-1"]}`)
		step(token, "PUT", base+"/sources/gh", `{"provider":"github","secrets":"gh-s3cr3t-1"}`)
		step(token, "PUT", base+"/sources/gh-s3cr3t-1/", `{"gh-s3cr3t-1"`)
		step(token, "GET", base+"/sources", "")
		step(token, "GET", base+"/sources/gh", "")
		step(token, "PUT", base+"/agent", `{"url":"https://agent.example.com","secret":"`+agentSecret+`"}`)
		step(token, "PUT", base+"/agent", `{"url":"https://`+key+`@agent.example.com/"}`)
		step(token, "PUT", base+"/agent", `{"url":"https://agent.example.com/","secret":"`+agentSecret+`!"}`)
		step(token, "POST", base+"/agent/rotate", `{"secret":"`+agentSecret+`"}`)
		step(token, "GET", base+"/agent", "")
		step(token, "GET", base+"/keys", "")
		step(token, "GET", base+"/events?cursor="+key, "")
		step(token, "GET", "/v1/tenants/"+key+"/sources", "")
		step(token, "GET", base+"/events", "")
		step(token, "DELETE", base+"/sources/gh", "")
	}
	all = append(all, w.log...)
	for _, s := range secrets {
		for form, text := range map[string]string{
			"plain": string(s), "hex": hex.EncodeToString(s), "base64": base64.RawStdEncoding.EncodeToString(s),
			"base64url": base64.RawURLEncoding.EncodeToString(s), "escaped": url.QueryEscape(string(s)),
			"numbers": strings.Trim(fmt.Sprint(s), "[]"),
		} {
			for _, a := range all {
				assert.NotContains(t, a, text, form)
			}
		}
	}
	require.Len(t, all, 3*18+len(w.log))
}

func TestChangesAreLogged(t *testing.T) {
	w := newWorld(t)
	w.admin("PUT", "/sources/gh", putGitHub)
	w.admin("GET", "/sources/gh", "")
	w.admin("DELETE", "/sources/gh", "")
	w.do("x", "BREW", "/v1/tenants/acme/sources", "")
	assert.Equal(t, []string{
		"admin.source_put tenant acme object gh",
		"admin.source_deleted tenant acme object gh",
		"admin.refused code unauthenticated method other cause ",
	}, w.log)
}

func TestMaxIDBytes(t *testing.T) {
	w := newWorld(t)
	key := w.dead("acme", "gh", long(event.MaxIDBytes), "{}")
	assert.Equal(t, 200, w.admin("GET", "/events/"+url.PathEscape(key), "").Code)
	assert.Equal(t, http.StatusNotFound, w.admin("GET", "/events/"+url.PathEscape(key)+"a", "").Code)
}
