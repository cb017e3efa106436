package vault

import (
	"time"

	"github.com/hookweir/hookweir/shared/oauth"
)

// TokenRequest asks for a connection's access token.
type TokenRequest struct {
	Connection string `json:"connection"`
	// Caller is who asks: `key:{id}`, `destination:{name}`, `poll:{name}`,
	// `upstream:{name}`, `mcp`, `operator`.
	Caller string `json:"caller"`
	// Refused is the generation of a token that the destination answered 401
	// to; 0 for none. It brings about at most one refresh per generation.
	Refused int64 `json:"refused,omitempty"`
}

// Token is a live access token. It is handed out only after it, and the
// refresh token that came with it, are stored.
type Token struct {
	Type        string            `json:"type"` // `Bearer`, mostly
	Value       string            `json:"value"`
	Generation  int64             `json:"generation"`
	Expires     time.Time         `json:"expires,omitzero"` // zero: the provider does not say
	InstanceURL string            `json:"instance_url,omitempty"`
	Kept        map[string]string `json:"kept,omitempty"` // what else the API's calls need: a realm, a team
}

// maxLooks bounds how often a call looks again after a refresh: its own, or
// that of others. More means that refreshes come and go without a token.
const maxLooks = 4

// Token returns the connection's access token, refreshed if need be; however
// many ask, one refresh is made. Errors: ErrNotFound, ErrForbidden,
// ErrNeedsReauth, ErrUnavailable, ErrRefused, ErrUnreadable, seal.ErrNoRing.
func (v *Vault) Token(req TokenRequest) (Token, error) {
	for range maxLooks {
		tok, f, lead, err := v.look(req)
		switch {
		case f == nil || err != nil:
			return tok, err
		case lead:
			v.fly(f)
		default:
			<-f.done
		}
	}
	return Token{}, ErrUnavailable
}

// look answers from the row, or names the refresh to wait for; lead says that
// the caller is to make it.
func (v *Vault) look(req TokenRequest) (tok Token, f *flight, lead bool, err error) {
	d, lead, err := v.judge(req)
	if err != nil {
		return Token{}, nil, false, err
	}
	if d.changed {
		if err := v.arm(); err != nil {
			if lead { // nobody is to wait for what is not flown
				v.land(d.flight)
			}
			return Token{}, nil, false, err
		}
	}
	if d.err != nil {
		return Token{}, nil, false, v.unreadable(req.Connection, d.err)
	}
	if d.readable {
		err = v.change(req.Connection, func(r *row, now time.Time) error {
			if r.reason == ReasonUnreadable {
				r.refreshAt, r.retryAt = now, now
				v.turn(r, Active, "", "", now)
			}
			return nil
		})
	}
	return d.token, d.flight, lead, err
}

func (v *Vault) judge(req TokenRequest) (d decision, lead bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, sealed, err := v.glance(req.Connection)
	if err != nil {
		return d, false, err
	}
	now := v.now()
	switch {
	case !r.settings.allows(req.Caller):
		v.cfg.Log("vault.caller_refused", "tenant", v.tenant, "connection", r.name, "caller", req.Caller)
		return decision{err: ErrForbidden}, false, nil
	case r.state == Pending, r.state == NeedsReauth, r.state == Revoked:
		return decision{err: ErrNeedsReauth}, false, nil
	}
	f := v.flying(r.name, now)
	if f == nil && r.fresh(now) && (req.Refused == 0 || req.Refused != r.generation) {
		value, err := v.unseal(sealed, v.aad(purposeToken, r.name, fieldAccess, r.generation))
		return r.hand(value, err), false, nil
	}
	if r, err = v.load(req.Connection); err != nil {
		return d, false, err
	}
	err = v.cfg.DB.Tx(func() (err error) {
		d, err = v.decide(r, req, f, now)
		return err
	})
	if err == nil && d.flight != nil && f == nil {
		v.flights[r.name] = d.flight
		lead = true
	}
	return d, lead, err
}

// glance reads what nearly every call needs and nothing else: in Wasm each
// column is a crossing. Errors: ErrNotFound.
func (v *Vault) glance(name string) (r *row, sealed string, err error) {
	rows, err := v.cfg.DB.Exec(`SELECT settings, state, reason, generation, token_type, instance, kept, obtained, expires, access
		FROM connections LEFT JOIN tokens ON connection = name WHERE name = ?`, name)
	if err != nil {
		return nil, "", err
	}
	c, ok := rows.First()
	if !ok {
		return nil, "", ErrNotFound
	}
	r = &row{name: name}
	settings := c.Text()
	r.state, r.reason, r.generation, r.tokenType, r.instance = c.Text(), c.Text(), c.Int64(), c.Text(), c.Text()
	kept := c.Text()
	r.obtained, r.expires = c.Time(), c.Time()
	sealed = c.Text()
	if err := c.Done(); err != nil {
		return nil, "", err
	}
	if err := decode(settings, &r.settings); err != nil {
		return nil, "", err
	}
	return r, sealed, decode(kept, &r.kept)
}

// decision is what decide came to: a token, an error to tell the caller, or a
// flight to wait for.
type decision struct {
	token   Token
	err     error
	flight  *flight
	changed bool // the row was saved
	// readable: the tokens open, though the row says that they do not.
	readable bool
}

