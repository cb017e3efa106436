package wasmtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/wasmtest"
)

// The budget of the destination: small, so that it is what writes wait for.
const (
	writesPerSecond = 5
	writesBurst     = 4
)

// writeWorld is Hookweir with an agent and a destination.
type writeWorld struct {
	t      testing.TB
	edge   *wasmtest.Edge
	shop   *writeShop
	ids    map[string]string // by what the write says
	events map[string]int    // what the agent was told, by type
}

// writeShop is the destination: it acts on each idempotency key once, as a provider
// does, and keeps count of its budget by its own clock.
type writeShop struct {
	now    func() time.Time
	answer func(text string) int // 0: it acts and the connection breaks
	keys   map[string]string     // idempotency key → what it was sent for
	acted  []string              // what it acted on, in order
	calls  map[string]int
	first  time.Time // the budget, in a token bucket
	tokens float64
	excess int
}

func (s *writeShop) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var said struct{ Text string }
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &said)
	s.take()
	s.calls[said.Text]++
	status := s.answer(said.Text)
	if status/100 == 2 || status == 0 {
		s.act(r.Header.Get("Idempotency-Key"), said.Text)
	}
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	rw.WriteHeader(status)
}

// act does what is asked unless the key was seen. Without one it acts each time.
func (s *writeShop) act(key, said string) {
	if key != "" {
		if s.keys[key] != "" {
			return
		}
		s.keys[key] = said
	}
	s.acted = append(s.acted, said)
}

// take counts a request against the budget.
func (s *writeShop) take() {
	now := s.now()
	if s.first.IsZero() {
		s.tokens = writesBurst
	} else {
		s.tokens = min(s.tokens+now.Sub(s.first).Seconds()*writesPerSecond, writesBurst)
	}
	if s.first = now; s.tokens < 1-1e-6 {
		s.excess++
		return
	}
	s.tokens--
}

// times is how often the shop acted on what.
func (s *writeShop) times(said string) (n int) {
	for _, a := range s.acted {
		if a == said {
			n++
		}
	}
	return n
}

func newWriteWorld(t testing.TB, c wasmtest.Config, destination string) *writeWorld {
	t.Helper()
	w := &writeWorld{t: t, ids: map[string]string{}, events: map[string]int{}}
	w.shop = &writeShop{now: func() time.Time { return w.edge.Now() }, keys: map[string]string{}, calls: map[string]int{}}
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	c.Workers = workers
	c.Servers = map[string]http.Handler{"shop.example.com": w.shop, "agent.example.com": http.HandlerFunc(w.agent)}
	w.edge = wasmtest.New(t, c)
	res := w.edge.Fetch(api("PUT", "acme/agent", `{"url":"https://agent.example.com/e","secret":"whsec_dGVzdHMtb25seS1hZ2VudC1zZWNyZXQtMDAwMQ=="}`))
	require.Equal(t, 200, res.StatusCode, text(res))
	res = w.edge.Fetch(api("PUT", "acme/destinations/shop", fmt.Sprintf(`{"base_url":"https://shop.example.com/v1","rate":{"requests":%d,"per":"1s","burst":%d},%s}`, writesPerSecond, writesBurst, destination)))
	require.Equal(t, 200, res.StatusCode, text(res))
	return w
}

func (w *writeWorld) agent(rw http.ResponseWriter, r *http.Request) {
	var e struct{ Type string }
	if json.NewDecoder(r.Body).Decode(&e) == nil {
		w.events[strings.TrimPrefix(e.Type, "hookweir.")]++
	}
	rw.WriteHeader(http.StatusNoContent)
}

// write is a write in a request's list.
type write struct {
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Body   map[string]string `json:"body"`
	Key    string            `json:"partition_key,omitempty"`
	Once   string            `json:"idempotency_key"`
}

func says(method, key, said string) write {
	return write{method, "/orders", map[string]string{"text": said}, key, said}
}

// accept hands writes over, again if there is no answer: from the 202 on they
// are Hookweir's.
func (w *writeWorld) accept(list ...write) {
	w.t.Helper()
	body, err := json.Marshal(list)
	require.NoError(w.t, err)
	var res *http.Response
	for range 5 {
		if res = w.edge.Fetch(api("POST", "acme/destinations/shop/writes", string(body))); res.StatusCode == 202 {
			break
		}
		w.edge.Advance(time.Second)
	}
	require.Equal(w.t, 202, res.StatusCode)
	var out struct{ IDs []string }
	require.NoError(w.t, json.NewDecoder(res.Body).Decode(&out))
	require.Len(w.t, out.IDs, len(list))
	for i, id := range out.IDs {
		w.ids[list[i].Body["text"]] = id
	}
}

// states are what became of the writes, by what they say.
func (w *writeWorld) states() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for said, id := range w.ids {
		res := w.edge.Fetch(api("GET", "acme/writes/"+id, ""))
		require.Equal(w.t, 200, res.StatusCode, "lost: %s", said)
		var e struct{ State string }
		require.NoError(w.t, json.NewDecoder(res.Body).Decode(&e))
		out[said] = e.State
	}
	return out
}

