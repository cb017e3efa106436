package upstream

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/outbox"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Errors that cross [Client] unchanged.
var (
	ErrNotFound = errors.New("upstream: not found")
	// ErrRequest refuses a value that is out of bounds.
	ErrRequest = errors.New("upstream: value not acceptable")
	ErrLimit   = errors.New("upstream: the tenant has as many as it may")
	// ErrReport refuses an approval of a report that is not the latest.
	ErrReport = errors.New("upstream: the upstream has changed since this report")
	// ErrNothing refuses an approval of what is not in the report, or not
	// acceptable at all.
	ErrNothing = errors.New("upstream: nothing of that kind to approve")
)

// MaxUpstreams bounds a tenant's upstreams.
const MaxUpstreams = 50

// Kinds of items.
const (
	kindTool     = "tool"
	kindResource = "resource"
	kindTemplate = "resource_template"
	kindPrompt   = "prompt"
)

// Trust says what happens at the first sight of an upstream.
const (
	TrustApproval = "approval"  // nothing is served until it is approved
	TrustFirstUse = "first_use" // what is seen first is pinned
)

// Policy says what follows each class of change; a class it does not name has
// its default.
type Policy map[Class]Action

// Settings are what an operator or tenant says of an upstream.
type Settings struct {
	URL        string `json:"url"`
	Connection string `json:"connection,omitempty"` // whose token goes with each request
	Trust      string `json:"trust"`
	// Recheck is how old the last look may be when a tool is called; 0 looks
	// before every call.
	Recheck time.Duration `json:"recheck"`
	Timeout time.Duration `json:"timeout"` // of one exchange
	Policy  Policy        `json:"policy,omitempty"`
}

// Bounds and defaults of settings.
const (
	DefaultTimeout = 10 * time.Second
	MaxTimeout     = 60 * time.Second
	MaxRecheck     = time.Hour
)

func (s Settings) valid() bool {
	if s.Trust != TrustApproval && s.Trust != TrustFirstUse || s.Recheck < 0 || s.Recheck > MaxRecheck || s.Timeout <= 0 || s.Timeout > MaxTimeout {
		return false
	}
	for c, a := range s.Policy {
		if _, known := defaultPolicy[c]; !known || a != Allow && a != Warn && a != Block {
			return false
		}
	}
	return s.URL != "" && len(s.URL) <= 2048
}

