package lane

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/outbox"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/target"
)

const (
	// Retention is how long a settled write is kept, and with it its
	// idempotency key, counted from when it was settled.
	Retention = 72 * time.Hour
	// MaxOpen bounds the writes that wait at one destination: at 50 a second,
	// over half an hour of work; more is a destination that does not drain.
	MaxOpen = 100_000
	// MaxOpenBytes bounds their bodies. An object stores 10 GB.
	MaxOpenBytes = 4 << 30

	// claimHorizon is how far ahead slots are promised to a queue consumer and
	// to the drain. Longer batches more, shorter lets what is learned (a
	// Retry-After) hold sooner and whoever asks for one slot wait less.
	claimHorizon = 2 * time.Second
	// sweepGrace is how long past its time a released write may wait before
	// its queue message counts as lost. It covers a queue's batching and a
	// busy consumer.
	sweepGrace = 5 * time.Minute
	// leaseGrace is how long past its lease a consumer may still settle.
	leaseGrace = 5 * time.Second
	// heartbeat is the alarm set before anything else an alarm does, so that
	// one that fails for good is not the last. The platform does not run a
	// failed one again when it has set another: so this is how long the writes
	// of a destination stand still after a crash, and a write that crashes us
	// each time does so no more often.
	heartbeat = 10 * time.Second
)

// Errors that cross [Client] unchanged, with outbound.ErrNotFound for a
// destination or write that is not there, and seal.ErrNoRing.
var (
	// ErrTenant refuses a call for a destination the object does not belong to.
	ErrTenant = errors.New("lane: object belongs to another destination")
	// ErrRequest refuses a call this build cannot read.
	ErrRequest = errors.New("lane: malformed call")
	// ErrConflict refuses another write under an idempotency key.
	ErrConflict = errors.New("lane: idempotency key was used for another write")
	// ErrFull refuses what is over MaxOpen or MaxOpenBytes, or would fill the
	// object.
	ErrFull = errors.New("lane: too many writes wait")
	// ErrBusy refuses a decision about a write that is under way.
	ErrBusy = errors.New("lane: write is being sent")
	// ErrState refuses a decision that the write's state does not allow.
	ErrState = errors.New("lane: the write's state does not allow this")
	// ErrOpen refuses to delete a destination with writes that are not done.
	ErrOpen = errors.New("lane: writes are waiting or undecided")
	// ErrFilter refuses an unknown state, a bad cursor or a bad limit.
	ErrFilter = errors.New("lane: bad filter")
)

// Config is what one object needs.
type Config struct {
	DB  sqlstore.DB
	Now func() time.Time
	// Jitter is uniform in [0, 1).
	Jitter func() float64
	// Rand makes the random part of ids; nil means crypto/rand.
	Rand io.Reader
	// VaultKeys seals credentials.
	VaultKeys *seal.Ring
	// SendWrites puts messages (EncodeReference) on the queue `writes`,
	// SendEvents notices on `events`.
	SendWrites, SendEvents func(messages [][]byte) error
	// SetAlarm sets the object's one alarm, in place of any other, without
	// waiting.
	SetAlarm func(time.Time) error
	// PutPayload and DropPayload keep bodies too large for a row; dropping an
	// absent one is no error.
	PutPayload  func(claim string, body []byte) error
	DropPayload func(claim string) error
	// Keep bounds what is kept of writes that have ended, in bytes; zero means
	// MaxKept.
	Keep int64
	// Performer sends what the object drains itself: writes with a partition
	// key.
	Performer *Performer
	// Budget finds the object of a budget that destinations share, by its name.
	Budget func(tenant, budget string) outbound.Lane
	// Policy says which targets are allowed.
	Policy target.Policy
	// Log takes one line for each change of state.
	Log func(event string, pairs ...string)
	// Tenant and Destination name the object. When empty they are those stored
	// in the database, or those the first write names.
	Tenant, Destination string
}

// Lane is one object.
type Lane struct {
	cfg    Config
	notice outbox.Box

	// mu keeps a transaction's statements together when goroutines of several
	// events overlap. It is never held across a call that waits.
	mu          sync.Mutex
	migrated    bool
	tenant      string
	destination string
	alarm       time.Time     // the alarm known to be set; zero when unknown
	read        configuration // as it was read last
	wake        chan struct{} // tells a drain under way that there is more
	quiet       time.Time     // until when the destination asked this instance to be left alone
}

