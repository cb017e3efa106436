package playbook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every third webhook is lost. Nobody but the cron trigger wakes the poll.
func TestDroppedWebhook(t *testing.T) {
	s := open(t)
	s.poll()
	s.run(time.Minute) // the poll has seen that there was nothing
	var sent []message
	for i := range 12 {
		m := s.slack.post(fmt.Sprintf("case-%d: message %d", i%2, i))
		if i%3 != 1 {
			require.Equal(t, 202, s.deliver(m))
		}
		sent = append(sent, m)
		s.run(time.Second)
	}
	s.run(2 * time.Minute) // two intervals
	for i, m := range sent {
		arrivals := s.agent.by(m.key())
		require.Len(t, arrivals, 1, m.Text)
		assert.Equal(t, map[bool]string{true: "poll", false: "webhook"}[i%3 == 1], arrivals[0].Origin)
	}
	missed := 0
	for _, e := range s.agent.told("hookweir.webhook.missed") {
		missed += e.Data.Count
	}
	assert.Equal(t, 4, missed)
	assert.Equal(t, map[string][]int{"case-0": {1, 2, 3, 4, 5, 6}, "case-1": {1, 2, 3, 4, 5, 6}}, s.salesforce.records)
	assert.Zero(t, s.slack.limit.excess)
}

// A message comes five times at once and once much later; a stranger sends it
// forged.
func TestDuplicate(t *testing.T) {
	s := open(t)
	m := s.slack.post("case-dup: please refund order 1001")
	statuses := []int{}
	for range 5 {
		s.edge.Send(s.slack.event(m, s.slack.secret), func(res *http.Response) { statuses = append(statuses, res.StatusCode) })
	}
	s.run(10 * time.Second)
	require.Len(t, statuses, 5)
	for _, status := range statuses {
		assert.Contains(t, []int{200, 202}, status)
	}
	s.edge.PauseCron(true)
	s.edge.Advance(71 * time.Hour) // of the 72 that duplicates are known
	assert.Equal(t, 200, s.deliver(m))
	assert.Equal(t, 401, s.edge.Fetch(s.slack.event(m, "of a stranger")).StatusCode)
	forged := message{m.Type, m.User, "case-dup: please refund order 1002", fmt.Sprintf("%d.000009", s.edge.Now().Unix())} // nobody wrote it
	assert.Equal(t, 401, s.edge.Fetch(s.slack.event(forged, "of a stranger")).StatusCode)
	s.run(time.Minute)
	assert.Len(t, s.agent.by(m.key()), 1)
	assert.Empty(t, s.agent.by(forged.key()))
	assert.Equal(t, map[string][]int{"case-dup": {1}}, s.salesforce.records)
}

// The tokens of a connection leak.
func TestTokenLeak(t *testing.T) {
	s := open(t)
	g := s.slack.grants
	s.edge.PauseCron(true)
	refresh, access := g.issued[0], g.issued[1]
	assert.Contains(t, s.callSlack(access, "/api/chat.postMessage"), "missing_scope")

	s.edge.Advance(11 * time.Hour) // Slack's tokens live for 12; they are refreshed at 80 to 90 %
	require.Equal(t, 1, g.refreshes)
	assert.Contains(t, s.spend(refresh), "invalid_refresh_token", "the stolen one is dead")
	s.edge.Advance(2 * time.Hour)
	assert.Contains(t, s.callSlack(access, "/api/conversations.history"), "token_expired")
	live := s.ask("POST", "/connections/slack/token", "")["access_token"].(string)
	assert.Contains(t, s.callSlack(live, "/api/conversations.history?limit=10"), `"ok":true`)

	// The thief is first, with a token stolen anew.
	for token := range g.refresh {
		refresh = token
	}
	assert.Contains(t, s.spend(refresh), `"ok":true`)
	s.edge.Advance(13 * time.Hour)
	notices := s.agent.told("hookweir.connection.needs_reauth")
	require.Len(t, notices, 1)
	assert.Equal(t, "slack", notices[0].Data.Connection)
	status, body := s.call("POST", "/connections/slack/token", "")
	assert.Equal(t, 409, status)
	assert.Contains(t, body, `"code":"needs_reauth"`)
	for _, line := range s.edge.Log() {
		for _, token := range g.issued {
			assert.NotContains(t, line.Text, token)
		}
	}
}

