package outbound

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
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
		if secretName(h[0]) {
			out[i][1] = Removed
		}
	}
	return out
}

// secretWords mark a name as a secret's, wherever they stand in it. Read only.
var secretWords = [...]string{"token", "secret", "password", "passwd", "authorization", "cookie", "credential", "api-key", "api_key", "apikey", "private", "signature", "session"}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, w := range secretWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
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
		if !secretName(lastWord(before[:i])) {
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
