package outbound

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/pace"
)

// Gate is the way out for single calls.
type Gate struct {
	Sender
	// Lane finds a destination's pacer.
	Lane func(tenant, destination string) Lane
	// Sleep waits, as a promise of the event that waits (DESIGN §3 rule 1).
	Sleep func(ctx context.Context, d time.Duration)
}

// Response is what a destination answered.
type Response struct {
	fetch.Response
	Took time.Duration
	Base string // the destination's base URL
}

const (
	// leaseSlack is what a permit's lease is longer than the request: for the
	// token, and the way to the Lane and back.
	leaseSlack = 10 * time.Second
	// maxTries bounds the slots that one Do takes: the call, its repeat with a
	// fresh token, and two that went by while a token was being refreshed.
	maxTries = 4
	// longestExchange is what any destination's timeout may be at most.
	longestExchange = 60 * time.Second
)

// Do makes one call. Errors: a destination.Error or target.Error for what may
// not be called, *WaitError, ErrNotFound, ErrNeedsReauth, ErrUnavailable,
// ErrTimeout, ErrNetwork, ErrLate; of a Listed call ErrNotListed. Any status is a Response.
func (g *Gate) Do(ctx context.Context, tenant, dest string, c Call) (Response, error) {
	if err := check(c); err != nil { // costs no slot
		return Response{}, err
	}
	lane := g.Lane(tenant, dest)
	request := PermitRequest{N: 1, Horizon: min(c.Wait, pace.MaxHorizon), Lease: request(c) + min(c.Wait, pace.MaxHorizon) + leaseSlack}
	if c.Listed {
		request.Path = c.Path
	}
	request.MayBeFree = c.Free304
	for range maxTries {
		asked := g.Now()
		grant, err := lane.Permit(ctx, request)
		if err != nil {
			return Response{}, laneError(err)
		}
		if grant.Reason == ReasonUnavailable && len(grant.Slots) == 0 {
			return Response{}, ErrUnavailable
		}
		if len(grant.Slots) == 0 {
			return Response{}, &WaitError{Reason: grant.Reason, After: max(grant.Wait, time.Millisecond)}
		}
		slot := grant.At(asked, g.Now())[0]
		if wait := slot.At.Sub(g.Now()); wait > 0 {
			g.Sleep(ctx, wait)
		}
		sent := g.Now()
		e := g.Send(ctx, tenant, dest, grant.Target, c, slot)
		// What was not learned is lost, the answer is not.
		_ = lane.Report(ctx, Report{
			Grant: grant.ID, Done: true, Sent: g.Now().Sub(sent), Seen: e.observed(),
			Free: grant.Free, WasFree: c.Free304 && e.Response.Status == http.StatusNotModified,
		})
		if repeat, ok := e.Repeat(c); ok {
			c, request.Repeat = repeat, true
			continue
		}
		if errors.Is(e.Err, ErrLate) {
			continue
		}
		return Response{e.Response, e.Took, grant.Target.Config.BaseURL}, e.Err
	}
	return Response{}, ErrLate
}

// check applies the rules that hold whatever the destination's configuration.
func check(c Call) error {
	var rules destination.Config
	if _, err := rules.URL(c.Path); err != nil {
		return err
	}
	if c.Listed {
		if err := destination.CheckReadHeader(c.Header); err != nil {
			return err
		}
	}
	return rules.CheckHeader(c.Header)
}

// observed is what there is to report of an exchange: nothing when nothing
// was tried.
func (e *Exchange) observed() []Observation {
	if !e.Sent && !e.Seen.Reauth {
		return nil
	}
	return []Observation{e.Seen}
}

func request(c Call) time.Duration {
	if c.Timeout > 0 {
		return min(c.Timeout, longestExchange)
	}
	return longestExchange
}

func laneError(err error) error {
	for _, known := range [...]error{ErrNotFound, ErrNotListed} {
		if errors.Is(err, known) {
			return known
		}
	}
	return ErrUnavailable
}
