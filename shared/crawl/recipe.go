package crawl

import (
	"strings"
	"time"
)

// Rule is what the cursor of a recipe is.
type Rule string

// The rules; see the package documentation.
const (
	RuleToken  Rule = "token"
	RuleLink   Rule = "link"
	RuleTime   Rule = "time"
	RuleID     Rule = "id"
	RuleWindow Rule = "window"
)

// Kind is how the next page of a crawl is found.
type Kind string

// The kinds of paging.
const (
	PagingNone   Kind = ""       // one page is all
	PagingToken  Kind = "token"  // a token in the body, sent as {{page}}
	PagingLast   Kind = "last"   // the text at Path of the page's last item, sent as {{page}}
	PagingLink   Kind = "link"   // a URL in the body
	PagingHeader Kind = "header" // the Link header's rel="next" (RFC 8288)
	PagingOffset Kind = "offset" // {{page}} counts items from 0
	PagingNumber Kind = "number" // {{page}} counts pages from 1
	// PagingKeyset asks for the first page again, from the newest item seen.
	PagingKeyset Kind = "keyset"
)

// Formats of an answer.
const (
	FormatJSON = ""     // JSON
	FormatFeed = "feed" // RSS 2.0, RSS 1.0, Atom or JSON Feed
)

// Formats of a time.
const (
	TimeRFC3339      = ""              // 2026-11-25T17:00:00Z; also with an offset of +0000
	TimeUnix         = "unix"          // seconds
	TimeUnixMillis   = "unix_ms"       // milliseconds
	TimeUnixFraction = "unix_fraction" // 1512085950.000216
)

// Recipe is how one list is polled: a row of the table of presets, or what an
// operator writes as JSON. Recipes are read only.
type Recipe struct {
	Name    string `json:"-"` // of a preset, [a-z0-9-]
	Title   string `json:"-"`
	Docs    string `json:"-"` // the provider's page
	Checked string `json:"-"` // when what Docs says was last looked up, YYYY-MM-DD
	Notes   string `json:"-"` // what an operator should know

	// Provider is the webhook catalogue's name of who sends the same events;
	// it ends up in Event.Provider.
	Provider string `json:"provider,omitempty"`
	// Backs says that a webhook source of Provider has these very events under
	// these very ids: the poll then finds what that source missed.
	Backs bool `json:"-"`

	Params []Param `json:"-"` // what the operator fills in, as {{name}}

	// First is asked while there is no cursor yet; nil: List is. With
	// FirstToken its answer has no items but, there, the cursor.
	First      *Request `json:"first,omitempty"`
	FirstToken []string `json:"first_token,omitempty"`
	// List asks for the first page of a crawl and More for every other; nil:
	// List again.
	List Request  `json:"list"`
	More *Request `json:"more,omitempty"`
	// Detail asks for one item, by {{key}}: then Body, in its answer, is the
	// event's data. It is asked only for items that are to be enqueued.
	Detail *Request `json:"detail,omitempty"`
	// Redeliver asks the provider, by {{key}}, to send its webhook again.
	Redeliver *Request `json:"-"`

	Format string   `json:"format,omitempty"`
	Items  []string `json:"items,omitempty"` // path of the array; empty is the whole body
	// Absent says that an answer without Items is one with an empty list.
	Absent bool     `json:"absent,omitempty"`
	ID     []Parts  `json:"id"` // the first that is whole
	Key    []string `json:"key,omitempty"`
	Body   []string `json:"body,omitempty"` // path in Detail's answer
	// TypePrefix and Type make the event's type; no Type is "item".
	TypePrefix string     `json:"type_prefix,omitempty"`
	Type       []Parts    `json:"type,omitempty"`
	Time       [][]string `json:"time,omitempty"` // paths; the first that is there
	TimeFormat string     `json:"time_format,omitempty"`
	// Grain is what times are cut down to; less than a second is a second. An
	// item of the poll's first grain may be from just before its beginning.
	Grain Duration `json:"grain,omitempty"`

	Rule Rule `json:"rule"`
	// Newest says that the newest item comes first.
	Newest bool `json:"newest,omitempty"`
	// Position is the path of what RuleID orders by; other rules have none.
	Position []string `json:"position,omitempty"`
	// Token is the path of the next cursor (RuleToken, RuleLink).
	Token []string `json:"token,omitempty"`
	// Counts says that tokens are numbers that grow.
	Counts bool `json:"counts,omitempty"`
	// Overlap is how long before the cursor a crawl of RuleTime starts: what
	// becomes visible late, within it, is found.
	Overlap Duration `json:"overlap,omitempty"`
	Paging  Paging   `json:"paging,omitempty"`
	// Limit is the largest page, sent as {{limit}}; 0 for a list that takes
	// none. Where pages turn out too large, a smaller one is sent.
	Limit int `json:"limit,omitempty"`

	// Conditional sends If-None-Match and If-Modified-Since; Free says that a
	// 304 does not count against the provider's limit.
	Conditional bool `json:"conditional,omitempty"`
	Free        bool `json:"free,omitempty"`
	// MinInterval is a response header with the seconds to wait at least.
	MinInterval string `json:"min_interval,omitempty"`
	// Expired are statuses that mean the cursor is too old.
	Expired []int `json:"expired,omitempty"`
	// Faults are errors inside answers, whatever their status.
	Faults []Fault `json:"faults,omitempty"`
}