// decide answers when a plain look does not. It runs in tx.
func (v *Vault) decide(r *row, req TokenRequest, f *flight, now time.Time) (decision, error) {
	p, err := v.provider(r.settings, r.endpoints)
	if err != nil {
		return decision{err: err}, nil
	}
	refused := req.Refused != 0 && req.Refused == r.generation
	usable := r.usable(now) && !refused
	switch {
	case usable && r.fresh(now) && !p.AccessDies:
		return v.answer(r), nil // ahead of need: the old one is good while the new one is on its way
	case f != nil:
		return decision{flight: f}, nil
	}
	var d decision
	if !r.intentAt.IsZero() {
		if now.Before(r.intentAt.Add(settleAfter)) { // of another instance, which may yet end it
			if usable {
				return v.answer(r), nil
			}
			return decision{err: ErrUnavailable}, nil
		}
		if err := v.forsake(r, &p, now); err != nil {
			return d, err
		}
		d.changed = true
	}
	if !r.refreshable {
		return v.withoutRefresh(r, usable, refused, now)
	}
	if refused {
		switch {
		case now.Before(r.obtained.Add(minRefusedAge)):
			d.err = ErrRefused
			return d, nil
		// Its refresh is still to come, or the end of the token decides.
		case r.refused == r.generation && (!r.expires.IsZero() || now.Before(r.retryAt) || r.mayPost(&p, now)):
			d.err = ErrUnavailable
			return d, nil
		}
	}
	if r.state != Active && r.state != Degraded {
		d.err = ErrNeedsReauth
		return d, nil
	}
	if now.Before(r.retryAt) || !r.mayPost(&p, now) {
		if usable {
			a := v.answer(r)
			a.changed = d.changed
			return a, nil
		}
		d.err = ErrUnavailable
		// A token without an end that a destination refuses has ended.
		if (!refused || r.expires.IsZero()) && !now.Before(r.retryAt) {
			if err := v.over(r, ReasonRotationLost, now); err != nil {
				return d, err
			}
			d.err, d.changed = ErrNeedsReauth, true
		} else if refused && !r.isRefused() && !r.mayPost(&p, now) { // parked, and now of no use
			r.refused = r.generation
			r.park(now)
			d.changed = true
			return d, v.save(r)
		}
		return d, nil
	}
	if refused {
		r.refused = r.generation
		if err := v.save(r); err != nil {
			return d, err
		}
	}
	d.flight = newFlight(r, &p, now)
	return d, nil
}

// withoutRefresh is the end of a connection that has no refresh token.
func (v *Vault) withoutRefresh(r *row, usable, refused bool, now time.Time) (decision, error) {
	switch {
	case usable:
		return v.answer(r), nil
	case refused && r.usable(now):
		// One destination's word is not enough to give up a token that others
		// may use; it is told, loudly.
		r.refused = r.generation
		v.turn(r, Degraded, ReasonRefused, "", now)
		return decision{err: ErrRefused, changed: true}, v.saveAndTell(r)
	}
	return decision{err: ErrNeedsReauth, changed: true}, v.over(r, ReasonExpired, now)
}

// answer hands the token out of decide.
func (v *Vault) answer(r *row) decision { return r.hand(v.access(r)) }

// hand makes an answer of an opened token.
func (r *row) hand(value string, err error) decision {
	if err != nil {
		return decision{err: err}
	}
	return decision{
		token:    Token{Type: r.tokenType, Value: value, Generation: r.generation, Expires: r.expires, InstanceURL: r.instance, Kept: r.kept},
		readable: r.reason == ReasonUnreadable,
	}
}

// unreadable notes, once, that a connection's tokens do not open. They are
// kept: the key may come back.
func (v *Vault) unreadable(name string, cause error) error {
	if cause != ErrUnreadable {
		return cause
	}
	err := v.change(name, func(r *row, now time.Time) error {
		r.refreshAt, r.retryAt = now.Add(unreadableRetry), now.Add(unreadableRetry)
		v.turn(r, Degraded, ReasonUnreadable, "", now)
		return nil
	})
	if err != nil {
		return err
	}
	return cause
}

// change loads a row, has f change it, saves it with the notices that f gave
// rise to and sets the alarm. Errors: ErrNotFound, those of f.
func (v *Vault) change(name string, f func(r *row, now time.Time) error) error {
	now := v.now()
	err := v.tx(func() error {
		r, err := v.load(name)
		if err != nil {
			return err
		}
		if err := f(r, now); err != nil {
			return err
		}
		return v.saveAndTell(r)
	})
	if err != nil {
		return err
	}
	return v.arm()
}

// forsake closes the intent of a refresh that nobody will settle any more: its
// instance is gone. What became of the token is not known.
func (v *Vault) forsake(r *row, p *oauth.Provider, now time.Time) error {
	f := &oauth.Failure{Outcome: oauth.Lost, Code: "interrupted"}
	state, reason := r.fail(p, f, now, v.chance())
	v.turn(r, state, reason, f.Code, now)
	return v.saveAndTell(r)
}

// over ends a connection until a person authorizes it again.
func (v *Vault) over(r *row, reason string, now time.Time) error {
	r.refreshAt, r.retryAt = time.Time{}, time.Time{}
	v.turn(r, NeedsReauth, reason, r.cause, now)
	return v.saveAndTell(r)
}
