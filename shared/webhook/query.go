package webhook

import "strings"

// query is the query of an absolute URL, without the question mark.
func query(url string) string {
	url, _, _ = strings.Cut(url, "#")
	_, q, _ := strings.Cut(url, "?")
	return q
}

// queryValue returns the decoded value of a parameter; one that occurs twice
// is not found, see formField.
func queryValue(url, name string) string {
	text, _ := formField([]byte(query(url)), name)
	return text
}

// pathAndQuery is what follows the host in an absolute URL.
func pathAndQuery(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	rest, _, _ = strings.Cut(rest, "#")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		return rest[i:]
	}
	return "/"
}

// field returns the value of a header, or of a query parameter where the name
// starts with `?`. Errors: those of one.
func field(r *Request, name string, commas bool) (string, error) {
	if name == "" || name[0] != '?' {
		return one(r.Header, name, commas)
	}
	text := queryValue(r.URL, name[1:])
	if len(text) > maxHeaderBytes {
		return "", ErrMalformed
	}
	return text, nil
}

// allowedURL says that url is https at one of the hosts, on the usual port and
// without user information. A pattern's `*` is one or more letters, digits and
// hyphens.
func allowedURL(url string, hosts []string) bool {
	rest, ok := strings.CutPrefix(url, "https://")
	if !ok || !visible(url) || strings.ContainsAny(url, `\"<>^{}|#`+"`") {
		return false
	}
	host, _, _ := strings.Cut(rest, "/")
	for _, pattern := range hosts {
		before, after, star := strings.Cut(pattern, "*")
		if !star {
			if host == pattern {
				return true
			}
			continue
		}
		middle, ok := strings.CutPrefix(host, before)
		if !ok {
			continue
		}
		if middle, ok = strings.CutSuffix(middle, after); ok && isLabel(middle) {
			return true
		}
	}
	return false
}

func isLabel(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
		default:
			return false
		}
	}
	return s != ""
}
