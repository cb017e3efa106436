package lane

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/breaker"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/page"
	"github.com/hookweir/hookweir/shared/ratelimit"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Entry is one write as a list shows it. Times are UTC, to the millisecond;
// the zero time is absent.
type Entry struct {
	ID             string    `json:"id"`
	Destination    string    `json:"destination"`
	Method         string    `json:"method"`
	Path           string    `json:"path"`
	PartitionKey   string    `json:"partition_key,omitempty"`
	IdempotencyKey string    `json:"idempotency_key,omitempty"`
	Priority       int       `json:"priority,omitempty"`
	State          string    `json:"state"`
	Reason         string    `json:"reason,omitempty"`
	Attempts       int       `json:"attempts"` // since it was new or last replayed
	Replays        int       `json:"replays,omitempty"`
	Size           int64     `json:"size"`
	LastStatus     int       `json:"last_status,omitempty"`
	Accepted       time.Time `json:"accepted"`
	NotBefore      time.Time `json:"not_before,omitzero"`
	ExpiresAt      time.Time `json:"expires_at,omitzero"`
	NextAt         time.Time `json:"next_at,omitzero"` // of the next attempt, once it waits for one
	SettledAt      time.Time `json:"settled_at,omitzero"`
	TookMs         int64     `json:"took_ms,omitempty"`
}

// Attempt is one try that failed, with the answer, without secrets.
type Attempt struct {
	Attempt int              `json:"attempt"`
	At      time.Time        `json:"at"`
	Outcome string           `json:"outcome"` // retry, dead, parked
	Status  int              `json:"status,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	TookMs  int64            `json:"took_ms"`
	Answer  *outbound.Answer `json:"answer,omitempty"`
}

// Detail is one write with its request, its failed attempts and, once it is
// delivered, the answer.
type Detail struct {
	Entry
	Header [][2]string      `json:"headers,omitempty"` // without secrets
	Tries  []Attempt        `json:"tries"`
	Answer *outbound.Answer `json:"answer,omitempty"`
	Body   []byte           `json:"body,omitempty"` // nil when Stored
	Stored bool             `json:"stored,omitempty"`
}

// Filter selects writes. Zero fields select everything.
type Filter struct {
	State        string    `json:"state,omitempty"`
	PartitionKey string    `json:"partition_key,omitempty"`
	Since        time.Time `json:"since,omitzero"` // accepted at or after
	Until        time.Time `json:"until,omitzero"` // accepted before
	Limit        int       `json:"limit,omitempty"`
	Cursor       string    `json:"cursor,omitempty"` // Entry.Cursor; it holds across destinations
}

// Page is a run of writes, newest first.
type Page struct {
	Writes []Entry `json:"writes"`
	Next   string  `json:"next,omitempty"`
}

// Queue is how a destination is doing.
type Queue struct {
	Depth      int64     `json:"depth"` // pending and delivering
	Delivering int64     `json:"delivering"`
	OnQueue    int64     `json:"on_queue"` // of the pending ones
	Dead       int64     `json:"dead"`
	Parked     int64     `json:"parked"`
	Bytes      int64     `json:"bytes"`           // bodies of the open ones
	Oldest     time.Time `json:"oldest,omitzero"` // accepted, of the open ones
	// RateUsed is the share of the burst that is spent, from 0 to 1.
	RateUsed    float64            `json:"rate_used"`
	PausedUntil time.Time          `json:"paused_until,omitzero"`
	Budgets     []ratelimit.Budget `json:"budgets,omitempty"` // as the provider tells them
	Breaker     Breaker            `json:"breaker"`
}

// Breaker is the breaker's state.
type Breaker struct {
	State  string    `json:"state"` // closed, open, half_open
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"` // when it is probed
}

// queue counts by the indexes of what is open and undecided.
func (l *Lane) queue(h *head, now time.Time) (Queue, error) {
	usable, _ := h.cfg.Rate.Margin()
	b := h.state.Breaker
	q := Queue{
		Depth: h.depth, OnQueue: h.released, Bytes: h.bytes, RateUsed: usable.Used(h.state.Pace, now),
		Breaker: Breaker{State: b.Phase(now), Reason: b.Reason},
	}
	if b.Phase(now) == breaker.Open {
		q.Breaker.Until = b.Until
	}
	if h.state.Pace.NotBefore.After(now) {
		q.PausedUntil = h.state.Pace.NotBefore
	}
	for _, budget := range h.state.Budgets {
		if budget.Reset.After(now) {
			q.Budgets = append(q.Budgets, budget)
		}
	}
	rows, err := l.cfg.DB.Exec(`SELECT state, count(*) FROM writes WHERE state IN ('dead', 'parked') GROUP BY state`)
	if err != nil {
		return q, err
	}
	into := map[string]*int64{Dead: &q.Dead, Parked: &q.Parked}
	for r := range rows.All() {
		state, n := r.Text(), r.Int64()
		if into[state] == nil || r.Done() != nil {
			return q, sqlstore.ErrColumn
		}
		*into[state] = n
	}
	rows, err = l.cfg.DB.Exec(`SELECT min(accepted), COALESCE(SUM(state = 'delivering'), 0) FROM writes WHERE holds = 1 AND state IN ('pending', 'delivering')`)
	if err != nil {
		return q, err
	}
	if r, ok := rows.First(); ok {
		q.Oldest, q.Delivering = r.Time(), r.Int64()
		return q, r.Done()
	}
	return q, nil
}

