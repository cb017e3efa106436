package webhook

import (
	"slices"
	"strings"
)

// basePathParam names the parameter with the path that an app's paths are
// relative to.
const basePathParam = "base_path"

// appendCanonical appends the canonical request whose hash Atlassian Connect's
// qsh claim is (developer.atlassian.com, "Understanding JWT", Creating a query
// string hash): method, path and sorted query, joined by `&`. ok is false for
// a URL outside base, and for a query that is none.
func appendCanonical(dst []byte, r *Request, base string) (out []byte, ok bool) {
	path, _, _ := strings.Cut(pathAndQuery(r.URL), "?")
	path, ok = strings.CutPrefix(path, strings.TrimSuffix(base, "/"))
	if !ok || path != "" && path[0] != '/' {
		return dst, false
	}
	path = "/" + strings.Trim(path, "/")
	pairs, ok := formPairs([]byte(query(r.URL)))
	if !ok {
		return dst, false
	}
	dst = append(append(dst, strings.ToUpper(r.Method)...), '&')
	dst = append(append(dst, strings.ReplaceAll(path, "&", "%26")...), '&')
	for i, p := range pairs {
		pairs[i] = [2]string{escape(p[0]), escape(p[1])}
	}
	slices.SortFunc(pairs, comparePairs)
	last := ""
	for i, p := range pairs {
		switch {
		case p[0] == "jwt": // the token itself
			continue
		case i > 0 && p[0] == last: // a repeated name stands once, its values joined
			dst = append(append(dst, ','), p[1]...)
			continue
		case last != "":
			dst = append(dst, '&')
		}
		last = p[0]
		dst = append(append(append(dst, p[0]...), '='), p[1]...)
	}
	return dst, true
}

func comparePairs(a, b [2]string) int {
	if n := strings.Compare(a[0], b[0]); n != 0 {
		return n
	}
	return strings.Compare(a[1], b[1])
}

// escape percent-encodes everything but RFC 3986's unreserved characters.
func escape(s string) string {
	const upperHex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&0xf]})
		}
	}
	return b.String()
}
