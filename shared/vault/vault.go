package vault

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/outbox"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/target"
)

const (
	// MaxConnections bounds a tenant's connections; each is a row of a few KB
	// and some refreshes a day.
	MaxConnections = 500
	// MaxScopes, MaxCallers, MaxOperations and MaxResources bound the lists of
	// one connection, MaxText one entry of them, in bytes.
	MaxScopes     = 100
	MaxCallers    = 50
	MaxOperations = 200
	MaxResources  = 8
	MaxText       = 256
	// MaxSecretBytes bounds a client secret or a key in PEM.
	MaxSecretBytes = 8 << 10
)

// States of a connection.
const (
	Pending     = "pending"      // nobody has authorized it yet
	Active      = "active"       // its token is good
	Refreshing  = "refreshing"   // a refresh is under way; shown, not stored
	Degraded    = "degraded"     // a refresh failed; the old token is used while it lives
	NeedsReauth = "needs_reauth" // a person must authorize it again
	Revoked     = "revoked"      // disconnected; the provider is still to be told
)

// Errors that cross [Client] unchanged; seal.ErrNoRing does too.
var (
	ErrNotFound = errors.New("vault: no such connection")
	// ErrTenant refuses a call for a tenant the object does not belong to.
	ErrTenant = errors.New("vault: object belongs to another tenant")
	// ErrRequest refuses a value that is out of bounds, or a call this build
	// cannot read.
	ErrRequest = errors.New("vault: value not acceptable")
	// ErrLimit refuses one more connection.
	ErrLimit = errors.New("vault: limit reached")
	// ErrProvider, ErrParams, ErrEndpoint and ErrClient refuse a configuration.
	ErrProvider = errors.New("vault: unknown provider")
	ErrParams   = errors.New("vault: a parameter of the provider is missing, unknown or malformed")
	ErrEndpoint = errors.New("vault: an endpoint is not an allowed URL")
	ErrClient   = errors.New("vault: client credentials are missing or do not fit the way of authenticating")
	// ErrDiscovery reports an issuer whose metadata cannot be had or used.
	ErrDiscovery = errors.New("vault: the issuer's metadata cannot be used")
	// ErrNeedsReauth: only a person can bring this connection back.
	ErrNeedsReauth = errors.New("vault: the connection must be authorized again")
	// ErrForbidden refuses a caller that is not on the connection's list.
	ErrForbidden = errors.New("vault: the connection does not allow this caller")
	// ErrUnavailable: no live token at the moment; later there may be one.
	ErrUnavailable = errors.New("vault: no live token at the moment")
	// ErrRefused: the destination refuses a token that was just made, so
	// another refresh would not help.
	ErrRefused = errors.New("vault: the destination refuses a fresh token")
	// ErrUnreadable reports tokens or secrets that the key ring does not open.
	// They are kept.
	ErrUnreadable = errors.New("vault: stored tokens cannot be opened with this key ring")
	// ErrFlow refuses a callback or a link that belongs to no flow: forged,
	// used, expired, of another browser or of a configuration since changed.
	ErrFlow = errors.New("vault: no such authorization under way")
	// ErrIssuer refuses a callback whose `iss` is not the provider's (RFC 9207).
	ErrIssuer = errors.New("vault: the answer is from another issuer")
	// ErrDenied: the provider answered the authorization with an error.
	ErrDenied = errors.New("vault: the provider refused the authorization")
	// ErrExchange: the code could not be redeemed.
	ErrExchange = errors.New("vault: the code could not be exchanged")
)

// Config is what one object needs.
type Config struct {
	DB  sqlstore.DB
	Now func() time.Time
	// Rand makes keys, states and jitter; nil means crypto/rand.
	Rand io.Reader
	// Keys is the ring VAULT_KEYS; nil fails every call that needs it. Suite is
	// the cipher of the tenant's own key.
	Keys  *seal.Ring
	Suite seal.Suite
	// Fetch reaches the providers.
	Fetch fetch.Func
	// SetAlarm sets the object's one alarm, in place of any other, without
	// waiting.
	SetAlarm func(time.Time) error
	// Send puts notices on the queue `events`.
	Send func(messages [][]byte) error
	// Register tells the index that this tenant has a vault, and under which
	// key. It may be repeated. Nil: there is no index.
	Register func(entry Entry) error
	// Policy says which hosts may be called.
	Policy target.Policy
	// Log takes one line for each change of state and each refusal; nil: none.
	Log func(event string, kv ...string)
}

