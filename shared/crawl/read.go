package crawl

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/retry"
)

// maxPages bounds one crawl, over all of its runs, in pages: at 100 items a
// page, an outage of days. What is longer has no end.
const maxPages = 1000

// byteOrderMark is none of JSON's, which may be ignored (RFC 8259 §8.1), and is
// legal in XML. Read only.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Answer is what came back for a request.
type Answer struct {
	Status   int
	Header   http.Header
	Body     []byte
	TooLarge bool
}

// Page is what an answer had.
type Page struct {
	Items    []Item // to be enqueued; oldest first where there is an order
	Poisoned []Poisoned
	// State is to be stored once the items are safe.
	State State
	// Done says that the crawl has reached its end. If not, the next page
	// follows; with a recipe that is Newest its items belong before these.
	Done bool
	// Unchanged is a 304.
	Unchanged bool
	// MinInterval is how long the provider wants us to stay away; 0 if it
	// does not say.
	MinInterval time.Duration
	Read        int // items on the page
	Held        int // left for the next crawl
	// Newest is the latest time of an item on the page; zero for none.
	Newest time.Time
}

// Read makes a page of the answer to r.Request(s, in). Every error is a
// *Failure.
func (r *Recipe) Read(s State, in Input, a Answer) (Page, error) {
	a.Body = bytes.TrimPrefix(a.Body, byteOrderMark)
	if err := r.refused(s, in, a); err != nil {
		return Page{}, err
	}
	p := Page{State: s, MinInterval: r.minInterval(a)}
	first := s.Crawl.Pages == 0
	if a.Status == http.StatusNotModified {
		if !first || s.ETag == "" && s.Modified == "" {
			return Page{}, fail(Failed, CodeNotModified)
		}
		p.Done, p.Unchanged = true, true
		return p, nil
	}
	if s.Cursor == "" && first && r.FirstToken != nil {
		token, ok := jsontext.FindString(a.Body, r.FirstToken...)
		if !ok || token == "" || len(token) > maxToken {
			return Page{}, fail(Failed, CodeNoCursor)
		}
		p.State.Cursor, p.State.Settled, p.Done = token, true, true
		return p, nil
	}
	raw, doc, err := r.elements(a)
	if err != nil {
		return Page{}, err
	}
	if first {
		p.State.Crawl = Crawl{Fresh: !s.Settled, ETag: a.Header.Get("ETag"), Modified: a.Header.Get("Last-Modified")}
		if r.Rule == RuleTime {
			p.State.Crawl.Began = timePosition(in.Now)
		}
	}
	p.Read = len(raw)
	if k := r.Paging.Kind; k == PagingOffset || k == PagingNumber || k == PagingKeyset {
		p.State.Largest = max(s.Largest, p.Read)
	}
	seen := r.take(&p, s, in, raw)
	next, more, err := r.next(s, doc, a, raw)
	if err != nil {
		return Page{}, err
	}
	if r.Paging.Kind == PagingKeyset {
		return r.keyset(p, s, in, raw, more)
	}
	more = more && !r.reached(p, s, in, seen)
	return r.turn(p, s, in, doc, next, more)
}

// elements cuts the list out of the answer.
func (r *Recipe) elements(a Answer) (list [][]byte, doc []byte, err error) {
	doc = a.Body
	if r.Format == FormatFeed {
		if list, err = feedItems(doc); err != nil {
			return nil, nil, err
		}
		return list, nil, nil
	}
	if a.Status == http.StatusNoContent {
		return nil, nil, nil
	}
	raw, ok := jsontext.Find(doc, r.Items...)
	if !ok {
		if _, valid := jsontext.Find(doc); !valid {
			return nil, nil, fail(Failed, CodeNotJSON)
		}
		if r.Absent {
			return nil, doc, nil
		}
		return nil, nil, fail(Failed, CodeNoItems)
	}
	if r.Absent && string(raw) == "null" {
		return nil, doc, nil
	}
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || trimmed[0] != '[' {
		return nil, nil, fail(Failed, CodeNoItems)
	}
	if list, ok = jsontext.Elements(raw, maxItems); !ok {
		return nil, nil, fail(TooLarge, CodeTooLarge)
	}
	return list, doc, nil
}

// seenItems is what take learned of the page's order.
type seenItems struct {
	last    Item // the last that is not poisoned; the oldest of a Newest page
	any     bool
	unknown int // items that were not known before
	known   int // and that were
}

