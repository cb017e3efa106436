package tenant

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/webhook"
)

// States of the agent.
const (
	AgentActive  = "active"
	AgentStopped = "stopped" // it answered 410 Gone; a PUT starts it again
)

const (
	// newSecretBytes is the length of a generated signing key; Standard
	// Webhooks takes 24 to 64.
	newSecretBytes  = 32
	maxReasonBytes  = 200
	agentObjectName = "agent"
)

// Agent is what may be told about the agent.
type Agent struct {
	URL        string    `json:"url"`
	State      string    `json:"state"`
	Reason     string    `json:"reason,omitempty"` // why it is stopped
	StoppedAt  time.Time `json:"stopped_at,omitzero"`
	Secrets    []Secret  `json:"secrets"` // newest first
	Generation int64     `json:"generation"`
	Created    time.Time `json:"created"`
	Updated    time.Time `json:"updated"`
	// Secret is set only in the answer to the call that generated it.
	Secret string `json:"secret,omitempty"`
}

// PutAgent says where events go.
type PutAgent struct {
	URL string `json:"url"` // checked by the caller, see package target
	// Secret replaces every secret. Empty keeps those of an agent that has
	// some and generates one for an agent that has none.
	Secret string `json:"secret,omitempty"`
}

// RotateAgent brings a new signing secret in; both sign during the overlap.
type RotateAgent struct {
	Secret  string        `json:"secret,omitempty"` // generated when empty
	Overlap time.Duration `json:"overlap"`
}

// AgentTarget is what a delivery needs. It holds open secrets: it goes from
// the object to the consumer and nowhere else.
type AgentTarget struct {
	URL        string   `json:"url"`
	State      string   `json:"state"`
	Secrets    []string `json:"secrets"` // whsec_…, those that sign now, newest first
	Generation int64    `json:"generation"`
	// Watched: somebody listens at the agent's endpoint for events.
	Watched bool `json:"watched,omitempty"`
}

// StopAgent stops deliveries after a 410.
type StopAgent struct {
	Generation int64  `json:"generation"` // of the AgentTarget that answered so
	Reason     string `json:"reason"`     // a code or a short phrase, no payload
}

type agentRow struct {
	Agent
	sealed string
}

// loadAgent reads the row. Errors: ErrNotFound.
func (t *Tenant) loadAgent() (agentRow, error) {
	var a agentRow
	rows, err := t.cfg.DB.Exec(`SELECT url, secrets, sealed, state, reason, stopped, generation, created, updated FROM agent`)
	if err != nil {
		return a, err
	}
	r, ok := rows.First()
	if !ok {
		return a, ErrNotFound
	}
	a.URL = r.Text()
	secrets := r.Text()
	a.sealed, a.State, a.Reason, a.StoppedAt = r.Text(), r.Text(), r.Text(), r.Time()
	a.Generation, a.Created, a.Updated = r.Int64(), r.Time(), r.Time()
	if err := r.Done(); err != nil {
		return a, err
	}
	return a, json.Unmarshal([]byte(secrets), &a.Secrets)
}

// Agent returns the agent. Errors: ErrNotFound.
func (t *Tenant) Agent() (Agent, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.loadAgent()
	return a.Agent, err
}

// PutAgent makes or replaces the agent and makes it active. Errors:
// ErrRequest, ErrSecret, seal.ErrNoRing, ErrUnreadable when secrets are to be
// kept that do not open.
func (t *Tenant) PutAgent(in PutAgent) (Agent, error) {
	if in.URL == "" || !validURL(in.URL) {
		return Agent{}, ErrRequest
	}
	if in.Secret != "" && !validAgentSecret(in.Secret) {
		return Agent{}, ErrSecret
	}
	return t.changeAgent(func(row *agentRow, old []source.Secret, found bool, now time.Time) ([]source.Secret, string, error) {
		row.URL, row.State, row.Reason, row.StoppedAt = in.URL, AgentActive, "", time.Time{}
		if in.Secret == "" && found {
			if len(old) == 0 {
				return nil, "", ErrUnreadable
			}
			return old, "", nil
		}
		value, shown, err := t.agentSecret(in.Secret)
		if err != nil {
			return nil, "", err
		}
		secrets, err := t.replaced(old, []string{value}, now)
		return secrets, shown, err
	})
}

// RotateAgent puts a new secret first; the older ones sign on for the overlap.
// Errors: ErrNotFound, ErrRequest, ErrSecret, ErrSecrets, ErrUnreadable,
// seal.ErrNoRing.
func (t *Tenant) RotateAgent(in RotateAgent) (Agent, error) {
	if in.Overlap < 0 || in.Overlap > MaxOverlap {
		return Agent{}, ErrRequest
	}
	if in.Secret != "" && !validAgentSecret(in.Secret) {
		return Agent{}, ErrSecret
	}
	return t.changeAgent(func(_ *agentRow, old []source.Secret, found bool, now time.Time) ([]source.Secret, string, error) {
		switch {
		case !found:
			return nil, "", ErrNotFound
		case len(old) == 0:
			return nil, "", ErrUnreadable
		}
		value, shown, err := t.agentSecret(in.Secret)
		if err != nil {
			return nil, "", err
		}
		secrets, err := t.rotated(old, value, in.Overlap, now)
		if err == nil && len(secrets) > MaxAgentSecrets {
			err = ErrSecrets
		}
		return secrets, shown, err
	})
}