// callSlack is a call of Slack's API by whoever has a token: the body.
func (s *stage) callSlack(token, path string) string {
	r := httptest.NewRequest("POST", "https://slack.com"+path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.slack.ServeHTTP(w, r)
	return w.Body.String()
}

// spend uses a refresh token at Slack, with the client's secret too.
func (s *stage) spend(token string) string {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {s.slack.clientID}, "client_secret": {s.slack.clientSecret}}
	r := httptest.NewRequest("POST", "https://slack.com/api/oauth.v2.access", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.slack.ServeHTTP(w, r)
	return w.Body.String()
}

// Salesforce is down for three minutes.
func TestDownstream503(t *testing.T) {
	s := open(t)
	s.salesforce.ill = func(string) bool { return true }
	for i := range 12 {
		require.Equal(t, 202, s.deliver(s.slack.post(fmt.Sprintf("case-%d: message %d", i%3, i))))
	}
	s.run(3 * time.Minute)
	assert.Greater(t, s.salesforce.unavailable, 0)
	assert.Empty(t, s.salesforce.records)
	assert.Contains(t, s.must("GET", "/destinations/salesforce", ""), `"depth":12`)
	// It comes back by and by: the first write of each record is refused once
	// more, and those behind it would be taken.
	refused := map[string]bool{}
	s.salesforce.ill = func(record string) bool {
		again := refused[record]
		refused[record] = true
		return !again
	}
	s.run(10 * time.Minute)
	assert.Equal(t, map[string][]int{"case-0": {1, 2, 3, 4}, "case-1": {1, 2, 3, 4}, "case-2": {1, 2, 3, 4}}, s.salesforce.records)
	assert.Zero(t, s.salesforce.limit.excess)
}

// 600 writes at once, half a minute's worth.
func TestBurst(t *testing.T) {
	s := open(t)
	const count = 30 * perSecond
	list, once := make([]map[string]any, count), map[string][]int{}
	for i := range list {
		once[fmt.Sprint("burst-", i)] = []int{1}
		list[i] = map[string]any{"method": "PATCH", "path": fmt.Sprint(upsertPath, "burst-", i), "body": map[string]int{"Step__c": 1}, "idempotency_key": fmt.Sprint("burst-", i)}
	}
	body, err := json.Marshal(list)
	require.NoError(t, err)
	s.must("POST", "/destinations/salesforce/writes", string(body))
	s.run(2 * time.Minute)
	assert.Equal(t, once, s.salesforce.records)
	assert.Zero(t, s.salesforce.limit.excess)
}

// A tool changes what it asks for.
func TestSchemaChange(t *testing.T) {
	s := open(t)
	s.must("PUT", "/upstreams/desk", `{"url":"https://desk.example.com/mcp"}`)
	s.approve()
	args := map[string]string{"case": "case-1", "team": "support"}
	require.Equal(t, "routed", s.callTool("desk__route_case", args))
	s.desk.required = []string{"case", "team", "customer_email"}
	assert.Contains(t, s.callTool("desk__route_case", args), `"tool_changed"`)
	assert.Equal(t, 1, s.desk.calls, "the call did not reach it")
	s.run(10 * time.Second)
	notices := s.agent.told("hookweir.upstream.drift")
	require.Len(t, notices, 2, "when it was connected, and when it changed")
	assert.Equal(t, "desk", notices[1].Data.Upstream)
	s.approve()
	args["customer_email"] = "a@example.com"
	assert.Equal(t, "routed", s.callTool("desk__route_case", args))
}
