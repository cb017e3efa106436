package tenant

import (
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// The directory names what a tenant has in objects of its own: each
// destination is a Lane, which holds its configuration. A name is written here
// before its object is, and removed after: so nothing exists that is not
// listed, and a name whose object knows nothing is a change that was cut short.

// Kinds of the directory.
const Destinations = "destination"

// MaxListed bounds the names of one kind: a list over all of them asks each
// object once.
const MaxListed = 100

// Listing names one thing of a kind.
type Listing struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

func (in Listing) valid() bool { return name.Valid(in.Kind) && name.Valid(in.Name) }

// Enlist writes a name down; it may be there already. Errors: ErrRequest,
// ErrLimit.
func (t *Tenant) Enlist(in Listing) error {
	if !in.valid() {
		return ErrRequest
	}
	now := t.now()
	return t.tx(func() error {
		n, err := sqlstore.Int64(t.cfg.DB, `SELECT count(*) FROM directory WHERE kind = ? AND name <> ?`, in.Kind, in.Name)
		if err != nil {
			return err
		}
		if n >= MaxListed {
			return ErrLimit
		}
		_, err = t.cfg.DB.Exec(`INSERT INTO directory (kind, name, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, in.Kind, in.Name, millis(now))
		return err
	})
}

// Delist removes a name; it need not be there. Errors: ErrRequest.
func (t *Tenant) Delist(in Listing) error {
	if !in.valid() {
		return ErrRequest
	}
	return t.tx(func() error {
		_, err := t.cfg.DB.Exec(`DELETE FROM directory WHERE kind = ? AND name = ?`, in.Kind, in.Name)
		return err
	})
}

// Listed are the names of a kind, in their order.
func (t *Tenant) Listed(kind string) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, err := t.cfg.DB.Exec(`SELECT name FROM directory WHERE kind = ? ORDER BY name`, kind)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, rows.Len())
	for r := range rows.All() {
		list = append(list, r.Text())
		if err := r.Done(); err != nil {
			return nil, err
		}
	}
	return list, nil
}
