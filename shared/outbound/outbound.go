package outbound

import (
	"context"
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/ratelimit"
)

// Errors of a call. Those of packages destination (a path or header that is
// refused) and target come as they are.
var (
	// ErrNotFound: the tenant has no such destination.
	ErrNotFound = errors.New("outbound: no such destination")
	// ErrNotListed: the destination does not list the path for agents' reads.
	// Nothing was sent.
	ErrNotListed = errors.New("outbound: the path is not one of the destination's read_paths")
	// ErrNeedsReauth: the connection has no token until a person authorizes it
	// again. Nothing was sent.
	ErrNeedsReauth = errors.New("outbound: the connection needs to be authorized again")
	// ErrUnavailable: the Lane or the connection's token could not be had.
	// Nothing was sent.
	ErrUnavailable = errors.New("outbound: a part of Hookweir did not answer")
	// ErrTimeout: sent, and no whole answer within the deadline.
	ErrTimeout = fetch.ErrTimeout
	// ErrNetwork: a failure below HTTP; it may have been sent.
	ErrNetwork = errors.New("outbound: the connection failed")
	// ErrLate: the slot was over before the request could leave. Nothing was
	// sent. [Gate.Do] takes another slot and returns it only when it happens
	// again and again.
	ErrLate = errors.New("outbound: the slot has passed")
)

// Reasons of a WaitError.
const (
	ReasonBudget      = "budget"      // the rate, or the provider's own limit
	ReasonBreaker     = "breaker"     // the destination is failing
	ReasonConcurrency = "concurrency" // as many under way as allowed
	ReasonUnavailable = "unavailable" // the budget that it shares did not answer
)

// WaitError says that a destination must not be called now. Nothing was sent.
type WaitError struct {
	Reason string
	After  time.Duration // over zero; when to ask again
}

func (e *WaitError) Error() string { return "outbound: not now: " + e.Reason }

// Call is one request to a destination.
type Call struct {
	Method string
	Path   string      // and query, below the destination's base URL
	Header [][2]string // names in lower case; see destination.CheckHeader
	Body   []byte      // nil for none
	// Caller says for whom, for a connection's list of who may and its account
	// of scopes; empty: `destination:{name}`.
	Caller string
	// Listed: the call goes out only to a path of the destination's ReadPaths.
	Listed bool
	// Timeout of the exchange; zero, or more than the destination's: that one.
	Timeout time.Duration
	// MaxBody bounds the answer's body, in bytes. Zero: nobody reads it, nor
	// waits for it.
	MaxBody int
	// Wait is how long Do may wait for a slot, at most pace.MaxHorizon.
	Wait time.Duration
	// Free304 says that the provider does not count an answer of 304: its slot
	// is given back.
	Free304 bool

	refused int64 // generation of the token that was answered 401
}

// Target is a destination as its Lane hands it out with a permit.
type Target struct {
	Config     destination.Config
	Generation int64
	Sealed     string // the static credential, sealed; empty for none
}

// Slot is when a request may leave, by the caller's clock.
type Slot struct{ At, Until time.Time }

// PermitRequest asks a Lane for slots.
type PermitRequest struct {
	N int // at most MaxPermits
	// Horizon is how far ahead slots are of use; zero: now.
	Horizon time.Duration
	// Lease is how long the caller may take until its Report.
	Lease time.Duration
	// Path is where the caller wants to read, if it may only where the
	// destination's ReadPaths say; empty for any other.
	Path string `json:",omitempty"`
	// Under is a grant that the caller holds: more slots, and no more of the
	// concurrency than it has already. Zero for a grant of its own.
	Under int64
	// Repeat says that the slot is for a request that was let through and
	// answered 401, once more: where a single probe is let through, it is that.
	Repeat bool `json:",omitempty"`
	// MayBeFree asks for one slot that is given back if the Report says so.
	MayBeFree bool `json:",omitempty"`
	// Budget is how a destination's Lane asks that of the budget it shares, and
	// what it says of that budget.
	Budget *pace.Limit `json:",omitempty"`
}

// Free is a slot that may be given back. Its zero value is none.
type Free struct {
	Budget string // shared; empty: the Lane's own
	ID     int64
}

// MaxPermits bounds the slots of one request: those of a queue batch.
const MaxPermits = 100

// Grant answers a PermitRequest.
type Grant struct {
	ID     int64 // for Report; zero with no slots
	Target Target
	// Slots are counted from when the Lane decided.
	Slots []time.Duration
	Slack time.Duration // how late each may be used
	// Parallel is how many requests may be under way at once under this grant.
	Parallel int
	// Free is for the Report, where the slot may be given back.
	Free Free `json:",omitzero"`
	// Wait and Reason say when to ask again and why, with fewer slots than N.
	Wait   time.Duration
	Reason string
}

// At brings the slots to the caller's clock. asked and got are when the
// request left and when the grant was there: what happened in between is
// counted as lateness, but for a grace in which a slot can still be used when
// the way was long.
func (g *Grant) At(asked, got time.Time) []Slot {
	const grace = 20 * time.Millisecond
	slots := make([]Slot, len(g.Slots))
	for i, d := range g.Slots {
		at := got.Add(d)
		until := asked.Add(d + g.Slack)
		if least := at.Add(grace); until.Before(least) {
			until = least
		}
		slots[i] = Slot{At: at, Until: until}
	}
	return slots
}

// Observation is what an exchange teaches the Lane.
type Observation struct {
	OK     bool // the destination works: it answered, and not with 5xx or to a connection's token with 401
	Failed bool // it does not: 5xx, timeout, no connection
	// Pause is how long it asked to be left alone.
	Pause time.Duration
	// Budgets as its headers tell them.
	Budgets []ratelimit.Budget
	// Reauth: the connection has no token, nothing was sent.
	Reauth bool
}

// Report tells a Lane what became of a grant, in part or as a whole.
type Report struct {
	Grant int64
	Done  bool // nothing more will be sent under the grant
	// Sent is how long ago the first of these requests left.
	Sent time.Duration
	Seen []Observation
	// Free is the Grant's, and WasFree that the request did not count.
	Free    Free `json:",omitzero"`
	WasFree bool `json:",omitempty"`
}

// Lane is one destination's pacer; lane.Client is one. Errors: ErrNotFound,
// ErrNotListed, or any other for a Lane that did not answer.
type Lane interface {
	Permit(ctx context.Context, r PermitRequest) (Grant, error)
	Report(ctx context.Context, r Report) error
}

// Token is a connection's access token.
type Token struct {
	Type       string // as the Authorization header names it; empty: Bearer
	Value      string
	Generation int64 // counts refreshes
}

// TokenRequest asks for one.
type TokenRequest struct {
	Tenant, Connection string
	Caller             string
	// Refused is the generation of a token that the destination answered 401
	// to; zero for none. The answer has a later one, or is ErrNeedsReauth.
	Refused int64
}

// Tokens hands out connections' tokens. Errors: ErrNeedsReauth, or any other
// for one that could not be had now.
type Tokens func(ctx context.Context, r TokenRequest) (Token, error)
