package playbook_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"
)

const channel = "C0123456789"

// message is one of the channel's, as conversations.history has it.
type message struct {
	Type string `json:"type"`
	User string `json:"user"`
	Text string `json:"text"`
	TS   string `json:"ts"`
}

func (m message) key() string { return tenant + "/slack/" + channel + ":" + m.TS }

// slack signs events, gives its history by pages, newest first, keeps its
// tier's limit, and rotates its tokens.
type slack struct {
	*grants
	limit    limit
	secret   string
	messages []message // oldest first
	calls    []string  // paths, in order
}

func newSlack(now func() time.Time) *slack {
	return &slack{
		grants: newGrants(now, "slack", true, 12*time.Hour), secret: "8f742231b10e8888abcd99yyyzzz85a5",
		limit: limit{most: 50, within: time.Minute}, // tier 3
	}
}

func (s *slack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls = append(s.calls, r.URL.Path)
	switch r.URL.Path {
	case "/api/oauth.v2.access":
		t, code := s.token(r)
		if code == "invalid_grant" && r.PostFormValue("refresh_token") != "" {
			code = "invalid_refresh_token"
		}
		if code != "" {
			refuse(w, code)
			return
		}
		answer(w, map[string]any{
			"ok": true, "access_token": t.access, "refresh_token": t.refresh, "expires_in": t.expires, "token_type": "bot", "scope": strings.Join(t.scopes, ","),
		})
	case "/api/auth.revoke":
		if !s.revoke(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
			refuse(w, "invalid_auth")
			return
		}
		answer(w, map[string]any{"ok": true, "revoked": true})
	case "/api/conversations.history":
		s.guarded(w, r, "channels:history", s.history)
	case "/api/chat.postMessage":
		s.guarded(w, r, "chat:write", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{"ok": true}) })
	default:
		http.NotFound(w, r)
	}
}

// guarded is the order in which Slack looks: limit, token, scope.
func (s *slack) guarded(w http.ResponseWriter, r *http.Request, scope string, call http.HandlerFunc) {
	scopes := s.scopesOf(r)
	switch {
	case !s.limit.take(s.now()):
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	case scopes == nil:
		refuse(w, "token_expired")
	case !slices.Contains(scopes, scope):
		refuse(w, "missing_scope")
	default:
		call(w, r)
	}
}

func (s *slack) history(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	oldest, _ := strconv.ParseFloat(q.Get("oldest"), 64)
	most, _ := strconv.Atoi(q.Get("limit"))
	before, _ := base64.StdEncoding.DecodeString(q.Get("cursor"))
	var list []message
	for _, m := range slices.Backward(s.messages) {
		if ts, _ := strconv.ParseFloat(m.TS, 64); ts >= oldest && (len(before) == 0 || m.TS < string(before)) {
			list = append(list, m)
		}
	}
	page := map[string]any{"ok": true, "messages": list[:min(most, len(list))], "has_more": len(list) > most}
	if len(list) > most {
		page["response_metadata"] = map[string]string{"next_cursor": base64.StdEncoding.EncodeToString([]byte(list[most-1].TS))}
	}
	answer(w, page)
}

// post is somebody who writes in the channel.
func (s *slack) post(text string) message {
	m := message{"message", "U061F7AUR", text, fmt.Sprintf("%d.%06d", s.now().Unix(), len(s.messages)+1)}
	s.messages = append(s.messages, m)
	return m
}

// event is the webhook of a message, signed with a secret.
func (s *slack) event(m message, secret string) *http.Request {
	body, _ := json.Marshal(map[string]any{
		"type": "event_callback", "team_id": "T061EG9R6", "event_id": "Ev" + strings.ReplaceAll(m.TS, ".", ""),
		"event": map[string]string{"type": m.Type, "user": m.User, "text": m.Text, "ts": m.TS, "channel": channel},
	})
	at := strconv.FormatInt(s.now().Unix(), 10)
	r := httptest.NewRequest("POST", origin+"/webhooks/"+tenant+"/slack", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Slack-Request-Timestamp", at)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac(secret, "v0:"+at+":"+string(body))))
	return r
}

func refuse(w http.ResponseWriter, code string) {
	answer(w, map[string]any{"ok": false, "error": code})
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the recorder takes everything
}
