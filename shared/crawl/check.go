package crawl

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/outbound"
)

// Bounds of an operator's own recipe.
const (
	maxTemplate = 4 << 10  // bytes of a path or a header
	maxBody     = 16 << 10 // bytes of a request's body
	maxHeaders  = 10
	maxRules    = 4 // of an id, a type or a time
	maxParts    = 8
	maxParams   = 16
	maxParam    = 512 // bytes of a parameter's value
	maxSegment  = 128 // bytes of a path's segment
	maxFaults   = 8
	// MaxOverlap bounds how far back every crawl looks.
	MaxOverlap = 24 * time.Hour
	// maxPageItems bounds what a recipe asks for in one page.
	maxPageItems = 5000
)

// forbidden headers are the connection's, the platform's or ours. Read only.
var forbidden = [...]string{
	"authorization", "cookie", "host", "connection", "content-length", "content-type", "transfer-encoding", "te", "upgrade",
	"proxy-authorization", "if-none-match", "if-modified-since", "expect", "trailer", "via", "x-forwarded-for", "forwarded",
}

// problem says what is wrong with a recipe. It quotes nothing.
type problem struct{ what string }

func (p problem) Error() string { return "crawl: " + p.what }

func (problem) Unwrap() error { return ErrRecipe }

// Check reports whether the recipe can be polled. Errors wrap ErrRecipe and
// say what is wrong, in words for an operator.
func (r *Recipe) Check() error {
	for _, t := range r.templates() {
		if err := t.check(); err != nil {
			return err
		}
	}
	for _, check := range [...]func() string{r.checkItems, r.checkRule, r.checkPaging, r.checkFaults} {
		if what := check(); what != "" {
			return problem{what}
		}
	}
	return nil
}

func (r *Recipe) templates() []*Request {
	list := []*Request{&r.List}
	for _, t := range [...]*Request{r.First, r.More, r.Detail, r.Redeliver} {
		if t != nil {
			list = append(list, t)
		}
	}
	return list
}

// Shown is the recipe as it may be shown: one that was made before credentials
// were refused may hold some.
func (r *Recipe) Shown() *Recipe {
	out := *r
	out.List = *r.List.shown()
	out.First, out.More, out.Detail = r.First.shown(), r.More.shown(), r.Detail.shown()
	return &out
}

func (t *Request) shown() *Request {
	if t == nil {
		return nil
	}
	out := *t
	out.Headers = maps.Clone(t.Headers)
	for name, value := range out.Headers {
		if credential(name, value) {
			out.Headers[name] = removed
		}
	}
	return &out
}

// removed stands where a secret was.
const removed = "[removed]"

// credential reports a header that is named like a secret's and holds more
// than what the list itself gives, such as the next page's token.
func credential(name, value string) bool {
	ours := true
	each(value, func(text string) { ours = ours && text == "" }, func(n string) { ours = ours && slices.Contains(builtins[:], n) })
	return !ours && outbound.SecretHeader(name)
}

func (t *Request) check() error {
	switch {
	case t.Method != "" && t.Method != "GET" && t.Method != "POST":
		return problem{"method must be GET or POST"}
	case len(t.Path) > maxTemplate || !strings.HasPrefix(t.Path, "/") || strings.HasPrefix(t.Path, "//"):
		return problem{"path must start with one slash and have at most 4096 bytes"}
	case !headerValue(t.Path) || strings.ContainsAny(t.Path, "\\# ") || dots(strings.SplitN(t.Path, "?", 2)[0]):
		return problem{"path must be visible ASCII without fragment, backslash or dot segments"}
	case len(t.Body) > maxBody:
		return problem{"body must have at most 16384 bytes"}
	case len(t.Headers) > maxHeaders:
		return problem{"at most 10 headers"}
	}
	for name, value := range t.Headers {
		if !token(name) || slices.Contains(forbidden[:], strings.ToLower(name)) || len(value) > maxTemplate || !headerValue(value) {
			return problem{"a header's name or value is not acceptable; Authorization is the destination's: its auth, or its connection's"}
		}
		if credential(name, value) {
			return problem{"a credential in a header would be shown with the poll: give it to the destination, as auth of type header"}
		}
	}
	for _, text := range append(slices.Collect(maps.Values(t.Headers)), t.Path, t.Body) {
		if _, ok := names(text); !ok {
			return problem{"a template has {{ without a name and }}"}
		}
	}
	if t.Body != "" {
		filled, _ := expand(t.Body, func(string) (string, bool, bool) { return "1", false, true }, escapeJSON)
		if !json.Valid([]byte(filled)) {
			return problem{"body must be JSON; a {{name}} stands within quotes, or for a number"}
		}
	}
	return nil
}