// Param is one value that an operator fills in.
type Param struct {
	Name    string // [a-z_]
	Doc     string
	Default string // empty: it must be given
	// Path lets the value have slashes, which stay as they are.
	Path bool
}

// Request is a request's template. {{name}} stands for a parameter, or for
//
//	{{cursor}}       the cursor as the server gave it, or the highest id
//	{{page}}         where the crawl has got to
//	{{since}}        the time to start at, RFC 3339; {{since_unix}},
//	                 {{since_unix_ms}}, {{since_unix_fraction}} as numbers
//	{{since_minutes}} how many minutes ago that was, rounded up
//	{{limit}}        how many items a page may have
//	{{key}}          of the item (Detail, Redeliver)
//
// In a path values are percent-encoded, in a body escaped as within a JSON
// string. A pair of the query whose values are all empty is left out.
type Request struct {
	Method  string            `json:"method,omitempty"` // GET when empty
	Path    string            `json:"path"`             // after the destination's base URL, with the query
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"` // JSON
}

// Paging is how a crawl gets from page to page.
type Paging struct {
	Kind Kind     `json:"kind,omitempty"`
	Path []string `json:"path,omitempty"` // of the token or URL
	// More, if it is set, must hold for there to be another page.
	More *Condition `json:"more,omitempty"`
}

// Condition holds when the text at Path is Is.
type Condition struct {
	Path []string `json:"path"`
	Is   string   `json:"is"`
}

// Part is one part of an id or a type. One field is set.
type Part struct {
	Path  []string `json:"path,omitempty"`  // in the item
	Param string   `json:"param,omitempty"` // a parameter's value
	Text  string   `json:"text,omitempty"`  // itself
	Hash  bool     `json:"hash,omitempty"`  // 128 bits of the item's SHA-256, in hex
}

// Parts make a text, one after the other. All must be there.
type Parts []Part

// Fault is an error that an answer reports in its body.
type Fault struct {
	// When must hold; with an empty Is it is enough that Path is there, and
	// neither null nor an empty array.
	When Condition `json:"when"`
	// Code is where the error's own code stands.
	Code []string `json:"code,omitempty"`
	// Throttled, Auth and Expired are codes that mean: later, the token is not
	// taken, the cursor is too old. Any other is a failure.
	Throttled []string `json:"throttled,omitempty"`
	Auth      []string `json:"auth,omitempty"`
	Expired   []string `json:"expired,omitempty"`
}

// Promise says whether the recipe finds every item, and if not, why.
func (r *Recipe) Promise() (whole bool, why string) {
	switch {
	case r.Rule == RuleWindow:
		return false, "the list is a window: an item that has left it before the next poll is not seen"
	case r.Paging.Kind == PagingOffset || r.Paging.Kind == PagingNumber:
		return false, "pages are counted: an item deleted during a crawl moves another one past it"
	}
	return true, ""
}

// Assumes is what Promise rests on; empty for what the server promises.
func (r *Recipe) Assumes() string {
	switch r.Rule {
	case RuleTime:
		return "a change is visible within " + time.Duration(r.Overlap).String() + " of the time it says"
	case RuleID:
		return "ids become visible in the order of their numbers"
	}
	return ""
}

// Duration is a time.Duration written as text, such as "5m", in JSON.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(strings.TrimSpace(string(b)))
	*d = Duration(v)
	return err
}
