package target

import "strings"

// Origin cuts a URL behind its authority, and writes what is before in one form:
// in lower case, without the port that is the scheme's own (RFC 3986 §6.2.2.1,
// §6.2.3). A path of its own it leaves alone.
func Origin(link string) (at, rest string, ok bool) {
	scheme, rest, ok := strings.Cut(link, "://")
	if !ok || strings.ContainsAny(scheme, "/?") {
		return "", link, false
	}
	host := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		host = rest[:end]
	}
	rest = rest[len(host):]
	scheme, host = strings.ToLower(scheme), strings.ToLower(host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host, rest, true
}