// New opens the object. It touches no storage until the first call.
func New(cfg Config) (*Lane, error) {
	if cfg.DB == nil || cfg.Now == nil || cfg.Jitter == nil || cfg.SendWrites == nil || cfg.SendEvents == nil ||
		cfg.SetAlarm == nil || cfg.PutPayload == nil || cfg.DropPayload == nil ||
		cfg.Performer == nil || cfg.Budget == nil {
		return nil, errors.New("lane: incomplete configuration")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Log == nil {
		cfg.Log = func(string, ...string) {}
	}
	return &Lane{cfg: cfg, notice: outbox.Box{DB: cfg.DB, Send: cfg.SendEvents}, wake: make(chan struct{}, 1)}, nil
}

// bind checks that the object is the named destination's (G10), and ties it to
// it if it is nobody's yet and write is set. Reading what was never written is
// outbound.ErrNotFound and leaves the storage untouched.
func (l *Lane) bind(tenant, dest string, write bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !name.Valid(tenant) || !name.Valid(strings.TrimPrefix(dest, budgetPrefix)) || l.cfg.Tenant != "" && (l.cfg.Tenant != tenant || l.cfg.Destination != dest) {
		return ErrTenant
	}
	if err := l.open(write); err != nil {
		return err
	}
	switch {
	case l.tenant == tenant && l.destination == dest:
		return nil
	case l.tenant != "":
		return ErrTenant
	case !write:
		return outbound.ErrNotFound
	}
	_, err := l.cfg.DB.Exec(`INSERT INTO lane (id, tenant, destination, config, sealed, generation, created, updated, seq, depth, bytes, released, state)
		VALUES (1, ?, ?, '', '', 0, 0, 0, 0, 0, 0, 0, '{}')`, tenant, dest)
	if err == nil {
		l.tenant, l.destination = tenant, dest
	}
	return err
}

// open brings the schema up to date, once, and recalls whose object this is.
func (l *Lane) open(write bool) error {
	if l.migrated {
		return nil
	}
	if !write {
		n, err := sqlstore.Int64(l.cfg.DB, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'lane'`)
		if err != nil {
			return err
		}
		if n == 0 {
			return outbound.ErrNotFound
		}
	}
	if err := sqlstore.Migrate(l.cfg.DB, schema); err != nil {
		return err
	}
	rows, err := l.cfg.DB.Exec(`SELECT tenant, destination FROM lane`)
	if err != nil {
		return err
	}
	if r, ok := rows.First(); ok {
		l.tenant, l.destination = r.Text(), r.Text()
		if err := r.Done(); err != nil {
			return err
		}
	}
	l.migrated = true
	return nil
}

// now is the clock at the resolution of the database.
func (l *Lane) now() time.Time { return l.cfg.Now().UTC().Truncate(time.Millisecond) }

// head is the one row of table lane.
type head struct {
	cfg        destination.Config
	configured bool
	sealed     string
	generation int64
	created    time.Time
	updated    time.Time
	seq        int64
	depth      int64
	bytes      int64
	released   int64
	state      state

	free time.Time // until when the slot to be taken may be given back; zero: it is not asked for
	ask  bool      // the budget may be asked for more
	lack *lack     // that is to be asked for first

	repeat bool // the slot is for a request that was let through and answered 401

	was  string // state as it was read
	nums [4]int64

	lines [][]string // of log, each an event and its pairs: said once they are true
}

// log notes a line for when the transaction has committed.
func (h *head) log(event string, pairs ...string) {
	h.lines = append(h.lines, append([]string{event}, pairs...))
}

func (l *Lane) load() (*head, error) {
	rows, err := l.cfg.DB.Exec(`SELECT config, sealed, generation, created, updated, seq, depth, bytes, released, state FROM lane`)
	if err != nil {
		return nil, err
	}
	r, ok := rows.First()
	if !ok {
		return nil, outbound.ErrNotFound
	}
	h := &head{}
	config := r.Text()
	h.sealed, h.generation, h.created, h.updated = r.Text(), r.Int64(), r.Time(), r.Time()
	h.seq, h.depth, h.bytes, h.released = r.Int64(), r.Int64(), r.Int64(), r.Int64()
	h.was, h.nums = r.Text(), h.counts()
	if err := r.Done(); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(h.was), &h.state); err != nil {
		return nil, err
	}
	if h.configured = config != ""; !h.configured {
		if l.isBudget() {
			h.cfg.Rate = h.state.Asked.limit()
		}
		return h, nil
	}
	if l.read.text != config {
		l.read = configuration{text: config}
		if err := json.Unmarshal([]byte(config), &l.read.cfg); err != nil {
			l.read = configuration{}
			return nil, err
		}
	}
	h.cfg = l.read.cfg
	return h, nil
}

// configuration is one and what it says: reading the text takes longer than
// most transactions. Nobody writes to what it refers to.
type configuration struct {
	text string
	cfg  destination.Config
}

func (h *head) counts() [4]int64 { return [4]int64{h.seq, h.depth, h.bytes, h.released} }

// save writes what a transaction changed; nothing changed is no billed row.
func (l *Lane) save(h *head) error {
	text, err := json.Marshal(h.state)
	if err != nil || string(text) == h.was && h.counts() == h.nums {
		return err
	}
	_, err = l.cfg.DB.Exec(`UPDATE lane SET seq = ?, depth = ?, bytes = ?, released = ?, state = ?`, h.seq, h.depth, h.bytes, max(h.released, 0), string(text))
	return err
}

// tx runs f, which may only use the database, in a transaction of its own, on
// the lane's row, and saves it after. What f logs is said when that is stored.
func (l *Lane) tx(f func(h *head) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var h *head
	err := l.cfg.DB.Tx(func() (err error) {
		if h, err = l.load(); err != nil {
			return err
		}
		if err := f(h); err != nil {
			return err
		}
		return l.save(h)
	})
	if err != nil {
		return err
	}
	for _, line := range h.lines {
		l.cfg.Log(line[0], line[1:]...)
	}
	return nil
}

// view runs f on the database without changing it.
func (l *Lane) view(f func(h *head) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, err := l.load()
	if err != nil {
		return err
	}
	return f(h)
}

// millis is a time as stored; the zero time is NULL.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// earliest is the earlier of two times, of which zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// wholeSeconds rounds up: a queue counts in seconds.
func wholeSeconds(d time.Duration) time.Duration {
	return (max(d, 0) + time.Second - 1).Truncate(time.Second)
}
