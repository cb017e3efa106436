package vault

import (
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/target"
)

const (
	// DefaultUnused is how many days without use make a scope "unused".
	DefaultUnused = 90
	// usesKept is how long use is kept, in days: a year of seasons, and some.
	usesKept = 400
	// maxUses bounds one report of use.
	maxUses = 500

	opAll      = "all"      // every call
	opUnmapped = "unmapped" // calls that no scope is known for
)

// Use is calls of the provider's API that were made with a connection's token.
type Use struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	// Granted and Accepted are what the answer's headers said (X-OAuth-Scopes,
	// X-Accepted-OAuth-Scopes): the token's scopes, and those any of which the
	// call takes. Nil: they said nothing.
	Granted  []string  `json:"granted,omitempty"`
	Accepted []string  `json:"accepted,omitempty"`
	At       time.Time `json:"at"`
	Count    int       `json:"count"`
}

// Used records calls. Errors: ErrNotFound, ErrRequest.
func (v *Vault) Used(connection string, uses []Use) error {
	if len(uses) > maxUses {
		return ErrRequest
	}
	now := v.now()
	err := v.tx(func() error {
		r, err := v.load(connection)
		if err != nil {
			return err
		}
		for _, u := range uses {
			if err := v.use(r, u, now); err != nil {
				return err
			}
		}
		_, err = v.cfg.DB.Exec(`DELETE FROM uses WHERE connection = ? AND day < ?`, connection, day(now)-usesKept)
		return err
	})
	if err != nil {
		return err
	}
	return v.arm() // a change of scopes is told
}

func day(t time.Time) int64 { return t.Unix() / int64(24*time.Hour/time.Second) }

func (v *Vault) use(r *row, u Use, now time.Time) error {
	at := u.At.UTC().Truncate(time.Millisecond)
	if at.IsZero() || at.After(now) || day(at) < day(now)-usesKept {
		at = now
	}
	count := min(max(u.Count, 1), 1_000_000)
	if len(u.Granted) > 0 && len(u.Granted) <= MaxScopes && plain(u.Granted...) {
		if g := slices.Compact(slices.Sorted(slices.Values(u.Granted))); !slices.Equal(g, r.granted) {
			before := r.granted
			r.granted = g
			v.tellScopes(r, before, now)
			if err := v.saveAndTell(r); err != nil {
				return err
			}
		}
	}
	if err := v.count(r.name, "", opAll, at, count); err != nil {
		return err
	}
	scopes := r.scopesOf(u)
	if len(scopes) == 0 {
		return v.count(r.name, "", opUnmapped, at, count)
	}
	for _, s := range scopes {
		if err := v.count(r.name, s, "", at, count); err != nil {
			return err
		}
	}
	return nil
}

// scopesOf are the scopes that a call used: of those any of which it takes, the
// ones that are granted. What the provider said goes before the connection's
// map, and that before the provider's.
func (r *row) scopesOf(u Use) []string {
	if len(u.Accepted) > 0 && len(u.Accepted) <= MaxScopes {
		return r.grantedOf(u.Accepted)
	}
	for _, o := range r.settings.Operations {
		if u.is(o.Method, o.Path) {
			return r.grantedOf(o.Scopes)
		}
	}
	for _, o := range oauth.Operations(r.settings.Provider) {
		if u.is(o.Method, o.Path) {
			return r.grantedOf(o.Scopes)
		}
	}
	return nil
}

func (r *row) grantedOf(scopes []string) []string {
	var out []string
	for _, s := range scopes {
		if slices.Contains(r.granted, s) {
			out = append(out, s)
		}
	}
	return out
}

func (u Use) is(method, path string) bool {
	return (method == "" || strings.EqualFold(method, u.Method)) && target.MatchPath(path, u.Path)
}

