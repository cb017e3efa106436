package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/notice"
	"github.com/hookweir/hookweir/shared/outbox"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/target"
)

const (
	// checkEvery is how often an upstream is looked at when nobody calls it.
	checkEvery = time.Hour
	// retryEvery is the pause after a look that failed; it doubles with each
	// that fails, up to checkEvery.
	retryEvery = time.Minute
	// outboxEvery is the pause before a notice is tried again.
	outboxEvery = 10 * time.Second
	// perAlarm bounds the upstreams one alarm looks at: each takes seconds.
	perAlarm = 5
)

// Kind of the notice that an upstream has changed.
const noticeDrift = "hookweir.upstream.drift"

// Config is what one tenant's upstreams need.
type Config struct {
	Tenant string
	DB     sqlstore.DB
	Now    func() time.Time
	Fetch  fetch.Func
	Stream fetch.StreamFunc
	// Sleep waits, as a promise of the event that calls it.
	Sleep  func(ctx context.Context, d time.Duration)
	Policy target.Policy
	// Token gives a live access token of a connection.
	Token func(ctx context.Context, upstream, connection string) (string, error)
	// Send puts messages on the queue `events`.
	Send func(messages [][]byte) error
	// SetAlarm has Alarm run at a time.
	SetAlarm func(time.Time) error
	// Changed hears that the tools that are served have changed. Nil: nobody.
	Changed func(ctx context.Context)
	// Drifted hears that an upstream's report is another. Nil: nobody.
	Drifted func(ctx context.Context, upstream string)
	Log     func(event string, kv ...string)
}

// Upstreams are one tenant's.
type Upstreams struct {
	cfg     Config
	box     outbox.Box
	holding holding
}

// New opens them in an object's database. Errors: the database's.
func New(cfg Config) (*Upstreams, error) {
	if cfg.Tenant == "" || cfg.DB == nil || cfg.Now == nil || cfg.Fetch == nil || cfg.Stream == nil || cfg.Sleep == nil || cfg.Token == nil || cfg.Send == nil || cfg.SetAlarm == nil || cfg.Log == nil {
		return nil, errors.New("upstream: incomplete configuration")
	}
	if err := sqlstore.MigratePart(cfg.DB, "upstream", schema); err != nil {
		return nil, err
	}
	return &Upstreams{cfg: cfg, box: outbox.Box{DB: cfg.DB, Send: cfg.Send}, holding: holding{calls: map[string]*held{}}}, nil
}

func (u *Upstreams) now() time.Time { return u.cfg.Now().UTC().Truncate(time.Millisecond) }

// Put makes or replaces an upstream and looks at it. Pins of one that has
// moved to another URL stay: whatever answers there is held against them. No
// look from before counts any more, whether it is over or under way.
// Errors: ErrRequest, ErrLimit.
func (u *Upstreams) Put(ctx context.Context, n string, s Settings) (Upstream, error) {
	if !name.Valid(n) || strings.Contains(n, separator) || strings.HasSuffix(n, "_") || !s.valid() {
		return Upstream{}, ErrRequest
	}
	settings, err := json.Marshal(s)
	if err != nil {
		return Upstream{}, err
	}
	now := u.now().UnixMilli()
	err = u.cfg.DB.Tx(func() error {
		if _, err := u.load(n); errors.Is(err, ErrNotFound) {
			count, err := sqlstore.Int64(u.cfg.DB, `SELECT count(*) FROM upstreams`)
			if err != nil {
				return err
			}
			if count >= MaxUpstreams {
				return ErrLimit
			}
		} else if err != nil {
			return err
		}
		_, err := u.cfg.DB.Exec(`INSERT INTO upstreams (name, settings, state, failures, reason, protocol, report, created, updated)
			VALUES (?,?,?,0,'','','',?,?) ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, state = excluded.state, checked = NULL, tried = NULL, failures = 0, reason = '', protocol = '',
				report = CASE settings WHEN excluded.settings THEN report ELSE '' END, updated = MAX(excluded.updated, updated + 1)`,
			n, string(settings), StateNew, now, now)
		return err
	})
	if err != nil {
		return Upstream{}, err
	}
	u.Refresh(ctx, n)
	return u.Get(n)
}

// Get returns one. Errors: ErrNotFound.
func (u *Upstreams) Get(n string) (Upstream, error) {
	up, err := u.load(n)
	if err != nil {
		return up, err
	}
	items, err := u.items(n)
	for _, i := range items {
		if i.kind == kindTool && i.pinned != nil && !i.gone {
			up.Tools++
		}
		if i.class() != Unchanged {
			up.Drifted++
		}
	}
	return up, err
}

