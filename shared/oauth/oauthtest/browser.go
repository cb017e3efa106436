package oauthtest

import (
	"net/http"
	"net/http/httptest"
)

// Consent is a person who agrees: authorize is the request that answers with
// the redirect to the server, fetch reaches whoever answers it. The browser
// goes on to the server's page and comes back with its cookies. It returns the
// last answer: the callback's, or that of authorize when it is no redirect.
func Consent(authorize *http.Request, fetch func(*http.Request) *http.Response, server http.Handler) *http.Response {
	res := fetch(authorize)
	if res.StatusCode != http.StatusFound {
		return res
	}
	page := httptest.NewRecorder()
	server.ServeHTTP(page, httptest.NewRequest(http.MethodGet, res.Header.Get("Location"), nil))
	back := httptest.NewRequest(http.MethodGet, page.Header().Get("Location"), nil)
	for _, c := range res.Cookies() {
		back.AddCookie(c)
	}
	return fetch(back)
}
