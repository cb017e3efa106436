package vault

import (
	"encoding/json"
	"time"

	"github.com/hookweir/hookweir/shared/oauth"
)

// row is one connection as stored. Whoever changes one loads and saves it in
// one transaction.
type row struct {
	name      string
	settings  Settings
	secret    string // sealed under config; empty for none
	config    int64
	endpoints string // what discovery found; JSON, empty for none

	state, reason, cause string
	since                time.Time

	// The grant. generation is that of the table tokens' row; 0: there is none.
	generation         int64
	tokenType          string
	instance           string
	kept               map[string]string
	requested, granted []string
	refreshable        bool
	rotates            oauth.Rotation // as seen; empty: not seen yet
	authorized         time.Time      // when a person consented
	obtained           time.Time
	expires            time.Time // zero: the provider does not say
	ends               time.Time // of the refresh token, as far as known

	// What has become of this generation's refresh token. intentAt is set from
	// before a refresh until its outcome is stored; firstAt is when it was first
	// sent. lost and failed count answers that never came and answers that said
	// the server failed: after either, the token may have been spent.
	intentAt, firstAt time.Time
	lost, failed      int
	failures          int       // in a row, for the pause
	retryAt           time.Time // no refresh before
	refreshAt         time.Time // when the alarm refreshes; zero: never
	refused           int64     // generation that a 401 has had refreshed

	warned, reviewAt time.Time
	flowAt           time.Time
	flowError        string
	created, updated time.Time

	notices []pendingNotice // to be told when the row is saved
	flying  time.Time       // not stored: until then a refresh is believed to be under way
}

const columns = `name, settings, secret, config, endpoints, state, reason, cause, since, generation, token_type, instance, kept,
	requested, granted, refreshable, rotates, authorized, obtained, expires, ends, intent_at, first_at, lost, failed, failures,
	retry_at, refresh_at, refused, warned, review_at, flow_at, flow_error, created, updated`

// load reads a row. Errors: ErrNotFound.
func (v *Vault) load(name string) (*row, error) {
	rows, err := v.cfg.DB.Exec(`SELECT `+columns+` FROM connections WHERE name = ?`, name)
	if err != nil {
		return nil, err
	}
	c, ok := rows.First()
	if !ok {
		return nil, ErrNotFound
	}
	r := &row{name: c.Text()}
	settings := c.Text()
	r.secret, r.config, r.endpoints = c.Text(), c.Int64(), c.Text()
	r.state, r.reason, r.cause, r.since = c.Text(), c.Text(), c.Text(), c.Time()
	r.generation, r.tokenType, r.instance = c.Int64(), c.Text(), c.Text()
	kept, requested, granted := c.Text(), c.Text(), c.Text()
	r.refreshable, r.rotates = c.Bool(), oauth.Rotation(c.Text())
	r.authorized, r.obtained, r.expires, r.ends = c.Time(), c.Time(), c.Time(), c.Time()
	r.intentAt, r.firstAt, r.lost, r.failed, r.failures = c.Time(), c.Time(), c.Int(), c.Int(), c.Int()
	r.retryAt, r.refreshAt, r.refused = c.Time(), c.Time(), c.Int64()
	r.warned, r.reviewAt, r.flowAt, r.flowError = c.Time(), c.Time(), c.Time(), c.Text()
	r.created, r.updated = c.Time(), c.Time()
	if err := c.Done(); err != nil {
		return nil, err
	}
	for _, j := range []struct {
		text string
		into any
	}{{settings, &r.settings}, {kept, &r.kept}, {requested, &r.requested}, {granted, &r.granted}} {
		if err := decode(j.text, j.into); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// save writes the row and computes when the alarm has to look at it.
func (v *Vault) save(r *row) error {
	settings, err := encode(r.settings)
	if err != nil {
		return err
	}
	kept, err := encode(r.kept)
	if err != nil {
		return err
	}
	requested, err := encode(r.requested)
	if err != nil {
		return err
	}
	granted, err := encode(r.granted)
	if err != nil {
		return err
	}
	_, err = v.cfg.DB.Exec(`INSERT OR REPLACE INTO connections (`+columns+`, due_at)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		r.name, settings, r.secret, r.config, r.endpoints, r.state, r.reason, r.cause, r.since.UnixMilli(), r.generation, r.tokenType, r.instance, kept,
		requested, granted, r.refreshable, string(r.rotates), millis(r.authorized), millis(r.obtained), millis(r.expires), millis(r.ends),
		millis(r.intentAt), millis(r.firstAt), r.lost, r.failed, r.failures,
		millis(r.retryAt), millis(r.refreshAt), r.refused, millis(r.warned), millis(r.reviewAt), millis(r.flowAt), r.flowError,
		r.created.UnixMilli(), r.updated.UnixMilli(), millis(r.due()))
	return err
}

// tokens opens the sealed tokens of the row. Errors: ErrUnreadable,
// seal.ErrNoRing.
func (v *Vault) access(r *row) (string, error) {
	return v.sealedToken(r, fieldAccess, `SELECT access FROM tokens WHERE connection = ?`)
}

func (v *Vault) refreshToken(r *row) (string, error) {
	return v.sealedToken(r, fieldRefresh, `SELECT refresh FROM tokens WHERE connection = ?`)
}

func (v *Vault) sealedToken(r *row, field, query string) (string, error) {
	rows, err := v.cfg.DB.Exec(query, r.name)
	if err != nil {
		return "", err
	}
	c, ok := rows.First()
	if !ok {
		return "", ErrUnreadable
	}
	sealed := c.Text()
	if err := c.Done(); err != nil {
		return "", err
	}
	return v.unseal(sealed, v.aad(purposeToken, r.name, field, r.generation))
}

// clientSecret opens the client's secret; empty for a public client.
func (v *Vault) clientSecret(name, sealed string, config int64) (string, error) {
	if sealed == "" {
		return "", nil
	}
	return v.unseal(sealed, v.aad(purposeClient, name, fieldSecret, config))
}

func encode(value any) (string, error) {
	b, err := json.Marshal(value)
	return string(b), err
}

func decode(text string, into any) error { return json.Unmarshal([]byte(text), into) }
