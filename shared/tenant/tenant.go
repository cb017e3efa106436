package tenant

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// MaxSources bounds a tenant's sources; each is a row of a few KB and a
	// line of the list.
	MaxSources = 500
	// MaxKeys bounds a tenant's API keys.
	MaxKeys = 100
	// MaxSecretBytes bounds one secret; the longest are PEM certificates.
	MaxSecretBytes = 8 << 10
	// MaxURLBytes bounds a URL.
	MaxURLBytes = 2048
	// MaxLabelBytes bounds a key's label.
	MaxLabelBytes = 100
	// MaxOverlap bounds how long a rotated secret lives on.
	MaxOverlap = 30 * 24 * time.Hour
	// MaxAgentSecrets bounds the secrets that sign one delivery, each of which
	// costs a signature in the header.
	MaxAgentSecrets = 4
)

// Errors that cross [Client] unchanged; seal.ErrNoRing does too.
var (
	ErrNotFound = errors.New("tenant: not found")
	// ErrTenant refuses a call for a tenant the object does not belong to.
	ErrTenant = errors.New("tenant: object belongs to another tenant")
	// ErrRequest refuses a value that is out of bounds, or a call this build
	// cannot read.
	ErrRequest = errors.New("tenant: value not acceptable")
	// ErrReserved refuses a name that is Hookweir's own.
	ErrReserved = errors.New("tenant: name is reserved")
	// ErrProvider refuses a provider that is not in the catalogue. Config.Check
	// returns an error that wraps it.
	ErrProvider = errors.New("tenant: unknown provider")
	// ErrSecret refuses a secret that the provider's scheme cannot use.
	ErrSecret = errors.New("tenant: secret does not have the required form")
	// ErrParams refuses parameters that the provider's scheme does not take.
	// Config.Check returns it too.
	ErrParams = errors.New("tenant: a parameter is missing, unknown or malformed")
	// ErrSecrets refuses more secrets than may be active at once.
	ErrSecrets = errors.New("tenant: too many active secrets")
	// ErrLimit refuses one more source or key.
	ErrLimit = errors.New("tenant: limit reached")
	// ErrStale refuses to stop an agent that was configured anew meanwhile.
	ErrStale = errors.New("tenant: the agent has changed")
	// ErrUnauthenticated is every reason why a token is no key of this tenant.
	ErrUnauthenticated = errors.New("tenant: not a valid key")
	// ErrRestricted is a good key that opens the agent's endpoint only.
	ErrRestricted = errors.New("tenant: key is restricted to tools")
	// ErrUnreadable reports stored secrets that the ring does not open.
	ErrUnreadable = errors.New("tenant: stored secrets cannot be opened with this key ring")
)

// Publisher writes the CONFIG namespace. A zero ttl keeps the value; deleting
// an absent key is no error.
type Publisher interface {
	Put(ctx context.Context, key, value string, ttl time.Duration) error
	Delete(ctx context.Context, key string) error
}

// Config is what one object needs.
type Config struct {
	DB  sqlstore.DB
	Now func() time.Time
	// Rand makes keys, ids and secrets; nil means crypto/rand.
	Rand io.Reader
	// Tenant names the object. When empty it is the stored one, or the one the
	// first write names.
	Tenant string
	// SourceKeys seals what the worker reads, VaultKeys what it must not. A nil
	// ring fails the calls that need it.
	SourceKeys, VaultKeys *seal.Ring
	Publisher             Publisher
	// SetAlarm sets the object's one alarm, in place of any other. It must not
	// wait: a Durable Object's setAlarm is a storage write.
	SetAlarm func(time.Time) error
	// Check reports whether the provider's scheme takes these parameters and
	// secrets. An
	// unknown provider is an error that wraps ErrProvider; every other error
	// becomes ErrSecret.
	Check func(provider string, params map[string]string, secrets [][]byte) error
	// Watched says that somebody listens at the agent's endpoint, and wants to
	// hear of events. Nil: nobody ever does.
	Watched func() bool
}

