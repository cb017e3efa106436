package poll

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"time"
)

// listRetry is when a poll that the schedule could not be told of, or a notice
// that the queue did not take, is tried again.
const listRetry = 30 * time.Second

// Put makes the poll or changes its definition. Where what is asked of whom
// stays the same, the cursor stays as well; otherwise the poll begins anew.
// Errors: ErrDefinition, ErrLimit.
func (p *Poll) Put(ctx context.Context, d Definition) (Status, error) {
	now := p.now()
	if err := d.Check(now); err != nil {
		return Status{}, err
	}
	// The alarm first: it tells the schedule, should this call not live to.
	if err := p.cfg.SetAlarm(now.Add(listRetry)); err != nil {
		return Status{}, err
	}
	_, err := p.Get()
	made := errors.Is(err, ErrNotFound)
	if err := p.tx(func() error { return p.put(d, now) }); err != nil {
		return Status{}, err
	}
	if err := p.list(ctx); errors.Is(err, ErrLimit) {
		if made {
			err = errors.Join(err, p.forget())
		}
		return Status{}, err
	}
	return p.Get()
}

func (p *Poll) put(d Definition, now time.Time) error {
	old, err := p.loadAny()
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	found := err == nil
	recipe, err := d.recipe()
	if err != nil {
		return err
	}
	r := &row{definition: d, recipe: recipe, generation: 1, seq: 1}
	r.state = d.begin(recipe, now)
	r.health = health{Created: now}
	if found {
		r.generation, r.seq = old.generation+1, old.seq+1
	}
	if found && !old.deleted && sameList(old.definition, d) {
		r.state, r.health = old.state, old.health
		if r.state.Limit != d.Limit { // pages that are counted would be others
			r.state = recipe.Abandon(r.state)
			r.state.Limit = d.Limit
			if err := p.unstage(); err != nil {
				return err
			}
		}
	} else if err := p.clear(); err != nil {
		return err
	}
	// A change of the definition is a reason to try at once.
	every := time.Duration(d.Every)
	r.health.Interval, r.health.NextAt, r.health.NotBefore = every, now, time.Time{}
	r.health.StallAt = now.Add(3 * every)
	r.health.AlarmAt = now.Add(listRetry)
	definition, err := json.Marshal(d)
	if err != nil {
		return err
	}
	state, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	h, err := json.Marshal(r.health)
	if err != nil {
		return err
	}
	_, err = p.cfg.DB.Exec(`INSERT OR REPLACE INTO poll (id, seq, generation, listed, deleted, definition, state, health) VALUES (1, ?, ?, 0, 0, ?, ?, ?)`,
		r.seq, r.generation, string(definition), string(state), string(h))
	return err
}

// clear forgets what is known of a list. What was found and not sent yet goes
// its way. Call it in a transaction.
func (p *Poll) clear() error {
	if err := p.unstage(); err != nil {
		return err
	}
	_, err := p.cfg.DB.Exec(`DELETE FROM known`)
	return err
}

// unstage hands staged events to the outbox. Call it in a transaction.
func (p *Poll) unstage() error {
	if _, err := p.cfg.DB.Exec(`INSERT INTO outbox (message) SELECT message FROM staged ORDER BY place`); err != nil {
		return err
	}
	_, err := p.cfg.DB.Exec(`DELETE FROM staged`)
	return err
}

// sameList reports that two definitions read the same list from the same
// beginning, whatever else they say.
func sameList(a, b Definition) bool {
	return a.Preset == b.Preset && reflect.DeepEqual(a.Recipe, b.Recipe) && reflect.DeepEqual(a.Params, b.Params) &&
		a.Destination == b.Destination && a.Source == b.Source && a.Start == b.Start
}

// Get returns the poll. Errors: ErrNotFound.
func (p *Poll) Get() (Status, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := p.load()
	if err != nil {
		return Status{}, err
	}
	return r.status(p.name, p.now()), nil
}

// Delete ends the poll. It reports whether the schedule knows; if not, the
// alarm tells it. Errors: ErrNotFound.
func (p *Poll) Delete(ctx context.Context) (unlisted bool, err error) {
	err = p.tx(func() error {
		if _, err := p.load(); err != nil {
			return err
		}
		if err := p.clear(); err != nil {
			return err
		}
		_, err := p.cfg.DB.Exec(`UPDATE poll SET seq = seq + 1, deleted = 1, listed = 0`)
		return err
	})
	if err != nil {
		return false, err
	}
	if err := p.cfg.SetAlarm(p.now().Add(listRetry)); err != nil {
		return false, err
	}
	return p.list(ctx) == nil, nil
}

// list tells the schedule what it does not know yet.
func (p *Poll) list(ctx context.Context) error {
	r, _, err := p.look()
	if err != nil || r.listed {
		return err
	}
	s := p.cfg.Schedule(p.tenant)
	if r.deleted {
		err = s.Remove(ctx, p.name)
	} else {
		err = s.Add(ctx, p.name, r.wakes(), time.Duration(r.definition.Every), r.health.NextAt)
	}
	if err != nil {
		p.cfg.Log("poll.not_listed", "tenant", p.tenant, "poll", p.name)
		return err
	}
	return p.tx(func() error {
		query := `UPDATE poll SET listed = 1 WHERE generation = ? AND deleted = ?`
		_, err := p.cfg.DB.Exec(query, r.generation, r.deleted)
		return err
	})
}

// relist tells the schedule anew.
func (p *Poll) relist(ctx context.Context) error {
	err := p.tx(func() error {
		_, err := p.cfg.DB.Exec(`UPDATE poll SET listed = 0`)
		return err
	})
	if err != nil {
		return err
	}
	return p.list(ctx)
}

// wakes is the source whose webhooks bring the next run forward.
func (r *row) wakes() string {
	if r.definition.Lazy {
		return ""
	}
	return r.definition.Source
}

// forget takes a poll back that the schedule has no room for.
func (p *Poll) forget() error {
	return p.tx(func() error {
		_, err := p.cfg.DB.Exec(`UPDATE poll SET seq = seq + 1, deleted = 1, listed = 1`)
		return err
	})
}
