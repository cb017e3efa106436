package admin

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/vault"
)

// The two routes that browsers come to: a link that begins an authorization,
// and the callback that ends it. Neither takes a place to go on to, so neither
// can be made to send anybody elsewhere.

const (
	callbackPath = "/oauth/callback"
	startPath    = "/oauth/start"
	// maxQuery bounds a callback's query, in bytes; codes are JWTs at some
	// providers.
	maxQuery = 8 << 10
)

func oauthRoutes(path string) (methods, bool) {
	switch path {
	case callbackPath:
		return methods{http.MethodGet: (*api).oauthCallback}, true
	case startPath:
		return methods{http.MethodGet: (*api).oauthStart}, true
	}
	return nil, false
}

// responder is a body that writes itself.
type responder interface {
	respond(w http.ResponseWriter, r *http.Request, status int)
}

func (a *api) redirectURL(r *http.Request) string { return a.origin(r) + callbackPath }

func (a *api) secureCookies(r *http.Request) bool { return strings.HasPrefix(a.origin(r), "https://") }

// authorizeConnection sends the browser at hand to the provider.
func (a *api) authorizeConnection(c *call) (answer, error) {
	f, err := a.Vault(c.tenant).Authorize(c.Context(), vault.BeginFlow{Connection: c.object, Redirect: a.redirectURL(c.Request)})
	a.logChange("admin.authorization_begun", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusFound, a.departure(c.Request, f)}, nil
}

// linkConnection answers a link for another browser: it begins one
// authorization, once, within a day.
func (a *api) linkConnection(c *call) (answer, error) {
	l, err := a.Vault(c.tenant).Link(c.Context(), vault.BeginFlow{Connection: c.object, Redirect: a.redirectURL(c.Request)})
	a.logChange("admin.authorization_link", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, map[string]any{
		"url":     a.origin(c.Request) + startPath + "?ticket=" + url.QueryEscape(l.Ticket),
		"expires": l.Expires,
	}}, nil
}

// oauthStart opens a link.
func (a *api) oauthStart(c *call) (answer, error) {
	q, err := singleQuery(c.Request)
	if err != nil {
		return answer{}, err
	}
	tenantName, ok := vault.TenantOf(q["ticket"])
	if !ok {
		return answer{}, vault.ErrFlow
	}
	f, err := a.Vault(tenantName).OpenLink(c.Context(), q["ticket"])
	if err != nil {
		return answer{}, noFlow(err)
	}
	return answer{http.StatusFound, a.departure(c.Request, f)}, nil
}

// oauthCallback ends an authorization. Browsers get a page, others JSON.
func (a *api) oauthCallback(c *call) (answer, error) {
	q, err := singleQuery(c.Request)
	if err != nil {
		return answer{}, err
	}
	tenantName, ok := vault.TenantOf(q["state"])
	if !ok {
		return answer{}, vault.ErrFlow
	}
	in := vault.Callback{State: q["state"], Code: q["code"], Issuer: q["iss"], Error: q["error"]}
	cookie := vault.CookieName(in.State, a.secureCookies(c.Request))
	if k, err := c.Cookie(cookie); err == nil {
		in.Cookie = k.Value
	}
	for _, name := range []string{"state", "code", "iss", "error", "error_description", "error_uri"} {
		delete(q, name)
	}
	in.Params = q
	conn, err := a.Vault(tenantName).Finish(c.Context(), in)
	if err != nil {
		return answer{}, noFlow(err)
	}
	a.Log("admin.connected", "tenant", tenantName, "object", conn.Name)
	return answer{http.StatusOK, arrival{
		cookie: a.cookie(c.Request, in.State, "", -1), Connection: conn.Name, State: conn.State, Granted: conn.Granted,
	}}, nil
}

// noFlow makes a tenant without a vault look like any other wrong state.
func noFlow(err error) error {
	if toProblem(err).Code == problem.CodeNotFound {
		return vault.ErrFlow
	}
	return err
}

// singleQuery reads a query whose parameters occur once each (RFC 6749 §3.1).
func singleQuery(r *http.Request) (map[string]string, error) {
	if r.Method == http.MethodHead { // a preview must not use a link up
		return nil, methodNotAllowed(methods{http.MethodGet: nil})
	}
	if len(r.URL.RawQuery) > maxQuery {
		return nil, refuse(problem.CodeURITooLong, "")
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(problem.CodeInvalidQuery, "")
	}
	out := map[string]string{}
	for name, list := range values {
		if len(list) != 1 {
			return nil, refuse(problem.CodeInvalidQuery, "a parameter occurs more than once")
		}
		out[name] = list[0]
	}
	return out, nil
}

// cookie ties a state to the browser: over https by the __Host- prefix to this
// host and no other; Lax, because the provider's redirect is a navigation from
// another site.
func (a *api) cookie(r *http.Request, state, value string, maxAge int) *http.Cookie {
	secure := a.secureCookies(r)
	return &http.Cookie{
		Name: vault.CookieName(state, secure), Value: value, Path: "/", MaxAge: maxAge,
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// departure is the redirect to the provider.
type departure struct {
	to     string
	cookie *http.Cookie
}

// cookieLife is how long a browser keeps the cookie, in seconds: as long as
// its flow.
const cookieLife = int(15 * time.Minute / time.Second)

func (a *api) departure(r *http.Request, f vault.Flow) departure {
	return departure{to: f.URL, cookie: a.cookie(r, f.Cookie, f.Value, cookieLife)}
}

func (d departure) respond(w http.ResponseWriter, _ *http.Request, status int) {
	http.SetCookie(w, d.cookie)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", d.to)
	w.WriteHeader(status)
}

// arrival is the end of an authorization that went well.
type arrival struct {
	cookie     *http.Cookie
	Connection string   `json:"connection"`
	State      string   `json:"state"`
	Granted    []string `json:"granted_scopes"`
}

func (v arrival) respond(w http.ResponseWriter, r *http.Request, status int) {
	http.SetCookie(w, v.cookie)
	if wantsPage(r) {
		writePage(w, r, status, "Connected", "The connection “"+v.Connection+"” is authorized. You can close this window.")
		return
	}
	writeJSON(w, r, status, v)
}

// wantsPage: browsers say that they take HTML.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// writePage writes a page of text: no script, no style, no link, nothing that
// could be framed.
func writePage(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer")
	page := "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + html.EscapeString(title) +
		"</title></head><body><h1>" + html.EscapeString(title) + "</h1><p>" + html.EscapeString(text) + "</p></body></html>\n"
	write(w, r, status, "text/html; charset=utf-8", []byte(page))
}
