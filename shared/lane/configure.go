package lane

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/breaker"
	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/target"
)

// PutDestination configures the destination. The Lane's row is the record:
// what decides about a call and what is shown is the same bytes.
type PutDestination struct {
	Config destination.Config `json:"config"`
	// Credential replaces the sealed one. Nil keeps it, if Config.Auth is what
	// it was.
	Credential *destination.Credential `json:"credential,omitempty"`
}

// Destination is what may be told of it.
type Destination struct {
	Name       string             `json:"name"`
	Config     destination.Config `json:"config"`
	Generation int64              `json:"generation"`
	Created    time.Time          `json:"created"`
	Updated    time.Time          `json:"updated"`
	Queue      Queue              `json:"queue"`
}

// Put makes or changes the destination. The breaker is closed: who changes a
// destination has mended it. Errors: a *ItemError with index 0 for what is not
// acceptable, seal.ErrNoRing.
func (l *Lane) Put(in PutDestination) (Destination, error) {
	if err := in.Config.Check(l.cfg.Policy); err != nil {
		return Destination{}, &ItemError{0, ruleOf(err), detail(err)}
	}
	now := l.now()
	var out Destination
	err := l.tx(func(h *head) error {
		generation := h.generation + 1
		sealed, err := l.reseal(h, in, generation)
		if err != nil {
			return err
		}
		text, err := json.Marshal(in.Config)
		if err != nil {
			return err
		}
		created := h.created
		if !h.configured {
			created = now
		}
		_, err = l.cfg.DB.Exec(`UPDATE lane SET config = ?, sealed = ?, generation = ?, created = ?, updated = ?`,
			string(text), sealed, generation, millis(created), millis(now))
		if err != nil {
			return err
		}
		h.state.Breaker = breaker.State{Opened: h.state.Breaker.Opened}
		if h.cfg.SharedBudget() != in.Config.SharedBudget() {
			h.state.Stock, h.state.Free = stock{}, nil
		}
		h.cfg, h.configured, h.sealed, h.generation, h.created, h.updated = in.Config, true, sealed, generation, created, now
		out, err = l.describe(h, now)
		return err
	})
	if err != nil {
		return Destination{}, err
	}
	l.wakeDrain()
	return out, l.armNext()
}

func ruleOf(err error) Rule {
	var t target.Error
	if errors.As(err, &t) {
		return RuleTarget
	}
	return RuleValue
}

// reseal is the credential as the new generation stores it.
func (l *Lane) reseal(h *head, in PutDestination, generation int64) (string, error) {
	switch {
	case in.Config.Auth == "" && in.Credential != nil:
		return "", &ItemError{0, RuleValue, "a credential needs auth: bearer, basic or header"}
	case in.Config.Auth == "":
		return "", nil
	case in.Credential != nil:
		if err := in.Credential.Check(in.Config.Auth); err != nil {
			return "", &ItemError{0, RuleValue, detail(err)}
		}
		plain, err := json.Marshal(in.Credential)
		if err != nil {
			return "", err
		}
		defer clear(plain)
		return l.cfg.VaultKeys.Seal(plain, l.aad(generation))
	case !h.configured || h.cfg.Auth != in.Config.Auth || h.cfg.AuthHeader != in.Config.AuthHeader:
		return "", &ItemError{0, RuleValue, "auth needs a credential"}
	}
	// Kept: the generation is part of what it is sealed for.
	plain, err := l.cfg.VaultKeys.Open(h.sealed, l.aad(h.generation))
	if err != nil {
		return "", &ItemError{0, RuleValue, "the stored credential does not open with the configured key ring: give it again"}
	}
	defer clear(plain)
	return l.cfg.VaultKeys.Seal(plain, l.aad(generation))
}

// Describe returns the destination. Errors: outbound.ErrNotFound.
func (l *Lane) Describe() (Destination, error) {
	now := l.now()
	var out Destination
	err := l.view(func(h *head) (err error) {
		if !h.configured {
			return outbound.ErrNotFound
		}
		out, err = l.describe(h, now)
		return err
	})
	return out, err
}

func (l *Lane) describe(h *head, now time.Time) (Destination, error) {
	q, err := l.queue(h, now)
	return Destination{
		Name: l.destination, Config: h.cfg, Generation: h.generation, Created: h.created, Updated: h.updated, Queue: q,
	}, err
}

// Delete forgets the configuration and the credential. What is settled stays
// until its retention is over, and the numbering goes on if the destination is
// made again; so does its rate, and what its provider asked for: to delete it
// buys no burst, and no way round a Retry-After (G8). Errors: ErrOpen while writes wait or want a decision,
// outbound.ErrNotFound.
func (l *Lane) Delete() error {
	return l.tx(func(h *head) error {
		if !h.configured {
			return outbound.ErrNotFound
		}
		undecided, err := sqlstore.Int64(l.cfg.DB, `SELECT count(*) FROM writes WHERE state IN ('dead', 'parked')`)
		if err != nil {
			return err
		}
		if h.depth > 0 || undecided > 0 {
			return ErrOpen
		}
		h.state = state{Pace: h.state.Pace, Budgets: h.state.Budgets, Breaker: breaker.State{Opened: h.state.Breaker.Opened}}
		_, err = l.cfg.DB.Exec(`UPDATE lane SET config = '', sealed = ''`)
		return err
	})
}

func (l *Lane) aad(generation int64) seal.AAD {
	return outbound.CredentialAAD(l.tenant, l.destination, generation)
}
