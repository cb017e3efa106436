package outbound

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/destination"
)

const (
	// KeptBody bounds what is kept of an answer's body, in bytes: an error
	// message or the id of what was made, not a document.
	KeptBody = 8 << 10
	// keptHeader bounds one kept header, in bytes.
	keptHeader = 256
)

// Removed stands where a secret was.
const Removed = "[removed]"

// keptNames are the answer's headers worth keeping: what it is, what to quote
// to the provider's support, what it said about limits. Read only.
var keptNames = [...]string{
	"Content-Type", "Date", "Location", "Retry-After", "Request-Id", "X-Request-Id", "X-Correlation-Id", "X-Trace-Id",
	"Cf-Ray", "X-Github-Request-Id", "Stripe-Request-Id", "X-Amzn-Requestid", "X-Hubspot-Correlation-Id",
}

// Answer is what is kept of a response, without secrets.
type Answer struct {
	Status    int         `json:"status"`
	Header    [][2]string `json:"headers,omitempty"`
	Body      string      `json:"body,omitempty"`
	Truncated bool        `json:"truncated,omitempty"` // there was more
}

// Answer is the response as it may be kept.
func (e *Exchange) Answer() Answer {
	a := Answer{Status: e.Response.Status, Truncated: e.Response.TooLarge}
	for _, name := range keptNames {
		if v := e.Response.Header[name]; len(v) == 1 && len(v[0]) <= keptHeader {
			a.Header = append(a.Header, [2]string{strings.ToLower(name), redact(v[0], e.secrets)})
		}
	}
	body := string(e.Response.Body)
	if !utf8.ValidString(body) {
		body = ""
		a.Truncated = true
	}
	// First redact, then cut: a cut in the middle would hide a secret from its
	// own removal.
	body = redact(body, e.secrets)
	if len(body) > KeptBody {
		body, a.Truncated = strings.ToValidUTF8(body[:KeptBody], ""), true
	}
	a.Body = body
	return a
}

// RedactHeader hides the values of a request's headers that may be secrets.
func RedactHeader(header [][2]string) [][2]string {
	out := slices.Clone(header)
	for i, h := range out {
		if destination.SecretField(h[0]) {
			out[i][1] = Removed
		}
	}
	return out
}

// RedactPath hides the values in a path's query that may be secrets.
func RedactPath(path string) string {
	for _, s := range querySecrets(path) {
		path = path[:s[0]] + Removed + path[s[1]:] // the last one first
	}
	return path
}

// querySecrets are where such values stand in a path, from the last to the
// first.
func querySecrets(path string) (at [][2]int) {
	end := len(path)
	for i := len(path) - 1; i >= 0; i-- {
		switch path[i] {
		case '&', '?':
			end = i
		case '=':
			name := path[strings.LastIndexAny(path[:i], "?&=")+1 : i]
			if plain, err := url.QueryUnescape(name); err == nil {
				name = plain
			}
			if strings.ContainsRune(path[:i], '?') && i+1 < end && destination.SecretField(name) {
				at = append(at, [2]int{i + 1, end})
			}
		}
	}
	return at
}

// secretsOf are the values of a request that its caller gave and that must not
// be shown: those that RedactHeader and RedactPath hide.
func secretsOf(c *Call) (list []string) {
	for _, h := range c.Header {
		if destination.SecretField(h[0]) {
			list = append(list, h[1])
			if _, value, ok := strings.Cut(h[1], " "); ok { // behind a scheme
				list = append(list, value)
			}
		}
	}
	for _, s := range querySecrets(c.Path) {
		value := c.Path[s[0]:s[1]]
		list = append(list, value)
		if plain, err := url.QueryUnescape(value); err == nil {
			list = append(list, plain)
		}
	}
	return list
}

// redact takes out the values that were sent, and every value that stands
// behind a name like a secret's, in JSON (`"access_token":"…"`) or in a form
// (`access_token=…`).
func redact(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= 4 { // a shorter one would tear every text to pieces
			text = strings.ReplaceAll(text, s, Removed)
		}
	}
	var out strings.Builder
	for text != "" {
		i := strings.IndexAny(text, ":=")
		if i < 0 {
			break
		}
		before, rest := text[:i+1], text[i+1:]
		out.WriteString(before)
		text = rest
		if !destination.SecretName(lastWord(before[:i])) {
			continue
		}
		space := len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
		value := rest[space:]
		if n := valueLength(value); n > 0 && !strings.HasPrefix(value, Removed) {
			out.WriteString(rest[:space])
			if value[0] == '"' {
				out.WriteString(`"` + Removed + `"`)
			} else {
				out.WriteString(Removed)
			}
			text = value[n:]
		}
	}
	out.WriteString(text)
	return out.String()
}

// lastWord is the name that ends here, without its quotes.
func lastWord(s string) string {
	s = strings.TrimRight(s, " \t\r\n")
	s = strings.TrimSuffix(s, `"`)
	s = strings.TrimSuffix(s, `\`)
	if i := strings.LastIndexAny(s, "\"&?{,; \t\r\n"); i >= 0 {
		s = s[i+1:]
	}
	return s
}

// valueLength is how many bytes the value takes that stands at the start of s:
// a JSON string with its quotes, or the rest of a word.
func valueLength(s string) int {
	if s == "" {
		return 0
	}
	if s[0] != '"' {
		if inner, ok := strings.CutPrefix(s, `\"`); ok { // a string of JSON within a string
			if i := strings.Index(inner, `\"`); i >= 0 {
				return len(`\"`) + i
			}
			return len(s)
		}
		for _, scheme := range [...]string{"bearer ", "basic ", "token "} {
			if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
				return len(scheme) + valueLength(s[len(scheme):])
			}
		}
		if s[0] == '{' { // an object of that name: its members speak for themselves
			return 0
		}
		if s[0] == '[' {
			if i := strings.IndexByte(s, ']'); i >= 0 {
				return i + 1
			}
			return len(s)
		}
		if i := strings.IndexAny(s, "&,;}] \t\r\n\""); i >= 0 {
			return i
		}
		return len(s)
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// Shown is a response's headers as the API shows them: names in lower case,
// what belongs to the connection and cookies left out.
func Shown(h http.Header) map[string]string {
	out := map[string]string{}
	for name, values := range h {
		lower := strings.ToLower(name)
		if slices.Contains(hiddenNames[:], lower) || len(values) == 0 {
			continue
		}
		out[lower] = strings.Join(values, ", ")
	}
	return out
}

// hiddenNames are headers of a response that mean nothing, or too much, to a
// caller. Read only.
var hiddenNames = [...]string{
	"set-cookie", "connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length", "trailer", "upgrade",
	"www-authenticate", "proxy-authenticate", "alt-svc", "strict-transport-security", "cf-cache-status", "report-to", "nel",
}