// Vault is one object. Its calls arrive through [Vault.Invoke].
type Vault struct {
	cfg Config
	box outbox.Box

	// mu keeps a transaction's statements together when goroutines of several
	// events overlap. It is never held across a call that waits.
	mu       sync.Mutex
	migrated bool
	tenant   string
	key      *seal.Ring // the tenant's own, opened from keyText
	keyText  string
	alarm    time.Time          // the alarm known to be set; zero when unknown
	sendAt   time.Time          // no notice is sent before: the queue refused
	flights  map[string]*flight // refreshes under way, by connection
	slots    map[string]*slots  // by token host
}

// New opens the object. It touches no storage until the first call.
func New(cfg Config) (*Vault, error) {
	if cfg.DB == nil || cfg.Now == nil || cfg.Suite == nil || cfg.Fetch == nil || cfg.SetAlarm == nil || cfg.Send == nil {
		return nil, errors.New("vault: incomplete configuration")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Log == nil {
		cfg.Log = func(string, ...string) {}
	}
	return &Vault{
		cfg: cfg, box: outbox.Box{DB: cfg.DB, Send: cfg.Send},
		flights: map[string]*flight{}, slots: map[string]*slots{},
	}, nil
}

// bind checks that the object is the named tenant's (G10) and ties it to it if
// it is nobody's yet. Reading what was never written is ErrNotFound and leaves
// the storage untouched.
func (v *Vault) bind(tenant string, write bool) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !name.Valid(tenant) {
		return ErrTenant
	}
	if err := v.open(write); err != nil {
		return err
	}
	switch v.tenant {
	case tenant:
		return nil
	case "":
		if !write {
			return ErrNotFound
		}
		if _, err := v.cfg.DB.Exec(`INSERT INTO identity (id, tenant, generation, key, registered) VALUES (1, ?, 0, '', '')`, tenant); err != nil {
			return err
		}
		v.tenant = tenant
		return nil
	}
	return ErrTenant
}

// open brings the schema up to date, once, and recalls whose object this is.
func (v *Vault) open(write bool) error {
	if v.migrated {
		return nil
	}
	if !write {
		n, err := sqlstore.Int64(v.cfg.DB, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'identity'`)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
	}
	if err := sqlstore.Migrate(v.cfg.DB, schema); err != nil {
		return err
	}
	rows, err := v.cfg.DB.Exec(`SELECT tenant FROM identity`)
	if err != nil {
		return err
	}
	if r, ok := rows.First(); ok {
		v.tenant = r.Text()
		if err := r.Done(); err != nil {
			return err
		}
	}
	v.migrated = true
	return nil
}

// now is the clock at the resolution of the database.
func (v *Vault) now() time.Time { return v.cfg.Now().UTC().Truncate(time.Millisecond) }

// tx runs f, which may only use the database, in a transaction of its own.
func (v *Vault) tx(f func() error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cfg.DB.Tx(f)
}

// nextGeneration counts every change of tokens and configurations; call it in
// tx. It never repeats within the tenant, so that a sealed value of a
// connection that was deleted and made again does not open in the new one.
func (v *Vault) nextGeneration() (int64, error) {
	return sqlstore.Int64(v.cfg.DB, `UPDATE identity SET generation = generation + 1 RETURNING generation`)
}

func (v *Vault) random(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(v.cfg.Rand, b)
	return b, err
}

// chance is uniform in [0, 1). Without randomness there is no jitter, which is
// no reason to fail.
func (v *Vault) chance() float64 {
	b, err := v.random(8)
	if err != nil {
		return 0
	}
	return float64(binary.LittleEndian.Uint64(b)>>11) / (1 << 53)
}

func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// earliest ignores zero times.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