// token is RFC 9110 §5.6.2.
func token(s string) bool {
	return s != "" && len(s) <= maxSegment && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
}

func (r *Recipe) checkItems() string {
	if r.Format != FormatJSON && r.Format != FormatFeed {
		return `format must be "feed" or left out`
	}
	if len(r.ID) == 0 || len(r.ID) > maxRules || len(r.Type) > maxRules || len(r.Time) > maxRules {
		return "id, and one to four rules in it, must be there; type and time have at most four"
	}
	for _, rules := range [...][]Parts{r.ID, r.Type} {
		for _, parts := range rules {
			if len(parts) == 0 || len(parts) > maxParts {
				return "a rule of id or type has one to eight parts"
			}
			for _, p := range parts {
				if !p.valid() {
					return "a part is one of path, param, text and hash"
				}
			}
		}
	}
	if paths := r.paths(); len(paths) > jsontext.MaxPaths || slices.ContainsFunc(paths, badPath) {
		return "a path has one to sixteen keys, and there are at most sixteen paths"
	}
	for _, p := range [...][]string{r.Items, r.Body, r.Token, r.FirstToken, r.Paging.Path} {
		if len(p) > 0 && badPath(p) {
			return "a path has one to sixteen keys"
		}
	}
	switch r.TimeFormat {
	case TimeRFC3339, TimeUnix, TimeUnixMillis, TimeUnixFraction:
	default:
		return "time_format must be unix, unix_ms, unix_fraction or left out"
	}
	if len(r.TypePrefix) > maxSegment || !headerValue(r.TypePrefix) || len(r.Provider) > maxSegment {
		return "type_prefix and provider have at most 128 bytes"
	}
	if r.Detail != nil && (len(r.Key) == 0 || len(r.Body) == 0) {
		return "detail needs key and body"
	}
	return ""
}

func badPath(p []string) bool {
	return len(p) == 0 || len(p) > jsontext.MaxPathLen || slices.ContainsFunc(p, func(s string) bool { return len(s) > maxSegment })
}

func (p Part) valid() bool {
	n := 0
	for _, set := range [...]bool{len(p.Path) > 0, p.Param != "", p.Text != "", p.Hash} {
		if set {
			n++
		}
	}
	return n == 1 && len(p.Text) <= maxSegment
}

func (r *Recipe) checkRule() string {
	switch r.Rule {
	case RuleToken, RuleLink:
		if len(r.Token) == 0 || badPath(r.Token) {
			return "the rules token and link need the path of the next cursor in token"
		}
		if r.Newest {
			return "newest is for the rules time, id and window"
		}
	case RuleTime:
		if len(r.Time) == 0 {
			return "the rule time needs time"
		}
	case RuleID:
		if badPath(r.Position) {
			return "the rule id needs the path of a number in position"
		}
	case RuleWindow:
		if !r.Newest && r.Paging.Kind != PagingNone {
			return "the rule window with pages needs newest"
		}
	default:
		return "rule must be token, link, time, id or window"
	}
	if r.Grain < 0 || time.Duration(r.Grain) > MaxOverlap {
		return "grain is at most 24h"
	}
	if r.Overlap < 0 || time.Duration(r.Overlap) > MaxOverlap {
		return "overlap is at most 24h"
	}
	return ""
}