// changeAgent runs change on the row and its open secrets (none if they do not
// open), and writes the result under a new generation.
func (t *Tenant) changeAgent(change func(row *agentRow, old []source.Secret, found bool, now time.Time) ([]source.Secret, string, error)) (Agent, error) {
	now := t.now()
	var shown string
	err := t.tx(func() error {
		row, err := t.loadAgent()
		found := err == nil
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		var old []source.Secret
		if found {
			if old, err = t.openAgent(row); err != nil && !errors.Is(err, ErrUnreadable) {
				return err
			}
		} else {
			row.Created = now
		}
		var secrets []source.Secret
		if secrets, shown, err = change(&row, old, found, now); err != nil {
			return err
		}
		return t.storeAgent(row, secrets, now)
	})
	if err != nil {
		return Agent{}, err
	}
	a, err := t.Agent()
	a.Secret = shown
	return a, err
}

func (t *Tenant) storeAgent(row agentRow, secrets []source.Secret, now time.Time) error {
	generation, err := t.nextGeneration()
	if err != nil {
		return err
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return err
	}
	sealed, err := t.cfg.VaultKeys.Seal(plain, t.agentAAD(generation))
	if err != nil {
		return err
	}
	described, err := describeJSON(secrets)
	if err != nil {
		return err
	}
	_, err = t.cfg.DB.Exec(`INSERT OR REPLACE INTO agent (id, url, secrets, sealed, state, reason, stopped, generation, created, updated) VALUES (1,?,?,?,?,?,?,?,?,?)`,
		row.URL, described, sealed, row.State, row.Reason, millis(row.StoppedAt), generation, row.Created.UnixMilli(), now.UnixMilli())
	return err
}

// openAgent returns the secrets. Errors: seal.ErrNoRing, ErrUnreadable.
func (t *Tenant) openAgent(row agentRow) ([]source.Secret, error) {
	// The generation is the row's, so that older secrets put into its place do
	// not open.
	plain, err := t.cfg.VaultKeys.Open(row.sealed, t.agentAAD(row.Generation))
	switch {
	case errors.Is(err, seal.ErrNoRing):
		return nil, err
	case err != nil:
		return nil, ErrUnreadable
	}
	var secrets []source.Secret
	if json.Unmarshal(plain, &secrets) != nil {
		return nil, ErrUnreadable
	}
	return secrets, nil
}

func (t *Tenant) agentAAD(generation int64) seal.AAD {
	return seal.AAD{Purpose: "agent", Tenant: t.tenant, Object: agentObjectName, Field: "secrets", Generation: generation}
}

// AgentTarget returns what a delivery needs, also for a stopped agent. Errors:
// ErrNotFound, ErrUnreadable, seal.ErrNoRing.
func (t *Tenant) AgentTarget() (AgentTarget, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row, err := t.loadAgent()
	if err != nil {
		return AgentTarget{}, err
	}
	secrets, err := t.openAgent(row)
	if err != nil {
		return AgentTarget{}, err
	}
	now := t.now()
	out := AgentTarget{Watched: t.cfg.Watched != nil && t.cfg.Watched(), URL: row.URL, State: row.State, Generation: row.Generation}
	for _, s := range secrets {
		if !s.Expired(now) {
			out.Secrets = append(out.Secrets, string(s.Value))
		}
	}
	switch n := len(out.Secrets); {
	case n > 1 && planted == "newestonly":
		out.Secrets = out.Secrets[:1]
	case n > 1 && planted == "latesecret":
		out.Secrets = out.Secrets[n-1:]
	}
	if len(out.Secrets) == 0 {
		return AgentTarget{}, ErrUnreadable // never deliver unsigned
	}
	return out, nil
}

// StopAgent stops deliveries. A late answer from an agent that was configured
// anew meanwhile is ErrStale; stopping twice is no error. Errors: ErrNotFound.
func (t *Tenant) StopAgent(in StopAgent) error {
	now := t.now()
	return t.tx(func() error {
		row, err := t.loadAgent()
		switch {
		case err != nil:
			return err
		case row.Generation != in.Generation:
			return ErrStale
		case row.State == AgentStopped:
			return nil
		}
		reason := in.Reason[:min(len(in.Reason), maxReasonBytes)]
		_, err = t.cfg.DB.Exec(`UPDATE agent SET state = ?, reason = ?, stopped = ?`, AgentStopped, strings.ToValidUTF8(reason, ""), now.UnixMilli())
		return err
	})
}

// agentSecret returns the given secret, or a new one twice: to keep and to
// show.
func (t *Tenant) agentSecret(given string) (value, shown string, err error) {
	if given != "" {
		return given, "", nil
	}
	b, err := t.random(newSecretBytes)
	if err != nil {
		return "", "", err
	}
	value = webhook.FormatSecret(b)
	return value, value, nil
}

// validAgentSecret takes what package webhook can sign with, in the one
// spelling that every Standard Webhooks library decodes.
func validAgentSecret(s string) bool {
	key, err := webhook.ParseSecret(s)
	return err == nil && webhook.FormatSecret(key) == s
}