// take sorts the page's elements into items, poisoned ones and those left out.
func (r *Recipe) take(p *Page, s State, in Input, raw [][]byte) (seen seenItems) {
	x := r.reader(in)
	c := &p.State.Crawl
	ids := make(map[string]bool, len(raw))
	floor := r.floor(s, in)
	horizon := in.Now.Add(-in.Hold)
	for _, element := range raw {
		it, reason := x.item(element)
		if reason != "" {
			if in.Known == nil || !in.Known(PoisonID(element), nil) {
				p.Poisoned = append(p.Poisoned, Poisoned{element, reason})
			}
			continue
		}
		seen.last, seen.any = it, true
		if it.Time.After(p.Newest) {
			p.Newest = it.Time
		}
		if ids[it.ID] {
			continue // the same page has it twice
		}
		ids[it.ID] = true
		ordered := r.Rule == RuleTime || r.Rule == RuleID
		if ordered && comparePositions(it.Position, floor) < 0 || r.older(it, s) {
			continue
		}
		if ordered && in.Hold > 0 && it.Time.After(horizon) {
			p.Held++
			if c.Held == "" || comparePositions(it.Position, c.Held) < 0 {
				c.Held = it.Position
			}
			continue
		}
		if ordered && comparePositions(it.Position, c.High) > 0 {
			c.High = it.Position
		}
		if in.Known != nil && in.Known(it.ID, it.Body) {
			seen.known++
			continue
		}
		seen.unknown++
		it.Mark = c.Fresh && it.Time.IsZero() && !in.All
		p.Items = append(p.Items, it)
	}
	if r.Rule == RuleWindow {
		c.Taken += seen.unknown
		c.Met += seen.known
	}
	r.arrange(p)
	return seen
}

// PoisonID stands for a poisoned element among the known ids, with no body.
func PoisonID(raw []byte) string { return "poison:" + hashOf(raw) }

// arrange puts the oldest first.
func (r *Recipe) arrange(p *Page) {
	if r.Newest {
		slices.Reverse(p.Items)
	}
	if r.Rule == RuleTime || r.Rule == RuleID {
		slices.SortStableFunc(p.Items, func(a, b Item) int { return comparePositions(a.Position, b.Position) })
	}
}

// floor is the lowest position that belongs to the crawl.
func (r *Recipe) floor(s State, in Input) string {
	switch r.Rule {
	case RuleID:
		if s.Cursor == "" {
			return ""
		}
		return after(s.Cursor)
	case RuleTime:
		if t, ok := r.since(s, in); ok {
			return timePosition(t)
		}
	}
	return ""
}

// after is the position just above p.
func after(p string) string {
	b := []byte(p)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}

// older reports that an item is from before the poll's beginning. What a
// server sends after a cursor that it gave is new, whatever the item's time.
func (r *Recipe) older(it Item, s State) bool {
	if s.Cursor != "" && r.Rule != RuleTime {
		return false
	}
	return s.Since != "" && !it.Time.IsZero() && comparePositions(timePosition(it.Time), s.Since) < 0
}

// reached reports that a crawl from the newest down has come to what it knows.
func (r *Recipe) reached(p Page, s State, in Input, seen seenItems) bool {
	switch {
	case !r.Newest:
		return false
	case r.Rule == RuleWindow:
		// An item that was known before this crawl, and before those that were
		// broken off: all that they took has to be met first.
		c := &p.State.Crawl
		return seen.any && seen.unknown == 0 && (c.Met > s.Torn+c.Taken || r.older(seen.last, s))
	case p.State.Crawl.Fresh && len(r.Time) == 0 && !in.All:
		return true // one page says where the list stands
	case !seen.any:
		return false
	}
	floor := r.floor(s, in)
	return floor != "" && comparePositions(seen.last.Position, floor) < 0 || r.older(seen.last, s)
}

// next finds the next page: its token, link or number.
func (r *Recipe) next(s State, doc []byte, a Answer, raw [][]byte) (next string, more bool, err error) {
	n := len(raw)
	if c := r.Paging.More; c != nil {
		if text, _ := jsontext.FindString(doc, c.Path...); text != c.Is {
			return "", false, nil
		}
	}
	switch r.Paging.Kind {
	case PagingToken, PagingLink:
		next, _ = jsontext.FindString(doc, r.Paging.Path...)
	case PagingLast:
		if n > 0 {
			next, _ = jsontext.FindString(raw[n-1], r.Paging.Path...)
		}
	case PagingHeader:
		next = nextLink(a.Header.Values("Link"))
	case PagingOffset, PagingNumber:
		at, _ := strconv.Atoi(r.page(s))
		step := n
		if r.Paging.Kind == PagingNumber {
			step = 1
		}
		return strconv.Itoa(at + step), n > 0 && (r.Limit == 0 || r.full(s, n)), nil
	case PagingKeyset:
		return "", r.full(s, n), nil
	}
	if len(next) > maxToken {
		return "", false, fail(Failed, CodeEndless)
	}
	return next, next != "", nil
}

// full reports that a page of n items need not be the last. A server may cap
// pages at less than was asked for, so a short one is the last only if it has
// sent longer ones, or if it has one item or none.
func (r *Recipe) full(s State, n int) bool {
	return n > 0 && (n >= r.limit(s) || n > 1 && n >= s.Largest)
}

