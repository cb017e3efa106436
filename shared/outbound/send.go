package outbound

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/ratelimit"
	"github.com/hookweir/hookweir/shared/retry"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/target"
)

const (
	userAgent = "Hookweir/1"
	// least429 is the pause after a refusal that does not say how long: what
	// GitHub asks for is a minute, but most limits are per second.
	least429 = 5 * time.Second
)

// Sender sends under a permit: token, check, fetch. It keeps no state.
type Sender struct {
	Now   func() time.Time
	Fetch fetch.Func
	// Tokens is nil where there are no connections: then whoever names one is
	// not called.
	Tokens Tokens
	// Used hears of each answer to a call that carried a connection's token; nil
	// for nobody.
	Used func(ctx context.Context, u Use)
	// VaultKeys opens static credentials.
	VaultKeys *seal.Ring
	// AllowLoopback also calls this machine; for development only.
	AllowLoopback bool
}

// Use is a call that a connection's token was good for, or not.
type Use struct {
	Tenant, Connection string
	Method, URL        string
	Response           fetch.Response
	At                 time.Time
}

// Exchange is what became of one request.
type Exchange struct {
	Response fetch.Response
	// Err is nil when the destination answered, whatever it said.
	Err  error
	Sent bool // it left, or may have
	Took time.Duration
	Seen Observation
	// Refused is the generation of a connection's token that was answered 401;
	// see Repeat.
	Refused int64

	secrets []string // what was sent and must not be shown
}

// Repeat is the call once more with a fresh token, if the answer asks for it.
// The repeat needs a slot of its own.
func (e *Exchange) Repeat(c Call) (Call, bool) {
	if e.Refused == 0 || c.refused != 0 {
		return c, false
	}
	c.refused = e.Refused
	return c, true
}

// CredentialAAD is where a destination's credential is sealed.
func CredentialAAD(tenant, dest string, generation int64) seal.AAD {
	return seal.AAD{Purpose: "destination", Tenant: tenant, Object: dest, Field: "credential", Generation: generation}
}

// Send sends one call. It waits for no slot: the caller does, and gives the
// slot it holds.
func (s *Sender) Send(ctx context.Context, tenant, dest string, t Target, c Call, slot Slot) Exchange {
	url, err := t.Config.URL(c.Path)
	if err == nil {
		err = t.Config.CheckHeader(c.Header)
	}
	if err == nil {
		err = target.Check(url, target.Policy{AllowLoopback: s.AllowLoopback})
	}
	if err != nil {
		return Exchange{Err: err}
	}
	header := append([][2]string{}, c.Header...)
	header = withDefault(header, "user-agent", userAgent)
	auth, err := s.authorize(ctx, tenant, dest, t, c)
	if err != nil && planted.Bug != "bare" {
		return Exchange{Err: err, Seen: Observation{Reauth: errors.Is(err, ErrNeedsReauth)}}
	}
	if auth.value != "" {
		header = append(header, [2]string{cmp.Or(t.Config.AuthHeader, "authorization"), auth.value})
	}
	timeout := t.Config.Timeout
	if c.Timeout > 0 {
		timeout = min(timeout, c.Timeout)
	}
	began := s.Now()
	if began.After(slot.Until) {
		return Exchange{Err: ErrLate}
	}
	res, err := s.Fetch(ctx, fetch.Request{
		Method: c.Method, URL: url, Header: header, Body: c.Body, Deadline: timeout, MaxBody: c.MaxBody,
	})
	now := s.Now()
	e := Exchange{Sent: true, Took: now.Sub(began), secrets: append(auth.secrets, secretsOf(&c)...)}
	switch {
	case errors.Is(err, fetch.ErrTimeout):
		e.Err, e.Seen.Failed = ErrTimeout, true
	case err != nil, res.Status < 100 || res.Status > 599:
		e.Err, e.Seen.Failed = ErrNetwork, true
	default:
		e.Response = res
		e.Seen = observe(res, now)
		if res.Status == 401 && auth.generation != 0 {
			e.Refused, e.Seen.OK = auth.generation, false
		}
		if s.Used != nil && t.Config.Connection != "" {
			s.Used(ctx, Use{Tenant: tenant, Connection: t.Config.Connection, Method: c.Method, URL: url, Response: res, At: now})
		}
	}
	return e
}

