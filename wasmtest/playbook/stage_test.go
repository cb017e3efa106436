package playbook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/wasmtest"
)

const (
	tenant     = "acme"
	origin     = "https://hooks.example.com"
	adminToken = "playbook-only-admin-token"
	agentKey   = "cGxheWJvb2tzLW9ubHktYWdlbnQtc2VjcmV0LTAwMDE="
)

// secrets are throw-away keys of these tests.
var secrets = map[string]string{
	"SOURCE_KEYS": "t1:dGVzdHMtb25seS1zb3VyY2Uta2V5LTAwMDAwMDAwMDE=",
	"VAULT_KEYS":  "t1:dGVzdHMtb25seS12YXVsdC1rZXktMDAwMDAwMDAwMDE=",
	"ADMIN_TOKEN": adminToken,
	"PUBLIC_URL":  origin,
}

// stage is the deployed Workers, the outside systems and one tenant.
type stage struct {
	t          *testing.T
	edge       *wasmtest.Edge
	agent      *agent
	slack      *slack
	salesforce *salesforce
	desk       *desk
	key        string          // of the tenant's agent
	acted      map[string]bool // events the agent has acted on
	steps      map[string]int  // of each record, the last one
	writes     int
}

// open deploys and configures, as an operator would.
func open(t *testing.T) *stage {
	t.Helper()
	workers, err := wasmtest.Hookweir("../..", secrets)
	require.NoError(t, err)
	plant(workers)
	s := &stage{t: t, agent: &agent{}, desk: &desk{required: []string{"case", "team"}}, acted: map[string]bool{}, steps: map[string]int{}}
	now := func() time.Time { return s.edge.Now() }
	s.slack, s.salesforce = newSlack(now), newSalesforce(now)
	s.edge = wasmtest.New(t, wasmtest.Config{Workers: workers, Servers: map[string]http.Handler{
		"agent.example.com": s.agent, "slack.com": s.slack, "login.salesforce.com": s.salesforce, instance: s.salesforce, "desk.example.com": s.desk,
	}})
	s.must("PUT", "/agent", `{"url":"https://agent.example.com/events","secret":"whsec_`+agentKey+`"}`)
	s.must("PUT", "/sources/slack", `{"provider":"slack","secrets":["`+s.slack.secret+`"]}`)
	s.connect("slack", "slack", s.slack.grants, `["channels:history"]`)
	s.connect("salesforce", "salesforce", s.salesforce.grants, `["api","refresh_token"]`)
	s.must("PUT", "/destinations/salesforce", `{"base_url":"`+s.ask("POST", "/connections/salesforce/token", "")["instance_url"].(string)+`","connection":"salesforce","rate":{"requests":20,"per":"1s","burst":5}}`)
	s.key = s.ask("POST", "/keys", "{}")["key"].(string)
	return s
}

// poll puts the poll behind Slack's webhooks.
func (s *stage) poll() {
	s.t.Helper()
	s.must("PUT", "/destinations/slack", `{"base_url":"https://slack.com","connection":"slack","rate":{"requests":50,"per":"1m","burst":10}}`)
	s.must("PUT", "/polls/slack", `{"preset":"slack","params":{"channel":"`+channel+`"},"destination":"slack","source":"slack"}`)
}

// approve has an operator agree to what the desk's tools are now.
func (s *stage) approve() {
	s.t.Helper()
	s.must("POST", "/upstreams/desk/approve", `{"report":"`+s.ask("GET", "/upstreams/desk/drift", "")["report"].(string)+`"}`)
}

// ask is must with the answer read.
func (s *stage) ask(method, path, body string) map[string]any {
	s.t.Helper()
	var out map[string]any
	require.NoError(s.t, json.Unmarshal([]byte(s.must(method, path, body)), &out))
	return out
}

// call is a request of the operator's: status and body.
func (s *stage) call(method, path, body string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, origin+"/v1/tenants/"+tenant+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res := s.edge.Fetch(r)
	return res.StatusCode, text(s.t, res)
}

