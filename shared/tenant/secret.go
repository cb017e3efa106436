package tenant

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/hookweir/hookweir/shared/source"
)

// Secret is what may be told about a secret.
type Secret struct {
	ID       string    `json:"id"`
	Created  time.Time `json:"created"`
	NotAfter time.Time `json:"not_after,omitzero"` // when it stops verifying or signing
}

// describe leaves the values out.
func describe(secrets []source.Secret) []Secret {
	out := make([]Secret, len(secrets))
	for i, s := range secrets {
		out[i] = Secret{ID: s.ID, Created: s.Created, NotAfter: s.NotAfter}
	}
	return out
}

func describeJSON(secrets []source.Secret) (string, error) {
	b, err := json.Marshal(describe(secrets))
	return string(b), err
}

// replaced is the list after a PUT: these values, in this order, all without
// an end. A value that was there keeps its id and age.
func (t *Tenant) replaced(old []source.Secret, values []string, now time.Time) ([]source.Secret, error) {
	out := make([]source.Secret, 0, len(values))
	for _, v := range values {
		s, err := t.known(old, []byte(v), now)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// rotated is the list after a rotation: the new value first and without an
// end; every older one ends after the overlap, or earlier if it was to. Those
// that have ended are dropped.
func (t *Tenant) rotated(old []source.Secret, value string, overlap time.Duration, now time.Time) ([]source.Secret, error) {
	first, err := t.known(old, []byte(value), now)
	if err != nil {
		return nil, err
	}
	out := []source.Secret{first}
	end := now.Add(overlap)
	for _, s := range old {
		if bytes.Equal(s.Value, first.Value) {
			continue
		}
		if s.NotAfter.IsZero() || end.Before(s.NotAfter) {
			s.NotAfter = end
		}
		if !s.Expired(now) {
			out = append(out, s)
		}
	}
	return out, nil
}

// known finds a secret by value, or makes it. The comparison is among the
// tenant's own secrets, so its timing tells the tenant nothing new.
func (t *Tenant) known(old []source.Secret, value []byte, now time.Time) (source.Secret, error) {
	for _, s := range old {
		if bytes.Equal(s.Value, value) {
			s.NotAfter = time.Time{}
			return s, nil
		}
	}
	id, err := t.newID()
	return source.Secret{ID: id, Value: value, Created: now}, err
}

func sameSecrets(a, b []source.Secret) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].ID != b[i].ID || !bytes.Equal(a[i].Value, b[i].Value) || !a[i].NotAfter.Equal(b[i].NotAfter) {
			return false
		}
	}
	return true
}
