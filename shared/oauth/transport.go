package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/hookweir/hookweir/shared/fetch"
)

// transport carries one token request of x/oauth2 over fetch, with the
// provider's departures from the standard applied on the way out and undone on
// the way back. It knows what happened better than x/oauth2's error, so
// failures are read off it.
type transport struct {
	client *Client
	extra  []Pair

	sent    bool
	answer  map[string]any // a success, flattened
	failure error
}

// errTwice refuses a second request: a code or a refresh token is spent once.
var errTwice = errors.New("oauth: a token request was to be sent twice")

// context has x/oauth2 use this transport, and follow no redirect: a 307 would
// carry the token elsewhere.
func (t *transport) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.sent {
		return nil, errTwice
	}
	t.sent = true
	if t.failure = t.client.Check(); t.failure != nil {
		return nil, t.failure
	}
	request, err := t.outgoing(r)
	if err != nil {
		t.failure = err
		return nil, err
	}
	res, err := t.client.send(r.Context(), request)
	if err != nil {
		t.failure = err
		return nil, err
	}
	t.answer, t.failure = t.client.Provider.read(res)
	var f *Failure
	if errors.As(t.failure, &f) {
		f.After = t.client.after(res)
	}
	if t.failure != nil {
		return nil, t.failure
	}
	// What x/oauth2 shall see: the plain members and nothing that it could
	// stumble over.
	body, err := json.Marshal(map[string]any{"access_token": t.text("access_token"), "refresh_token": t.text("refresh_token"), "token_type": t.text("token_type")})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// outgoing applies the row to the request.
func (t *transport) outgoing(r *http.Request) (fetch.Request, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fetch.Request{}, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return fetch.Request{}, err
	}
	c := t.client
	for _, p := range t.extra {
		form.Set(p.Name, p.Value)
	}
	if len(c.Resources) > 0 {
		form["resource"] = c.Resources
	}
	if c.Provider.Style == StyleKeyJWT {
		if err := c.assert(form); err != nil {
			return fetch.Request{}, err
		}
	}
	if name := c.Provider.ClientIDParam; name != "" && form.Has("client_id") {
		form[name] = form["client_id"]
		form.Del("client_id")
	}
	out := fetch.Request{Method: http.MethodPost, URL: r.URL.String(), Header: [][2]string{{"accept", "application/json"}}}
	if auth := r.Header.Get("Authorization"); auth != "" {
		out.Header = append(out.Header, [2]string{"authorization", auth})
	}
	if !c.Provider.JSONBody {
		out.Header = append(out.Header, [2]string{"content-type", "application/x-www-form-urlencoded"})
		out.Body = []byte(form.Encode())
		return out, nil
	}
	object := map[string]string{}
	for name, values := range form {
		object[name] = strings.Join(values, " ")
	}
	out.Header = append(out.Header, [2]string{"content-type", "application/json"})
	out.Body, err = json.Marshal(object)
	return out, err
}

// read takes an answer apart: its members, flattened, or a *Failure.
func (p *Provider) read(res fetch.Response) (map[string]any, error) {
	members := parse(res)
	if p.Nested != "" {
		if inner, ok := members[p.Nested].(map[string]any); ok {
			for k, v := range inner {
				members[k] = v
			}
		}
	}
	code := errorCode(members)
	refused := p.OKFlag && members["ok"] == false
	if res.Status < 200 || res.Status > 299 || code != "" || refused {
		return nil, p.refused(res.Status, code)
	}
	access := text(members["access_token"])
	switch {
	case members == nil:
		return nil, &Failure{Outcome: Lost, Status: res.Status, Code: "unreadable"}
	case access == "":
		return nil, &Failure{Outcome: Lost, Status: res.Status, Code: "no_access_token"}
	case !validToken(access) || !validToken(text(members["refresh_token"])):
		return nil, &Failure{Outcome: Lost, Status: res.Status, Code: "unreadable"}
	}
	return members, nil
}

// parse reads JSON, or a form where the server says so; nil for neither.
func parse(res fetch.Response) map[string]any {
	media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(res.Body))
	d.UseNumber()
	if d.Decode(&members) == nil {
		return members
	}
	media = strings.TrimSpace(strings.ToLower(media))
	if media != "application/x-www-form-urlencoded" && media != "text/plain" {
		return nil
	}
	form, err := url.ParseQuery(string(res.Body))
	if err != nil || form.Get("access_token") == "" && form.Get("error") == "" {
		return nil
	}
	members = map[string]any{}
	for k := range form {
		members[k] = form.Get(k)
	}
	return members
}

// errorCode finds the code where servers put it: `error`, as a text or as an
// object with a code or type, or `code` of a failure without one.
func errorCode(members map[string]any) string {
	switch e := members["error"].(type) {
	case string:
		return e
	case map[string]any:
		for _, name := range []string{"code", "type", "name"} {
			if s := text(e[name]); s != "" {
				return s
			}
		}
		return "error"
	}
	return ""
}

// validToken takes what can be a header's value (RFC 6750 §2.1 is narrower;
// servers are not).
func validToken(s string) bool {
	if len(s) > maxToken {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func (t *transport) text(name string) string { return text(t.answer[name]) }

// maxLife bounds a lifetime that a server states: longer is "no limit", and
// arithmetic on times stays safe.
const maxLife = 10 * 365 * 24 * time.Hour

// seconds reads a lifetime; zero when there is none, or none that makes sense.
func (t *transport) seconds(names ...string) time.Duration {
	for _, name := range names {
		n, err := json.Number(t.text(name)).Float64()
		if err == nil && n > 0 && n < maxLife.Seconds() {
			return time.Duration(n * float64(time.Second))
		}
	}
	return 0
}

// bearer is how a token is sent (RFC 6750 §2.1).
const bearer = "Bearer"

// kept bounds what is kept of an answer, in bytes.
const maxKept = 512

// tokens turns what x/oauth2 made of the exchange into Tokens or an error of
// ours; the library's own may quote the server's body.
func (t *transport) tokens(tok *oauth2.Token, err error) (Tokens, error) {
	if t.failure != nil {
		return Tokens{}, t.failure
	}
	if err != nil || tok == nil || tok.AccessToken == "" {
		return Tokens{}, &Failure{Outcome: Lost, Code: "unreadable"}
	}
	p := &t.client.Provider
	out := Tokens{
		// Whatever token_type says: Slack's `bot` and `user` are sent as bearer
		// tokens too, and no token that we ask for is bound to a key.
		Type: bearer, Access: tok.AccessToken, Refresh: t.text("refresh_token"),
		ExpiresIn:        t.seconds("expires_in", "expires"),
		RefreshExpiresIn: t.seconds("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"),
	}
	out.Scopes, out.Scoped = scopesOf(t.answer["scope"])
	if p.InstanceURL != "" {
		out.InstanceURL = cut(t.text(p.InstanceURL))
	}
	for _, name := range p.Keep {
		if v := cut(t.text(name)); v != "" {
			if out.Kept == nil {
				out.Kept = map[string]string{}
			}
			out.Kept[name] = v
		}
	}
	return out, nil
}

func cut(s string) string {
	if len(s) > maxKept {
		return ""
	}
	return s
}

// scopesOf reads `scope`: a text, or, as some servers have it, a list.
func scopesOf(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return SplitScopes(v), true
	case []any:
		var list []string
		for _, s := range v {
			if s, ok := s.(string); ok {
				list = append(list, s)
			}
		}
		slices.Sort(list)
		return slices.Compact(list), true
	}
	return nil, false
}