// observe reads what an answer says about the destination.
func observe(res fetch.Response, now time.Time) Observation {
	o := Observation{Budgets: ratelimit.Read(res.Header, now)}
	throttled := ratelimit.Throttled(res.Status, res.Header, o.Budgets)
	after, told := retry.After(res.Header.Get("Retry-After"), now)
	switch {
	case throttled && told:
		o.Pause = after
	case throttled:
		if _, wait := ratelimit.Plan(o.Budgets, now); wait == 0 {
			o.Pause = least429
		}
	case told && retry.Classify(res.Status) == retry.Again:
		o.Pause = after
	}
	o.Failed = res.Status >= 500 && !throttled
	o.OK = !o.Failed && !throttled
	return o
}

// Class says what an answer means for whoever made the call, with the
// providers' own ways to say "too fast" read as such.
func Class(res fetch.Response, now time.Time) retry.Class {
	if ratelimit.Throttled(res.Status, res.Header, ratelimit.Read(res.Header, now)) {
		return retry.Again
	}
	return retry.Classify(res.Status)
}

type authorization struct {
	value      string // of the header
	secrets    []string
	generation int64
}

// authorize finds the token. A destination that has one configured and does
// not get it is not called (G6).
func (s *Sender) authorize(ctx context.Context, tenant, dest string, t Target, c Call) (authorization, error) {
	cfg := &t.Config
	switch {
	case cfg.Connection != "":
		if s.Tokens == nil {
			return authorization{}, ErrNeedsReauth
		}
		token, err := s.Tokens(ctx, TokenRequest{
			Tenant: tenant, Connection: cfg.Connection, Caller: cmp.Or(c.Caller, "destination:"+dest), Refused: c.refused,
		})
		switch {
		case errors.Is(err, ErrNeedsReauth):
			return authorization{}, ErrNeedsReauth
		case err != nil:
			return authorization{}, ErrUnavailable
		}
		credential := destination.Credential{Secret: token.Value}
		if credential.Check(destination.Bearer) != nil {
			return authorization{}, ErrUnavailable
		}
		kind := token.Type
		if kind == "" {
			kind = "Bearer"
		}
		return authorization{kind + " " + token.Value, []string{token.Value}, max(token.Generation, 1)}, nil
	case cfg.Auth != "":
		return s.static(tenant, dest, t)
	}
	return authorization{}, nil
}

func (s *Sender) static(tenant, dest string, t Target) (authorization, error) {
	plain, err := s.VaultKeys.Open(t.Sealed, CredentialAAD(tenant, dest, t.Generation))
	if err != nil {
		return authorization{}, ErrUnavailable
	}
	defer clear(plain)
	var c destination.Credential
	if json.Unmarshal(plain, &c) != nil || c.Check(t.Config.Auth) != nil {
		return authorization{}, ErrUnavailable
	}
	switch t.Config.Auth {
	case destination.Bearer:
		return authorization{value: "Bearer " + c.Secret, secrets: []string{c.Secret}}, nil
	case destination.Header:
		return authorization{value: c.Secret, secrets: []string{c.Secret}}, nil
	}
	pair := base64.StdEncoding.EncodeToString([]byte(c.User + ":" + c.Secret)) // RFC 7617 §2
	return authorization{value: "Basic " + pair, secrets: []string{pair, c.Secret}}, nil
}

// withDefault adds a header the caller did not set.
func withDefault(header [][2]string, name, value string) [][2]string {
	for _, h := range header {
		if h[0] == name {
			return header
		}
	}
	return append(header, [2]string{name, value})
}
