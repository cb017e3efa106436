package crawl

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/target"
)

// ErrRecipe refuses a recipe, a parameter or a state that makes no request.
// [Recipe.Check] finds all of that before; errors it returns wrap ErrRecipe.
var ErrRecipe = errors.New("crawl: the recipe makes no request")

// Call is a request of a recipe, relative to the destination's base URL.
type Call struct {
	Method string
	Path   string // starts with a slash, with the query
	Header [][2]string
	Body   []byte
}

// State is how far a poll has got. Its zero value is a poll that has not
// begun.
type State struct {
	// Cursor is the token, the link relative to the destination, or a position
	// (RuleTime, RuleID).
	Cursor string `json:"cursor,omitempty"`
	// Since is the time, as a position, before which items are none of the
	// poll's; empty is from the beginning.
	Since string `json:"since,omitempty"`
	// Settled says that a first crawl has reached its end.
	Settled bool `json:"settled,omitempty"`
	// ETag and Modified are of the first page, when all of it was taken.
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	// Limit is a page size smaller than the recipe's; 0 for that.
	Limit int `json:"limit,omitempty"`
	// Largest is the most items that a page has had, where the length of a page
	// says whether another follows: servers cap it at less than Limit.
	Largest int `json:"largest,omitempty"`
	// Torn counts the items that crawls of RuleWindow took and broke off since
	// one reached its end: to meet them again says nothing of what is below.
	Torn int `json:"torn,omitempty"`
	// Crawl is the crawl under way; zero for none.
	Crawl Crawl `json:"crawl,omitzero"`
}

// Crawl is a crawl that has not reached its end.
type Crawl struct {
	Pages int    `json:"pages,omitempty"` // read so far
	Page  string `json:"page,omitempty"`  // the token, link or number of the next
	High  string `json:"high,omitempty"`  // the highest position so far
	Held  string `json:"held,omitempty"`  // the lowest position left for later
	Count int    `json:"count,omitempty"` // items so far
	// Last tells the page before: the same twice is an endless list.
	Last string `json:"last,omitempty"`
	// ETag and Modified are of the crawl's first page.
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	// Fresh says that it is the poll's first.
	Fresh bool `json:"fresh,omitempty"`
	// Began is the time of its first page, as a position (RuleTime): what is
	// younger may be hidden behind what was read by then.
	Began string `json:"began,omitempty"`
	// Taken and Met count the items that were not known, and those that were
	// (RuleWindow).
	Taken int `json:"taken,omitempty"`
	Met   int `json:"met,omitempty"`
}

// Input is what a recipe needs beside its state.
type Input struct {
	Params map[string]string
	Now    time.Time
	// Hold is how young an item is left for the next crawl; 0 takes all.
	Hold time.Duration
	// Base is the destination's URL, within which links must lead. Only Read
	// needs it.
	Base string
	// Known reports whether an item was taken before; nil knows none.
	Known func(id string, body []byte) bool
	// All takes the items of a first crawl that have no time; without it such
	// a crawl only finds out where the list stands.
	All bool
}

// Request is the request of the next page.
func (r *Recipe) Request(s State, in Input) (Call, error) {
	template := &r.List
	first := s.Crawl.Pages == 0
	switch {
	case s.Cursor == "" && first && r.First != nil:
		template = r.First
	case first && r.Rule == RuleLink && s.Cursor != "":
		return r.follow(s.Cursor, in)
	case !first && (r.Paging.Kind == PagingLink || r.Paging.Kind == PagingHeader):
		return r.follow(s.Crawl.Page, in)
	case !first && r.More != nil:
		template = r.More
	}
	c, err := template.render(r.values(s, in, ""))
	if err != nil {
		return Call{}, err
	}
	if r.Conditional && first {
		c.Header = conditional(c.Header, s)
	}
	return c, nil
}

func conditional(header [][2]string, s State) [][2]string {
	if s.ETag != "" {
		header = append(header, [2]string{"if-none-match", s.ETag})
	}
	if s.Modified != "" {
		header = append(header, [2]string{"if-modified-since", s.Modified})
	}
	return header
}

// follow asks for a link, which Read made relative to the destination. Its
// headers are those of List.
func (r *Recipe) follow(link string, in Input) (Call, error) {
	if path, ok := within(link, "x://x"); !ok || path != link {
		return Call{}, ErrRecipe
	}
	c, err := (&Request{Path: "/", Headers: r.List.Headers}).render(r.values(State{}, in, ""))
	c.Path = link
	return c, err
}

