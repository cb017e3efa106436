package tenant

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Source is what may be told about a source.
type Source struct {
	Name       string        `json:"name"`
	Provider   string        `json:"provider"`
	URL        string        `json:"url,omitempty"` // registered at the provider, when the scheme signs it
	Retention  time.Duration `json:"retention"`
	Secrets    []Secret      `json:"secrets"` // newest first
	Generation int64         `json:"generation"`
	Created    time.Time     `json:"created"`
	Updated    time.Time     `json:"updated"`
	// Published says that KV took this generation. The edge follows within
	// KV's minute.
	Published bool `json:"published"`
}

// PutSource is the whole of a source; what it does not name is gone.
type PutSource struct {
	Name     string   `json:"name"`
	Provider string   `json:"provider"`
	Secrets  []string `json:"secrets"` // 1 to source.MaxSecrets, newest first
	URL      string   `json:"url,omitempty"`
	// Params are what the provider's scheme takes beside secrets. They are
	// sealed with them and never shown: one may be a token.
	Params map[string]string `json:"params,omitempty"`
	// Retention is source.DefaultRetention when zero.
	Retention time.Duration `json:"retention,omitempty"`
}

// RotateSource brings a new secret in.
type RotateSource struct {
	Name    string        `json:"name"`
	Secret  string        `json:"secret"`
	Overlap time.Duration `json:"overlap"` // how long the older ones live on; 0: not at all
}

type sourceRow struct {
	Source
	sealed  string
	deleted bool
	tries   int
}

const sourceColumns = `name, provider, url, retention, secrets, sealed, generation, created, updated, deleted, published, tries`

func readSource(r *sqlstore.Row) (sourceRow, error) {
	s := sourceRow{Source: Source{Name: r.Text(), Provider: r.Text(), URL: r.Text(), Retention: time.Duration(r.Int64()) * time.Second}}
	secrets := r.Text()
	s.sealed, s.Generation, s.Created, s.Updated = r.Text(), r.Int64(), r.Time(), r.Time()
	s.deleted, s.Published, s.tries = r.Bool(), r.Bool(), r.Int()
	if err := r.Done(); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(secrets), &s.Secrets)
}

// loadSource reads a row, deleted ones too. Errors: ErrNotFound.
func (t *Tenant) loadSource(n string) (sourceRow, error) {
	rows, err := t.cfg.DB.Exec(`SELECT `+sourceColumns+` FROM sources WHERE name = ?`, n)
	if err != nil {
		return sourceRow{}, err
	}
	row, ok := rows.First()
	if !ok {
		return sourceRow{}, ErrNotFound
	}
	return readSource(row)
}

// liveSource reads a row that is not deleted. Errors: ErrNotFound.
func (t *Tenant) liveSource(n string) (sourceRow, error) {
	s, err := t.loadSource(n)
	if err == nil && s.deleted {
		return sourceRow{}, ErrNotFound
	}
	return s, err
}

// Source returns one source. Errors: ErrNotFound.
func (t *Tenant) Source(n string) (Source, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.liveSource(n)
	return s.Source, err
}

// Sources returns all sources by name.
func (t *Tenant) Sources() ([]Source, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, err := t.cfg.DB.Exec(`SELECT ` + sourceColumns + ` FROM sources WHERE deleted = 0 ORDER BY name`)
	if err != nil {
		return nil, err
	}
	out := make([]Source, 0, rows.Len())
	for r := range rows.All() {
		s, err := readSource(r)
		if err != nil {
			return nil, err
		}
		out = append(out, s.Source)
	}
	return out, nil
}

// PutSource makes or replaces a source. Putting what is there already changes
// nothing. Errors: ErrRequest, ErrProvider, ErrParams, ErrSecret, ErrSecrets, ErrLimit,
// seal.ErrNoRing.
func (t *Tenant) PutSource(in PutSource) (Source, error) {
	if in.Retention == 0 {
		in.Retention = source.DefaultRetention
	}
	if err := t.validate(in); err != nil {
		return Source{}, err
	}
	now := t.now()
	err := t.tx(func() error {
		row, err := t.loadSource(in.Name)
		exists := err == nil && !row.deleted
		var before source.Config
		switch {
		case errors.Is(err, ErrNotFound), err == nil && row.deleted:
			if err := t.roomFor(`sources WHERE deleted = 0`, MaxSources); err != nil {
				return err
			}
			row.Created = now
		case err != nil:
			return err
		default:
			// A row the ring does not open is being repaired by this very call.
			if c, err := t.openSource(row); err == nil {
				before = *c
			}
		}
		secrets, err := t.replaced(before.Secrets, in.Secrets, now)
		if err != nil {
			return err
		}
		if exists && row.Provider == in.Provider && row.URL == in.URL && row.Retention == in.Retention &&
			sameSecrets(before.Secrets, secrets) && maps.Equal(before.Params, in.Params) && !t.cfg.SourceKeys.NeedsRewrap(row.sealed) {
			return nil
		}
		row.Name, row.Provider, row.URL, row.Retention = in.Name, in.Provider, in.URL, in.Retention
		return t.storeSource(row, in.Params, secrets, now)
	})
	if err != nil {
		return Source{}, err
	}
	return t.publishNow(in.Name)
}

