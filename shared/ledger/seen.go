package ledger

import (
	"strings"

	"github.com/hookweir/hookweir/shared/event"
)

// Sighting says what the ledger knows of an event key.
type Sighting uint8

const (
	// NotSeen: no event of that key, or one past its retention.
	NotSeen Sighting = iota
	// SeenWebhook: a webhook brought it first.
	SeenWebhook
	// SeenOther: something else did, a poll most likely.
	SeenOther
)

// Seen reports for each key, at most 100, whether its event is known and what
// brought it. It changes nothing. Errors: ErrTenant, ErrShard, ErrRequest.
func (l *Ledger) Seen(keys []string) ([]Sighting, error) {
	if len(keys) > maxItems {
		return nil, ErrRequest
	}
	out := make([]Sighting, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	args := make([]any, len(keys))
	at := make(map[string][]int, len(keys))
	for i, k := range keys {
		if err := l.owns(k); err != nil {
			return nil, err
		}
		args[i] = k
		at[k] = append(at[k], i)
	}
	err := l.tx(func() error {
		rows, err := l.cfg.DB.Exec(`SELECT key, origin FROM events WHERE key IN (?`+strings.Repeat(",?", len(keys)-1)+`)`, args...)
		if err != nil {
			return err
		}
		for r := range rows.All() {
			key, origin := r.Text(), r.Text()
			if err := r.Done(); err != nil {
				return err
			}
			s := SeenOther
			if origin == event.OriginWebhook {
				s = SeenWebhook
			}
			for _, i := range at[key] {
				out[i] = s
			}
		}
		return nil
	})
	return out, err
}

// Bury stores events that nobody could deliver as they are, as dead from the
// start, for the reason given (a code): an operator sees and may replay them.
// One that is known already stays as it is. It may be repeated. Errors: as
// Claim.
func (l *Ledger) Bury(reason string, messages [][]byte) error {
	if len(messages) > maxItems {
		return ErrRequest
	}
	now := l.now()
	return l.tx(func() error {
		for _, m := range messages {
			msg, err := event.Decode(m)
			if err != nil || msg.Event == nil || !wellFormed(msg.Event) {
				return ErrRequest
			}
			if err := l.owns(msg.Key); err != nil {
				return err
			}
			if _, found, err := l.load(msg.Key); err != nil || found {
				if err != nil {
					return err
				}
				continue
			}
			if err := l.insert(normalise(msg.Event, now), lease{state: Dead}, nil, reasonCode(reason)); err != nil {
				return err
			}
		}
		return nil
	})
}
