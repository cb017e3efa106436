package tenant

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// A key reads hwk_{tenant}_{id}_{secret}. The tenant may hold underscores;
// id and secret have fixed lengths, so the key is taken apart from its end.
// The prefix lets a secret scanner know it.
const (
	keyPrefix   = "hwk_"
	keyIDLen    = 8
	keyBytes    = 32
	keySecret   = 43 // keyBytes in unpadded base64url
	keyTail     = 1 + keyIDLen + 1 + keySecret
	maxKeyToken = len(keyPrefix) + name.MaxLen + keyTail
	// usedEvery is the resolution of last_used: one write per key and hour.
	usedEvery = time.Hour
)

// Key is what may be told about an API key.
type Key struct {
	ID       string    `json:"id"`
	Label    string    `json:"label"`
	Created  time.Time `json:"created"`
	LastUsed time.Time `json:"last_used,omitzero"` // to the hour; zero: never
	// Key is the key itself, set only in the answer that made it.
	Key string `json:"key,omitempty"`
}

// TenantOf reads whose key a token claims to be. It proves nothing.
func TenantOf(token string) (tenant string, ok bool) {
	tenant, _, ok = splitKey(token)
	return tenant, ok
}

// KeyIDOf reads the id of the key that a token claims to be; empty if it is
// none. It proves nothing.
func KeyIDOf(token string) string {
	_, id, _ := splitKey(token)
	return id
}

func splitKey(token string) (tenant, id string, ok bool) {
	rest, ok := strings.CutPrefix(token, keyPrefix)
	if !ok || len(token) > maxKeyToken || len(rest) <= keyTail {
		return "", "", false
	}
	tenant, tail := rest[:len(rest)-keyTail], rest[len(rest)-keyTail:]
	id = tail[1 : 1+keyIDLen]
	if tail[0] != '_' || tail[1+keyIDLen] != '_' || !name.Valid(tenant) || !name.Valid(id) {
		return "", "", false
	}
	return tenant, id, true
}

// CreateKey makes an API key for all of the tenant's routes. The answer is the
// only place that ever shows it. Errors: ErrRequest, ErrLimit.
func (t *Tenant) CreateKey(label string) (Key, error) {
	if len(label) > MaxLabelBytes || !utf8.ValidString(label) || strings.ContainsFunc(label, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Key{}, ErrRequest
	}
	id, err := t.newID()
	if err != nil {
		return Key{}, err
	}
	b, err := t.random(keyBytes)
	if err != nil {
		return Key{}, err
	}
	k := Key{ID: id, Label: label, Created: t.now()}
	k.Key = keyPrefix + t.tenant + "_" + id + "_" + base64.RawURLEncoding.EncodeToString(b)
	hash := sha256.Sum256([]byte(k.Key))
	err = t.tx(func() error {
		if err := t.roomFor(`api_keys`, MaxKeys); err != nil {
			return err
		}
		_, err := t.cfg.DB.Exec(`INSERT INTO api_keys (id, hash, label, created) VALUES (?,?,?,?)`, id, hash[:], label, k.Created.UnixMilli())
		return err
	})
	if err != nil {
		return Key{}, err
	}
	return k, nil
}

// Keys lists the keys, oldest first.
func (t *Tenant) Keys() ([]Key, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, err := t.cfg.DB.Exec(`SELECT id, label, created, last_used FROM api_keys ORDER BY created, id`)
	if err != nil {
		return nil, err
	}
	out := make([]Key, 0, rows.Len())
	for r := range rows.All() {
		out = append(out, Key{ID: r.Text(), Label: r.Text(), Created: r.Time(), LastUsed: r.Time()})
		if err := r.Done(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// DeleteKey revokes a key at once. Errors: ErrNotFound.
func (t *Tenant) DeleteKey(id string) error {
	return t.tx(func() error {
		rows, err := t.cfg.DB.Exec(`DELETE FROM api_keys WHERE id = ? RETURNING id`, id)
		if err == nil && rows.Len() == 0 {
			return ErrNotFound
		}
		return err
	})
}

// Authenticate checks a token and notes its use. Errors: ErrUnauthenticated.
func (t *Tenant) Authenticate(token string) error {
	tenant, id, ok := splitKey(token)
	if !ok || tenant != t.tenant {
		return ErrUnauthenticated
	}
	now := t.now()
	return t.tx(func() error {
		rows, err := t.cfg.DB.Exec(`SELECT hash, last_used FROM api_keys WHERE id = ?`, id)
		if err != nil {
			return err
		}
		stored, used, err := readHash(rows)
		if err != nil {
			return err
		}
		// The id is public. The hash of the whole token is compared in constant
		// time, also against nothing when there is no such id.
		hash := sha256.Sum256([]byte(token))
		if subtle.ConstantTimeCompare(hash[:], stored) != 1 {
			return ErrUnauthenticated
		}
		if now.Sub(used) < usedEvery {
			return nil
		}
		_, err = t.cfg.DB.Exec(`UPDATE api_keys SET last_used = ? WHERE id = ?`, now.Truncate(usedEvery).UnixMilli(), id)
		return err
	})
}

var errHash = errors.New("tenant: stored hash has a wrong length")

func readHash(rows sqlstore.Rows) (hash []byte, used time.Time, err error) {
	r, ok := rows.First()
	if !ok {
		return make([]byte, sha256.Size), time.Time{}, nil
	}
	hash, used = r.Blob(), r.Time()
	if err := r.Done(); err != nil {
		return nil, used, err
	}
	if len(hash) != sha256.Size {
		return nil, used, errHash
	}
	return hash, used, nil
}
