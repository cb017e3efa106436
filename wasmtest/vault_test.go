package wasmtest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/wasmtest"
)

// vaultLife is the life of access tokens here: short, so that a run is.
const vaultLife = 5 * time.Minute

// vaultWorld is Hookweir with one connection, and its provider.
type vaultWorld struct {
	t      testing.TB
	edge   *wasmtest.Edge
	as     *oauthtest.Server
	events []string // types of what the agent got
}

func newVaultWorld(t testing.TB, mode string, c wasmtest.Config) *vaultWorld {
	t.Helper()
	w := &vaultWorld{t: t}
	w.as = oauthtest.New("https://as.example.com", func() time.Time { return w.edge.Now() })
	w.as.Silence, w.as.AccessLife, w.as.Rotate = wasmtest.ErrSilent, vaultLife, mode != "none"
	if mode == "grace" {
		w.as.Grace = 2 * time.Minute
	}
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	c.Workers = workers
	c.Servers = map[string]http.Handler{"as.example.com": w.as, "agent.example.com": http.HandlerFunc(w.agent)}
	w.edge = wasmtest.New(t, c)
	return w
}

func (w *vaultWorld) agent(rw http.ResponseWriter, r *http.Request) {
	var e struct{ Type string }
	if json.NewDecoder(r.Body).Decode(&e) == nil {
		w.events = append(w.events, strings.TrimPrefix(e.Type, "hookweir.connection."))
	}
	rw.WriteHeader(http.StatusNoContent)
}

// connect authorizes a connection as a browser would.
func (w *vaultWorld) connect(mode string) {
	w.t.Helper()
	res := w.edge.Fetch(api("PUT", "acme/agent", `{"url":"https://agent.example.com/e","secret":"whsec_dGVzdHMtb25seS1hZ2VudC1zZWNyZXQtMDAwMQ=="}`))
	require.Equal(w.t, 200, res.StatusCode, text(res))
	grace := ""
	if mode == "grace" {
		grace = `,"grace":"2m"`
	}
	res = w.edge.Fetch(api("PUT", "acme/connections/crm", `{"provider":"custom","client_id":"c1","client_secret":"s","scopes":["read"],"rotation":"`+mode+`"`+grace+`,
		"endpoints":{"authorize":"https://as.example.com/auth","token":"https://as.example.com/token","revoke":"https://as.example.com/revoke","issuer":"https://as.example.com"}}`))
	require.Equal(w.t, 200, res.StatusCode, text(res))
	res = oauthtest.Consent(api("GET", "acme/connections/crm/authorize", ""), w.edge.Fetch, w.as)
	require.Equal(w.t, 200, res.StatusCode, text(res))
}

// vaultState is what the API says of the connection.
type vaultState struct {
	State, Reason, Cause string
	Generation           int64
}

func (w *vaultWorld) state() vaultState {
	w.t.Helper()
	var s vaultState
	res := w.edge.Fetch(api("GET", "acme/connections/crm", ""))
	require.NoError(w.t, json.NewDecoder(res.Body).Decode(&s))
	return s
}

// token asks once; the answer is empty unless there is a token.
func (w *vaultWorld) token() (token string, status int) {
	w.t.Helper()
	var out struct {
		Token string `json:"access_token"`
	}
	res := w.edge.Fetch(api("POST", "acme/connections/crm/token", ""))
	_ = json.NewDecoder(res.Body).Decode(&out)
	return out.Token, res.StatusCode
}

// rest lets time go by until nothing is open: past the token's end, the
// intents' 30 s, and a refresh of what is left.
func (w *vaultWorld) rest() {
	for range 8 {
		w.edge.AdvanceTo(w.edge.Now().Add(vaultLife + 30*time.Second))
		w.token()
		s := w.state()
		if s.State == "needs_reauth" {
			w.edge.Advance(90 * time.Second) // for the notice to be delivered
		}
		if s.State == "active" || s.State == "needs_reauth" {
			return
		}
	}
}

// check holds what must be so in the end, whatever happened: G5 and G6. way
// says that there was a way to keep the connection.
func (w *vaultWorld) check(way bool) {
	w.t.Helper()
	s := w.state()
	token, status := w.token()
	switch s.State {
	case "active":
		require.Equal(w.t, 200, status)
		require.True(w.t, w.as.Active(token), "a dead token was handed out")
		require.Len(w.t, w.as.Granted(), 1)
	case "needs_reauth":
		require.Equal(w.t, 409, status)
		require.Contains(w.t, w.events, "needs_reauth", "silent: %+v", s)
		require.False(w.t, way, "there was a way to keep the connection: %+v", s)
	default:
		require.Fail(w.t, "no end", "%+v", s)
	}
	_, _, reuses := w.as.Counts()
	require.Zero(w.t, reuses, "a spent refresh token was sent again")
}