// RotateSource puts a new secret first, active at once; the older ones live on
// for the overlap. Repeating the call changes nothing but never prolongs an
// older secret. Errors: ErrNotFound, ErrRequest, ErrSecret, ErrSecrets,
// ErrUnreadable, seal.ErrNoRing.
func (t *Tenant) RotateSource(in RotateSource) (Source, error) {
	if in.Overlap < 0 || in.Overlap > MaxOverlap {
		return Source{}, ErrRequest
	}
	now := t.now()
	err := t.tx(func() error {
		row, err := t.liveSource(in.Name)
		if err != nil {
			return err
		}
		c, err := t.openSource(row)
		if err != nil {
			return err
		}
		if err := t.checkSecrets(row.Provider, c.Params, []string{in.Secret}); err != nil {
			return err
		}
		secrets, err := t.rotated(c.Secrets, in.Secret, in.Overlap, now)
		if err != nil {
			return err
		}
		if len(secrets) > source.MaxSecrets {
			return ErrSecrets
		}
		if sameSecrets(c.Secrets, secrets) {
			return nil
		}
		return t.storeSource(row, c.Params, secrets, now)
	})
	if err != nil {
		return Source{}, err
	}
	return t.publishNow(in.Name)
}

// DeleteSource removes a source; the edge forgets it once KV has been told.
// Errors: ErrNotFound.
func (t *Tenant) DeleteSource(n string) (published bool, err error) {
	now := t.now()
	err = t.tx(func() error {
		if _, err := t.liveSource(n); err != nil {
			return err
		}
		generation, err := t.nextGeneration()
		if err != nil {
			return err
		}
		_, err = t.cfg.DB.Exec(`UPDATE sources SET deleted = 1, published = 0, tries = 0, secrets = '[]', sealed = '', generation = ?, updated = ? WHERE name = ?`,
			generation, now.UnixMilli(), n)
		return err
	})
	if err != nil {
		return false, err
	}
	return t.publish(n)
}

// storeSource seals and writes a row as unpublished; call it in tx.
func (t *Tenant) storeSource(row sourceRow, params map[string]string, secrets []source.Secret, now time.Time) error {
	generation, err := t.nextGeneration()
	if err != nil {
		return err
	}
	sealed, err := source.SealConfig(t.cfg.SourceKeys, &source.Config{
		Tenant: t.tenant, Name: row.Name, Provider: row.Provider, URL: row.URL, Params: params,
		Secrets: secrets, Retention: row.Retention, Generation: generation,
	})
	if err != nil {
		return err
	}
	described, err := describeJSON(secrets)
	if err != nil {
		return err
	}
	_, err = t.cfg.DB.Exec(`INSERT OR REPLACE INTO sources (`+sourceColumns+`) VALUES (?,?,?,?,?,?,?,?,?,0,0,0)`,
		row.Name, row.Provider, row.URL, int64(row.Retention/time.Second), described, sealed, generation,
		row.Created.UnixMilli(), now.UnixMilli())
	return err
}

func (t *Tenant) openSource(row sourceRow) (*source.Config, error) {
	c, err := source.OpenConfig(t.cfg.SourceKeys, t.tenant, row.Name, row.sealed)
	switch {
	case errors.Is(err, seal.ErrNoRing):
		return nil, err
	case err != nil:
		return nil, ErrUnreadable
	}
	return c, nil
}

func (t *Tenant) validate(in PutSource) error {
	switch {
	case in.Name == event.SystemSource:
		return ErrReserved
	case !name.Valid(in.Name), !validURL(in.URL),
		in.Retention < source.MinRetention, in.Retention > source.MaxRetention, in.Retention%time.Second != 0:
		return ErrRequest
	case len(in.Secrets) == 0:
		return ErrSecret // G1: a source that cannot verify is not a source
	case len(in.Secrets) > source.MaxSecrets:
		return ErrSecrets
	}
	for i, s := range in.Secrets {
		if slices.Contains(in.Secrets[:i], s) {
			return ErrRequest
		}
	}
	return t.checkSecrets(in.Provider, in.Params, in.Secrets)
}

func (t *Tenant) checkSecrets(provider string, params map[string]string, secrets []string) error {
	raw := make([][]byte, len(secrets))
	for i, s := range secrets {
		// U+FFFD is what JSON makes of bytes that are no text: the secret would
		// not be the one that was meant.
		if strings.TrimSpace(s) == "" || len(s) > MaxSecretBytes || strings.ContainsRune(s, '\ufffd') {
			return ErrSecret
		}
		raw[i] = []byte(s)
	}
	switch err := t.cfg.Check(provider, params, raw); {
	case errors.Is(err, ErrProvider):
		return ErrProvider
	case errors.Is(err, ErrParams):
		return ErrParams
	case err != nil:
		return ErrSecret // whatever it says may quote the secret
	}
	return nil
}

// validURL bounds the text of a registered URL; it is signed over, not called.
func validURL(s string) bool {
	if len(s) > MaxURLBytes || (s != "" && !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://")) {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// roomFor refuses one more row; call it in tx.
func (t *Tenant) roomFor(table string, most int64) error {
	n, err := sqlstore.Int64(t.cfg.DB, `SELECT count(*) FROM `+table)
	if err == nil && n >= most {
		return ErrLimit
	}
	return err
}
