package schedule

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// Shards is the number of objects. It is part of the stored layout. Each
	// is asked once a minute, and with 100,000 polls holds 25,000.
	Shards = 4
	// MaxPolls bounds the polls of a tenant.
	MaxPolls = 1000
	// MaxDue bounds what one tick takes from a shard; the rest is due at the
	// next. All polls of a full shard fit.
	MaxDue = 30_000
	// Lease is how long a poll that was handed out is believed to be on its
	// way: a queue's wait and the longest run.
	Lease = 5 * time.Minute
	// early is how much before its time a poll is handed out: the tick comes
	// once a minute, and half of that early is as good as half late.
	early = 30 * time.Second
)

// Errors that cross the clients unchanged.
var (
	// ErrLimit refuses one more poll of a tenant.
	ErrLimit = errors.New("schedule: the tenant has as many polls as it may")
	// ErrRequest refuses a call this build cannot read.
	ErrRequest = errors.New("schedule: malformed call")
	// ErrShard refuses a tenant that is another shard's.
	ErrShard = errors.New("schedule: the tenant is another shard's")
)

// Entry is a poll as the schedule knows it.
type Entry struct {
	Tenant string        `json:"t"`
	Poll   string        `json:"p"`
	Source string        `json:"s,omitempty"` // whose webhooks bring the next run forward
	Every  time.Duration `json:"e,omitempty"` // its floor
	Next   time.Time     `json:"n"`
}

// Due is a poll to be run.
type Due struct {
	Tenant  string `json:"t"`
	Poll    string `json:"p"`
	Touched bool   `json:"x,omitempty"` // a webhook of its source has arrived
}

// Settled says when a poll that was run is due next.
type Settled struct {
	Tenant string    `json:"t"`
	Poll   string    `json:"p"`
	Next   time.Time `json:"n"`
}

// Config is what one object needs.
type Config struct {
	DB  sqlstore.DB
	Now func() time.Time
}

// slot is a poll in memory.
type slot struct {
	Entry
	id      int64
	next    time.Time
	touched bool
	leased  time.Time // handed out until then
	again   bool      // touched since it was handed out
	anew    bool      // added since: what a run says that began before is of another
}

// Schedule is one shard.
type Schedule struct {
	cfg Config

	// mu keeps a transaction's statements, and memory, together. It is never
	// held across a call that waits.
	mu      sync.Mutex
	loaded  bool
	slots   map[string]*slot           // by tenant/poll
	sources map[string]map[string]bool // tenant/source → tenant/poll
	tenants map[string]int
}

// New opens the object. It touches no storage until the first call.
func New(cfg Config) (*Schedule, error) {
	if cfg.DB == nil || cfg.Now == nil {
		return nil, errors.New("schedule: incomplete configuration")
	}
	return &Schedule{cfg: cfg}, nil
}

// schema holds the migrations. times has five bytes for each id, from 1: the
// second it is due, and whether it was touched.
var schema = [][]string{{
	`CREATE TABLE polls (
		id     INTEGER PRIMARY KEY,
		tenant TEXT NOT NULL,
		poll   TEXT NOT NULL,
		source TEXT NOT NULL,
		every  INTEGER NOT NULL
	)`,
	`CREATE TABLE times (
		id    INTEGER PRIMARY KEY CHECK (id = 1),
		due   BLOB NOT NULL
	)`,
}}

const timeBytes = 5

// ShardOf names the shard of a tenant.
func ShardOf(tenant string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(tenant)) // never fails
	return int(uint64(h.Sum32()) * Shards >> 32)
}

// ObjectName is the Durable Object's name for a shard.
func ObjectName(shard int) string { return strconv.Itoa(shard) }

func key(tenant, poll string) string { return tenant + "/" + poll }

// load reads everything, once. A tick of a shard without polls reads one row.
func (s *Schedule) load() error {
	if s.loaded {
		return nil
	}
	if err := sqlstore.Migrate(s.cfg.DB, schema); err != nil {
		return err
	}
	var due []byte
	rows, err := s.cfg.DB.Exec(`SELECT due FROM times`)
	if err != nil {
		return err
	}
	if r, ok := rows.First(); ok {
		due = r.Blob()
		if err := r.Done(); err != nil {
			return err
		}
	}
	s.slots, s.sources, s.tenants = map[string]*slot{}, map[string]map[string]bool{}, map[string]int{}
	rows, err = s.cfg.DB.Exec(`SELECT id, tenant, poll, source, every FROM polls`)
	if err != nil {
		return err
	}
	for r := range rows.All() {
		x := &slot{id: r.Int64()}
		x.Tenant, x.Poll, x.Source, x.Every = r.Text(), r.Text(), r.Text(), time.Duration(r.Int64())*time.Millisecond
		if err := r.Done(); err != nil {
			return err
		}
		if at := int(x.id) * timeBytes; at+timeBytes <= len(due) {
			x.next = time.Unix(int64(binary.LittleEndian.Uint32(due[at:])), 0)
			x.touched = due[at+4] != 0
		}
		s.put(x)
	}
	s.loaded = true
	return nil
}

func (s *Schedule) put(x *slot) {
	k := key(x.Tenant, x.Poll)
	if s.slots[k] == nil {
		s.tenants[x.Tenant]++
	} else {
		s.unwake(s.slots[k])
	}
	s.slots[k] = x
	if x.Source != "" {
		source := key(x.Tenant, x.Source)
		if s.sources[source] == nil {
			s.sources[source] = map[string]bool{}
		}
		s.sources[source][k] = true
	}
}

