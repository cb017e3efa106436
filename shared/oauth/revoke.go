package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/hookweir/hookweir/shared/fetch"
)

// Hints of RFC 7009 §2.1.
const (
	HintRefresh = "refresh_token"
	HintAccess  = "access_token"
)

// Revokes reports whether the provider can revoke a token of this kind.
func (p *Provider) Revokes(hint string) bool {
	switch p.RevokeKind {
	case RevokeNone:
		return false
	case RevokeBearer, RevokeDelete, RevokeApp:
		return hint == HintAccess // the call is made with, or about, an access token
	case RevokePath:
		return hint == HintRefresh
	}
	return p.Revoke != ""
}

// Revoke revokes one token. It may be repeated: a token that is gone already
// is a success (RFC 7009 §2.2). Errors: a *Failure whose outcome is Failed,
// Throttled or Lost when it is worth another try, or Misconfigured when only an
// operator can help; ErrClient.
func (c *Client) Revoke(ctx context.Context, token, hint string) error {
	res, err := c.revoke(ctx, token, hint)
	if err != nil {
		return err
	}
	if res.Status >= 200 && res.Status < 300 {
		members := parse(res)
		if !c.Provider.OKFlag || members["ok"] != false {
			return nil
		}
		return c.gone(res, errorCode(members))
	}
	return c.gone(res, errorCode(parse(res)))
}

// gone is a refusal, unless it says that there is nothing left to revoke.
func (c *Client) gone(res fetch.Response, code string) error {
	f := c.Provider.refused(res.Status, code)
	f.After = c.after(res)
	switch f.Code {
	case "invalid_token", "token_revoked", "invalid_auth", "account_inactive":
		return nil
	}
	bearer, named := false, false
	switch c.Provider.RevokeKind {
	case RevokeBearer, RevokeDelete:
		bearer, named = true, true
	case RevokeApp, RevokePath:
		named = true
	}
	// 404 is the token's where the request names it, and the endpoint's
	// elsewhere.
	if f.Outcome == Dead || named && res.Status == 404 || bearer && res.Status == 401 {
		return nil
	}
	return f
}

func (c *Client) revoke(ctx context.Context, token, hint string) (fetch.Response, error) {
	p := &c.Provider
	form := url.Values{"token": {token}, "token_type_hint": {hint}}
	r := fetch.Request{Method: http.MethodPost, URL: p.Revoke, Header: [][2]string{{"accept", "application/json"}}}
	switch p.RevokeKind {
	case RevokeBearer, RevokeDelete:
		r.Header = append(r.Header, [2]string{"authorization", "Bearer " + token})
		if p.RevokeKind == RevokeDelete {
			r.Method = http.MethodDelete
		}
	case RevokeApp, RevokeJSON:
		name := "token"
		if p.RevokeKind == RevokeApp {
			name, r.Method = "access_token", http.MethodDelete
			r.URL = strings.ReplaceAll(r.URL, "{client_id}", url.PathEscape(c.ID))
		}
		r.Header = append(r.Header, [2]string{"authorization", c.basic()}, [2]string{"content-type", "application/json"})
		body, err := json.Marshal(map[string]string{name: token})
		if err != nil {
			return fetch.Response{}, err
		}
		r.Body = body
	case RevokePath:
		r.Method, r.URL = http.MethodDelete, p.Revoke+"/"+url.PathEscape(token)
	case RevokeOpen, RevokeClientID:
		if p.RevokeKind == RevokeClientID {
			form.Set("client_id", c.ID)
		}
		r.Header = append(r.Header, [2]string{"content-type", "application/x-www-form-urlencoded"})
		r.Body = []byte(form.Encode())
	default:
		return c.post(ctx, p.Revoke, form)
	}
	return c.send(ctx, r)
}