// List returns all, by name.
func (u *Upstreams) List() ([]Upstream, error) {
	names, err := u.names()
	if err != nil {
		return nil, err
	}
	out := make([]Upstream, 0, len(names))
	for _, n := range names {
		up, err := u.Get(n)
		if err != nil {
			return nil, err
		}
		out = append(out, up)
	}
	return out, nil
}

// Delete forgets an upstream, its pins included. Errors: ErrNotFound.
func (u *Upstreams) Delete(ctx context.Context, n string) error {
	err := u.cfg.DB.Tx(func() error {
		if _, err := u.load(n); err != nil {
			return err
		}
		if _, err := u.cfg.DB.Exec(`DELETE FROM upstream_items WHERE upstream = ?`, n); err != nil {
			return err
		}
		if _, err := u.cfg.DB.Exec(`DELETE FROM upstreams WHERE name = ?`, n); err != nil {
			return err
		}
		return u.serveOther()
	})
	if err == nil {
		u.changed(ctx)
		u.drifted(ctx, n)
	}
	return err
}

func (u *Upstreams) drifted(ctx context.Context, n string) {
	if u.cfg.Drifted != nil {
		u.cfg.Drifted(ctx, n)
	}
}

func (u *Upstreams) changed(ctx context.Context) {
	if u.cfg.Changed != nil {
		u.cfg.Changed(ctx)
	}
}

// Refresh looks at an upstream and holds what it says against the pins. What
// goes wrong is its health.
func (u *Upstreams) Refresh(ctx context.Context, n string) {
	if up, err := u.glance(ctx, n); err != nil {
		u.failed(up, err)
	}
}

func (u *Upstreams) failed(up Upstream, why error) {
	up, err := u.still(up)
	if errors.Is(err, errMoved) {
		return
	}
	h := up.Health
	h.State, h.Checked, h.Failures, h.Reason = StateFailing, u.now(), h.Failures+1, why.Error()
	u.cfg.Log("upstream.failing", "tenant", u.cfg.Tenant, "upstream", up.Name, "reason", h.Reason)
	if err := u.storeHealth(up.Name, h); err != nil {
		u.cfg.Log("upstream.not_recorded", "tenant", u.cfg.Tenant, "upstream", up.Name)
	}
	_ = u.arm() // without it the next call or PUT looks again
}

// observe writes what was seen, moves the pins that may move, and tells the
// agent of what drifted. Errors: errMoved, errOverlap, what is wrong with what
// was seen, or the database's.
func (u *Upstreams) observe(ctx context.Context, up Upstream, saw sight) error {
	found, err := sift(up.Name, saw.seen)
	if err != nil {
		return err
	}
	now := u.now()
	other, drifted := false, false // is served from now on, and reported
	err = u.cfg.DB.Tx(func() error {
		var err error
		if up, err = u.still(up); err != nil {
			return err
		}
		items, err := u.items(up.Name)
		if err != nil {
			return err
		}
		before := served(items)
		// First use is the first look that found anything: what comes later is
		// drift, whatever has become of what was found.
		first := up.Trust == TrustFirstUse && !up.seen
		if !up.seen && len(found) > 0 {
			if _, err := u.cfg.DB.Exec(`UPDATE upstreams SET seen = ? WHERE name = ?`, now.UnixMilli(), up.Name); err != nil {
				return err
			}
		}
		then := there(items)
		items = merge(items, saw.kinds, found)
		if up.Checked.After(saw.began) && !maps.EqualFunc(then, there(items), bytes.Equal) {
			return errOverlap
		}
		renamed := renames(items)
		for k := range items {
			i := &items[k]
			c, _ := i.among(renamed)
			switch {
			case c == Unchanged || c == Refused:
			case first && c == Added, up.Policy.action(c) == Allow:
				i.accept(now)
			}
		}
		if other = !maps.EqualFunc(before, served(items), bytes.Equal); other {
			if err := u.serveOther(); err != nil {
				return err
			}
		}
		if size(items) > maxStored {
			return errStored
		}
		for _, i := range items {
			if i.pinned == nil && i.now == nil { // was never approved, and is gone
				if err := u.deleteItem(up.Name, i); err != nil {
					return err
				}
				continue
			}
			if err := u.storeItem(up.Name, i); err != nil {
				return err
			}
		}
		h := Health{State: StateReady, Checked: now, Protocol: saw.protocol, report: up.report}
		if err := u.tell(up, items, &h, now); err != nil {
			return err
		}
		drifted = h.report != up.report
		return u.storeHealth(up.Name, h)
	})
	if err != nil {
		return err
	}
	if other {
		u.changed(ctx)
	}
	if drifted {
		u.drifted(ctx, up.Name)
	}
	return u.arm()
}

