package toolserver

import "net/http"

// asksFirst reports the question of a browser whether a page may send what it
// wants to send (Fetch, CORS preflight). It has no token.
func asksFirst(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// toPage has the browser of a page that may call let it (Fetch, CORS protocol),
// and answers that question. Nothing here goes by cookies, so there are no
// credentials to allow; the token is a header that the page sets, and `*`
// stands for every header but that.
func toPage(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Vary", "Origin")
	if r.Method != http.MethodOptions {
		h.Set("Access-Control-Expose-Headers", sessionHeader+", WWW-Authenticate, Retry-After")
		return
	}
	h.Set("Access-Control-Allow-Methods", "POST, GET, DELETE")
	h.Set("Access-Control-Allow-Headers", "*, Authorization")
	w.WriteHeader(http.StatusNoContent)
}
