package playbook_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

const (
	instance   = "acme.my.salesforce.com"
	upsertPath = "/services/data/v62.0/sobjects/Case/External_Id__c/"

	// What the org takes, which the destination is told too.
	perSecond = 20
	burst     = 5
)

// salesforce upserts by external id, within a limit, and notes the steps of
// each record in the order in which it took them. No answer of its is ever lost,
// so a step that comes again, though it changes nothing, was sent twice.
type salesforce struct {
	*grants
	limit       limit
	ill         func(record string) bool // 503 to a write; nil: to none
	unavailable int
	records     map[string][]int
}

func newSalesforce(now func() time.Time) *salesforce {
	return &salesforce{
		grants: newGrants(now, "salesforce", false, 2*time.Hour), records: map[string][]int{},
		limit: limit{most: perSecond + burst, within: time.Second},
	}
}

func (s *salesforce) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/services/oauth2/token" {
		t, code := s.token(r)
		if code != "" {
			w.WriteHeader(http.StatusBadRequest)
			answer(w, map[string]string{"error": code})
			return
		}
		answer(w, map[string]string{
			"access_token": t.access, "refresh_token": t.refresh, "instance_url": "https://" + instance, "token_type": "Bearer", "scope": strings.Join(t.scopes, " "),
		})
		return
	}
	record, ok := strings.CutPrefix(r.URL.Path, upsertPath)
	var in struct {
		Step int `json:"Step__c"`
	}
	switch {
	case !ok || r.Method != "PATCH" || json.NewDecoder(r.Body).Decode(&in) != nil:
		http.NotFound(w, r)
	case !s.limit.take(s.now()):
		w.WriteHeader(http.StatusForbidden) // REQUEST_LIMIT_EXCEEDED
	case s.scopesOf(r) == nil:
		w.WriteHeader(http.StatusUnauthorized)
	case s.ill != nil && s.ill(record):
		s.unavailable++
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		s.records[record] = append(s.records[record], in.Step)
		answer(w, map[string]any{"id": "500" + record, "success": true})
	}
}
