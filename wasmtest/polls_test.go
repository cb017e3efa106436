package wasmtest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/wasmtest"
)

// pollWorld is Hookweir with an agent and two polls: one of a list that is
// known from nowhere else, one behind a webhook source that drops.
type pollWorld struct {
	t        testing.TB
	edge     *wasmtest.Edge
	payments []map[string]any
	hooks    []map[string]any
	bodies   map[string]string
	want     []string       // event keys
	dropped  int            // deliveries that never came as webhooks
	unsure   int            // those that were sent, and not answered for
	got      map[string]int // 2xx by event key
	missed   map[string]int // told, by the notice's id
}

func newPollWorld(t testing.TB, c wasmtest.Config) *pollWorld {
	t.Helper()
	w := &pollWorld{t: t, got: map[string]int{}, missed: map[string]int{}, bodies: map[string]string{}}
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	c.Workers = workers
	c.Servers = map[string]http.Handler{"api.example.com": http.HandlerFunc(w.api), "agent.example.com": http.HandlerFunc(w.agent)}
	w.edge = wasmtest.New(t, c)
	for _, put := range [][2]string{
		{"agent", `{"url":"https://agent.example.com/e","secret":"whsec_dGVzdHMtb25seS1hZ2VudC1zZWNyZXQtMDAwMQ=="}`},
		{"sources/gh", `{"provider":"github","secrets":["a-secret-of-github"]}`},
		{"destinations/api", `{"base_url":"https://api.example.com"}`},
		{"polls/pay", `{"preset":"stripe","destination":"api","limit":3,"at_most":"2m"}`},
		{"polls/hooks", `{"preset":"github-deliveries","params":{"hook":"repos/a/b/hooks/1"},"destination":"api","source":"gh","limit":3,"at_most":"2m"}`},
	} {
		w.call("PUT", put[0], put[1])
	}
	return w
}

// call asks the operator's API, which must agree.
func (w *pollWorld) call(method, path, body string) []byte {
	w.t.Helper()
	r := httptest.NewRequest(method, "https://hooks.example.com/v1/tenants/acme/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for range 5 { // the crash may be ours
		res := w.edge.Fetch(r.Clone(r.Context()))
		answer, err := io.ReadAll(res.Body)
		require.NoError(w.t, err)
		if res.StatusCode == 200 {
			return answer
		}
		r = httptest.NewRequest(method, "https://hooks.example.com/v1/tenants/acme/"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+adminToken)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w.edge.Advance(5 * time.Second)
	}
	require.Fail(w.t, "no answer", "%s %s", method, path)
	return nil
}

func (w *pollWorld) agent(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key := r.Header.Get("Webhook-Id")
	w.got[key]++
	var e struct {
		Type string
		Data struct{ Count int }
	}
	if json.Unmarshal(body, &e) == nil && e.Type == "hookweir.webhook.missed" {
		w.missed[key] = e.Data.Count
	}
	rw.WriteHeader(http.StatusNoContent)
}

// happen adds payments and deliveries, and sends two webhooks of three.
func (w *pollWorld) happen(r *rand.Rand) {
	for range 1 + r.IntN(6) {
		id := fmt.Sprintf("evt_%04d", len(w.payments))
		w.payments = append(w.payments, map[string]any{"id": id, "type": "a.b", "created": w.edge.Now().Unix()})
		w.want = append(w.want, "acme/pay/"+id)
	}
	for range 1 + r.IntN(5) {
		id := len(w.hooks) + 1
		guid, body := fmt.Sprintf("guid-%04d", id), fmt.Sprintf(`{"n":%d}`, id)
		w.hooks = append(w.hooks, map[string]any{"id": id, "guid": guid, "event": "push", "delivered_at": w.edge.Now().Truncate(time.Second), "status_code": 503})
		w.bodies[strconv.Itoa(id)] = body
		w.want = append(w.want, "acme/gh/"+guid)
		if r.IntN(3) == 0 {
			w.dropped++
		} else if !w.webhook(guid, body) {
			w.unsure++ // killed before it was on the queue, or after
		}
	}
}

