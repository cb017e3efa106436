package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

// serveLogin is the authorization server with a front that may be down. What
// became of each refresh token goes into the model.
func (c *connections) serveLogin(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	spent := r.PostForm.Get("refresh_token")
	if r.URL.Path != "/token" {
		c.as.ServeHTTP(w, r)
		return
	}
	if c.edge.Now().Before(c.down) {
		c.grants.Spent(spent, 503)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	c.as.AccessLife = shortLife
	if c.edge.Now().After(start.Add(setup + span)) {
		c.as.AccessLife = longLife
	}
	answer := httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil { // the connection breaks, or nothing comes
			c.grants.Spent(spent, noAnswer)
			panic(v)
		}
	}()
	c.as.ServeHTTP(answer, r)
	var out struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	status, readable := answer.Code, json.Unmarshal(answer.Body.Bytes(), &out) == nil
	switch {
	case status == 200 && readable:
		c.grants.Issued(clientOf(r), spent, out.Access, out.Refresh, c.as.AccessLife)
	case status == 200:
		status = noAnswer
	}
	c.grants.Spent(spent, status)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// clientOf is who refreshes: each tenant has a client of its name.
func clientOf(r *http.Request) string {
	user, _, _ := r.BasicAuth()
	return user
}

// serveBooks is the API behind the connection: /{tenant}/pages/{n}.
func (c *connections) serveBooks(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	tenant, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		token = ""
	}
	c.grants.Call(tenant, "/"+path, token)
	if !c.as.Active(token) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"page":%q}`, path)
}