func (r *Recipe) checkPaging() string {
	switch r.Paging.Kind {
	case PagingNone, PagingHeader, PagingOffset, PagingNumber:
	case PagingToken, PagingLast, PagingLink:
		if badPath(r.Paging.Path) {
			return "the pagings token, last and link need a path"
		}
	case PagingKeyset:
		if r.Newest || r.Limit == 0 || r.Rule != RuleTime && r.Rule != RuleID {
			return "keyset paging is for an ascending list by time or id, with a limit"
		}
	default:
		return "paging.kind must be token, last, link, header, offset, number, keyset or left out"
	}
	if c := r.Paging.More; c != nil && badPath(c.Path) {
		return "paging.more needs a path"
	}
	if r.Limit < 0 || r.Limit > maxPageItems {
		return "limit is at most 5000"
	}
	return ""
}

func (r *Recipe) checkFaults() string {
	if len(r.Faults) > maxFaults {
		return "at most eight faults"
	}
	for _, f := range r.Faults {
		if badPath(f.When.Path) || len(f.Code) > 0 && badPath(f.Code) {
			return "a fault needs the path of when"
		}
		if len(f.Throttled)+len(f.Auth)+len(f.Expired) > 32 {
			return "a fault has at most 32 codes"
		}
	}
	for _, s := range r.Expired {
		if s < 400 || s > 499 {
			return "expired are statuses from 400 to 499"
		}
	}
	if r.MinInterval != "" && !token(r.MinInterval) {
		return "min_interval is the name of a header"
	}
	return ""
}

// CheckParams reports whether the recipe has all that it asks for, and no
// more. An operator's own recipe may name what it likes.
func (r *Recipe) CheckParams(given map[string]string) error {
	if len(given) > maxParams {
		return problem{"at most 16 params"}
	}
	for name, v := range given {
		if name == "" || !identifier(name) || slices.Contains(builtins[:], name) {
			return problem{"a param's name has the letters a-z and _, and is none of the templates' own"}
		}
		if v == "" || len(v) > maxParam || !headerValue(v) {
			return problem{"a param has 1 to 512 bytes of visible ASCII"}
		}
		i := slices.IndexFunc(r.Params, func(p Param) bool { return p.Name == name })
		if r.Name != "" && i < 0 {
			return problem{"unknown param; see the preset's page in docs/polling.md"}
		}
		if i >= 0 && r.Params[i].Path && (strings.HasPrefix(v, "/") || dots(v) || strings.ContainsAny(v, "?#\\%")) {
			return problem{"a param that is a path has no query and no dot segments"}
		}
	}
	for _, p := range r.Params {
		if r.param(p.Name, given) == "" {
			return problem{"param " + p.Name + " is missing: " + p.Doc}
		}
	}
	return r.checkNames(given)
}

// checkNames finds names that nothing gives a value.
func (r *Recipe) checkNames(given map[string]string) error {
	x := r.values(State{}, Input{Params: given}, "")
	for _, t := range r.templates() {
		path, _, _ := strings.Cut(t.Path, "?")
		inPath, _ := names(path)
		for _, n := range inPath {
			// A destination takes no encoded slash and no dot segment.
			if _, slashes, _ := x(n); !slashes && (dots(given[n]) || strings.ContainsAny(given[n], "/\\%")) {
				return problem{"a param within a path has no slash, backslash, percent sign or dot segment"}
			}
		}
		texts := []string{t.Path, t.Body}
		for _, v := range t.Headers {
			texts = append(texts, v)
		}
		for _, text := range texts {
			list, _ := names(text)
			for _, n := range list {
				if _, _, ok := x(n); !ok {
					return problem{"a template names what no param gives"}
				}
			}
		}
	}
	return nil
}

// Cut is a time as the list would say it.
func (r *Recipe) Cut(t time.Time) time.Time {
	return t.Truncate(max(time.Duration(r.Grain), time.Second))
}

// Begin is the state of a poll that begins at a time; zero is the beginning of
// the list.
func (r *Recipe) Begin(since time.Time) State {
	s := State{}
	if !since.IsZero() {
		s.Since = timePosition(r.Cut(since))
	}
	if r.Rule == RuleTime {
		s.Cursor = s.Since
	}
	return s
}
