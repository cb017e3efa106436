package ledger

import (
	"errors"
	"hash/fnv"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Shards is the number of ledger objects per tenant. One object does about
// 1,000 requests per second; a batch is two. It is part of the stored layout:
// with another number, old keys would be looked for in the wrong object.
const Shards = 4

const (
	// MaxAttempts is how often an event is posted before it is dead. With
	// deliver's full-jitter backoff (base 5 s, cap 24 h) 20 attempts span 2.9
	// days on average and 5.9 at most: a weekend's outage, and well within the
	// 14 days a queue can keep a message. The ledger does not depend on that:
	// when the queue drops the message, the alarm sends a reference.
	MaxAttempts = 20
	// MaxDelay is the longest retry delay: a queue delays 24 hours at most.
	MaxDelay = 24 * time.Hour
	// DefaultSweepGrace is how long past its time an event may wait before the
	// alarm puts it on the queue again. It covers a queue's batching, a busy
	// consumer and clock differences, so that in normal traffic nothing is
	// sent twice.
	DefaultSweepGrace = 5 * time.Minute

	// DefaultRetention, MinRetention (G4) and MaxRetention are of a source: how
	// long its events, and with them duplicates, are known.
	DefaultRetention = 72 * time.Hour
	MinRetention     = 24 * time.Hour
	MaxRetention     = 30 * 24 * time.Hour

	minLease = time.Second      // less is over before the post is under way
	maxLease = 15 * time.Minute // a queue consumer's wall-clock limit

	maxItems = 100 // messages in a queue batch

	// keptAttempts is how many attempts are kept per event: a full run and
	// the runs of a few replays.
	keptAttempts = 50
)

// States of an event.
const (
	Pending    = "pending"    // waits for its next attempt
	Delivering = "delivering" // a consumer holds a lease
	Delivered  = "delivered"  // the agent took it
	Dead       = "dead"       // given up; replayable
	Purged     = "purged"     // emptied by an operator; the key is still known
)

// Errors that cross [Client] unchanged.
var (
	ErrNotFound = errors.New("ledger: no such event")
	// ErrInFlight refuses a replay while a consumer is delivering the event.
	ErrInFlight = errors.New("ledger: event is being delivered")
	// ErrOpen refuses to purge an event that is still to be delivered.
	ErrOpen = errors.New("ledger: event is still to be delivered")
	// ErrPurged refuses to replay an event that an operator has purged.
	ErrPurged = errors.New("ledger: event was purged")
	// ErrTenant refuses a call for a tenant the object does not belong to.
	ErrTenant = errors.New("ledger: object belongs to another tenant")
	// ErrShard refuses a key that lives in another shard.
	ErrShard = errors.New("ledger: key belongs to another shard")
	// ErrRequeue says that the queue refused. The events are pending and the
	// alarm will send them, so the caller need not try again.
	ErrRequeue = errors.New("ledger: queue unavailable, events stay pending")
	// ErrFilter refuses an unknown state, a bad cursor or a bad limit.
	ErrFilter = errors.New("ledger: bad filter")
	// ErrRequest refuses a call this build cannot read.
	ErrRequest = errors.New("ledger: malformed call")
)

// Config is what one object needs.
type Config struct {
	DB  sqlstore.DB
	Now func() time.Time
	// Tenant and Shard name the object. With an empty Tenant they are those
	// stored in the database, or those the first call names.
	Tenant string
	Shard  int
	// Requeue puts messages (event.EncodeReference) on the queue `events`, at
	// most 100 at a time.
	Requeue func(messages [][]byte) error
	// SetAlarm sets the object's one alarm, in place of any other. It must
	// not wait: a Durable Object's setAlarm is a storage write.
	SetAlarm func(time.Time) error
	// DropPayload deletes a body from the payload bucket. Deleting an absent
	// one is no error.
	DropPayload func(claim string) error
	// SweepGrace overrides DefaultSweepGrace; zero means the default.
	SweepGrace time.Duration
}

// Ledger is one object.
type Ledger struct {
	cfg Config

	// mu keeps a transaction's statements together when goroutines of several
	// events overlap. It is never held across a call that waits.
	mu     sync.Mutex
	tenant string
	shard  int
	alarm  time.Time // the alarm known to be set; zero when unknown
}

// New opens the object and brings its schema up to date. Errors: ErrTenant
// when the database belongs to another tenant or shard than cfg names,
// sqlstore.ErrSchema.
func New(cfg Config) (*Ledger, error) {
	if cfg.DB == nil || cfg.Now == nil || cfg.Requeue == nil || cfg.SetAlarm == nil || cfg.DropPayload == nil {
		return nil, errors.New("ledger: incomplete configuration")
	}
	if cfg.SweepGrace <= 0 {
		cfg.SweepGrace = DefaultSweepGrace
	}
	if err := sqlstore.Migrate(cfg.DB, schema); err != nil {
		return nil, err
	}
	l := &Ledger{cfg: cfg}
	if err := l.recall(); err != nil {
		return nil, err
	}
	if cfg.Tenant != "" {
		if err := l.bind(cfg.Tenant, cfg.Shard); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// recall reads whom the object belongs to; nobody yet is no error.
func (l *Ledger) recall() error {
	rows, err := l.cfg.DB.Exec(`SELECT tenant, shard FROM identity`)
	if err != nil {
		return err
	}
	if row, ok := rows.First(); ok {
		l.tenant, l.shard = row.Text(), row.Int()
		return row.Done()
	}
	return nil
}

// bind ties the object to a tenant and shard, or checks that it is (G10).
func (l *Ledger) bind(tenant string, shard int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tenant != "" {
		if l.tenant != tenant {
			return ErrTenant
		}
		if l.shard != shard {
			return ErrShard
		}
		return nil
	}
	if !name.Valid(tenant) {
		return ErrTenant
	}
	if shard < 0 || shard >= Shards {
		return ErrShard
	}
	if _, err := l.cfg.DB.Exec(`INSERT INTO identity (id, tenant, shard) VALUES (1, ?, ?)`, tenant, shard); err != nil {
		return err
	}
	l.tenant, l.shard = tenant, shard
	return nil
}

// owns refuses keys of another tenant or shard.
func (l *Ledger) owns(key string) error {
	tenant, _, _ := strings.Cut(key, "/")
	if l.tenant == "" || tenant != l.tenant {
		return ErrTenant
	}
	if ShardOf(key) != l.shard {
		return ErrShard
	}
	return nil
}

// now is the clock at the resolution of the database.
func (l *Ledger) now() time.Time { return l.cfg.Now().UTC().Truncate(time.Millisecond) }

// tx runs f, which may only use the database, in a transaction of its own.
func (l *Ledger) tx(f func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cfg.DB.Tx(f)
}

// ShardOf names the shard of an event key: FNV-1a over its bytes, scaled. (Its
// remainder by a power of two would only see the lowest bits of each byte.)
func ShardOf(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return int(uint64(h.Sum32()) * Shards >> 32)
}

// ObjectName is the Durable Object's name for a tenant's shard: `acme/2`.
func ObjectName(tenant string, shard int) string { return tenant + "/" + strconv.Itoa(shard) }
