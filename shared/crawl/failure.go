package crawl

import (
	"fmt"
	"time"
)

// Class is what a failure asks for.
type Class uint8

// The classes.
const (
	// Failed: try again later; nothing is known to help.
	Failed Class = iota + 1
	// Throttled: the provider asks for a pause.
	Throttled
	// Unauthorized: the provider does not take the token.
	Unauthorized
	// Expired: the cursor is too old; [Recipe.Restart] makes a state without.
	Expired
	// Broken: the page under way cannot be had any more, the cursor can:
	// State.Crawl has to go.
	Broken
	// TooLarge: ask for a smaller page, see [Recipe.Smaller].
	TooLarge
)

// Codes of a Failure, stable; http_NNN stands for a status.
const (
	CodeNotJSON     = "not_json"         // HTML, or JSON that is none
	CodeNoItems     = "no_items"         // no list where the recipe says
	CodeTooLarge    = "page_too_large"   // over the size, or with too many items
	CodeEndless     = "endless_pages"    // the same page again, or too many
	CodeBackwards   = "cursor_backwards" // the server's cursor went back
	CodeOrder       = "out_of_order"     // keyset paging over what is not ascending
	CodeTies        = "page_of_ties"     // a full page of one and the same position
	CodeNoCursor    = "no_cursor"        // the last page has no cursor
	CodeLink        = "foreign_link"     // a link leads elsewhere
	CodeInside      = "error_inside"     // a Fault of the recipe
	CodeThrottled   = "throttled"        //
	CodeAuth        = "unauthorized"     //
	CodeExpired     = "cursor_expired"   //
	CodeNoFeed      = "not_a_feed"       // neither RSS nor Atom nor JSON Feed
	CodeNoDetail    = "no_detail"        // an item's own answer lacks its body
	CodeNotModified = "not_modified"     // a 304 that nothing asked for
)

// Failure is an answer that is no page. It quotes nothing of the answer.
type Failure struct {
	Class Class
	Code  string
	// Wait is what the provider asked for; zero if it did not say.
	Wait time.Duration
}

func (f *Failure) Error() string { return "crawl: " + f.Code }

func fail(class Class, code string) error { return &Failure{Class: class, Code: code} }

func failStatus(class Class, status int) error {
	return &Failure{Class: class, Code: fmt.Sprintf("http_%d", status)}
}

// Restart is the state after the cursor expired: from the beginning, for items
// since the given time.
func (r *Recipe) Restart(s State, since time.Time) State {
	next := State{Since: s.Since, Limit: s.Limit, Settled: s.Settled}
	if p := timePosition(since); comparePositions(p, next.Since) > 0 {
		next.Since = p
	}
	if r.Rule == RuleTime {
		next.Cursor = next.Since
	}
	return next
}

// Loses reports whether a Restart leaves a gap: where a first request answers
// with a cursor alone, what lies between the two is gone.
func (r *Recipe) Loses() bool { return len(r.FirstToken) > 0 }

// Abandon breaks the crawl under way off: the next starts at the cursor.
func (r *Recipe) Abandon(s State) State {
	if r.Rule == RuleWindow {
		s.Torn += s.Crawl.Taken
	}
	s.Crawl = Crawl{}
	return s
}

// Smaller halves the page. It reports false when the page is as small as it
// gets, or the list takes no size.
func (r *Recipe) Smaller(s State) (State, bool) {
	n := r.limit(s) / 2
	if n < 1 {
		return s, false
	}
	s = r.Abandon(s)
	s.Limit = n
	return s, true
}