// Tenant is one object. Its calls arrive through [Tenant.Invoke], which checks
// whose object this is before anything else.
type Tenant struct {
	cfg Config

	// mu keeps a transaction's statements together when goroutines of several
	// events overlap. It is never held across a call that waits.
	mu       sync.Mutex
	migrated bool
	tenant   string
	alarm    time.Time            // the alarm known to be set; zero when unknown
	putting  map[string]time.Time // sources with a put under way → when to give it up
}

// New opens the object. It touches no storage until the first call.
func New(cfg Config) (*Tenant, error) {
	if cfg.DB == nil || cfg.Now == nil || cfg.Publisher == nil || cfg.SetAlarm == nil || cfg.Check == nil {
		return nil, errors.New("tenant: incomplete configuration")
	}
	if cfg.Tenant != "" && !name.Valid(cfg.Tenant) {
		return nil, ErrTenant
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return &Tenant{cfg: cfg, putting: map[string]time.Time{}}, nil
}

// bind checks that the object is the named tenant's (G10) and ties it to it if
// it is nobody's yet. Reading what was never written is ErrNotFound and leaves
// the storage untouched.
func (t *Tenant) bind(tenant string, write bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !name.Valid(tenant) || (t.cfg.Tenant != "" && t.cfg.Tenant != tenant) {
		return ErrTenant
	}
	if err := t.open(write); err != nil {
		return err
	}
	switch t.tenant {
	case tenant:
		return nil
	case "":
		if !write {
			return ErrNotFound
		}
		if _, err := t.cfg.DB.Exec(`INSERT INTO identity (id, tenant, generation) VALUES (1, ?, 0)`, tenant); err != nil {
			return err
		}
		t.tenant = tenant
		return nil
	}
	return ErrTenant
}

// Open checks that the object is the named tenant's and brings its tables up
// to date. Errors: ErrNotFound, ErrTenant.
func (t *Tenant) Open(tenant string) error { return t.bind(tenant, false) }

// Claim is Open, but makes the object the tenant's if it is nobody's yet.
// Errors: ErrTenant.
func (t *Tenant) Claim(tenant string) error { return t.bind(tenant, true) }

// Name says whose object this is. Errors: ErrNotFound, nobody's yet.
func (t *Tenant) Name() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.open(false); err != nil {
		return "", err
	}
	if t.tenant == "" {
		return "", ErrNotFound
	}
	return t.tenant, nil
}

// open brings the schema up to date, once, and recalls whose object this is.
func (t *Tenant) open(write bool) error {
	if t.migrated {
		return nil
	}
	if !write {
		n, err := sqlstore.Int64(t.cfg.DB, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'identity'`)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
	}
	if err := sqlstore.Migrate(t.cfg.DB, schema); err != nil {
		return err
	}
	rows, err := t.cfg.DB.Exec(`SELECT tenant FROM identity`)
	if err != nil {
		return err
	}
	if row, ok := rows.First(); ok {
		t.tenant = row.Text()
		if err := row.Done(); err != nil {
			return err
		}
	}
	t.migrated = true
	return nil
}

// now is the clock at the resolution of the database.
func (t *Tenant) now() time.Time { return t.cfg.Now().UTC().Truncate(time.Millisecond) }

// tx runs f, which may only use the database, in a transaction of its own.
func (t *Tenant) tx(f func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cfg.DB.Tx(f)
}

// nextGeneration counts every change of a source or the agent; call it in tx.
func (t *Tenant) nextGeneration() (int64, error) {
	return sqlstore.Int64(t.cfg.DB, `UPDATE identity SET generation = generation + 1 RETURNING generation`)
}

// idEncoding is lower-case base32: an id is read aloud and typed.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// idBytes is 40 bits, eight characters: unique among a few, no secret.
const idBytes = 5

func (t *Tenant) newID() (string, error) {
	b, err := t.random(idBytes)
	return idEncoding.EncodeToString(b), err
}

func (t *Tenant) random(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(t.cfg.Rand, b)
	return b, err
}

func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}
