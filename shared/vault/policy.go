package vault

import (
	"time"

	"github.com/hookweir/hookweir/shared/oauth"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/retry"
)

// What is known of a refresh token decides what may be done with it. This
// file holds those decisions, without storage and without a clock.

const (
	// refreshAfter and refreshJitter are when a token is refreshed ahead of
	// need, as a share of its life: between 80 % and 90 %.
	refreshAfter  = 0.8
	refreshJitter = 0.1
	// freshMargin is how long before its end a token is no longer handed out
	// when a new one can be had: a caller still has to use it. Of a short life
	// it is a tenth.
	freshMargin = time.Minute
	// settleAfter is how long after its intent a refresh whose outcome is not
	// known counts as lost: the deadline, and what a busy isolate may take.
	settleAfter = oauth.Deadline + 10*time.Second
	// touchEvery is how often a refresh token that dies of idleness is used.
	touchEvery = 24 * time.Hour
	// againAfter is the pause before the one more try that a server's failure
	// allows a token that works once, when nothing is left to wait for.
	againAfter = 30 * time.Second
	// minRefresh is the shortest pause between two refreshes ahead of need, so
	// that a server whose tokens live for a second is not asked without pause: a
	// shorter life is refreshed when a caller needs it.
	minRefresh = 2 * time.Second
	// minRefusedAge: a token younger than this that a destination refuses is
	// not helped by another one.
	minRefusedAge = 30 * time.Second
	// refusedPatience is for how long a token is kept that a destination refuses
	// and that no refresh can replace: one destination's word is not enough to
	// take it from the others at once, and a token may live for months.
	refusedPatience = time.Hour
	// warnBefore is how long before the end of an authorization the agent is
	// warned; of a short one it is a fifth.
	warnBefore = 7 * 24 * time.Hour
	// reviewEvery is how often the scopes of a connection should be looked at.
	reviewEvery = 365 * 24 * time.Hour
	// unreadableRetry is how often tokens that no key opens are tried again: an
	// operator has to bring the key back.
	unreadableRetry = 10 * time.Minute
)

// Pauses between refreshes that failed and may be repeated.
var (
	transientPause = retry.Backoff{Base: 5 * time.Second, Cap: 10 * time.Minute}
	clientPause    = retry.Backoff{Base: time.Minute, Cap: time.Hour}
)

// Reasons of a state, in a row and in a notice.
const (
	ReasonAnswerLost     = "answer_lost"            // no answer to a refresh, or none that can be read
	ReasonProviderFailed = "provider_failed"        // the provider answered that it failed
	ReasonThrottled      = "throttled"              // the provider asked for a pause
	ReasonClientRefused  = "client_refused"         // the provider refuses the client: look at its configuration
	ReasonGrantRefused   = "grant_refused"          // the provider refuses the grant
	ReasonRotationLost   = "rotation_probably_lost" // the token was probably replaced in an answer that never came
	ReasonExpired        = "expired"                // the token is over and there is no refresh token
	ReasonRefused        = "refused_by_destination" // a destination refuses the token, and there is no refresh token
	ReasonUnreadable     = "tokens_unreadable"      // no key of the ring opens the tokens
	ReasonReconfigured   = "client_changed"         // the settings name another client or provider
	ReasonDisconnected   = "disconnected"           // on request
	ReasonNever          = "never_authorized"       // nobody has consented yet
)

// usable reports whether the access token may still be sent.
func (r *row) usable(now time.Time) bool {
	return r.generation != 0 && (r.expires.IsZero() || now.Before(r.expires))
}

// fresh reports whether it may be handed out without a look for a newer one.
func (r *row) fresh(now time.Time) bool {
	return r.generation != 0 && (r.expires.IsZero() || now.Before(r.expires.Add(-r.margin())))
}

func (r *row) margin() time.Duration {
	return max(min(freshMargin, r.expires.Sub(r.obtained)/10), 0)
}

// rotation is what to expect of the provider: what the settings or the row
// say, and otherwise what was seen.
func (r *row) rotation(p *oauth.Provider) oauth.Rotation {
	if p.Rotation == oauth.RotationUnknown && r.rotates != oauth.RotationUnknown {
		return r.rotates
	}
	return p.Rotation
}

// inGrace reports whether the one repetition that a grace window allows is
// still open.
func (r *row) inGrace(p *oauth.Provider, now time.Time) bool {
	return r.rotation(p) == oauth.RotationGrace && r.lost+r.failed == 1 && now.Before(r.firstAt.Add(p.Grace))
}

// mayPost reports whether the refresh token may be sent.
//
// One that may have been spent is sent again only where that is known to do no
// harm: the provider does not rotate, or forgives one repetition within its
// grace window. Elsewhere a second use can end the grant and looks like theft
// (RFC 9700 §4.14.2), so after a lost answer it is never sent again (G5). After
// an answer that said the server failed it is, once: nothing was lost on the
// way, and at the end of the access token's life nothing is left to lose.
func (r *row) mayPost(p *oauth.Provider, now time.Time) bool {
	spent := r.lost + r.failed
	switch {
	case spent == 0, r.rotation(p) == oauth.RotationNone, r.inGrace(p, now):
		return true
	}
	return r.onceMore()
}

