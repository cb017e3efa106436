package vault

import (
	"slices"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/notice"
	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/planted"
)

// Notices: the events that a vault tells the agent.
const (
	NoticeNeedsReauth   = "hookweir.connection.needs_reauth"
	NoticeDegraded      = "hookweir.connection.degraded"
	NoticeRecovered     = "hookweir.connection.recovered"
	NoticeExpiring      = "hookweir.connection.expiring"
	NoticeScopesChanged = "hookweir.connection.scopes_changed"
	NoticeScopesReview  = "hookweir.connection.scopes_review"
	NoticeNotRevoked    = "hookweir.connection.not_revoked"
)

// told is the data of a notice.
type told struct {
	Connection string `json:"connection"`
	Provider   string `json:"provider"`
	State      string `json:"state"`
	Reason     string `json:"reason,omitempty"`
	Cause      string `json:"cause,omitempty"`
	// Until is how long the token in use lives on, Next when a refresh is tried
	// again, Deadline when only a person can go on.
	Until    time.Time `json:"token_expires,omitzero"`
	Next     time.Time `json:"next_attempt,omitzero"`
	Deadline time.Time `json:"deadline,omitzero"`
	// Authorize is the route that starts a new authorization.
	Authorize string   `json:"authorize,omitempty"`
	Added     []string `json:"added,omitempty"`
	Removed   []string `json:"removed,omitempty"`
	Unused    []string `json:"unused,omitempty"`
	Excess    []string `json:"over_granted,omitempty"`
	Token     string   `json:"token,omitempty"` // which kind was not revoked
}

// pendingNotice is what a change of a row gave rise to; saveAndTell puts it
// into the outbox.
type pendingNotice struct {
	kind, id string
	at       time.Time
	data     told
}

// turn changes the state, says so in the log, and tells the agent what it must
// know (G6).
func (v *Vault) turn(r *row, state, reason, cause string, now time.Time) {
	from := r.state
	if from != state || r.reason != reason {
		r.since = now
		v.cfg.Log("vault.connection_"+state, "tenant", v.tenant, "connection", r.name, "provider", r.settings.Provider,
			"from", from, "reason", reason, "cause", cause, "generation", strconv.FormatInt(r.generation, 10))
	}
	r.state, r.reason, r.cause = state, reason, cause
	d := told{Reason: reason, Cause: cause, Until: r.expires}
	switch {
	case planted.Bug == "silent":
	case state == NeedsReauth && from != NeedsReauth:
		d.Authorize = "/v1/tenants/" + v.tenant + "/connections/" + r.name + "/authorize"
		v.tell(r, NoticeNeedsReauth, now, d)
	case state == Degraded && from == Active:
		d.Next = r.refreshAt
		v.tell(r, NoticeDegraded, now, d)
	case state == Active && (from == Degraded || from == NeedsReauth):
		v.tell(r, NoticeRecovered, now, d)
	}
}

// tell puts a notice down. It is the same one for the same kind, connection
// and generation of tokens, however often it is raised.
func (v *Vault) tell(r *row, kind string, now time.Time, d told) {
	id := kind[len("hookweir."):] + "/" + r.name + "/" + strconv.FormatInt(r.generation, 10)
	r.tellAs(kind, id, now, d)
}

func (r *row) tellAs(kind, id string, now time.Time, d told) {
	d.Connection, d.Provider, d.State = r.name, r.settings.Provider, r.state
	r.notices = append(r.notices, pendingNotice{kind, id, now, d})
}

// tellScopes reports that other scopes are granted than were. Under one
// generation of tokens that may happen more than once: each time is told.
func (v *Vault) tellScopes(r *row, before []string, now time.Time) {
	d := told{Added: without(r.granted, before), Removed: without(before, r.granted)}
	v.cfg.Log("vault.scopes_changed", "tenant", v.tenant, "connection", r.name,
		"added", strconv.Itoa(len(d.Added)), "removed", strconv.Itoa(len(d.Removed)))
	id := "connection.scopes_changed/" + r.name + "/" + strconv.FormatInt(r.generation, 10) + "." + strconv.FormatInt(now.UnixMilli(), 10)
	r.tellAs(NoticeScopesChanged, id, now, d)
}

// protocolScopes ask the authorization server for something of its own, and
// many leave them out of what they say they granted (OpenID Connect Core §5.4,
// §11). Read only.
var protocolScopes = [...]string{"openid", "offline_access", "profile", "email", "address", "phone"}

// tellConsent reports what a new authorization gave, where it differs from the
// one before, or, without one before, where it is less than was asked for.
func (v *Vault) tellConsent(r *row, before []string, now time.Time) {
	if before == nil {
		less := without(r.requested, r.granted)
		if len(without(less, protocolScopes[:])) == 0 {
			return
		}
		before = without(r.requested, protocolScopes[:])
	}
	if !slices.Equal(before, r.granted) {
		v.tellScopes(r, before, now)
	}
}

// saveAndTell saves a row and puts its notices into the outbox. Call it in tx.
func (v *Vault) saveAndTell(r *row) error {
	if err := v.tellOnly(r); err != nil {
		return err
	}
	return v.save(r)
}

func (v *Vault) tellOnly(r *row) error {
	for _, n := range r.notices {
		e, err := notice.New(v.tenant, n.kind, n.id, n.at, n.data)
		if err != nil {
			return err
		}
		if err := v.box.Add(event.Encode(e)); err != nil {
			return err
		}
	}
	r.notices = nil
	return nil
}

// without is what of list is not in other.
func without(list, other []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(other, s) {
			out = append(out, s)
		}
	}
	return out
}

// causeOf is a failure as a row and a notice have it: a code and a status,
// nothing a server could write freely.
func causeOf(f *oauth.Failure) string {
	if f.Status == 0 || f.Code == "status_"+strconv.Itoa(f.Status) {
		return f.Code
	}
	return f.Code + " (" + strconv.Itoa(f.Status) + ")"
}
