package poll

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/crawl"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/outbox"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Errors that cross [Client] unchanged; ErrDefinition does too.
var (
	ErrNotFound = errors.New("poll: no such poll")
	// ErrTenant refuses a call for a poll the object does not belong to.
	ErrTenant = errors.New("poll: object belongs to another poll")
	// ErrRequest refuses a call this build cannot read.
	ErrRequest = errors.New("poll: malformed call")
	// ErrLimit refuses one more poll of a tenant.
	ErrLimit = errors.New("poll: limit reached")
)

// Errors of a Caller. Any other is a failure below HTTP.
var (
	// ErrReauth: the destination's connection needs a person.
	ErrReauth = errors.New("poll: the connection needs to be authorized anew")
	// ErrDestination: there is no such destination, or its URL may not be called.
	ErrDestination = errors.New("poll: no such destination")
	// ErrCall: the destination's rules take no such request, whatever it is:
	// a path with an encoded slash or a dot segment, or one that is too long.
	ErrCall = errors.New("poll: the destination takes no such request")
	// ErrUnavailable: the destination's own part of Hookweir did not answer.
	ErrUnavailable = errors.New("poll: a part of Hookweir did not answer")
	// ErrTimeout: no answer within the deadline.
	ErrTimeout = errors.New("poll: no answer within the deadline")
)

// Busy is a Caller's refusal that time heals: nothing was sent.
type Busy struct {
	Wait   time.Duration // at least
	Reason string        // ReasonBudget or ReasonBreaker
}

func (b *Busy) Error() string { return "poll: " + b.Reason }

// Request is one call of a destination.
type Request struct {
	Poll        string // for whom
	Destination string
	Call        crawl.Call
	MaxBody     int // bytes
	// Free304 says that the provider does not count an answer of 304.
	Free304 bool
}

// Response is its answer.
type Response struct {
	Status   int
	Header   http.Header
	Body     []byte
	TooLarge bool
	Base     string // the destination's URL
	// Used is the share of the destination's budget that is used, and Reset
	// how long it takes to be new; 0 for unknown.
	Used  float64
	Reset time.Duration
}

// Caller calls a destination with its token, within its budget.
type Caller func(ctx context.Context, tenant string, r Request) (Response, error)

// Ledger is one shard; [ledger.Client] is one.
type Ledger interface {
	Seen(ctx context.Context, keys []string) ([]ledger.Sighting, error)
	Bury(ctx context.Context, reason string, messages [][]byte) error
}

// Schedule is the clock's list of polls.
type Schedule interface {
	// Add puts a poll in, or changes what is known of it: when it is due, the
	// source that wakes it and how soon. Errors: ErrLimit.
	Add(ctx context.Context, poll, source string, every time.Duration, next time.Time) error
	Remove(ctx context.Context, poll string) error
}

// Config is what one object needs.
type Config struct {
	DB       sqlstore.DB
	Now      func() time.Time
	Rand     func() float64 // uniform in [0, 1), for jitter
	SetAlarm func(time.Time) error
	Call     Caller
	Ledger   func(tenant string, shard int) Ledger
	// Send puts messages on the queue `events`.
	Send func(messages [][]byte) error
	// PutPayload stores a body too large for a message.
	PutPayload func(ctx context.Context, key string, body []byte) error
	Schedule   func(tenant string) Schedule
	Log        func(event string, pairs ...string)
}

// Poll is one object.
type Poll struct {
	cfg Config
	box outbox.Box

	// mu keeps a transaction's statements together when goroutines of several
	// events overlap. It is never held across a call that waits.
	mu       sync.Mutex
	migrated bool
	tenant   string
	name     string
	running  time.Time // until when a run is believed to be under way
}

// New opens the object. It touches no storage until the first call.
func New(cfg Config) (*Poll, error) {
	if cfg.DB == nil || cfg.Now == nil || cfg.Rand == nil || cfg.SetAlarm == nil || cfg.Call == nil || cfg.Ledger == nil ||
		cfg.Send == nil || cfg.PutPayload == nil || cfg.Schedule == nil || cfg.Log == nil {
		return nil, errors.New("poll: incomplete configuration")
	}
	return &Poll{cfg: cfg, box: outbox.Box{DB: cfg.DB, Send: cfg.Send}}, nil
}

