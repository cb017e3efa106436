package tenant

import "time"

// Authorization is the authorization server whose access tokens open the
// agent's endpoint, beside the tenant's own keys.
type Authorization struct {
	Issuer  string    `json:"issuer"`   // what iss must be, and where clients find its metadata
	JWKS    string    `json:"jwks_url"` // its key set
	Updated time.Time `json:"updated,omitzero"`
}

// PutAuthorization sets it; URLs are checked by the caller, see package target.
// Errors: ErrRequest.
func (t *Tenant) PutAuthorization(in Authorization) (Authorization, error) {
	if in.Issuer == "" || in.JWKS == "" || !validURL(in.Issuer) || !validURL(in.JWKS) {
		return Authorization{}, ErrRequest
	}
	in.Updated = t.now()
	return in, t.tx(func() error {
		_, err := t.cfg.DB.Exec(`INSERT OR REPLACE INTO authorization_server (id, issuer, jwks, updated) VALUES (1,?,?,?)`, in.Issuer, in.JWKS, in.Updated.UnixMilli())
		return err
	})
}

// Authorization returns it. Errors: ErrNotFound.
func (t *Tenant) Authorization() (Authorization, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, err := t.cfg.DB.Exec(`SELECT issuer, jwks, updated FROM authorization_server`)
	if err != nil {
		return Authorization{}, err
	}
	r, ok := rows.First()
	if !ok {
		return Authorization{}, ErrNotFound
	}
	return Authorization{Issuer: r.Text(), JWKS: r.Text(), Updated: r.Time()}, r.Done()
}

// DeleteAuthorization has its tokens open nothing any more. Errors: ErrNotFound.
func (t *Tenant) DeleteAuthorization() error {
	return t.tx(func() error {
		rows, err := t.cfg.DB.Exec(`DELETE FROM authorization_server RETURNING id`)
		if err == nil && rows.Len() == 0 {
			return ErrNotFound
		}
		return err
	})
}