func (r *row) onceMore() bool {
	return r.lost+r.failed == 1 && (r.lost == 0 || r.settings.RetryLost) || planted.Bug == "respend"
}

// failed takes the outcome of a refresh into the row: until when to wait, and
// whether the connection is over. It leaves the intent closed.
func (r *row) fail(p *oauth.Provider, f *oauth.Failure, now time.Time, chance float64) (state, reason string) {
	r.intentAt = time.Time{}
	r.failures++
	switch f.Outcome {
	case oauth.Dead:
		r.refreshAt, r.retryAt = time.Time{}, time.Time{}
		return NeedsReauth, ReasonGrantRefused
	case oauth.Misconfigured:
		r.pause(clientPause, 0, now, chance)
		return Degraded, ReasonClientRefused
	case oauth.Throttled:
		r.pause(transientPause, f.After, now, chance)
		return Degraded, ReasonThrottled
	}
	reason = ReasonAnswerLost
	if f.Outcome == oauth.Failed {
		r.failed++
		reason = ReasonProviderFailed
	} else {
		r.lost++
	}
	switch {
	case r.rotation(p) == oauth.RotationNone:
		r.pause(transientPause, f.After, now, chance)
	case r.inGrace(p, now):
		r.refreshAt, r.retryAt = now, now
	case r.onceMore():
		r.retryAt = now.Add(max(againAfter, f.After))
		r.refreshAt = r.retryAt
		if end := r.end(now); !end.IsZero() {
			r.refreshAt = latest(r.refreshAt, end.Add(-r.margin()))
		}
	case !r.usable(now):
		r.refreshAt, r.retryAt = time.Time{}, time.Time{}
		return NeedsReauth, ReasonRotationLost
	default: // parked: the token in use is used to its end
		r.park(now)
	}
	return Degraded, reason
}

// end is when the token in use is of no more use: at its own end, or, where a
// destination refuses it, before long.
func (r *row) end(now time.Time) time.Time {
	if patience := now.Add(refusedPatience); r.isRefused() && r.expires.After(patience) {
		return patience
	}
	return r.expires
}

// park leaves a token that no refresh can replace to its end.
func (r *row) park(now time.Time) { r.refreshAt, r.retryAt = r.end(now), r.end(now) }

// isRefused reports whether a destination refuses the token in use.
func (r *row) isRefused() bool { return r.generation != 0 && r.refused == r.generation }

// pause sets the time of the next try: at least half of the backoff, so that
// many connections of one provider neither wait together nor come at once.
func (r *row) pause(b retry.Backoff, after time.Duration, now time.Time, chance float64) {
	half := b.Ceiling(r.failures) / 2
	d := max(half+time.Duration(chance*float64(half)), after)
	r.retryAt = now.Add(d)
	r.refreshAt = r.retryAt
}

// plan sets when a token that was just obtained is refreshed, and when its
// refresh token ends.
func (r *row) plan(p *oauth.Provider, t oauth.Tokens, now time.Time, chance float64) {
	life := t.ExpiresIn
	if life == 0 {
		life = p.AccessLife
	}
	r.obtained, r.expires, r.refreshAt, r.ends = now, time.Time{}, time.Time{}, time.Time{}
	if life > 0 {
		r.expires = now.Add(life)
	}
	if !r.refreshable {
		return
	}
	if life > 0 {
		r.refreshAt = now.Add(max(time.Duration(float64(life)*(refreshAfter+refreshJitter*chance)), minRefresh))
	}
	if p.RefreshIdle > 0 || t.RefreshExpiresIn > 0 {
		touch := min(touchEvery, max(p.RefreshIdle, t.RefreshExpiresIn)/2)
		r.refreshAt = earliest(r.refreshAt, now.Add(max(touch, minRefresh)))
	}
	if t.RefreshExpiresIn > 0 {
		r.ends = now.Add(t.RefreshExpiresIn)
	} else if p.RefreshIdle > 0 {
		r.ends = now.Add(p.RefreshIdle)
	}
	if p.RefreshLife > 0 {
		r.ends = earliest(r.ends, r.authorized.Add(p.RefreshLife))
	}
}

// deadline is when only a person can go on, as far as that is known.
func (r *row) deadline() time.Time {
	if r.refreshable {
		return r.ends
	}
	return r.expires
}

// warnAt is when to warn of the deadline; zero when there is nothing to warn
// of, or it was done.
func (r *row) warnAt() time.Time {
	end := r.deadline()
	if end.IsZero() || r.warned.Equal(end) {
		return time.Time{}
	}
	return end.Add(-min(warnBefore, end.Sub(r.obtained)/5))
}

// due is when the alarm has to look at the row; zero for never.
func (r *row) due() time.Time {
	if r.state != Active && r.state != Degraded {
		return time.Time{}
	}
	t := earliest(r.warnAt(), r.reviewAt)
	switch {
	case !r.intentAt.IsZero():
		// A flight that is under way settles its own intent.
		return earliest(t, latest(r.intentAt.Add(settleAfter), r.flying))
	case !r.refreshable:
		return earliest(t, r.expires)
	}
	return earliest(t, r.refreshAt)
}
