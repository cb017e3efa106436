package vault

import (
	"encoding/base64"

	"github.com/hookweir/hookweir/shared/seal"
)

// The tenant's own key is 32 random bytes. It is sealed under the primary key
// of VAULT_KEYS and seals everything else of the tenant, so that a new master
// key costs one value a tenant, and dropping that value shreds the tenant.

const (
	purposeKey    = "vault-key"
	purposeToken  = "token"
	purposeClient = "client"
	purposeFlow   = "flow"
	purposeRevoke = "revocation"

	fieldKey      = "key"
	fieldAccess   = "access"
	fieldRefresh  = "refresh"
	fieldSecret   = "secret"
	fieldVerifier = "verifier"

	// tenantKeyID names the tenant's key in the values it seals. There is one.
	tenantKeyID = "t1"
)

func (v *Vault) keyAAD() seal.AAD {
	return seal.AAD{Purpose: purposeKey, Tenant: v.tenant, Object: "vault", Field: fieldKey}
}

func (v *Vault) aad(purpose, object, field string, generation int64) seal.AAD {
	return seal.AAD{Purpose: purpose, Tenant: v.tenant, Object: object, Field: field, Generation: generation}
}

// wrapped reads the tenant's key as stored; empty when there is none.
func (v *Vault) wrapped() (string, error) {
	rows, err := v.cfg.DB.Exec(`SELECT key FROM identity`)
	if err != nil {
		return "", err
	}
	r, ok := rows.First()
	if !ok {
		return "", nil
	}
	text := r.Text()
	return text, r.Done()
}

// ring opens the tenant's key, or makes one when make says so. Call it in tx.
// The stored text is read every time: another instance may have shredded the
// vault. A key under an older master key is wrapped anew on the way. Errors:
// seal.ErrNoRing, ErrUnreadable.
func (v *Vault) ring(make bool) (*seal.Ring, error) {
	if v.cfg.Keys == nil {
		return nil, seal.ErrNoRing
	}
	stored, err := v.wrapped()
	switch {
	case err != nil:
		return nil, err
	case stored == "" && !make:
		return nil, ErrUnreadable
	case stored == "":
		raw, err := v.random(seal.KeyBytes)
		if err != nil {
			return nil, err
		}
		return v.wrap(raw)
	case stored == v.keyText:
		return v.key, nil
	}
	raw, err := v.cfg.Keys.Open(stored, v.keyAAD())
	if err != nil {
		return nil, ErrUnreadable
	}
	if v.cfg.Keys.NeedsRewrap(stored) {
		return v.wrap(raw)
	}
	v.key, err = tenantRing(raw, v.cfg.Suite)
	if err != nil {
		return nil, err
	}
	v.keyText = stored
	return v.key, nil
}

// wrap stores the tenant's key under the primary master key. The ring is not
// remembered: the transaction may yet be rolled back.
func (v *Vault) wrap(raw []byte) (*seal.Ring, error) {
	ring, err := tenantRing(raw, v.cfg.Suite)
	if err != nil {
		return nil, err
	}
	sealed, err := v.cfg.Keys.Seal(raw, v.keyAAD())
	if err != nil {
		return nil, err
	}
	_, err = v.cfg.DB.Exec(`UPDATE identity SET key = ?`, sealed)
	return ring, err
}

func tenantRing(raw []byte, suite seal.Suite) (*seal.Ring, error) {
	ring, err := seal.Parse(tenantKeyID+":"+base64.StdEncoding.EncodeToString(raw), suite)
	if err != nil {
		return nil, ErrUnreadable
	}
	return ring, nil
}

// seal and unseal are the tenant's key at work. Call them in tx.
func (v *Vault) seal(plain string, aad seal.AAD) (string, error) {
	ring, err := v.ring(true)
	if err != nil {
		return "", err
	}
	return ring.Seal([]byte(plain), aad)
}

func (v *Vault) unseal(sealed string, aad seal.AAD) (string, error) {
	ring, err := v.ring(false)
	if err != nil {
		return "", err
	}
	plain, err := ring.Open(sealed, aad)
	if err != nil {
		return "", ErrUnreadable
	}
	return string(plain), nil
}

// Entry is what the index knows of a vault.
type Entry struct {
	Tenant string `json:"tenant"`
	// Key is the id of the master key that its key is wrapped under; empty
	// when it has none.
	Key string `json:"key"`
}

// entry is what the index should know. Call it in tx.
func (v *Vault) entry() (Entry, error) {
	stored, err := v.wrapped()
	if err != nil || stored == "" {
		return Entry{Tenant: v.tenant}, err
	}
	id, _, err := seal.Header(stored)
	if err != nil {
		return Entry{}, ErrUnreadable
	}
	return Entry{Tenant: v.tenant, Key: id}, nil
}

// register tells the index what it does not know yet. A failure is left to the
// alarm.
func (v *Vault) register() error {
	if v.cfg.Register == nil {
		return nil
	}
	var e Entry
	due := false
	err := v.tx(func() (err error) {
		if e, due, err = v.unregistered(); err != nil {
			return err
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	if err := v.cfg.Register(e); err != nil {
		v.cfg.Log("vault.index_unavailable", "tenant", v.tenant)
		return nil
	}
	return v.tx(func() error {
		_, err := v.cfg.DB.Exec(`UPDATE identity SET registered = ?`, registeredAs(e))
		return err
	})
}

// unregistered reports whether the index is behind. Call it in tx.
func (v *Vault) unregistered() (Entry, bool, error) {
	e, err := v.entry()
	if err != nil {
		return e, false, err
	}
	rows, err := v.cfg.DB.Exec(`SELECT registered FROM identity`)
	if err != nil {
		return e, false, err
	}
	r, ok := rows.First()
	if !ok {
		return e, false, nil
	}
	known := r.Text()
	return e, known != registeredAs(e), r.Done()
}

// registeredAs is never empty for a vault that was registered.
func registeredAs(e Entry) string { return "key:" + e.Key }