// accept makes what is there now what is approved: that nothing is, too. Then
// the pin stays, for what may come back under the name.
func (i *item) accept(now time.Time) {
	if i.now == nil {
		i.gone = true
		return
	}
	i.pinned, i.approved = i.now, now
}

// size is what is kept of items, in bytes.
func size(items []item) (n int) {
	for _, i := range items {
		n += len(i.pinned) + len(i.now)
	}
	return n
}

// served are the definitions that are shown: those that were approved, of what
// is still there.
func served(items []item) map[string][]byte {
	out := map[string][]byte{}
	for _, i := range items {
		if i.pinned != nil && i.now != nil {
			out[i.kind+"/"+i.name] = i.pinned
		}
	}
	return out
}

// serveOther notes that something else is served.
func (u *Upstreams) serveOther() error {
	_, err := u.cfg.DB.Exec(`UPDATE upstream_catalogue SET version = version + 1`)
	return err
}

// Version is another whenever something else is served.
func (u *Upstreams) Version() (int64, error) {
	return sqlstore.Int64(u.cfg.DB, `SELECT version FROM upstream_catalogue`)
}

// tell puts a notice into the outbox, once for each state of drift.
func (u *Upstreams) tell(up Upstream, items []item, h *Health, now time.Time) error {
	r := report(up, items)
	if len(r.Items) == 0 || planted.Bug == "quiet" {
		h.report = ""
		return nil
	}
	if h.report == r.Report {
		return nil
	}
	h.report = r.Report
	type line struct {
		Kind   string `json:"kind"`
		Name   string `json:"name"`
		Class  Class  `json:"class"`
		Action Action `json:"action"`
	}
	lines := make([]line, 0, len(r.Items))
	for _, d := range r.Items {
		n := d.Name
		if d.Class == Refused { // its name may be what is wrong with it
			n = fingerprint([]byte(d.Name))
		}
		lines = append(lines, line{d.Kind, n, d.Class, d.Action})
	}
	// One that was undone and comes again is another one, though the report is
	// the same.
	id := "upstream.drift/" + up.Name + "/" + r.Report + "/" + strconv.FormatInt(now.UnixMilli(), 10)
	e, err := notice.New(u.cfg.Tenant, noticeDrift, id, now, map[string]any{
		"upstream": up.Name, "report": r.Report, "items": lines,
	})
	if err != nil {
		return err
	}
	u.cfg.Log("upstream.drift", "tenant", u.cfg.Tenant, "upstream", up.Name, "report", r.Report)
	return u.box.Add(event.Encode(e))
}

// Drift reports how an upstream differs from what was approved. Errors:
// ErrNotFound.
func (u *Upstreams) Drift(n string) (Report, error) {
	up, err := u.load(n)
	if err != nil {
		return Report{}, err
	}
	items, err := u.items(n)
	return report(up, items), err
}

// Approve makes what a report showed the pins. only names some of its items as
// kind/name; none is all of them, but those that are refused, which nobody
// can approve. Errors: ErrNotFound, ErrReport, ErrNothing.
func (u *Upstreams) Approve(ctx context.Context, n, reportID string, only []string) (Report, error) {
	now := u.now()
	err := u.cfg.DB.Tx(func() error {
		up, err := u.load(n)
		if err != nil {
			return err
		}
		items, err := u.items(n)
		if err != nil {
			return err
		}
		r := report(up, items)
		if r.Report != reportID || len(r.Items) == 0 {
			return ErrReport
		}
		wanted := map[string]bool{}
		for _, o := range only {
			wanted[o] = true
		}
		done := 0
		for _, d := range r.Items {
			key := d.Kind + "/" + d.Name
			if len(wanted) > 0 && !wanted[key] || d.Class == Refused {
				continue
			}
			delete(wanted, key)
			done++
			i := d.item
			i.accept(now)
			if err := u.storeItem(n, i); err != nil {
				return err
			}
		}
		if done == 0 || len(only) > 0 && len(wanted) > 0 {
			return ErrNothing
		}
		return u.serveOther()
	})
	if err != nil {
		return Report{}, err
	}
	u.cfg.Log("upstream.approved", "tenant", u.cfg.Tenant, "upstream", n, "report", reportID)
	u.changed(ctx)
	u.drifted(ctx, n)
	return u.Drift(n)
}
