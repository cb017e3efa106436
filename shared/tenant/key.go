package tenant

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
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
	// Tools are the only tools of the agent's endpoint that the key may use;
	// the key then opens nothing else. Nil: it opens everything of the tenant.
	Tools []string `json:"tools,omitzero"`
	// Rate is how many calls of tools a minute it may make; 0 is the default.
	Rate int `json:"rate,omitempty"`
	// Key is the key itself, set only in the answer that made it.
	Key string `json:"key,omitempty"`
}

// NewKey says what a key shall be.
type NewKey struct {
	Label string   `json:"label"`
	Tools []string `json:"tools,omitzero"` // omitempty would make of none all
	Rate  int      `json:"rate,omitempty"`
}

const (
	// MaxKeyTools bounds the tools a key is restricted to.
	MaxKeyTools = 200
	// MaxToolName bounds a tool's name, in bytes (MCP 2025-11-25, tools).
	MaxToolName = 128
	// MaxRate bounds a key's rate, in calls a minute.
	MaxRate = 6000
)

func (n NewKey) valid() bool {
	if len(n.Label) > MaxLabelBytes || !utf8.ValidString(n.Label) || strings.ContainsFunc(n.Label, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return false
	}
	// Restricted to nothing is a mistake, and must not come to mean everything.
	if n.Tools != nil && len(n.Tools) == 0 || len(n.Tools) > MaxKeyTools || n.Rate < 0 || n.Rate > MaxRate {
		return false
	}
	for _, tool := range n.Tools {
		if tool == "" || len(tool) > MaxToolName {
			return false
		}
	}
	return true
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
func (t *Tenant) CreateKey(in NewKey) (Key, error) {
	if !in.valid() {
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
	k := Key{ID: id, Label: in.Label, Created: t.now(), Tools: in.Tools, Rate: in.Rate}
	var tools any
	if in.Tools != nil {
		list, err := json.Marshal(in.Tools)
		if err != nil {
			return Key{}, err
		}
		tools = string(list)
	}
	k.Key = keyPrefix + t.tenant + "_" + id + "_" + base64.RawURLEncoding.EncodeToString(b)
	hash := sha256.Sum256([]byte(k.Key))
	err = t.tx(func() error {
		if err := t.roomFor(`api_keys`, MaxKeys); err != nil {
			return err
		}
		_, err := t.cfg.DB.Exec(`INSERT INTO api_keys (id, hash, label, created, tools, rate) VALUES (?,?,?,?,?,?)`, id, hash[:], in.Label, k.Created.UnixMilli(), tools, in.Rate)
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
	rows, err := t.cfg.DB.Exec(`SELECT id, label, created, last_used, tools, rate FROM api_keys ORDER BY created, id`)
	if err != nil {
		return nil, err
	}
	out := make([]Key, 0, rows.Len())
	for r := range rows.All() {
		k := Key{ID: r.Text(), Label: r.Text(), Created: r.Time(), LastUsed: r.Time()}
		if err := k.readRights(r); err != nil {
			return nil, err
		}
		out = append(out, k)
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

// HasKey reports whether there is a key of this id.
func (t *Tenant) HasKey(id string) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := sqlstore.Int64(t.cfg.DB, `SELECT count(*) FROM api_keys WHERE id = ?`, id)
	return n > 0, err
}

// readRights takes the last two columns, tools and rate.
func (k *Key) readRights(r *sqlstore.Row) error {
	restricted := !r.IsNull()
	tools := r.Text()
	k.Rate = r.Int()
	if err := r.Done(); err != nil {
		return err
	}
	if !restricted {
		return nil
	}
	if err := json.Unmarshal([]byte(tools), &k.Tools); err != nil || k.Tools == nil {
		return errTools // never nil, which would be everything
	}
	return nil
}

// Authenticate checks a token that shall open everything of the tenant, and
// notes its use. Errors: ErrUnauthenticated, ErrRestricted.
func (t *Tenant) Authenticate(token string) error {
	k, err := t.Identify(token)
	if err == nil && k.Tools != nil {
		return ErrRestricted
	}
	return err
}

// Identify checks a token and notes its use. Errors: ErrUnauthenticated.
func (t *Tenant) Identify(token string) (Key, error) {
	tenant, id, ok := splitKey(token)
	if !ok || tenant != t.tenant {
		return Key{}, ErrUnauthenticated
	}
	now := t.now()
	k := Key{ID: id}
	// One statement reads all there is: no transaction. The use is noted after.
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, err := t.cfg.DB.Exec(`SELECT hash, last_used, tools, rate FROM api_keys WHERE id = ?`, id)
	if err != nil {
		return Key{}, err
	}
	stored := make([]byte, sha256.Size)
	if r, ok := rows.First(); ok {
		stored = r.Blob()
		k.LastUsed = r.Time()
		if err := k.readRights(r); err != nil {
			return Key{}, err
		}
	}
	if len(stored) != sha256.Size {
		return Key{}, errHash
	}
	// The id is public. The hash of the whole token is compared in constant
	// time, also against nothing when there is no such id.
	hash := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(hash[:], stored) != 1 {
		return Key{}, ErrUnauthenticated
	}
	if now.Sub(k.LastUsed) >= usedEvery {
		if _, err := t.cfg.DB.Exec(`UPDATE api_keys SET last_used = ? WHERE id = ?`, now.Truncate(usedEvery).UnixMilli(), id); err != nil {
			return Key{}, err
		}
	}
	return k, nil
}

var (
	errHash  = errors.New("tenant: stored hash has a wrong length")
	errTools = errors.New("tenant: stored tools of a key cannot be read")
)