// TestWritesStorm: three minutes of 503, and of a connection in ten that
// breaks after the shop has acted. Every write arrives; where a repeat is safe
// it is acted on once, and where it is not, it is never sent again.
func TestWritesStorm(t *testing.T) {
	for _, header := range []string{"Idempotency-Key", "none"} {
		t.Run(header, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 5))
			w := newWriteWorld(t, wasmtest.Config{}, fmt.Sprintf(`"idempotency_header":%q,"on_failure":"park","retry":{"max_attempts":60}`, header))
			var list []write
			for i := range 80 {
				key := ""
				if i%2 == 0 {
					key = fmt.Sprintf("k%d", i/2%5)
				}
				list = append(list, says([]string{"POST", "PUT"}[i/2%2], key, fmt.Sprintf("w%02d", i)))
			}
			storm := w.edge.Now().Add(3 * time.Minute)
			during, lost := 0, map[string]bool{}
			w.shop.answer = func(said string) int {
				switch {
				case w.edge.Now().Before(storm):
					during++
					return 503
				case r.IntN(10) == 0:
					lost[said] = true
					return 0
				}
				return 201
			}
			w.accept(list...)
			w.edge.AdvanceTo(storm)
			require.Empty(t, w.shop.acted)
			require.Positive(t, during)
			require.Less(t, during, 80, "a broken destination is left alone")
			w.edge.Advance(time.Hour)

			require.NotEmpty(t, lost, "no answer was lost")
			require.Positive(t, w.events["breaker.opened"])
			parked := 0
			for said, state := range w.states() {
				i := slices.IndexFunc(list, func(l write) bool { return l.Body["text"] == said })
				switch unsafe := header == "none" && list[i].Method == "POST"; {
				case unsafe && lost[said]:
					parked++
					require.Equal(t, "parked", state, said)
					require.Equal(t, 1, w.shop.times(said), "%s was sent again", said)
				case header == "none":
					require.Equal(t, "delivered", state, said)
					require.True(t, w.shop.times(said) == 1 || lost[said], said)
				default:
					require.Equal(t, "delivered", state, said)
					require.Equal(t, 1, w.shop.times(said), said)
				}
			}
			require.Equal(t, parked, w.events["write.parked"])
			require.Zero(t, w.shop.excess, "G8")
		})
	}
}

// killRange is how many host calls, about, a run of TestWritesKilled makes
// while it has something to do; a prime step walks through them.
const (
	killRange = 1100
	killStep  = 53
)

// TestWritesKilled kills the private Worker at one host call after another
// while it accepts and drains ordered writes and carries unordered ones to a shop that
// refuses a fifth of what it is sent; some seeds add a fault of the network,
// the queue or an object.
func TestWritesKilled(t *testing.T) {
	const keys, each, loose = 4, 8, 8
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	faults := []wasmtest.Fault{
		wasmtest.FetchLost, wasmtest.ObjectLost, wasmtest.QueueSendLost, wasmtest.FetchSilent, wasmtest.AlarmTwice,
		wasmtest.QueueDuplicate, wasmtest.ObjectFail, wasmtest.ObjectEvict, wasmtest.AlarmLate, wasmtest.QueueSendFail, wasmtest.QueueReorder,
	}
	for i := range writeRuns(t, 20) {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(i), 8))
			from := start.Add(time.Minute)
			c := wasmtest.Config{Seed: uint64(i + 1), Start: start, Script: []wasmtest.Hit{{Fault: wasmtest.Crash, Nth: 1 + killStep*i%killRange, From: from}}}
			if i%3 == 2 {
				c.Script = append(c.Script, wasmtest.Hit{Fault: faults[i/3%len(faults)], Nth: 1 + r.IntN(5), From: from})
			}
			onFailure := []string{"skip", "park"}[i%2]
			w := newWriteWorld(t, c, fmt.Sprintf(`"on_failure":%q,"retry":{"base":"1s","cap":"5s","max_attempts":100},"breaker":{"failure_ratio":1,"min_requests":1000}`, onFailure))
			w.shop.answer = func(said string) int {
				switch {
				case strings.HasSuffix(said, " bad"):
					return 422
				case r.IntN(5) == 0:
					return []int{500, 503, 429, 408}[r.IntN(4)]
				}
				return 201
			}
			var list []write
			want := map[string][]string{} // by key, in order
			for n := range each {
				for k := range keys {
					key, said := fmt.Sprintf("k%d", k), fmt.Sprintf("k%d %02d", k, n)
					if n == each/2 && k == 0 {
						said += " bad"
					} else {
						want[key] = append(want[key], said)
					}
					list = append(list, says("POST", key, said))
				}
			}
			for n := range loose {
				list = append(list, says("POST", "", fmt.Sprintf("- %02d", n)))
			}
			w.edge.AdvanceTo(from)
			w.accept(list...)
			w.edge.Advance(20 * time.Minute)

			require.NotEmpty(t, w.edge.Happened(), "nothing was killed")
			got := map[string][]string{}
			for _, said := range w.shop.acted {
				key, _, _ := strings.Cut(said, " ")
				got[key] = append(got[key], said)
			}
			require.Len(t, got["-"], loose)
			delete(got, "-")
			require.Equal(t, want, got, "G7")
			for said, state := range w.states() {
				if strings.HasSuffix(said, " bad") {
					require.Equal(t, map[string]string{"skip": "dead", "park": "parked"}[onFailure], state, "G3")
					continue
				}
				require.Equal(t, "delivered", state, "G3: %s", said)
				require.Equal(t, 1, w.shop.times(said), said)
			}
			require.Zero(t, w.shop.excess, "G8")
		})
	}
}

// writeRuns is how many runs the test makes: WRITES_SEEDS, or a few.
func writeRuns(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("WRITES_SEEDS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}
