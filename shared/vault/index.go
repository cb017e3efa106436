package vault

import (
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// IndexObject is the name of the one object that knows which tenants have a
// vault: the platform cannot list objects. No tenant can have this name.
const IndexObject = ".index"

const (
	// watchRows is how many vaults one tick visits; a thousand tenants come
	// round in 20 minutes, which is what their own alarms have as a spare.
	watchRows = 50
	// maxSweep bounds one call of the operator's sweep.
	maxSweep = 200
)

// indexSchema holds the migrations of the index. seen is the last visit.
var indexSchema = [][]string{{
	`CREATE TABLE vaults (
		tenant TEXT PRIMARY KEY,
		key    TEXT NOT NULL,
		seen   INTEGER NOT NULL
	) WITHOUT ROWID`,
	`CREATE INDEX vaults_seen ON vaults (seen)`,
	`CREATE INDEX vaults_key ON vaults (key)`,
}}

// Index is that object. It holds names and key ids, no secret.
type Index struct {
	db  sqlstore.DB
	now func() time.Time

	mu       sync.Mutex
	migrated bool
}

// NewIndex opens the object. It touches no storage until the first call.
func NewIndex(db sqlstore.DB, now func() time.Time) *Index { return &Index{db: db, now: now} }

// Methods of the index's Invoke.
const (
	methodRegister = "register"
	methodDue      = "due"
	methodKeys     = "keys"
	methodStale    = "stale"
)

// KeysReport says under which master keys the vaults are.
type KeysReport struct {
	Vaults int            `json:"vaults"`
	ByKey  map[string]int `json:"by_key"`
}

// Invoke serves one call of an IndexClient: JSON in, JSON out.
func (x *Index) Invoke(method string, payload []byte) ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.migrated {
		if err := sqlstore.Migrate(x.db, indexSchema); err != nil {
			return nil, err
		}
		x.migrated = true
	}
	var out any
	var err error
	switch method {
	case methodRegister:
		var e Entry
		if json.Unmarshal(payload, &e) != nil || !name.Valid(e.Tenant) {
			return nil, ErrRequest
		}
		out, err = true, x.register(e)
	case methodDue:
		out, err = x.due()
	case methodStale:
		var primary string
		if json.Unmarshal(payload, &primary) != nil {
			return nil, ErrRequest
		}
		out, err = x.tenants(`SELECT tenant FROM vaults WHERE key <> '' AND key <> ? ORDER BY tenant LIMIT `+strconv.Itoa(maxSweep), primary)
	case methodKeys:
		out, err = x.keys()
	default:
		return nil, ErrRequest
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func (x *Index) register(e Entry) error {
	_, err := x.db.Exec(`INSERT INTO vaults (tenant, key, seen) VALUES (?, ?, 0) ON CONFLICT (tenant) DO UPDATE SET key = excluded.key`, e.Tenant, e.Key)
	return err
}

// due hands out the vaults that were not visited for longest, and notes the
// visit.
func (x *Index) due() (list []string, err error) {
	err = x.db.Tx(func() error {
		if list, err = x.tenants(`SELECT tenant FROM vaults ORDER BY seen, tenant LIMIT ?`, watchRows); err != nil {
			return err
		}
		for _, t := range list {
			if _, err := x.db.Exec(`UPDATE vaults SET seen = ? WHERE tenant = ?`, x.now().UnixMilli(), t); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

func (x *Index) tenants(query string, args ...any) ([]string, error) {
	rows, err := x.db.Exec(query, args...)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, rows.Len())
	for c := range rows.All() {
		list = append(list, c.Text())
	}
	return list, nil
}

func (x *Index) keys() (KeysReport, error) {
	out := KeysReport{ByKey: map[string]int{}}
	rows, err := x.db.Exec(`SELECT key, count(*) FROM vaults GROUP BY key`)
	if err != nil {
		return out, err
	}
	for c := range rows.All() {
		id, n := c.Text(), c.Int()
		if err := c.Done(); err != nil {
			return out, err
		}
		out.Vaults += n
		if id != "" { // a vault without a key was shredded
			out.ByKey[id] = n
		}
	}
	return out, nil
}

// IndexClient calls the index. Every call may be repeated.
type IndexClient struct {
	Invoke func(method string, payload []byte) ([]byte, error)
}

func callIndex[Out any](c IndexClient, method string, in any) (Out, error) {
	var out Out
	arg, err := json.Marshal(in)
	if err != nil {
		return out, ErrRequest
	}
	b, err := c.Invoke(method, arg)
	if err != nil {
		return out, err
	}
	return call.Result[Out](b)
}

// Register notes a vault.
func (c IndexClient) Register(e Entry) error {
	_, err := callIndex[bool](c, methodRegister, e)
	return err
}

// Due names the vaults to visit on this tick.
func (c IndexClient) Due() ([]string, error) { return callIndex[[]string](c, methodDue, call.None{}) }

// Stale names vaults whose key is not under the primary master key.
func (c IndexClient) Stale(primary string) ([]string, error) {
	return callIndex[[]string](c, methodStale, primary)
}

// Keys reports the vaults by master key.
func (c IndexClient) Keys() (KeysReport, error) {
	return callIndex[KeysReport](c, methodKeys, call.None{})
}

// Object is what the platform runs under the class Vault: a tenant's vault, or
// the index. Which of the two, it learns from its first call; the methods of
// one are unknown to the other, and so is what they store.
type Object struct {
	vault *Vault
	index *Index
}

// NewObject makes either.
func NewObject(cfg Config) (*Object, error) {
	v, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return &Object{vault: v, index: NewIndex(cfg.DB, cfg.Now)}, nil
}

// Invoke serves one call.
func (o *Object) Invoke(method string, payload []byte) ([]byte, error) {
	switch method {
	case methodRegister, methodDue, methodStale, methodKeys:
		return o.index.Invoke(method, payload)
	}
	return o.vault.Invoke(method, payload)
}

// Alarm runs the vault's; the index has none.
func (o *Object) Alarm() error { return o.vault.Alarm() }
