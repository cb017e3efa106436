package service

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/vault"
)

const (
	// usesEvery is how often the vault hears of one connection's calls from one
	// isolate: at once after a pause, and in a burst once a minute.
	usesEvery = time.Minute
	// usesKept bounds what waits for that, in different calls; more are told at
	// once.
	usesKept = 100
)

// uses gathers the calls made with connections' tokens, for the report of
// scopes. What an isolate holds when it ends is lost: the report is of what was
// seen, and says how much that was.
type uses struct {
	mu      sync.Mutex
	waiting map[string]*waiting // by tenant and connection
}

type waiting struct {
	told  time.Time
	calls []vault.Use
}

// add notes a call and returns what is to be told now, if anything. Equal calls
// are counted.
func (u *uses) add(key string, call vault.Use, now time.Time) []vault.Use {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[string]*waiting{}
	}
	w := u.waiting[key]
	if w == nil {
		w = &waiting{}
		u.waiting[key] = w
	}
	counted := false
	for i := range w.calls {
		c := &w.calls[i]
		if c.Method == call.Method && c.Path == call.Path {
			c.Count++
			c.At, c.Granted, c.Accepted = call.At, call.Granted, call.Accepted
			counted = true
		}
	}
	if !counted {
		w.calls = append(w.calls, call)
	}
	if now.Sub(w.told) < usesEvery && len(w.calls) < usesKept {
		return nil
	}
	due := w.calls
	w.calls, w.told = nil, now
	return due
}

// used takes an answer of a destination. A refused token used no scope.
func (s *Service) used(ctx context.Context, u outbound.Use) {
	if u.Response.Status == http.StatusUnauthorized {
		return
	}
	at, err := url.Parse(u.URL)
	if err != nil {
		return
	}
	call := vault.Use{
		Method: u.Method, Path: at.EscapedPath(), At: u.At, Count: 1,
		Granted:  oauth.SplitScopes(u.Response.Header.Get("X-OAuth-Scopes")),
		Accepted: oauth.SplitScopes(u.Response.Header.Get("X-Accepted-OAuth-Scopes")),
	}
	due := s.uses.add(u.Tenant+"/"+u.Connection, call, u.At)
	if due == nil {
		return
	}
	// The report is not worth failing a write for.
	if err := s.vault(u.Tenant).Used(ctx, u.Connection, due); err != nil {
		s.cfg.Log("uses_not_told", "tenant", u.Tenant, "connection", u.Connection)
	}
}
