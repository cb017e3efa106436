package wasmtest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

const adminToken = "tests-only-admin-token-0001"

// secrets are throw-away keys of these tests.
var secrets = map[string]string{
	"SOURCE_KEYS": "t1:dGVzdHMtb25seS1zb3VyY2Uta2V5LTAwMDAwMDAwMDE=",
	"VAULT_KEYS":  "t1:dGVzdHMtb25seS12YXVsdC1rZXktMDAwMDAwMDAwMDE=",
	"ADMIN_TOKEN": adminToken,
	"PUBLIC_URL":  "https://hooks.example.com",
}

// agent is the agent's endpoint: it answers what its script says and notes
// what it accepted.
type agent struct {
	status func() int
	after  func(http.ResponseWriter) // what it does once the head is out
	got    []string                  // webhook-id of what it answered 2xx
}

func (a *agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := http.StatusNoContent
	if a.status != nil {
		status = a.status()
	}
	if status < 300 {
		a.got = append(a.got, r.Header.Get("Webhook-Id"))
	}
	w.WriteHeader(status)
	if a.after != nil {
		a.after(w)
	}
}

func hookweir(t testing.TB, a *agent, c wasmtest.Config) *wasmtest.Edge {
	t.Helper()
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	c.Workers = workers
	c.Servers = map[string]http.Handler{"agent.example.com": a}
	return wasmtest.New(t, c)
}

func api(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "https://hooks.example.com/v1/tenants/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// github is a signed delivery.
func github(tenant, guid, secret, body string) *http.Request {
	r := httptest.NewRequest("POST", "https://hooks.example.com/webhooks/"+tenant+"/gh", strings.NewReader(body))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set("X-Github-Event", "push")
	r.Header.Set("X-Github-Delivery", guid)
	r.Header.Set("Content-Type", "application/json")
	return r
}

const githubSecret = "a-webhook-secret-of-the-tests"

func configure(t testing.TB, edge *wasmtest.Edge, tenant string) {
	t.Helper()
	res := edge.Fetch(api("PUT", tenant+"/sources/gh", `{"provider":"github","secrets":["`+githubSecret+`"]}`))
	require.Contains(t, []int{200, 201}, res.StatusCode, text(res))
	res = edge.Fetch(api("PUT", tenant+"/agent", `{"url":"https://agent.example.com/events/`+tenant+`","secret":"whsec_dGVzdHMtb25seS1hZ2VudC1zZWNyZXQtMDAwMQ=="}`))
	require.Contains(t, []int{200, 201, 204}, res.StatusCode, text(res))
}

func TestHookweirDelivers(t *testing.T) {
	a := &agent{}
	edge := hookweir(t, a, wasmtest.Config{})
	configure(t, edge, "acme")
	for i := range 3 {
		guid := fmt.Sprintf("72d3162e-cc78-11e3-81ab-4c9367dc09%02d", i)
		res := edge.Fetch(github("acme", guid, githubSecret, `{"ref":"refs/heads/main"}`))
		require.Equal(t, 202, res.StatusCode, text(res))
	}
	edge.Advance(10 * time.Second)
	require.Len(t, a.got, 3)

	res := edge.Fetch(github("acme", "72d3162e-cc78-11e3-81ab-4c9367dc0900", githubSecret, `{"ref":"refs/heads/main"}`))
	require.Equal(t, 200, res.StatusCode, text(res))
	res = edge.Fetch(github("acme", "72d3162e-cc78-11e3-81ab-4c9367dc0977", "wrong", `{}`))
	require.Equal(t, 401, res.StatusCode, text(res))
	edge.Advance(time.Minute)
	require.Len(t, a.got, 3)
}

// TestAnAnswerIsItsHead: an agent that has said 2xx has the event, whatever it
// does with its connection then.
func TestAnAnswerIsItsHead(t *testing.T) {
	for name, after := range map[string]func(http.ResponseWriter){
		"works on past the deadline": func(w http.ResponseWriter) { wasmtest.Late(w, 20*time.Second) },
		"never ends":                 func(http.ResponseWriter) { panic(wasmtest.ErrSilent) },
		"breaks off":                 func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"streams": func(w http.ResponseWriter) {
			_, err := w.Write([]byte("data: 1\n\n"))
			require.NoError(t, err)
			panic(wasmtest.ErrSilent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &agent{status: func() int { return 200 }, after: after}
			edge := hookweir(t, a, wasmtest.Config{})
			configure(t, edge, "acme")
			res := edge.Fetch(github("acme", "72d3162e-cc78-11e3-81ab-4c9367dc0900", githubSecret, `{}`))
			require.Equal(t, 202, res.StatusCode, text(res))
			edge.Advance(5 * time.Minute)
			require.Len(t, a.got, 1)
		})
	}
}

// TestLargeBodiesAtOnce: strangers' bodies do not exhaust the isolate; what is
// over is refused for now, small webhooks pass, and afterwards all is well.
func TestLargeBodiesAtOnce(t *testing.T) {
	edge := hookweir(t, &agent{}, wasmtest.Config{})
	configure(t, edge, "acme")
	large := strings.Repeat("x", 25<<20)
	statuses := map[int]int{}
	for i := range 4 {
		edge.Send(github("acme", fmt.Sprint("forged-", i), "wrong", large), func(res *http.Response) {
			statuses[res.StatusCode]++
			if res.StatusCode == 503 {
				require.Contains(t, text(res), `"code":"overloaded"`)
				require.NotEmpty(t, res.Header.Get("Retry-After"))
			}
		})
	}
	edge.Advance(300 * time.Millisecond) // 64 KiB come each millisecond: 4 × 19 MB
	require.Equal(t, 202, edge.Fetch(github("acme", "small", githubSecret, `{}`)).StatusCode)
	edge.Advance(time.Minute)
	require.Equal(t, map[int]int{401: 1, 503: 3}, statuses)
	require.Equal(t, 202, edge.Fetch(github("acme", "large", githubSecret, large)).StatusCode)
	require.Equal(t, 202, edge.Fetch(github("acme", "last", githubSecret, `{}`)).StatusCode)
	for _, line := range edge.Log() {
		require.NotContains(t, line.Text, "instance_died")
		if strings.Contains(line.Text, "recycled") {
			t.Log(line.Text)
		}
	}
}