const entryColumns = `seq, tag, method, path, part, idem, priority, state, reason, attempts, replays, size, last_status, accepted, not_before, expires_at, due_at, settled_at, took_ms, released`

func (l *Lane) readEntry(r *sqlstore.Row) Entry {
	seq, tag := r.Int64(), r.Text()
	e := Entry{
		ID: l.id(seq, tag), Destination: l.destination, Method: r.Text(), Path: outbound.RedactPath(r.Text()), PartitionKey: r.Text(), IdempotencyKey: r.Text(),
		Priority: r.Int(), State: r.Text(), Reason: r.Text(), Attempts: r.Int(), Replays: r.Int(), Size: r.Int64(), LastStatus: r.Int(),
		Accepted: r.Time(), NotBefore: r.Time(), ExpiresAt: r.Time(), NextAt: r.Time(), SettledAt: r.Time(), TookMs: r.Int64(),
	}
	if released := r.Bool(); e.State != Pending || released { // due_at is when somebody is overdue
		e.NextAt = time.Time{}
	}
	return e
}

// Get returns one write. Errors: outbound.ErrNotFound.
func (l *Lane) Get(id string) (Detail, error) {
	var d Detail
	err := l.view(func(*head) error {
		v, err := l.byID(id)
		if err != nil {
			return err
		}
		rows, err := l.cfg.DB.Exec(`SELECT `+entryColumns+`, header, answer, claim, body FROM writes WHERE seq = ?`, v.seq)
		if err != nil {
			return err
		}
		r, ok := rows.First()
		if !ok {
			return outbound.ErrNotFound
		}
		d.Entry = l.readEntry(r)
		header, answer := r.Text(), r.Text()
		d.Stored = r.Text() != ""
		d.Body = r.Blob()
		if err := r.Done(); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(header), &d.Header); err != nil {
			return err
		}
		d.Header = outbound.RedactHeader(d.Header)
		if d.Answer, err = readAnswer(answer); err != nil {
			return err
		}
		d.Tries, err = l.tries(v.seq)
		return err
	})
	return d, err
}

func readAnswer(text string) (*outbound.Answer, error) {
	if text == "" {
		return nil, nil
	}
	var a outbound.Answer
	return &a, json.Unmarshal([]byte(text), &a)
}

func (l *Lane) tries(seq int64) ([]Attempt, error) {
	rows, err := l.cfg.DB.Exec(`SELECT attempt, at, outcome, status, reason, took_ms, answer FROM attempts WHERE seq = ? ORDER BY fence`, seq)
	if err != nil {
		return nil, err
	}
	tries := make([]Attempt, 0, rows.Len())
	for r := range rows.All() {
		a := Attempt{Attempt: r.Int(), At: r.Time(), Outcome: r.Text(), Status: r.Int(), Reason: r.Text(), TookMs: r.Int64()}
		answer := r.Text()
		if err := r.Done(); err != nil {
			return nil, err
		}
		if a.Answer, err = readAnswer(answer); err != nil {
			return nil, err
		}
		tries = append(tries, a)
	}
	return tries, nil
}

// List returns a page of writes, newest first. Errors: ErrFilter.
func (l *Lane) List(f Filter) (Page, error) {
	where, args, err := f.where(l.destination)
	if err != nil {
		return Page{}, err
	}
	limit, ok := page.Size(f.Limit, page.Max)
	if !ok {
		return Page{}, ErrFilter
	}
	out := Page{Writes: []Entry{}}
	err = l.view(func(*head) error {
		rows, err := l.cfg.DB.Exec(`SELECT `+entryColumns+` FROM writes WHERE `+where+` ORDER BY seq DESC LIMIT ?`, append(args, limit+1)...)
		if err != nil {
			return err
		}
		for r := range rows.All() {
			if len(out.Writes) == limit {
				out.Next = out.Writes[limit-1].Cursor()
				break
			}
			out.Writes = append(out.Writes, l.readEntry(r))
			if err := r.Done(); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// where is the condition that a filter means.
func (f Filter) where(dest string) (string, []any, error) {
	conds := []string{"1"}
	var args []any
	add := func(cond string, a ...any) {
		conds = append(conds, cond)
		args = append(args, a...)
	}
	switch f.State {
	case "":
	case Pending, Delivering:
		add("holds = 1 AND state = ?", f.State) // by the index of what is open
	case Dead, Parked:
		// The second term is what lets SQLite use the partial index.
		add("state = ? AND state IN ('dead', 'parked')", f.State)
	case Delivered, Cancelled, Purged:
		add("state = ?", f.State)
	default:
		return "", nil, ErrFilter
	}
	if f.PartitionKey != "" {
		add("part = ?", f.PartitionKey)
	}
	if !f.Since.IsZero() {
		add("accepted >= ?", page.Millis(f.Since))
	}
	if !f.Until.IsZero() {
		add("accepted < ?", page.Millis(f.Until))
	}
	if f.Cursor != "" {
		at, id, ok := page.Parse(f.Cursor)
		other, seq, _, ours := parseID(id)
		if !ok || !ours {
			return "", nil, ErrFilter
		}
		// Within the cursor's own destination by number; in the others by time,
		// and for the same millisecond by name.
		switch {
		case other == dest:
			add("seq < ?", seq)
		case dest < other:
			add("accepted <= ?", at)
		default:
			add("accepted < ?", at)
		}
	}
	return strings.Join(conds, " AND "), args, nil
}

// Cursor names the place right after e in any list.
func (e Entry) Cursor() string { return page.Cursor(e.Accepted, e.ID) }