func TestVaultRefreshesInWasm(t *testing.T) {
	w := newVaultWorld(t, "strict", wasmtest.Config{})
	w.connect("strict")
	w.edge.Advance(vaultLife)
	answers := map[string]int{}
	for range 100 {
		w.edge.Send(api("POST", "acme/connections/crm/token", ""), func(res *http.Response) {
			var out struct {
				Token string `json:"access_token"`
			}
			_ = json.NewDecoder(res.Body).Decode(&out)
			answers[out.Token]++
		})
	}
	w.edge.Advance(time.Minute)
	require.Len(t, answers, 1)
	for token, n := range answers {
		require.Equal(t, 100, n)
		require.True(t, w.as.Active(token))
	}
	w.edge.Advance(3 * time.Hour)
	require.Equal(t, "active", w.state().State)
	w.check(true)
	require.Empty(t, w.as.Twice())
	for _, o := range w.edge.Worker("hookweir-consumers").Objects() {
		requireNoTokens(t, o)
	}
}

// requireNoTokens looks through every value that an object stores.
func requireNoTokens(t *testing.T, o *wasmtest.Object) {
	t.Helper()
	_, tables, err := o.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\_cf%' ESCAPE '\' AND name NOT LIKE 'sqlite%'`)
	require.NoError(t, err)
	for _, table := range tables {
		_, rows, err := o.Query(fmt.Sprintf(`SELECT * FROM "%s"`, table[0]))
		require.NoError(t, err)
		for _, row := range rows {
			for _, v := range row {
				if b, ok := v.([]byte); ok {
					v = string(b)
				}
				s := fmt.Sprint(v)
				require.False(t, strings.Contains(s, "at-1-") || strings.Contains(s, "rt-1-"), "%s %s: %s", o.Class(), table[0], s)
			}
		}
	}
}

// TestVaultKilled kills the private Worker at one host call after another while
// a token is refreshed, by the alarm and by a caller, at servers that are
// strict, that forgive and that do not rotate; some seeds add a fault of the
// network. One kill costs the connection at a strict server only.
func TestVaultKilled(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range vaultRuns(t, 45) {
		mode := []string{"strict", "grace", "none"}[i%3]
		faulty := i%4 == 3
		t.Run(fmt.Sprintf("%d %s", i, mode), func(t *testing.T) {
			c := wasmtest.Config{Seed: uint64(i + 1), Start: start}
			// From here on the Worker refreshes: 80 % of the life are over soon.
			from := start.Add(vaultLife*8/10 - 10*time.Second)
			c.Script = []wasmtest.Hit{{Fault: wasmtest.Crash, Nth: i/3 + 1, From: from}}
			if faulty {
				fault := []wasmtest.Fault{wasmtest.FetchLost, wasmtest.FetchRefused, wasmtest.FetchStatus, wasmtest.FetchSilent, wasmtest.ObjectLost, wasmtest.AlarmTwice}[i/4%6]
				c.Script = append(c.Script, wasmtest.Hit{Fault: fault, Nth: 1, From: from})
			}
			w := newVaultWorld(t, mode, c)
			w.connect(mode)
			w.edge.AdvanceTo(from)
			w.edge.Advance(20 * time.Second)
			w.token()
			w.edge.AdvanceTo(start.Add(vaultLife + 5*time.Second))
			w.token()
			w.rest()
			w.check(mode == "none" || mode == "grace" && !faulty)
		})
	}
}

// TestVaultStorm lets several things go wrong at once, drawn by the seed.
func TestVaultStorm(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	faults := []wasmtest.Fault{
		wasmtest.Crash, wasmtest.FetchLost, wasmtest.FetchRefused, wasmtest.FetchStatus, wasmtest.FetchSilent, wasmtest.FetchHang, wasmtest.FetchLate,
		wasmtest.ObjectFail, wasmtest.ObjectLost, wasmtest.ObjectEvict, wasmtest.AlarmLate, wasmtest.AlarmTwice, wasmtest.CronSkip, wasmtest.QueueSendFail, wasmtest.QueueSendLost,
	}
	for i := range vaultRuns(t, 12) {
		mode := []string{"strict", "grace", "none"}[i%3]
		t.Run(fmt.Sprintf("%d %s", i, mode), func(t *testing.T) {
			seed := uint64(10_000 + i)
			r := rand.New(rand.NewPCG(seed, 1))
			c := wasmtest.Config{Seed: seed, Start: start}
			for range 4 {
				from := start.Add(time.Minute + time.Duration(r.Int64N(int64(2*vaultLife))))
				c.Script = append(c.Script, wasmtest.Hit{Fault: faults[r.IntN(len(faults))], Nth: 1 + r.IntN(5), From: from})
			}
			w := newVaultWorld(t, mode, c)
			w.connect(mode)
			for range 12 {
				w.edge.Advance(time.Minute)
				w.edge.Send(api("POST", "acme/connections/crm/token", ""), nil)
			}
			w.rest()
			w.check(false)
		})
	}
}

// vaultRuns is how many runs a test makes: VAULT_SEEDS, or a few.
func vaultRuns(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("VAULT_SEEDS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}