// bind checks that the object is the named poll's (G10), and ties it to it if
// it is nobody's yet. Reading what was never written is ErrNotFound and
// leaves the storage untouched.
func (p *Poll) bind(tenant, poll string, write bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !name.Valid(tenant) || !name.Valid(poll) || poll == event.SystemSource {
		return ErrTenant
	}
	if err := p.open(write); err != nil {
		return err
	}
	if p.tenant == "" {
		if !write {
			return ErrNotFound
		}
		if _, err := p.cfg.DB.Exec(`INSERT INTO identity (id, tenant, poll) VALUES (1, ?, ?)`, tenant, poll); err != nil {
			return err
		}
		p.tenant, p.name = tenant, poll
	}
	if p.tenant != tenant || p.name != poll {
		return ErrTenant
	}
	return nil
}

// open brings the schema up to date, once, and recalls whose object this is.
func (p *Poll) open(write bool) error {
	if p.migrated {
		return nil
	}
	if !write {
		n, err := sqlstore.Int64(p.cfg.DB, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'identity'`)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
	}
	if err := sqlstore.Migrate(p.cfg.DB, schema); err != nil {
		return err
	}
	rows, err := p.cfg.DB.Exec(`SELECT tenant, poll FROM identity`)
	if err != nil {
		return err
	}
	if r, ok := rows.First(); ok {
		p.tenant, p.name = r.Text(), r.Text()
		if err := r.Done(); err != nil {
			return err
		}
	}
	p.migrated = true
	return nil
}

// now is the clock at the resolution of the database.
func (p *Poll) now() time.Time { return p.cfg.Now().UTC().Truncate(time.Millisecond) }

// tx runs f, which may only use the database, in a transaction of its own.
func (p *Poll) tx(f func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg.DB.Tx(f)
}

// row is the poll as stored.
type row struct {
	seq, generation int64
	listed, deleted bool
	definition      Definition
	recipe          *crawl.Recipe
	state           crawl.State
	health          health
}

// load reads the row. Errors: ErrNotFound, also for a deleted poll.
func (p *Poll) load() (*row, error) {
	r, err := p.loadAny()
	if err == nil && r.deleted {
		return nil, ErrNotFound
	}
	return r, err
}

func (p *Poll) loadAny() (*row, error) {
	rows, err := p.cfg.DB.Exec(`SELECT seq, generation, listed, deleted, definition, state, health FROM poll`)
	if err != nil {
		return nil, err
	}
	first, ok := rows.First()
	if !ok {
		return nil, ErrNotFound
	}
	r := &row{seq: first.Int64(), generation: first.Int64(), listed: first.Bool(), deleted: first.Bool()}
	definition, state, h := first.Text(), first.Text(), first.Text()
	if err := first.Done(); err != nil {
		return nil, err
	}
	for _, part := range [...]struct {
		text string
		into any
	}{{definition, &r.definition}, {state, &r.state}, {h, &r.health}} {
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return nil, err
		}
	}
	r.recipe, err = r.definition.recipe()
	return r, err
}

// errOvertaken says that the row has changed since it was read: another run
// or definition has the say.
var errOvertaken = errors.New("poll: overtaken")

// store writes state and health if nobody else has written meanwhile. Call it
// in a transaction.
func (p *Poll) store(r *row) error {
	state, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	h, err := json.Marshal(r.health)
	if err != nil {
		return err
	}
	rows, err := p.cfg.DB.Exec(`UPDATE poll SET seq = seq + 1, state = ?, health = ? WHERE seq = ? RETURNING seq`, string(state), string(h), r.seq)
	if err != nil {
		return err
	}
	first, ok := rows.First()
	if !ok {
		return errOvertaken
	}
	r.seq = first.Int64()
	return first.Done()
}
