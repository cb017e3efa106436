package vault

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/retry"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// maxRevokeTries is how often a provider is told before an operator is: with
	// the pauses below, over about two days.
	maxRevokeTries = 12
	// revokeRows is how many tokens one alarm revokes.
	revokeRows = 20
)

var revokePause = retry.Backoff{Base: 30 * time.Second, Cap: 12 * time.Hour}

// Disconnected is what became of a connection's authorization.
type Disconnected struct {
	Connection string `json:"connection"`
	Provider   string `json:"provider"`
	// Revoked: the provider knows. Pending: it will be told again.
	Revoked bool `json:"revoked"`
	Pending bool `json:"pending"`
	// NotRevocable names the tokens that nobody can revoke: the provider has no
	// call for them, or they do not open any more. They die when they expire, or
	// when the user removes the app there.
	NotRevocable []string `json:"not_revocable,omitempty"`
	Docs         string   `json:"docs,omitempty"`
	// WholeGrant: the provider ended every connection of that user.
	WholeGrant bool `json:"whole_grant,omitempty"`
}

// Disconnect ends a connection: from the first write on no token is handed
// out, and a refresh under way cannot bring it back. Then the provider is told
// (RFC 7009), the refresh token first; what it does not take is tried again by
// the alarm. The ciphertext goes when the provider knows. Errors: ErrNotFound.
func (v *Vault) Disconnect(name string) (Disconnected, error) {
	now := v.now()
	var out Disconnected
	err := v.tx(func() error {
		r, err := v.load(name)
		if err != nil {
			return err
		}
		out.Connection, out.Provider = r.name, r.settings.Provider
		if r.generation != 0 {
			if p, err := v.provider(r.settings, r.endpoints); err == nil {
				out.Docs, out.WholeGrant = p.Docs, p.RevokesGrant
			}
		}
		if out.NotRevocable, err = v.abandon(r, now); err != nil {
			return err
		}
		v.turn(r, Revoked, ReasonDisconnected, "", now)
		return v.saveAndTell(r)
	})
	if err != nil {
		return out, err
	}
	if err := v.arm(); err != nil {
		return out, err
	}
	refused, err := v.revokeDue(name)
	if err != nil {
		return out, err
	}
	out.NotRevocable = append(out.NotRevocable, refused...)
	left, err := v.revocationsLeft(name)
	if err != nil {
		return out, err
	}
	out.Pending = left > 0
	out.Revoked = left == 0 && len(out.NotRevocable) == 0
	if err := v.bury(name); err != nil {
		return out, err
	}
	return out, v.arm()
}

func (r *row) hints() []string {
	if r.refreshable {
		return []string{oauth.HintRefresh, oauth.HintAccess}
	}
	return []string{oauth.HintAccess}
}

// abandon takes the tokens from a row and puts those that can be revoked on
// the list; it returns the kinds of the others. Tokens that do not open cannot
// be revoked; they go all the same. Call it in tx.
func (v *Vault) abandon(r *row, now time.Time) (notRevocable []string, err error) {
	if r.generation != 0 {
		tokens := map[string]string{}
		for _, hint := range r.hints() {
			open := v.access
			if hint == oauth.HintRefresh {
				open = v.refreshToken
			}
			if tokens[hint], err = open(r); err != nil && !errors.Is(err, ErrUnreadable) {
				return nil, err
			}
		}
		a := &attempt{name: r.name, settings: r.settings, secret: r.secret, config: r.config, endpoints: r.endpoints}
		queued, err := v.queueRevocation(a, tokens[oauth.HintRefresh], tokens[oauth.HintAccess], now)
		if err != nil {
			return nil, err
		}
		for _, hint := range r.hints() {
			if !slices.Contains(queued, hint) {
				notRevocable = append(notRevocable, hint)
			}
		}
	}
	if _, err := v.cfg.DB.Exec(`DELETE FROM tokens WHERE connection = ?`, r.name); err != nil {
		return nil, err
	}
	if _, err := v.cfg.DB.Exec(`DELETE FROM flows WHERE connection = ?`, r.name); err != nil {
		return nil, err
	}
	// The generation is the tombstone: a refresh that comes back with an older
	// one stores nothing.
	r.generation, r.refreshable, r.rotates = 0, false, oauth.RotationUnknown
	r.tokenType, r.instance, r.kept, r.granted = "", "", nil, nil
	r.intentAt, r.firstAt, r.retryAt, r.refreshAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	r.obtained, r.expires, r.ends, r.authorized = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	r.lost, r.failed, r.failures, r.endpoints, r.reviewAt = 0, 0, 0, "", time.Time{}
	return notRevocable, nil
}

// queueRevocation puts tokens on the list, with what it takes to revoke them,
// and returns their kinds. It leaves out what can never be revoked: there is no
// such call, no such provider any more, or the client's secret does not open
// (after a shredding). Call it in tx.
func (v *Vault) queueRevocation(a *attempt, refresh, access string, now time.Time) (queued []string, err error) {
	p, err := v.provider(a.settings, a.endpoints)
	if err != nil {
		return nil, nil
	}
	if _, err := v.clientSecret(a.name, a.secret, a.config); errors.Is(err, ErrUnreadable) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	settings, err := encode(a.settings)
	if err != nil {
		return nil, err
	}
	for _, t := range []struct{ hint, token string }{{oauth.HintRefresh, refresh}, {oauth.HintAccess, access}} {
		if t.token == "" || !p.Revokes(t.hint) {
			continue
		}
		generation, err := v.nextGeneration()
		if err != nil {
			return nil, err
		}
		sealed, err := v.seal(t.token, v.aad(purposeRevoke, a.name, t.hint, generation))
		if err != nil {
			return nil, err
		}
		_, err = v.cfg.DB.Exec(`INSERT INTO revocations (connection, hint, generation, token, settings, secret, config, endpoints, tries, cause, due_at)
			VALUES (?,?,?,?,?,?,?,?,0,'',?)`, a.name, t.hint, generation, sealed, settings, a.secret, a.config, a.endpoints, now.UnixMilli())
		if err != nil {
			return nil, err
		}
		queued = append(queued, t.hint)
	}
	return queued, nil
}

