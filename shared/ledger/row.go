package ledger

import (
	"bytes"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// lease is what a decision about an event needs of its row.
type lease struct {
	state      string
	owner      string
	fence      int64
	attempts   int
	leaseUntil time.Time
	nextAt     time.Time
	expiresAt  time.Time
	retention  time.Duration
	claim      string
}

// load reads a row's lease; false when there is no such event.
func (l *Ledger) load(key string) (lease, bool, error) {
	rows, err := l.cfg.DB.Exec(`SELECT state, owner, fence, attempts, lease_until, next_at, expires_at, retention_s, claim FROM events WHERE key = ?`, key)
	if err != nil {
		return lease{}, false, err
	}
	r, ok := rows.First()
	if !ok {
		return lease{}, false, nil
	}
	v := lease{
		state: r.Text(), owner: r.Text(), fence: r.Int64(), attempts: r.Int(),
		leaseUntil: r.Time(), nextAt: r.Time(), expiresAt: r.Time(),
		retention: time.Duration(r.Int64()) * time.Second,
		claim:     r.Text(),
	}
	return v, true, r.Done()
}

// loadEvent reads the stored event, body included.
func (l *Ledger) loadEvent(key string) (*event.Event, error) {
	rows, err := l.cfg.DB.Exec(`SELECT source, id, provider, type, time, accepted, origin, authenticated, content_type, retention_s, size, claim, body FROM events WHERE key = ?`, key)
	if err != nil {
		return nil, err
	}
	r, ok := rows.First()
	if !ok {
		return nil, ErrNotFound
	}
	e := &event.Event{
		Tenant: l.tenant, Source: r.Text(), ID: r.Text(), Provider: r.Text(), Type: r.Text(),
		Time: r.Time(), Accepted: r.Time(), Origin: r.Text(), Authenticated: r.Text(), ContentType: r.Text(),
		Retention: time.Duration(r.Int64()) * time.Second, Size: r.Int64(), Claim: r.Text(), Body: r.Blob(),
	}
	return e, r.Done()
}

// insert stores a new event in the state v.
func (l *Ledger) insert(e *event.Event, v lease, due any, lastError string) error {
	var body any
	if e.Claim == "" {
		body = append([]byte{}, e.Body...) // an empty body is not NULL
	}
	_, err := l.cfg.DB.Exec(`INSERT INTO events (key, source, id, provider, type, time, accepted, origin, authenticated,
			content_type, retention_s, size, claim, state, owner, fence, attempts, lease_until, due_at, last_error, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Key(), e.Source, e.ID, e.Provider, e.Type, e.Time.UnixMilli(), e.Accepted.UnixMilli(), e.Origin, e.Authenticated,
		e.ContentType, int64(e.Retention/time.Second), e.Size, e.Claim, v.state, v.owner, v.fence, v.attempts,
		millis(v.leaseUntil), due, lastError, body)
	return err
}

// millis is a time as stored; the zero time is NULL.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// wellFormed reports whether the ledger can hold the event and the agent can
// be told of it. The parts before it make sure of that; this is the last gate
// before a row that would fail at every attempt.
func wellFormed(e *event.Event) bool {
	if !name.Valid(e.Tenant) || !name.Valid(e.Source) || e.ID == "" || len(e.ID) > event.MaxIDBytes {
		return false
	}
	// The key becomes the webhook-id header: visible ASCII and no space
	// (RFC 9110 §5.5 allows little more).
	for i := range len(e.ID) {
		if c := e.ID[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return e.Claim != "" || len(e.Body) <= event.InlineLimit
}

// normalise brings an event's attributes into the ranges that the database
// and CloudEvents can hold. Whatever a provider says about time and size is a
// hint; its body is not touched.
func normalise(e *event.Event, now time.Time) *event.Event {
	n := *e
	if y := n.Accepted.Year(); y < 2000 || n.Accepted.After(now.Add(24*time.Hour)) {
		n.Accepted = now
	}
	if y := n.Time.Year(); y < 1970 || y > 9999 {
		n.Time = n.Accepted
	}
	if n.Claim == "" {
		n.Size = int64(len(n.Body))
	}
	n.Size = min(max(n.Size, 0), sqlstore.MaxInteger)
	if n.Retention <= 0 {
		n.Retention = DefaultRetention
	}
	n.Retention = min(max(n.Retention, MinRetention), MaxRetention)
	for _, s := range [...]*string{&n.Provider, &n.Type, &n.Origin, &n.Authenticated, &n.ContentType} {
		// The platform's strings are UTF-16; be the same everywhere.
		*s = strings.ToValidUTF8(*s, "\ufffd")
	}
	return &n
}

// sameAttributes compares two events but for their bodies.
func sameAttributes(a, b *event.Event) bool {
	x, y := *a, *b
	x.Body, y.Body = nil, nil
	return bytes.Equal(event.Encode(&x), event.Encode(&y))
}
