package ledger

import (
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/page"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Entry is one event of the log, without its body. Times are UTC, to the
// millisecond; the zero time is absent.
type Entry struct {
	Key           string    `json:"key"`
	Source        string    `json:"source"`
	ID            string    `json:"id"`
	Provider      string    `json:"provider"`
	Type          string    `json:"type"`
	Time          time.Time `json:"time"`
	Accepted      time.Time `json:"accepted"`
	Origin        string    `json:"origin"`
	Authenticated string    `json:"authenticated"`
	ContentType   string    `json:"content_type"`
	Size          int64     `json:"size"`
	State         string    `json:"state"`
	Attempts      int       `json:"attempts"` // since it was new or last replayed
	NextAt        time.Time `json:"next_at,omitzero"`
	DeliveredAt   time.Time `json:"delivered_at,omitzero"` // the last delivery
	ExpiresAt     time.Time `json:"expires_at,omitzero"`
	LastStatus    int       `json:"last_status,omitempty"`
	LastError     string    `json:"last_error,omitempty"` // a reason code
	Duplicates    int       `json:"duplicates"`
	Replays       int       `json:"replays"`
}

// Attempt is one try to deliver an event.
type Attempt struct {
	Attempt int       `json:"attempt"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome"` // delivered, retry, dead, abandoned
	Status  int       `json:"status,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	TookMs  int64     `json:"took_ms"`
}

// Detail is one event with its attempts, oldest first, and its body.
type Detail struct {
	Entry
	Tries []Attempt `json:"tries"`
	Body  []byte    `json:"body,omitempty"`  // base64 in JSON; nil when Claim is set
	Claim string    `json:"claim,omitempty"` // key in the payload bucket
}

// Filter selects events. Zero fields select everything.
type Filter struct {
	State  string    `json:"state,omitempty"`
	Source string    `json:"source,omitempty"`
	Type   string    `json:"type,omitempty"`
	Since  time.Time `json:"since,omitzero"` // accepted at or after
	Until  time.Time `json:"until,omitzero"` // accepted before
	// Limit is 50 when zero; at most page.Max for a list, MaxReplay for a replay
	// or a purge.
	Limit int `json:"limit,omitempty"`
	// Cursor is the Next of the page before; it holds across shards.
	Cursor string `json:"cursor,omitempty"`
}

// Page is a run of events, newest first.
type Page struct {
	Events []Entry `json:"events"`
	Next   string  `json:"next,omitempty"` // empty on the last page
}

// Counts is the number of events by state.
type Counts struct {
	Pending    int64 `json:"pending"`
	Delivering int64 `json:"delivering"`
	Delivered  int64 `json:"delivered"`
	Dead       int64 `json:"dead"`
	Purged     int64 `json:"purged"`
}

const entryColumns = `key, source, id, provider, type, time, accepted, origin, authenticated, content_type, size,
	state, attempts, next_at, delivered_at, expires_at, last_status, last_error, duplicates, replays`

func readEntry(r *sqlstore.Row) Entry {
	return Entry{
		Key: r.Text(), Source: r.Text(), ID: r.Text(), Provider: r.Text(), Type: r.Text(),
		Time: r.Time(), Accepted: r.Time(), Origin: r.Text(), Authenticated: r.Text(), ContentType: r.Text(), Size: r.Int64(),
		State: r.Text(), Attempts: r.Int(), NextAt: r.Time(), DeliveredAt: r.Time(), ExpiresAt: r.Time(),
		LastStatus: r.Int(), LastError: r.Text(), Duplicates: r.Int(), Replays: r.Int(),
	}
}

// Get returns one event. Errors: ErrNotFound, ErrTenant, ErrShard.
func (l *Ledger) Get(key string) (Detail, error) {
	if err := l.owns(key); err != nil {
		return Detail{}, err
	}
	var d Detail
	err := l.tx(func() error {
		rows, err := l.cfg.DB.Exec(`SELECT `+entryColumns+`, claim, body FROM events WHERE key = ?`, key)
		if err != nil {
			return err
		}
		r, ok := rows.First()
		if !ok {
			return ErrNotFound
		}
		d.Entry, d.Claim, d.Body = readEntry(r), r.Text(), r.Blob()
		if err := r.Done(); err != nil {
			return err
		}
		d.Tries, err = l.tries(key)
		return err
	})
	return d, err
}

func (l *Ledger) tries(key string) ([]Attempt, error) {
	rows, err := l.cfg.DB.Exec(`SELECT attempt, at, outcome, status, reason, took_ms FROM attempts WHERE key = ? ORDER BY fence`, key)
	if err != nil {
		return nil, err
	}
	tries := make([]Attempt, 0, rows.Len())
	for r := range rows.All() {
		tries = append(tries, Attempt{Attempt: r.Int(), At: r.Time(), Outcome: r.Text(), Status: r.Int(), Reason: r.Text(), TookMs: r.Int64()})
		if err := r.Done(); err != nil {
			return nil, err
		}
	}
	return tries, nil
}

// List returns a page of events, newest first. An event that arrives or
// changes between two pages neither repeats nor hides another. Errors:
// ErrFilter.
func (l *Ledger) List(f Filter) (Page, error) {
	where, args, err := f.where()
	if err != nil {
		return Page{}, err
	}
	limit, ok := page.Size(f.Limit, page.Max)
	if !ok {
		return Page{}, ErrFilter
	}
	out := Page{Events: []Entry{}}
	var rows sqlstore.Rows
	err = l.tx(func() (err error) {
		rows, err = l.cfg.DB.Exec(`SELECT `+entryColumns+` FROM events`+where+` ORDER BY accepted DESC, key DESC LIMIT ?`, append(args, limit+1)...)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	for r := range rows.All() {
		if len(out.Events) == limit {
			out.Next = out.Events[limit-1].Cursor()
			break
		}
		out.Events = append(out.Events, readEntry(r))
		if err := r.Done(); err != nil {
			return Page{}, err
		}
	}
	return out, nil
}

// Stats counts the events of this shard.
func (l *Ledger) Stats() (Counts, error) {
	var c Counts
	err := l.tx(func() error {
		// The open events come out of their small index; the rest is counted
		// once and is delivered.
		rows, err := l.cfg.DB.Exec(`SELECT state, count(*) FROM events WHERE state <> 'delivered' GROUP BY state`)
		if err != nil {
			return err
		}
		into := map[string]*int64{Pending: &c.Pending, Delivering: &c.Delivering, Dead: &c.Dead, Purged: &c.Purged}
		for r := range rows.All() {
			state, n := r.Text(), r.Int64()
			if into[state] == nil || r.Done() != nil {
				return sqlstore.ErrColumn
			}
			*into[state] = n
		}
		all, err := sqlstore.Int64(l.cfg.DB, `SELECT count(*) FROM events`)
		c.Delivered = all - c.Pending - c.Delivering - c.Dead - c.Purged
		return err
	})
	return c, err
}

func (f Filter) where() (string, []any, error) {
	var conds []string
	var args []any
	add := func(cond string, a ...any) {
		conds = append(conds, cond)
		args = append(args, a...)
	}
	switch f.State {
	case "":
	case Delivered:
		add("state = ?", f.State)
	case Pending, Delivering, Dead, Purged:
		// The second term is what lets SQLite use the partial index events_open.
		add("state = ? AND state <> 'delivered'", f.State)
	default:
		return "", nil, ErrFilter
	}
	if f.Source != "" {
		add("source = ?", f.Source)
	}
	if f.Type != "" {
		add("type = ?", f.Type)
	}
	if !f.Since.IsZero() {
		add("accepted >= ?", page.Millis(f.Since))
	}
	if !f.Until.IsZero() {
		add("accepted < ?", page.Millis(f.Until))
	}
	if f.Cursor != "" {
		accepted, key, ok := page.Parse(f.Cursor)
		if !ok {
			return "", nil, ErrFilter
		}
		add("(accepted, key) < (?, ?)", accepted, key)
	}
	if len(conds) == 0 {
		return "", nil, nil
	}
	return " WHERE " + strings.Join(conds, " AND "), args, nil
}

// Cursor names the place right after e in any list.
func (e Entry) Cursor() string { return page.Cursor(e.Accepted, e.Key) }