// revocation is one row of the list, opened.
type revocation struct {
	id               int64
	connection, hint string
	provider         string
	tries            int
	token            string
	client           *oauth.Client
}

// revokeDue tells providers what is due; only may name one connection. It
// returns the kinds of tokens that the provider will never revoke.
func (v *Vault) revokeDue(only string) (refused []string, err error) {
	list, err := v.dueRevocations(only)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		var failure error
		if r.client == nil {
			failure = &oauth.Failure{Outcome: oauth.Misconfigured, Code: "unreadable"}
		} else {
			failure = r.client.Revoke(context.Background(), r.token, r.hint)
		}
		if err := v.settleRevocation(r, failure); err != nil {
			return refused, err
		}
		if failure != nil && asFailure(failure).Final() {
			refused = append(refused, r.hint)
		}
	}
	return refused, nil
}

func (v *Vault) dueRevocations(only string) ([]revocation, error) {
	var list []revocation
	err := v.tx(func() error {
		rows, err := v.cfg.DB.Exec(`SELECT id, connection, hint, generation, token, settings, secret, config, endpoints, tries FROM revocations
			WHERE due_at <= ? AND (? = '' OR connection = ?) ORDER BY id LIMIT ?`, v.now().UnixMilli(), only, only, revokeRows)
		if err != nil {
			return err
		}
		for c := range rows.All() {
			r := revocation{id: c.Int64(), connection: c.Text(), hint: c.Text()}
			generation, sealed, settings, secret, config, endpoints := c.Int64(), c.Text(), c.Text(), c.Text(), c.Int64(), c.Text()
			r.tries = c.Int()
			if err := c.Done(); err != nil {
				return err
			}
			if err := v.openRevocation(&r, sealed, generation, settings, secret, config, endpoints); err != nil {
				return err
			}
			list = append(list, r)
			// Not again before this try can have ended.
			if _, err := v.cfg.DB.Exec(`UPDATE revocations SET due_at = ?, tries = tries + 1 WHERE id = ?`, v.now().Add(settleAfter).UnixMilli(), r.id); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// openRevocation leaves the client nil when something does not open.
func (v *Vault) openRevocation(r *revocation, sealed string, generation int64, settings, secret string, config int64, endpoints string) error {
	var s Settings
	if err := decode(settings, &s); err != nil {
		return err
	}
	r.provider = s.Provider
	token, err := v.unseal(sealed, v.aad(purposeRevoke, r.connection, r.hint, generation))
	if err != nil {
		return ignoreUnreadable(err)
	}
	open, err := v.clientSecret(r.connection, secret, config)
	if err != nil {
		return ignoreUnreadable(err)
	}
	p, err := v.provider(s, endpoints)
	if err != nil {
		return nil
	}
	client, err := v.client(p, s, open, "")
	if err != nil {
		return nil
	}
	r.token, r.client = token, client
	return nil
}

func ignoreUnreadable(err error) error {
	if errors.Is(err, ErrUnreadable) {
		return nil
	}
	return err
}

// settleRevocation deletes the ciphertext when the provider knows, or when it
// never will; then somebody is told.
func (v *Vault) settleRevocation(r revocation, failure error) error {
	now := v.now()
	return v.tx(func() error {
		f := &oauth.Failure{}
		if failure != nil {
			f = asFailure(failure)
			if r.tries+1 < maxRevokeTries && !f.Final() {
				next := now.Add(max(revokePause.Ceiling(r.tries+1), f.After))
				_, err := v.cfg.DB.Exec(`UPDATE revocations SET due_at = ?, cause = ? WHERE id = ?`, next.UnixMilli(), causeOf(f), r.id)
				return err
			}
		}
		if _, err := v.cfg.DB.Exec(`DELETE FROM revocations WHERE id = ?`, r.id); err != nil {
			return err
		}
		if failure == nil {
			v.cfg.Log("vault.token_revoked", "tenant", v.tenant, "connection", r.connection, "token", r.hint)
			return nil
		}
		v.cfg.Log("vault.token_not_revoked", "tenant", v.tenant, "connection", r.connection, "token", r.hint, "cause", causeOf(f))
		n := &row{name: r.connection, settings: Settings{Provider: r.provider}, state: Revoked}
		n.tellAs(NoticeNotRevoked, "connection.not_revoked/"+r.connection+"/"+strconv.FormatInt(r.id, 10), now, told{Token: r.hint, Cause: causeOf(f)})
		return v.tellOnly(n)
	})
}

func (v *Vault) revocationsLeft(name string) (int64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return sqlstore.Int64(v.cfg.DB, `SELECT count(*) FROM revocations WHERE connection = ?`, name)
}

// bury deletes what is left of a connection that was disconnected and that no
// provider has to be told of any more; an empty name means all of them.
func (v *Vault) bury(name string) error {
	return v.tx(func() error {
		rows, err := v.cfg.DB.Exec(`DELETE FROM connections WHERE state = ? AND (? = '' OR name = ?)
			AND NOT EXISTS (SELECT 1 FROM revocations WHERE revocations.connection = connections.name) RETURNING name`, Revoked, name, name)
		if err != nil {
			return err
		}
		for c := range rows.All() {
			if _, err := v.cfg.DB.Exec(`DELETE FROM uses WHERE connection = ?`, c.Text()); err != nil {
				return err
			}
		}
		return nil
	})
}
