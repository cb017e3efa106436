package ingress

import (
	"strings"

	"github.com/hookweir/hookweir/shared/ingest"
)

// parseHead reads the head of a request: method, URL, then name and value of
// each header, every one ended by a line feed.
func parseHead(s string) *ingest.Request {
	r := &ingest.Request{}
	r.Method, s = cutLine(s)
	r.URL, s = cutLine(s)
	r.Header = Header{lines: s}
	return r
}

func cutLine(s string) (line, rest string) {
	i := strings.IndexByte(s, '\n')
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// Header is the header of a request as the host passed it, in UTF-8. It is
// searched in place: a handler reads three or four of a dozen names.
type Header struct{ lines string }

// Values returns the value of every line called name; workerd has joined
// lines of one name by ", " before it shows them.
func (h Header) Values(name string) []string {
	var values []string
	for rest := h.lines; rest != ""; {
		var n, v string
		n, rest = cutLine(rest)
		v, rest = cutLine(rest)
		if len(n) == len(name) && strings.EqualFold(n, name) {
			values = append(values, v)
		}
	}
	return values
}