// One is the request for one item: r.Detail or r.Redeliver.
func (r *Recipe) One(template *Request, key string, in Input) (Call, error) {
	return template.render(r.values(State{}, in, key))
}

func (r *Recipe) values(s State, in Input, key string) lookup {
	return func(name string) (string, bool, bool) {
		for _, p := range r.Params {
			if p.Name == name {
				return r.param(name, in.Params), p.Path, true
			}
		}
		v, ok := r.builtin(name, s, in, key)
		if !ok {
			v, ok = in.Params[name] // of an operator's own recipe
		}
		return v, false, ok
	}
}

func (r *Recipe) param(name string, given map[string]string) string {
	if v := given[name]; v != "" {
		return v
	}
	for _, p := range r.Params {
		if p.Name == name {
			return p.Default
		}
	}
	return ""
}

// builtins are the names that no parameter can have.
var builtins = [...]string{"cursor", "page", "since", "since_unix", "since_unix_ms", "since_unix_fraction", "since_minutes", "limit", "key"}

func (r *Recipe) builtin(name string, s State, in Input, key string) (string, bool) {
	switch name {
	case "cursor":
		return s.Cursor, true
	case "page":
		return r.page(s), true
	case "limit":
		return strconv.Itoa(r.limit(s)), true
	case "key":
		return key, true
	}
	if !strings.HasPrefix(name, "since") {
		return "", false
	}
	t, ok := r.since(s, in)
	if !ok {
		return "", true
	}
	switch name {
	case "since":
		return t.Format("2006-01-02T15:04:05.000Z"), true
	case "since_unix":
		return strconv.FormatInt(t.Unix(), 10), true
	case "since_unix_ms":
		return strconv.FormatInt(t.UnixMilli(), 10), true
	case "since_unix_fraction":
		micro := strconv.FormatInt(int64(t.Nanosecond()/1000)+1_000_000, 10)
		return strconv.FormatInt(t.Unix(), 10) + "." + micro[1:], true
	case "since_minutes":
		return strconv.FormatInt(int64((max(in.Now.Sub(t), 0)+time.Minute-1)/time.Minute), 10), true
	}
	return "", false
}

// since is the time that a crawl starts at: the cursor's, less the overlap,
// but never before the poll's own beginning.
func (r *Recipe) since(s State, in Input) (time.Time, bool) {
	start, began := positionTime(s.Since)
	if r.Rule == RuleTime {
		// Keyset paging goes on at what this crawl has come to, which may be
		// within the overlap yet.
		if t, ok := positionTime(s.Crawl.High); ok && r.Paging.Kind == PagingKeyset && s.Crawl.Pages > 0 {
			return t, true
		}
		if t, ok := positionTime(s.Cursor); ok {
			t = t.Add(-time.Duration(r.Overlap))
			if began && t.Before(start) {
				t = start
			}
			return t, true
		}
	}
	return start, began
}

func (r *Recipe) limit(s State) int {
	if s.Limit > 0 && s.Limit < r.Limit {
		return s.Limit
	}
	return r.Limit
}

func (r *Recipe) page(s State) string {
	switch {
	case r.Paging.Kind == PagingOffset && s.Crawl.Page == "":
		return "0"
	case r.Paging.Kind == PagingNumber && s.Crawl.Page == "":
		return "1"
	}
	return s.Crawl.Page
}

// within makes a link relative to base, if it leads to base's origin and
// below its path. A link may be relative to the origin already.
func within(link, base string) (path string, ok bool) {
	if len(link) > maxToken || !headerValue(link) || strings.ContainsAny(link, "\\#") {
		return "", false
	}
	home, root, found := target.Origin(base)
	if !found {
		return "", false
	}
	root = strings.TrimRight(root, "/")
	if at, rest, absolute := target.Origin(link); absolute && at == home {
		link = rest
	} else if absolute || strings.HasPrefix(link, "//") || !strings.HasPrefix(link, "/") {
		return "", false
	}
	path, inside := strings.CutPrefix(link, root)
	plain, _, _ := strings.Cut(path, "?")
	if !inside || plain != "" && plain[0] != '/' || dots(plain) {
		return "", false
	}
	if plain == "" {
		path = "/" + path
	}
	return path, true
}

// dots finds segments that lead up, in the spellings that a URL parser reads
// as such (WHATWG URL §4.4).
func dots(path string) bool {
	for _, s := range strings.Split(path, "/") {
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case ".", "..":
			return true
		}
	}
	return false
}
