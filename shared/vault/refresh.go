package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/seal"
)

// flight is one refresh under way in this instance; whoever needs its outcome
// waits for done. Waits are within one object, whose events share their
// promises (DESIGN §3 rule 3).
type flight struct {
	connection string
	generation int64
	host       string
	until      time.Time // when to give it up: its event was cut off
	done       chan struct{}
}

// flightLife is how long a flight is believed in from when it has its slot:
// maxPosts, and what a busy isolate may take.
const flightLife = 3 * settleAfter

// maxPosts is how many requests one flight makes: a second one follows at once
// where a grace window forgives it.
const maxPosts = 2

func newFlight(r *row, p *oauth.Provider, now time.Time) *flight {
	return &flight{connection: r.name, generation: r.generation, host: p.TokenHost(), until: now.Add(flightLife), done: make(chan struct{})}
}

// flying finds the flight of a connection. Call it under mu.
func (v *Vault) flying(name string, now time.Time) *flight {
	f := v.flights[name]
	if f != nil && !now.Before(f.until) {
		delete(v.flights, name)
		return nil
	}
	return f
}

// attempt is one refresh whose intent is stored.
type attempt struct {
	name       string
	generation int64
	settings   Settings
	client     *oauth.Client
	token      string
	secret     string // sealed
	config     int64
	endpoints  string
}

// fly refreshes a connection: intent, one POST, outcome; a second one only
// where a grace window allows it. Nobody sees a new token before it is stored.
func (v *Vault) fly(f *flight) {
	defer v.land(f)
	v.enter(f)
	defer v.leave(f)
	for again, posts := true, 0; again && posts < maxPosts; posts++ {
		a, err := v.begin(f)
		if err != nil {
			v.cfg.Log("vault.refresh_not_begun", "tenant", v.tenant, "connection", f.connection)
			return
		}
		if a == nil {
			return // no longer needed, or no longer possible
		}
		tokens, err := a.client.Refresh(context.Background(), a.token)
		if again, err = v.settle(a, tokens, err); err != nil {
			// The intent stays open, so the loss will be noticed: loudly.
			v.cfg.Log("vault.refresh_not_stored", "tenant", v.tenant, "connection", f.connection)
			return
		}
	}
}

func (v *Vault) land(f *flight) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.flights[f.connection] == f {
		delete(v.flights, f.connection)
	}
	close(f.done)
}

// begin stores the intent, and with it that the refresh token is about to be
// sent. Everything that can fail comes before. It returns nil when there is
// nothing to do.
func (v *Vault) begin(f *flight) (*attempt, error) {
	now := v.now()
	var a *attempt
	err := v.tx(func() error {
		r, err := v.load(f.connection)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if (r.state != Active && r.state != Degraded) || r.generation != f.generation || !r.intentAt.IsZero() || !r.refreshable {
			return nil
		}
		p, err := v.provider(r.settings, r.endpoints)
		if err != nil {
			return err
		}
		// While this flight waited for its slot, another one of the connection
		// may have been told to wait.
		if now.Before(r.retryAt) || !r.mayPost(&p, now) {
			return nil
		}
		a, err = v.attempt(r, p)
		if errors.Is(err, ErrUnreadable) || errors.Is(err, ErrClient) || errors.Is(err, seal.ErrNoRing) {
			a = nil
			r.refreshAt, r.retryAt = now.Add(unreadableRetry), now.Add(unreadableRetry)
			v.turn(r, Degraded, ReasonUnreadable, "", now)
			return v.saveAndTell(r)
		}
		if err != nil {
			return err
		}
		r.intentAt = now
		if r.firstAt.IsZero() {
			r.firstAt = now
		}
		return v.save(r)
	})
	if err != nil {
		return nil, err
	}
	// If the instance dies from here on, the alarm finds the intent. Without
	// an alarm the next caller or the watchdog does, so the token is sent all
	// the same: an intent without a post would look like a lost answer.
	if err := v.arm(); err != nil {
		v.cfg.Log("vault.alarm_not_set", "tenant", v.tenant, "connection", f.connection)
	}
	return a, nil
}