// turn ends the page: on to the next, or the crawl's end.
func (r *Recipe) turn(p Page, s State, in Input, doc []byte, next string, more bool) (Page, error) {
	c := &p.State.Crawl
	c.Pages++
	c.Count += p.Read
	if !more {
		return r.end(p, s, in, doc)
	}
	if r.Paging.Kind == PagingLink || r.Paging.Kind == PagingHeader {
		var ok bool
		if next, ok = within(next, in.Base); !ok {
			return Page{}, fail(Failed, CodeLink)
		}
	}
	// The same page again, under whatever token: there is no end to it. But a
	// page too far is answered by the last one by some servers.
	mark := ""
	if p.Read > 0 {
		mark = hashOf(doc)
		if r.Format == FormatFeed {
			mark = next
		}
	}
	counted := r.Paging.Kind == PagingOffset || r.Paging.Kind == PagingNumber
	if counted && mark != "" && mark == s.Crawl.Last && p.Read < r.limit(s) {
		return r.end(p, s, in, doc)
	}
	if next == s.Crawl.Page && s.Crawl.Pages > 0 || mark != "" && mark == s.Crawl.Last || c.Pages >= maxPages {
		return Page{}, fail(Broken, CodeEndless)
	}
	c.Page, c.Last = next, mark
	return p, nil
}

// end moves the cursor.
func (r *Recipe) end(p Page, s State, in Input, doc []byte) (Page, error) {
	c := p.State.Crawl
	p.Done = true
	p.State.Crawl = Crawl{}
	p.State.Settled = true
	p.State.Torn = 0
	if c.Held == "" && (r.Newest || r.Paging.Kind == PagingNone) { // else news is on another page than the first
		p.State.ETag, p.State.Modified = c.ETag, c.Modified
	} else {
		p.State.ETag, p.State.Modified = "", "" // a 304 would hide what was held
	}
	switch r.Rule {
	case RuleToken, RuleLink:
		token, err := r.token(s, in, doc, c.Count)
		if err != nil {
			return Page{}, err
		}
		p.State.Cursor = token
	case RuleTime, RuleID:
		p.State.Cursor = r.cursor(s, in, c)
	}
	return p, nil
}

// cursor is the highest position, but before anything held and, for a time,
// not after the crawl's beginning: an item that becomes visible meanwhile, late
// by less than the overlap, may lie before one that was read later. It is never
// lower than it was.
func (r *Recipe) cursor(s State, in Input, c Crawl) string {
	high := c.High
	if r.Rule == RuleTime {
		began := c.Began
		if began == "" {
			began = timePosition(in.Now)
		}
		if comparePositions(high, began) > 0 {
			high = began
		}
	}
	if c.Held != "" {
		if low := before(c.Held); high == "" || comparePositions(high, low) > 0 {
			high = low
		}
	}
	if comparePositions(high, s.Cursor) < 0 {
		return s.Cursor
	}
	return high
}

func (r *Recipe) token(s State, in Input, doc []byte, count int) (string, error) {
	token, _ := jsontext.FindString(doc, r.Token...)
	switch {
	case token == "" && count == 0 && s.Cursor != "":
		return s.Cursor, nil
	case token == "", len(token) > maxToken:
		return "", fail(Broken, CodeNoCursor)
	}
	if r.Rule == RuleLink {
		var ok bool
		if token, ok = within(token, in.Base); !ok {
			return "", fail(Broken, CodeLink)
		}
	}
	if r.Counts {
		if !validPosition(token) || s.Cursor != "" && comparePositions(token, s.Cursor) < 0 {
			return "", fail(Broken, CodeBackwards)
		}
	}
	return token, nil
}

// keyset ends a page whose next one starts at its newest item: the cursor
// itself moves, which is right only in ascending order.
func (r *Recipe) keyset(p Page, s State, in Input, raw [][]byte, more bool) (Page, error) {
	x := r.reader(in)
	last := ""
	for _, element := range raw {
		it, reason := x.item(element)
		if reason != "" {
			continue
		}
		if comparePositions(it.Position, last) < 0 {
			return Page{}, fail(Failed, CodeOrder)
		}
		last = it.Position
	}
	c := &p.State.Crawl
	c.Pages++
	c.Count += p.Read
	if !more || c.Held != "" || c.Began != "" && comparePositions(c.High, c.Began) >= 0 {
		return r.end(p, s, in, nil)
	}
	if c.High == s.Crawl.High {
		if p.Read < r.limit(s) {
			return r.end(p, s, in, nil)
		}
		return Page{}, fail(Broken, CodeTies)
	}
	if c.Pages >= maxPages {
		return Page{}, fail(Broken, CodeEndless)
	}
	p.State.Cursor = r.cursor(s, in, *c)
	return p, nil
}

func (r *Recipe) minInterval(a Answer) time.Duration {
	if r.MinInterval == "" {
		return 0
	}
	d, _ := retry.After(a.Header.Get(r.MinInterval), time.Time{})
	return d
}