func (s *Schedule) unwake(x *slot) {
	source := key(x.Tenant, x.Source)
	delete(s.sources[source], key(x.Tenant, x.Poll))
	if len(s.sources[source]) == 0 {
		delete(s.sources, source)
	}
}

// save writes when each poll is due: one row.
func (s *Schedule) save() error {
	var last int64
	for _, x := range s.slots {
		last = max(last, x.id)
	}
	due := make([]byte, (last+1)*timeBytes)
	for _, x := range s.slots {
		at := x.id * timeBytes
		binary.LittleEndian.PutUint32(due[at:], uint32(max(x.next.Unix(), 0)))
		if x.touched {
			due[at+4] = 1
		}
	}
	_, err := s.cfg.DB.Exec(`INSERT OR REPLACE INTO times (id, due) VALUES (1, ?)`, due)
	return err
}

// forget drops what is in memory after a write that failed, so that the next
// call reads what is stored.
func (s *Schedule) forget(err error) error {
	if err != nil {
		s.loaded = false
	}
	return err
}

// Add puts a poll in, or changes what is known of it. Errors: ErrLimit,
// ErrRequest.
func (s *Schedule) Add(e Entry) error {
	if !name.Valid(e.Tenant) || !name.Valid(e.Poll) || e.Source != "" && !name.Valid(e.Source) || e.Every < 0 {
		return ErrRequest
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return err
	}
	old := s.slots[key(e.Tenant, e.Poll)]
	if old == nil && s.tenants[e.Tenant] >= MaxPolls {
		return ErrLimit
	}
	return s.forget(s.cfg.DB.Tx(func() error {
		x := &slot{Entry: e, next: e.Next, anew: true}
		if old != nil {
			x.id = old.id
			if _, err := s.cfg.DB.Exec(`UPDATE polls SET source = ?, every = ? WHERE id = ?`, e.Source, e.Every.Milliseconds(), x.id); err != nil {
				return err
			}
		} else {
			// The lowest free id, so that the row of times stays short.
			id, err := sqlstore.Int64(s.cfg.DB, `SELECT COALESCE((SELECT MIN(p.id) + 1 FROM (SELECT 0 AS id UNION ALL SELECT id FROM polls) p WHERE NOT EXISTS (SELECT 1 FROM polls q WHERE q.id = p.id + 1)), 1)`)
			if err != nil {
				return err
			}
			x.id = id
			if _, err := s.cfg.DB.Exec(`INSERT INTO polls (id, tenant, poll, source, every) VALUES (?, ?, ?, ?, ?)`, id, e.Tenant, e.Poll, e.Source, e.Every.Milliseconds()); err != nil {
				return err
			}
		}
		s.put(x)
		return s.save()
	}))
}

// Remove takes a poll out; it is no error when it is not there.
func (s *Schedule) Remove(tenant, poll string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return err
	}
	x := s.slots[key(tenant, poll)]
	if x == nil {
		return nil
	}
	if _, err := s.cfg.DB.Exec(`DELETE FROM polls WHERE id = ?`, x.id); err != nil {
		return err
	}
	s.unwake(x)
	delete(s.slots, key(tenant, poll))
	if s.tenants[tenant]--; s.tenants[tenant] == 0 {
		delete(s.tenants, tenant)
	}
	return nil
}

// Due hands out the polls that are due, the longest first, at most MaxDue.
func (s *Schedule) Due() ([]Due, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	var list []*slot
	for _, x := range s.slots {
		if !x.next.After(now.Add(early)) && !x.leased.After(now) {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b *slot) int {
		if d := a.next.Compare(b.next); d != 0 {
			return d
		}
		return int(a.id - b.id)
	})
	list = list[:min(len(list), MaxDue)]
	out := make([]Due, len(list))
	for i, x := range list {
		x.leased, x.again, x.anew = now.Add(Lease), false, false
		out[i] = Due{x.Tenant, x.Poll, x.touched}
	}
	return out, nil
}

// Settle notes when polls that were run are due next.
func (s *Schedule) Settle(list []Settled) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return err
	}
	now := s.cfg.Now()
	for _, done := range list {
		x := s.slots[key(done.Tenant, done.Poll)]
		if x == nil || x.anew {
			continue
		}
		x.next, x.touched, x.leased = done.Next, false, time.Time{}
		if x.again {
			x.touch(now)
		}
	}
	return s.forget(s.save())
}

// Touch brings the polls of sources forward to their floor. It reports which
// of the sources wake any.
func (s *Schedule) Touch(tenant string, sources []string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	var wake []string
	changed := false
	for _, source := range sources {
		polls := s.sources[key(tenant, source)]
		if len(polls) > 0 {
			wake = append(wake, source)
		}
		for k := range polls {
			x := s.slots[k]
			if x.leased.After(now) { // its run may have asked already
				x.again = true
				continue
			}
			changed = x.touch(now) || changed
		}
	}
	if !changed {
		return wake, nil
	}
	return wake, s.forget(s.save())
}

// touch brings a poll forward to its floor, if it is not due before that.
func (x *slot) touch(now time.Time) bool {
	at := now.Add(x.Every)
	if !x.next.After(at) {
		return false
	}
	x.next, x.touched, x.again = at, true, false
	return true
}

// List returns a tenant's polls, by name.
func (s *Schedule) List(tenant string) ([]Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return nil, err
	}
	out := []Entry{}
	for _, x := range s.slots {
		if x.Tenant == tenant {
			e := x.Entry
			e.Next = x.next.UTC()
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Poll, b.Poll) })
	return out, nil
}