// attempt opens all that a refresh takes.
func (v *Vault) attempt(r *row, p oauth.Provider) (*attempt, error) {
	token, err := v.refreshToken(r)
	if err != nil {
		return nil, err
	}
	secret, err := v.clientSecret(r.name, r.secret, r.config)
	if err != nil {
		return nil, err
	}
	client, err := v.client(p, r.settings, secret, "")
	if err != nil {
		return nil, err
	}
	return &attempt{
		name: r.name, generation: r.generation, settings: r.settings, client: client, token: token,
		secret: r.secret, config: r.config, endpoints: r.endpoints,
	}, nil
}

// settle stores the outcome, if the connection is still the one that was
// refreshed. It reports whether the token may be sent again at once.
func (v *Vault) settle(a *attempt, tokens oauth.Tokens, failure error) (again bool, err error) {
	now := v.now()
	err = v.tx(func() error {
		r, err := v.load(a.name)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err != nil || r.generation != a.generation || r.state == Revoked || r.state == Pending {
			return v.overtaken(a, r, tokens, failure, now)
		}
		if failure == nil {
			return v.refreshed(r, a, tokens, now)
		}
		f := asFailure(failure)
		p := a.client.Provider
		state, reason := r.fail(&p, f, now, v.chance())
		again = r.inGrace(&p, now) && !now.Before(r.retryAt)
		v.turn(r, state, reason, causeOf(f), now)
		return v.saveAndTell(r)
	})
	if err != nil {
		return false, err
	}
	return again, v.arm()
}

// refreshed stores new tokens under a new generation.
func (v *Vault) refreshed(r *row, a *attempt, t oauth.Tokens, now time.Time) error {
	p := a.client.Provider
	refresh := t.Refresh
	if refresh == "" { // omitted: the old one stays (RFC 6749 §6)
		refresh = a.token
	}
	r.rotates = oauth.RotationNone
	if refresh != a.token {
		r.rotates = oauth.RotationStrict
	}
	before := r.granted
	if t.Scoped {
		r.granted = t.Scopes
	}
	if err := v.store(r, &p, t, refresh, now); err != nil {
		return err
	}
	v.turn(r, Active, "", "", now)
	if !slices.Equal(before, r.granted) {
		v.tellScopes(r, before, now)
	}
	return v.saveAndTell(r)
}

// store seals both tokens under the next generation, in one write.
func (v *Vault) store(r *row, p *oauth.Provider, t oauth.Tokens, refresh string, now time.Time) error {
	generation, err := v.nextGeneration()
	if err != nil {
		return err
	}
	access, err := v.seal(t.Access, v.aad(purposeToken, r.name, fieldAccess, generation))
	if err != nil {
		return err
	}
	sealed, err := v.seal(refresh, v.aad(purposeToken, r.name, fieldRefresh, generation))
	if err != nil {
		return err
	}
	if _, err := v.cfg.DB.Exec(`INSERT OR REPLACE INTO tokens (connection, access, refresh) VALUES (?,?,?)`, r.name, access, sealed); err != nil {
		return err
	}
	r.generation, r.tokenType, r.refreshable = generation, t.Type, refresh != ""
	if t.InstanceURL != "" {
		r.instance = t.InstanceURL
	}
	for k, value := range t.Kept {
		if r.kept == nil {
			r.kept = map[string]string{}
		}
		r.kept[k] = value
	}
	r.intentAt, r.firstAt, r.retryAt = time.Time{}, time.Time{}, time.Time{}
	r.lost, r.failed, r.failures = 0, 0, 0
	r.plan(p, t, now, v.chance())
	return nil
}

// overtaken deals with tokens for a connection that changed while they were on
// their way. They are never stored over the newer ones. After a disconnect
// they are revoked; after a new authorization they are dropped, because to
// revoke them could end the grant they share with it.
func (v *Vault) overtaken(a *attempt, r *row, tokens oauth.Tokens, failure error, now time.Time) error {
	v.cfg.Log("vault.refresh_overtaken", "tenant", v.tenant, "connection", a.name)
	if failure != nil {
		return nil
	}
	if r != nil && r.generation != 0 && r.state != Revoked && sameClient(r.settings, a.settings) {
		return nil
	}
	refresh := tokens.Refresh
	if refresh == "" {
		refresh = a.token
	}
	_, err := v.queueRevocation(a, refresh, tokens.Access, now)
	return err
}

func asFailure(err error) *oauth.Failure {
	var f *oauth.Failure
	if errors.As(err, &f) {
		return f
	}
	return &oauth.Failure{Outcome: oauth.Misconfigured, Code: "client"} // it never left
}