func (v *Vault) count(connection, scope, operation string, at time.Time, n int) error {
	_, err := v.cfg.DB.Exec(`INSERT INTO uses (connection, scope, operation, day, calls, last) VALUES (?,?,?,?,?,?)
		ON CONFLICT (connection, scope, operation, day) DO UPDATE SET calls = calls + excluded.calls, last = max(last, excluded.last)`,
		connection, scope, operation, day(at), n, at.UnixMilli())
	return err
}

// ScopeUse is what is known of one scope.
type ScopeUse struct {
	Scope     string    `json:"scope"`
	Requested bool      `json:"requested"`
	Granted   bool      `json:"granted"`
	Calls     int64     `json:"calls"` // within the window
	LastUsed  time.Time `json:"last_used,omitzero"`
}

// Scopes is the report of a connection: what was asked for, given, and used.
type Scopes struct {
	Connection string     `json:"connection"`
	Scopes     []ScopeUse `json:"scopes"`
	// UnusedDays is the N of Unused: granted, and no call seen in N days. That
	// is not the same as removable: wrappers and rare jobs hide use, and the
	// window may be shorter than N.
	UnusedDays  int      `json:"unused_days"`
	Unused      []string `json:"unused"`
	OverGranted []string `json:"over_granted"` // granted and not requested
	Missing     []string `json:"missing"`      // configured and not granted
	// Since is the first call seen within the window, Calls how many there were
	// and Unmapped those of them that no scope is known for.
	Since      time.Time `json:"since,omitzero"`
	WindowDays int       `json:"window_days"`
	Calls      int64     `json:"calls"`
	Unmapped   int64     `json:"unmapped"`
	NextReview time.Time `json:"next_review,omitzero"`
}

// ScopesRequest asks for the report.
type ScopesRequest struct {
	Connection string `json:"connection"`
	Days       int    `json:"days"` // zero: DefaultUnused
}

// Scopes reports. Errors: ErrNotFound, ErrRequest.
func (v *Vault) Scopes(in ScopesRequest) (Scopes, error) {
	if in.Days == 0 {
		in.Days = DefaultUnused
	}
	if in.Days < 1 || in.Days > usesKept {
		return Scopes{}, ErrRequest
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	r, err := v.load(in.Connection)
	if err != nil {
		return Scopes{}, err
	}
	return v.scopes(r, in.Days, v.now())
}

func (v *Vault) scopes(r *row, days int, now time.Time) (Scopes, error) {
	out := Scopes{
		Connection: r.name, UnusedDays: days, WindowDays: usesKept, NextReview: r.reviewAt,
		Scopes: []ScopeUse{}, Unused: []string{}, OverGranted: notNil(without(r.granted, r.requested)),
		Missing: notNil(without(r.settings.Scopes, r.granted)),
	}
	rows, err := v.cfg.DB.Exec(`SELECT scope, operation, sum(calls), max(last), min(day) FROM uses WHERE connection = ? AND day >= ? GROUP BY scope, operation`, r.name, day(now)-usesKept)
	if err != nil {
		return out, err
	}
	seen := map[string]ScopeUse{}
	for c := range rows.All() {
		scope, operation, calls, last, first := c.Text(), c.Text(), c.Int64(), c.Time(), c.Int64()
		if err := c.Done(); err != nil {
			return out, err
		}
		switch {
		case scope != "":
			seen[scope] = ScopeUse{Scope: scope, Calls: calls, LastUsed: last}
		case operation == opAll:
			out.Calls, out.Since = calls, time.Unix(first*int64(24*time.Hour/time.Second), 0).UTC()
		default:
			out.Unmapped = calls
		}
	}
	all := slices.Concat(r.requested, r.granted)
	for s := range seen {
		all = append(all, s)
	}
	slices.Sort(all)
	for _, s := range slices.Compact(all) {
		u := seen[s]
		u.Scope, u.Requested, u.Granted = s, slices.Contains(r.requested, s), slices.Contains(r.granted, s)
		out.Scopes = append(out.Scopes, u)
		if u.Granted && u.LastUsed.Before(now.AddDate(0, 0, -days)) {
			out.Unused = append(out.Unused, s)
		}
	}
	return out, nil
}
