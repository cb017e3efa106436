package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// agents is every tenant's agent: one host, a path each.
type agents struct {
	now     func() time.Time
	down    map[string]time.Time  // until when a tenant's agent answers 503
	keys    map[string][]agentKey // oldest first
	history *History
}

// agentKey is a secret that signs for an agent. Between its times it may.
type agentKey struct {
	secret string
	must   time.Time // from then on it signs, while it is the newest; zero: nobody knows yet
	end    time.Time // from then on it does not; zero: nobody knows yet
}

// ServeHTTP takes an event, reads its signature by the Standard Webhooks
// specification, and notes it.
func (a *agents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tenant := strings.TrimPrefix(r.URL.Path, "/events/")
	body, _ := io.ReadAll(r.Body)
	p := &Post{At: a.now(), Tenant: tenant, Key: r.Header.Get("Webhook-Id"), Status: http.StatusNoContent}
	p.Signed = a.signed(tenant, r.Header, body)
	var event struct {
		ID   string          `json:"id"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err == nil {
		p.Body = string(event.Data)
	}
	if event.ID != p.Key {
		p.Signed = false // the body is another event's
	}
	if a.now().Before(a.down[tenant]) {
		p.Status = http.StatusServiceUnavailable
	}
	a.history.Posts = append(a.history.Posts, p)
	w.WriteHeader(p.Status)
}

// signed reports whether the right secrets signed: some secret did, none that
// was rotated out, and the newest if its rotation is long enough ago.
func (a *agents) signed(tenant string, h http.Header, body []byte) bool {
	now, any := a.now(), false
	keys := a.keys[tenant]
	for i, k := range keys {
		by := signedBy(k.secret, h, body)
		ended := !k.end.IsZero() && !now.Before(k.end)
		needed := i == len(keys)-1 && !k.must.IsZero() && !now.Before(k.must)
		if by && ended || !by && needed {
			return false
		}
		any = any || by
	}
	return any
}

// signedBy checks webhook-signature: base64 of HMAC-SHA256 over
// id.timestamp.body, with the secret after whsec_ decoded.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func signedBy(secret string, h http.Header, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for one := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		if one == want {
			return true
		}
	}
	return false
}