// webhook sends a delivery once, and says whether it was taken.
func (w *pollWorld) webhook(guid, body string) bool {
	mac := hmac.New(sha256.New, []byte("a-secret-of-github"))
	mac.Write([]byte(body))
	r := httptest.NewRequest("POST", "https://hooks.example.com/webhooks/acme/gh", strings.NewReader(body))
	r.Header.Set("X-Github-Event", "push")
	r.Header.Set("X-Github-Delivery", guid)
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return w.edge.Fetch(r).StatusCode == http.StatusAccepted
}

// api is Stripe's list of events and GitHub's of deliveries.
func (w *pollWorld) api(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if rest, ok := strings.CutPrefix(r.URL.Path, "/repos/a/b/hooks/1/deliveries/"); ok {
		fmt.Fprintf(rw, `{"request":{"payload":%s}}`, w.bodies[rest])
		return
	}
	all, after, size := w.hooks, q.Get("cursor"), q.Get("per_page")
	stripe := r.URL.Path == "/v1/events"
	if stripe {
		all, after, size = w.payments, q.Get("starting_after"), q.Get("limit")
	}
	since, _ := strconv.ParseInt(q.Get("created[gte]"), 10, 64)
	list := []map[string]any{}
	skip := after != ""
	for _, e := range slices.Backward(all) {
		if created, ok := e["created"].(int64); ok && created < since {
			continue
		}
		id := fmt.Sprint(e["id"])
		if skip {
			skip = id != after
			if skip || stripe { // GitHub's cursor is where the page begins
				continue
			}
		}
		list = append(list, e)
	}
	limit, _ := strconv.Atoi(size)
	n := min(limit, len(list))
	if stripe {
		_ = json.NewEncoder(rw).Encode(map[string]any{"data": list[:n], "has_more": n < len(list)})
		return
	}
	if n < len(list) {
		rw.Header().Set("Link", fmt.Sprintf(`<https://api.example.com%s?per_page=%d&cursor=%v>; rel="next"`, r.URL.Path, limit, list[n]["id"]))
	}
	_ = json.NewEncoder(rw).Encode(list[:n])
}

// check holds G9: everything has come. counted says that no fault but the
// crash was made; then what was missed was told, once.
func (w *pollWorld) check(counted bool) {
	w.t.Helper()
	for _, key := range w.want {
		require.NotZero(w.t, w.got[key], "skipped: %s", key)
	}
	total := 0
	for _, n := range w.missed {
		total += n
	}
	if counted {
		require.GreaterOrEqual(w.t, total, w.dropped, "missed and told")
		require.LessOrEqual(w.t, total, w.dropped+w.unsure, "missed and told, once")
	}
}

// TestPollsKilled kills a Worker at one host call after another while polls
// run; some seeds add a fault of the network, a queue or an object.
func TestPollsKilled(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	faults := []wasmtest.Fault{
		wasmtest.FetchLost, wasmtest.FetchRefused, wasmtest.FetchStatus, wasmtest.ObjectLost, wasmtest.ObjectFail,
		wasmtest.ObjectEvict, wasmtest.QueueSendFail, wasmtest.QueueSendLost, wasmtest.AlarmTwice, wasmtest.CronSkip, wasmtest.CronTwice,
	}
	from, to := pollSeeds(t, 20)
	for i := from; i < to; i++ {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			from := start.Add(3 * time.Minute)
			c := wasmtest.Config{Seed: uint64(i + 1), Start: start, Script: []wasmtest.Hit{{Fault: wasmtest.Crash, Nth: 1 + 13*i%250, From: from}}}
			if i%3 == 2 {
				c.Script = append(c.Script, wasmtest.Hit{Fault: faults[i/3%len(faults)], Nth: 1 + r.IntN(4), From: from})
			}
			w := newPollWorld(t, c)
			w.edge.AdvanceTo(from.Add(-time.Minute))
			w.happen(r)
			w.edge.AdvanceTo(from)
			for range 4 {
				w.edge.Advance(time.Minute)
				w.happen(r)
			}
			w.edge.Advance(20 * time.Minute)
			w.check(i%3 != 2)
		})
	}
}

// pollSeeds is which runs the test makes: POLL_SEEDS of them, or a few, from
// POLL_FROM on.
func pollSeeds(t *testing.T, few int) (from, to int) {
	t.Helper()
	number := func(name string, otherwise int) int {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	from = number("POLL_FROM", 0)
	return from, from + number("POLL_SEEDS", few)
}
