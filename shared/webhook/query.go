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

// Place is where documents may be fetched: over https, on the usual port,
// without user information and fragment.
type Place struct {
	Host string // `*` in it is a region of AWS, such as us-gov-west-1
	// Path is all of the path; `*` in it is one or more letters, digits,
	// hyphens and underscores.
	Path string
	// Query is a parameter and the value it must have, once. Empty allows no
	// query at all.
	Query [2]string
}

// allowedURL says that url is at one of the places. What is a place is spelt
// out to the end: sns.s3.amazonaws.com is anybody's bucket, and SNS itself
// answers an API call in a query with text of the caller's.
func allowedURL(url string, places []Place) bool {
	host, path, query, ok := httpsURL(url)
	if !ok {
		return false
	}
	for _, p := range places {
		if !fits(host, p.Host, isRegion) || !fits(path, p.Path, isSegment) {
			continue
		}
		if p.Query[0] == "" && query == "" && !strings.Contains(url, "?") ||
			p.Query[0] != "" && queryValue(url, p.Query[0]) == p.Query[1] {
			return true
		}
	}
	return false
}

// httpsURL takes an https URL apart. ok is false for what has bytes that
// readers of URLs take differently, or a fragment.
func httpsURL(url string) (host, path, query string, ok bool) {
	rest, ok := strings.CutPrefix(url, "https://")
	if !ok || !visible(url) || strings.ContainsAny(url, `\"<>^{}|#`+"`") {
		return "", "", "", false
	}
	i := strings.IndexAny(rest, "/?")
	if i < 0 {
		return rest, "", "", true
	}
	path, query, _ = strings.Cut(rest[i:], "?")
	return rest[:i], path, query, true
}

// fits says that text is the pattern, with what is in place of its `*` ok.
func fits(text, pattern string, ok func(string) bool) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return text == pattern
	}
	middle, found := strings.CutPrefix(text, before)
	if !found {
		return false
	}
	middle, found = strings.CutSuffix(middle, after)
	return found && ok(middle)
}

// isRegion says that s has a region's form: two or more words of letters, then
// a number.
func isRegion(s string) bool {
	words := strings.Split(s, "-")
	for i, w := range words {
		last := i == len(words)-1
		for j := range len(w) {
			if c := w[j]; last != ('0' <= c && c <= '9') || !last && (c < 'a' || c > 'z') {
				return false
			}
		}
		if w == "" {
			return false
		}
	}
	return len(words) >= 3
}

func isSegment(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}

// maxHost bounds a host name (RFC 1035 §2.3.4).
const maxHost = 253

// isPublicName says that host is a name that the public DNS can have: two or
// more labels, and the last is no number (so no IPv4 address in any spelling)
// and none of the names that mean a machine or a network of one's own (RFC
// 6761 §6.3, RFC 6762 §3, and ICANN's .internal).
func isPublicName(host string) bool {
	labels := strings.Split(strings.ToLower(host), ".")
	for _, l := range labels {
		if !isSegment(l) || strings.Contains(l, "_") || l[0] == '-' || l[len(l)-1] == '-' || len(l) > 63 {
			return false
		}
	}
	last := labels[len(labels)-1]
	switch last {
	case "localhost", "local", "localdomain", "internal":
		return false
	}
	return len(labels) >= 2 && len(host) <= maxHost && (last[0] < '0' || last[0] > '9')
}
