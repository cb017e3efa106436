package vault

import (
	"errors"
	"reflect"
	"time"

	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Connection is what may be told about a connection: no secret and no token.
type Connection struct {
	Name string `json:"connection"`
	Settings
	HasSecret bool `json:"has_client_secret"`

	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Cause  string    `json:"cause,omitempty"` // the provider's error code, or ours
	Since  time.Time `json:"since"`
	// NextAttempt is when a refresh is due, or tried again.
	NextAttempt time.Time `json:"next_attempt,omitzero"`
	Generation  int64     `json:"generation"` // of the tokens; 0: none

	Requested []string `json:"requested_scopes"` // at the last authorization
	Granted   []string `json:"granted_scopes"`

	Authorized time.Time `json:"authorized,omitzero"`
	Obtained   time.Time `json:"obtained,omitzero"`
	Expires    time.Time `json:"expires,omitzero"`
	// Ends is when the refresh token dies, as far as that is known.
	Ends        time.Time `json:"refresh_token_ends,omitzero"`
	Refreshable bool      `json:"refreshable"`

	// LastFlow is the last callback, and what went wrong with it.
	LastFlow  time.Time `json:"last_authorization,omitzero"`
	FlowError string    `json:"last_authorization_error,omitempty"`

	InstanceURL string            `json:"instance_url,omitempty"`
	Kept        map[string]string `json:"kept,omitempty"`
	Created     time.Time         `json:"created"`
	Updated     time.Time         `json:"updated"`
}

func (r *row) show() Connection {
	c := Connection{
		Name: r.name, Settings: r.settings, HasSecret: r.secret != "",
		State: r.state, Reason: r.reason, Cause: r.cause, Since: r.since, Generation: r.generation,
		Requested: notNil(r.requested), Granted: notNil(r.granted),
		Authorized: r.authorized, Obtained: r.obtained, Expires: r.expires, Ends: r.ends, Refreshable: r.refreshable,
		LastFlow: r.flowAt, FlowError: r.flowError, InstanceURL: r.instance, Kept: r.kept, Created: r.created, Updated: r.updated,
	}
	if r.state == Active || r.state == Degraded {
		c.NextAttempt = r.refreshAt
	}
	if !r.intentAt.IsZero() {
		c.State = Refreshing
	}
	return c
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// PutConnection makes a connection or changes it. New settings that name
// another client, provider or server end what was authorized: its tokens are
// revoked. Errors: ErrRequest, ErrProvider, ErrParams, ErrEndpoint, ErrClient,
// ErrLimit, ErrUnreadable, seal.ErrNoRing.
func (v *Vault) PutConnection(in PutConnection) (Connection, error) {
	if !name.Valid(in.Name) || len(in.ClientSecret) > MaxSecretBytes {
		return Connection{}, ErrRequest
	}
	if err := v.check(&in.Settings); err != nil {
		return Connection{}, err
	}
	now := v.now()
	var out Connection
	err := v.tx(func() error {
		r, err := v.load(in.Name)
		switch {
		case errors.Is(err, ErrNotFound):
			if r, err = v.newRow(in.Name, now); err != nil {
				return err
			}
		case err != nil:
			return err
		}
		if err := v.configure(r, in, now); err != nil {
			return err
		}
		out = r.show()
		return v.saveAndTell(r)
	})
	if err != nil {
		return Connection{}, err
	}
	if err := v.register(); err != nil {
		return Connection{}, err
	}
	return out, v.arm()
}

func (v *Vault) newRow(name string, now time.Time) (*row, error) {
	n, err := sqlstore.Int64(v.cfg.DB, `SELECT count(*) FROM connections`)
	if err != nil {
		return nil, err
	}
	if n >= MaxConnections {
		return nil, ErrLimit
	}
	return &row{name: name, state: Pending, reason: ReasonNever, since: now, created: now}, nil
}

// configure takes settings and secret into the row. Call it in tx.
func (v *Vault) configure(r *row, in PutConnection, now time.Time) error {
	same := r.config == 0 || sameClient(r.settings, in.Settings)
	secret := in.ClientSecret
	old := ""
	if same && r.secret != "" && (secret == "" || r.sameSettings(in.Settings)) {
		var err error
		old, err = v.clientSecret(r.name, r.secret, r.config)
		if err != nil && (secret == "" || !errors.Is(err, ErrUnreadable)) {
			return err
		}
		if secret == "" {
			secret = old
		}
	}
	if err := v.checkClient(in.Settings, r.endpoints, secret); err != nil {
		return err
	}
	if !same || r.state == Revoked {
		if _, err := v.abandon(r, now); err != nil {
			return err
		}
		v.turn(r, Pending, ReasonReconfigured, "", now)
	}
	// The same once more, as provisioning does it, leaves authorizations alone
	// that are under way.
	if !r.sameSettings(in.Settings) || secret != old {
		config, err := v.nextGeneration()
		if err != nil {
			return err
		}
		r.settings, r.config, r.secret = in.Settings, config, ""
		if secret != "" {
			if r.secret, err = v.seal(secret, v.aad(purposeClient, r.name, fieldSecret, config)); err != nil {
				return err
			}
		}
	}
	r.updated = now
	if r.reason == ReasonClientRefused { // whoever changes the client wants to know whether that helped
		r.refreshAt, r.retryAt, r.failures = now, now, 0
	}
	return nil
}

// sameSettings reports that the settings are those that the row has, to the
// letter.
func (r *row) sameSettings(s Settings) bool { return r.config != 0 && reflect.DeepEqual(r.settings, s) }

// checkClient refuses credentials that could never authenticate. What an
// issuer wants is known only after discovery.
func (v *Vault) checkClient(s Settings, endpoints, secret string) error {
	if s.Provider == oauth.Issuer {
		if s.ClientAuth == "" {
			return nil
		}
		_, err := v.client(oauth.Provider{Style: oauth.Style(s.ClientAuth)}, s, secret, "")
		return err
	}
	p, err := v.provider(s, endpoints)
	if err != nil {
		return err
	}
	_, err = v.client(p, s, secret, "")
	return err
}

// Connection returns one. Errors: ErrNotFound.
func (v *Vault) Connection(name string) (Connection, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, err := v.load(name)
	if err != nil {
		return Connection{}, err
	}
	return r.show(), nil
}

// Connections lists all, by name.
func (v *Vault) Connections() ([]Connection, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	rows, err := v.cfg.DB.Exec(`SELECT name FROM connections ORDER BY name`)
	if err != nil {
		return nil, err
	}
	out := make([]Connection, 0, rows.Len())
	for c := range rows.All() {
		r, err := v.load(c.Text())
		if err != nil {
			return nil, err
		}
		out = append(out, r.show())
	}
	return out, nil
}
