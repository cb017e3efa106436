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
	got    []string // webhook-id of what it answered 2xx
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