// must is call of what has to be agreed to.
func (s *stage) must(method, path, body string) string {
	s.t.Helper()
	status, answer := s.call(method, path, body)
	require.Equal(s.t, 2, status/100, "%s %s: %d %s", method, path, status, answer)
	return answer
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}

// connect makes a connection and walks a browser through its authorization.
func (s *stage) connect(name, provider string, g *grants, scopes string) {
	s.t.Helper()
	s.must("PUT", "/connections/"+name, `{"provider":"`+provider+`","client_id":"`+g.clientID+`","client_secret":"`+g.clientSecret+`","scopes":`+scopes+`}`)
	s.authorize(name, g)
}

func (s *stage) authorize(name string, g *grants) {
	s.t.Helper()
	r := httptest.NewRequest("GET", origin+"/v1/tenants/"+tenant+"/connections/"+name+"/authorize", nil)
	r.Header.Set("Authorization", "Bearer "+adminToken)
	done := oauthtest.Consent(r, s.edge.Fetch, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, g.authorize(r.URL.Query()), http.StatusFound)
	}))
	require.Equal(s.t, 200, done.StatusCode, text(s.t, done))
}

// deliver sends the webhook of a message: the answer's status.
func (s *stage) deliver(m message) int {
	s.t.Helper()
	return s.edge.Fetch(s.slack.event(m, s.slack.secret)).StatusCode
}

// run lets time go by; the agent acts on what came every second: for each new
// message one write, the next step of the record it is about.
func (s *stage) run(d time.Duration) {
	s.t.Helper()
	for end := s.edge.Now().Add(d); s.edge.Now().Before(end); {
		s.edge.Advance(time.Second)
		s.act()
	}
}

func (s *stage) act() {
	s.t.Helper()
	for _, e := range s.agent.got {
		record := e.record()
		if record == "" || s.acted[e.ID] {
			continue
		}
		s.acted[e.ID] = true
		s.steps[record]++
		body, err := json.Marshal(map[string]any{
			"method": "PATCH", "path": upsertPath + record, "body": map[string]int{"Step__c": s.steps[record]},
			"partition_key": record, "idempotency_key": e.ID,
		})
		require.NoError(s.t, err)
		s.must("POST", "/destinations/salesforce/writes", string(body))
		s.writes++
	}
}

// agent is the agent's endpoint.
type agent struct{ got []received }

// received is an event that the agent verified and accepted.
type received struct {
	ID     string
	Type   string `json:"type"`
	Origin string `json:"hookweirorigin"`
	Data   struct {
		Text  string `json:"text"`
		Event struct {
			Text string `json:"text"`
		} `json:"event"`
		Connection string `json:"connection"`
		Upstream   string `json:"upstream"`
		Cause      string `json:"cause"`
		Count      int    `json:"count"`
	} `json:"data"`
}

// record is what a message is about: `case-1: …`.
func (e received) record() string {
	record, _, ok := strings.Cut(e.Data.Text+e.Data.Event.Text, ": ")
	if !ok || !strings.HasPrefix(e.Type, "com.slack.") {
		return ""
	}
	return record
}

func (a *agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	e := received{ID: r.Header.Get("Webhook-Id")}
	key, _ := base64.StdEncoding.DecodeString(agentKey)
	want := "v1," + base64.StdEncoding.EncodeToString(mac(string(key), e.ID+"."+r.Header.Get("Webhook-Timestamp")+"."+string(body)))
	if err != nil || r.Header.Get("Webhook-Signature") != want || json.Unmarshal(body, &e) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a.got = append(a.got, e)
	w.WriteHeader(http.StatusNoContent)
}

// by are the arrivals of one event.
func (a *agent) by(id string) []received {
	var list []received
	for _, e := range a.got {
		if e.ID == id {
			list = append(list, e)
		}
	}
	return list
}

// told are the notices of a kind.
func (a *agent) told(kind string) []received {
	var list []received
	for _, e := range a.got {
		if e.Type == kind {
			list = append(list, e)
		}
	}
	return list
}

func mac(secret, text string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}