// Upstream is what may be told of one.
type Upstream struct {
	Name string `json:"upstream"`
	Settings
	Health
	Tools   int       `json:"tools"`   // pinned
	Drifted int       `json:"drifted"` // items that are not as approved
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`

	seen bool // a look has found something once
}

// Health is how the last look went.
type Health struct {
	State    string    `json:"state"` // new, ready, failing
	Checked  time.Time `json:"checked,omitzero"`
	Failures int       `json:"failures,omitempty"` // since it last answered
	Reason   string    `json:"reason,omitempty"`
	Protocol string    `json:"protocol,omitempty"`
	report   string    // that was told last
}

// States.
const (
	StateNew     = "new"
	StateReady   = "ready"
	StateFailing = "failing"
)

// schema holds the migrations, oldest first; a released step never changes.
var schema = [][]string{{
	`CREATE TABLE upstreams (
		name     TEXT PRIMARY KEY,
		settings TEXT NOT NULL,
		state    TEXT NOT NULL,
		checked  INTEGER,
		failures INTEGER NOT NULL,
		reason   TEXT NOT NULL,
		protocol TEXT NOT NULL,
		report   TEXT NOT NULL,
		created  INTEGER NOT NULL,
		updated  INTEGER NOT NULL
	) WITHOUT ROWID`,
	// pinned is the definition that was approved, now the last one seen; both
	// canonical JSON, NULL for none. fault says why now is not acceptable.
	`CREATE TABLE upstream_items (
		upstream TEXT NOT NULL,
		kind     TEXT NOT NULL,
		name     TEXT NOT NULL,
		pinned   TEXT,
		now      TEXT,
		fault    TEXT NOT NULL,
		approved INTEGER,
		PRIMARY KEY (upstream, kind, name)
	) WITHOUT ROWID`,
	outbox.Schema,
}, {
	// version is another whenever something else is served.
	`CREATE TABLE upstream_catalogue (
		id      INTEGER PRIMARY KEY CHECK (id = 1),
		version INTEGER NOT NULL
	)`,
	`INSERT INTO upstream_catalogue (id, version) VALUES (1, 1)`,
}, {
	// seen is when a look first found anything: first use is once. Of an
	// upstream from before, nobody can say any more: one that was looked at has
	// been seen.
	`ALTER TABLE upstreams ADD COLUMN seen INTEGER`,
	`UPDATE upstreams SET seen = checked`,
	// gone says that the removal was accepted: it is no drift any more. The pin
	// stays for what may come back under the name.
	`ALTER TABLE upstream_items ADD COLUMN gone INTEGER NOT NULL DEFAULT 0`,
}, {
	// tried is when the last look began.
	`ALTER TABLE upstreams ADD COLUMN tried INTEGER`,
	// A look that outlived its upstream left these.
	`DELETE FROM upstream_items WHERE upstream NOT IN (SELECT name FROM upstreams)`,
}}

// item is a row of upstream_items.
type item struct {
	kind, name  string
	pinned, now []byte // nil for none
	fault       string
	approved    time.Time
	gone        bool // that it is not there was accepted
}

func (i item) class() Class {
	switch {
	case i.now == nil && i.gone:
		return Unchanged
	case i.now == nil:
		return Removed
	case i.fault != "":
		return Refused
	case i.pinned == nil:
		return Added
	}
	return classify(i.kind, i.pinned, i.now)
}

func fingerprint(definition []byte) string {
	if definition == nil {
		return ""
	}
	sum := sha256.Sum256(definition)
	return hex.EncodeToString(sum[:])
}

func (u *Upstreams) load(name string) (Upstream, error) {
	rows, err := u.cfg.DB.Exec(`SELECT settings, state, checked, failures, reason, protocol, report, created, updated, seen FROM upstreams WHERE name = ?`, name)
	if err != nil {
		return Upstream{}, err
	}
	r, ok := rows.First()
	if !ok {
		return Upstream{}, ErrNotFound
	}
	out := Upstream{Name: name}
	settings := r.Text()
	out.Health = Health{State: r.Text(), Checked: r.Time(), Failures: r.Int(), Reason: r.Text(), Protocol: r.Text(), report: r.Text()}
	out.Created, out.Updated = r.Time(), r.Time()
	out.seen = !r.Time().IsZero()
	if err := r.Done(); err != nil {
		return out, err
	}
	return out, json.Unmarshal([]byte(settings), &out.Settings)
}

func (u *Upstreams) names() ([]string, error) {
	rows, err := u.cfg.DB.Exec(`SELECT name FROM upstreams ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var names []string
	for r := range rows.All() {
		names = append(names, r.Text())
		if err := r.Done(); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func (u *Upstreams) items(name string) ([]item, error) {
	rows, err := u.cfg.DB.Exec(`SELECT `+itemColumns+` FROM upstream_items WHERE upstream = ? ORDER BY kind, name`, name)
	if err != nil {
		return nil, err
	}
	var items []item
	for r := range rows.All() {
		i, err := readItem(r)
		if err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	return items, nil
}

// itemColumns is what readItem reads.
const itemColumns = `kind, name, pinned, now, fault, approved, gone`

func readItem(r *sqlstore.Row) (item, error) {
	i := item{kind: r.Text(), name: r.Text()}
	for _, to := range []*[]byte{&i.pinned, &i.now} {
		if r.IsNull() {
			r.Skip()
			continue
		}
		*to = []byte(r.Text())
	}
	i.fault, i.approved, i.gone = r.Text(), r.Time(), r.Int() != 0
	return i, r.Done()
}

func (u *Upstreams) storeItem(name string, i item) error {
	text := func(b []byte) any {
		if b == nil {
			return nil
		}
		return string(b)
	}
	var approved any
	if !i.approved.IsZero() {
		approved = i.approved.UnixMilli()
	}
	_, err := u.cfg.DB.Exec(`INSERT OR REPLACE INTO upstream_items (upstream, kind, name, pinned, now, fault, approved, gone) VALUES (?,?,?,?,?,?,?,?)`,
		name, i.kind, i.name, text(i.pinned), text(i.now), i.fault, approved, i.gone)
	return err
}

func (u *Upstreams) deleteItem(name string, i item) error {
	_, err := u.cfg.DB.Exec(`DELETE FROM upstream_items WHERE upstream = ? AND kind = ? AND name = ?`, name, i.kind, i.name)
	return err
}

func (u *Upstreams) storeHealth(name string, h Health) error {
	var checked any
	if !h.Checked.IsZero() {
		checked = h.Checked.UnixMilli()
	}
	_, err := u.cfg.DB.Exec(`UPDATE upstreams SET state = ?, checked = ?, failures = ?, reason = ?, protocol = ?, report = ? WHERE name = ?`,
		h.State, checked, h.Failures, h.Reason, h.Protocol, h.report, name)
	return err
}
