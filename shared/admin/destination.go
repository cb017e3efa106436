package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/ratelimit"
	"github.com/hookweir/hookweir/shared/tenant"
)

// LaneAPI is one destination; lane.Client implements it. The methods return
// the errors of package lane.
type LaneAPI interface {
	Put(ctx context.Context, in lane.PutDestination) (lane.Destination, error)
	Describe(ctx context.Context) (lane.Destination, error)
	Delete(ctx context.Context) error
	Accept(ctx context.Context, writes []lane.Write) ([]lane.Accepted, error)
	Get(ctx context.Context, id string) (lane.Detail, error)
	List(ctx context.Context, f lane.Filter) (lane.Page, error)
	Replay(ctx context.Context, id string) error
	Cancel(ctx context.Context, id string) error
	Purge(ctx context.Context, id string) error
	ReplayWhere(ctx context.Context, f lane.Filter) (lane.Decided, error)
	PurgeWhere(ctx context.Context, f lane.Filter) (lane.Decided, error)
}

// routeDestinations finds the route below /destinations.
func (c *call) routeDestinations(s []string) (methods, error) {
	switch {
	case len(s) == 0:
		return methods{http.MethodGet: (*api).listDestinations}, nil
	case len(s) == 1:
		return methods{
			http.MethodGet: (*api).getDestination, http.MethodPut: (*api).putDestination, http.MethodDelete: (*api).deleteDestination,
		}, c.named(s[0])
	case len(s) == 2 && s[1] == "writes":
		return methods{http.MethodPost: (*api).postWrites, http.MethodGet: (*api).listWrites}, c.named(s[0])
	case len(s) == 2 && s[1] == "reads":
		return methods{http.MethodPost: (*api).postRead}, c.named(s[0])
	}
	return nil, refuse(problem.CodeNotFound, "")
}

// destinationBody is a destination as a PUT gives it. Objects in it are read
// as strictly as the whole.
type destinationBody struct {
	BaseURL    string `json:"base_url"`
	Connection string `json:"connection"`
	// Budget names the budget that the destination shares with whichever others
	// give the same; its connection's when absent.
	Budget            string          `json:"budget"`
	Auth              json.RawMessage `json:"auth"`
	Rate              json.RawMessage `json:"rate"`
	OnFailure         string          `json:"on_failure"`
	Retry             json.RawMessage `json:"retry"`
	Breaker           json.RawMessage `json:"breaker"`
	IdempotencyHeader string          `json:"idempotency_header"` // "none": it has no such header
	Timeout           string          `json:"timeout"`
	// ReadPaths are the paths an agent may read by its tools: `*` is one
	// segment, a last `**` any rest. None when absent.
	ReadPaths []string `json:"read_paths"`
}

// noHeader is how a PUT says that a destination has no idempotency header.
const noHeader = "none"

type authBody struct {
	Type     string `json:"type"`
	Name     string `json:"name"`  // of the header, where it is the type
	Token    string `json:"token"` // or the header's value
	Username string `json:"username"`
	Password string `json:"password"`
}

type rateBody struct {
	Requests    int    `json:"requests"`
	Per         string `json:"per"`
	Burst       int    `json:"burst"`
	Concurrency int    `json:"concurrency"`
}

type retryBody struct {
	Base        string `json:"base"`
	Cap         string `json:"cap"`
	MaxAttempts int    `json:"max_attempts"`
	MaxAge      string `json:"max_age"`
}

type breakerBody struct {
	FailureRatio float64 `json:"failure_ratio"`
	MinRequests  int     `json:"min_requests"`
	Window       string  `json:"window"`
	Pause        string  `json:"pause"`
	MaxPause     string  `json:"max_pause"`
}

// part decodes an object within the body, if it is there.
func part(raw json.RawMessage, into any) error {
	if raw == nil {
		return nil
	}
	return decode(raw, into)
}

// config reads a PUT; what it leaves out has its default.
func (in *destinationBody) config() (lane.PutDestination, error) {
	c := destination.New(in.BaseURL)
	c.Connection, c.Budget, c.ReadPaths = in.Connection, in.Budget, in.ReadPaths
	if in.OnFailure != "" {
		c.OnFailure = in.OnFailure
	}
	switch h := strings.ToLower(in.IdempotencyHeader); h {
	case "":
	case noHeader:
		c.IdempotencyHeader = ""
	default:
		c.IdempotencyHeader = h
	}
	var auth authBody
	var rate rateBody
	retry := retryBody{MaxAttempts: c.Retry.MaxAttempts}
	breaker := breakerBody{FailureRatio: c.Breaker.Ratio, MinRequests: c.Breaker.Requests}
	for raw, into := range map[*json.RawMessage]any{&in.Auth: &auth, &in.Rate: &rate, &in.Retry: &retry, &in.Breaker: &breaker} {
		if err := part(*raw, into); err != nil {
			return lane.PutDestination{}, err
		}
	}
	for _, d := range []struct {
		field, value string
		into         *time.Duration
	}{
		{"timeout", in.Timeout, &c.Timeout},
		{"rate.per", rate.Per, &c.Rate.Per},
		{"retry.base", retry.Base, &c.Retry.Backoff.Base},
		{"retry.cap", retry.Cap, &c.Retry.Backoff.Cap},
		{"retry.max_age", retry.MaxAge, &c.Retry.MaxAge},
		{"breaker.window", breaker.Window, &c.Breaker.Window},
		{"breaker.pause", breaker.Pause, &c.Breaker.Pause},
		{"breaker.max_pause", breaker.MaxPause, &c.Breaker.MaxPause},
	} {
		got, err := duration(d.field, d.value, *d.into)
		if err != nil {
			return lane.PutDestination{}, err
		}
		*d.into = got
	}
	c.Retry.MaxAttempts, c.Breaker.Ratio, c.Breaker.Requests = retry.MaxAttempts, breaker.FailureRatio, breaker.MinRequests
	c.Breaker.MaxPause = max(c.Breaker.MaxPause, c.Breaker.Pause)
	c.Concurrency = rate.Concurrency
	c.Rate = pace.Limit{Requests: rate.Requests, Per: c.Rate.Per, Burst: rate.Burst}
	if rate.Requests > 0 && rate.Burst == 0 {
		c.Rate.Burst = 1
	}
	out := lane.PutDestination{}
	c.Auth, c.AuthHeader = auth.Type, strings.ToLower(auth.Name)
	if auth.Token != "" || auth.Username != "" || auth.Password != "" {
		out.Credential = &destination.Credential{User: auth.Username, Secret: auth.Token}
		if auth.Type == destination.Basic && auth.Token == "" {
			out.Credential.Secret = auth.Password
		}
	}
	out.Config = c
	return out, nil
}

// putDestination makes or changes a destination. The name is in the tenant's
// directory before the Lane has anything, and once more after: a DELETE may
// have taken it out meanwhile.
func (a *api) putDestination(c *call) (answer, error) {
	var in destinationBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	put, err := in.config()
	if err != nil {
		return answer{}, err
	}
	if err := put.Config.Check(a.policy()); err != nil {
		return answer{}, refuseDestination(err)
	}
	if err := a.checkConnection(c, put.Config.Connection); err != nil {
		return answer{}, err
	}
	if err := a.enlistDestination(c); err != nil {
		return answer{}, err
	}
	d, err := a.Lane(c.tenant, c.object).Put(c.Context(), put)
	var refused *lane.ItemError
	switch {
	case err == nil:
		err = a.Tenant(c.tenant).Enlist(c.Context(), listing(c.object))
	case errors.As(err, &refused):
		_ = a.relist(c, c.object) // a name that is left makes room when there is none
		// It speaks of a list of writes, and this is none.
		err = refuse(destinationCode(refused.Rule), refused.Detail)
	}
	a.logChange("admin.destination_put", c, err)
	return answerDestination(d, err)
}

func destinationCode(r lane.Rule) string {
	if r == lane.RuleTarget {
		return problem.CodeInvalidTarget
	}
	return problem.CodeInvalidDestination
}

func (a *api) getDestination(c *call) (answer, error) {
	d, err := a.Lane(c.tenant, c.object).Describe(c.Context())
	return answerDestination(d, err)
}

// deleteDestination removes the Lane's configuration, then the name: also one
// that an earlier change, cut short, has left without a destination.
func (a *api) deleteDestination(c *call) (answer, error) {
	err := a.Lane(c.tenant, c.object).Delete(c.Context())
	if err == nil || isNotFound(err) {
		err = cmp.Or(err, a.relist(c, c.object))
	}
	a.logChange("admin.destination_deleted", c, err)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// listDestinations asks each Lane in turn. A name without a Lane is a change
// that was cut short.
func (a *api) listDestinations(c *call) (answer, error) {
	names, err := a.Tenant(c.tenant).Listed(c.Context(), tenant.Destinations)
	if err != nil {
		return answer{}, err
	}
	out := []destinationAnswer{}
	for _, n := range names {
		d, err := a.Lane(c.tenant, n).Describe(c.Context())
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return answer{}, err
		}
		out = append(out, showDestination(d))
	}
	return answer{http.StatusOK, map[string]any{"destinations": out}}, nil
}

// destinationAnswer is a destination as the API shows it: what a PUT takes,
// without secrets, and how it is doing.
type destinationAnswer struct {
	Destination       string      `json:"destination"`
	BaseURL           string      `json:"base_url"`
	Connection        string      `json:"connection,omitempty"`
	Budget            string      `json:"budget,omitempty"`
	Auth              *authShown  `json:"auth,omitempty"`
	Rate              *rateShown  `json:"rate,omitempty"`
	OnFailure         string      `json:"on_failure"`
	Retry             retryBody   `json:"retry"`
	Breaker           breakerBody `json:"breaker"`
	IdempotencyHeader string      `json:"idempotency_header"`
	Timeout           string      `json:"timeout"`
	ReadPaths         []string    `json:"read_paths,omitempty"`
	Generation        int64       `json:"generation"`
	Created           time.Time   `json:"created"`
	Updated           time.Time   `json:"updated"`
	Queue             lane.Queue  `json:"queue"`
}

type authShown struct {
	Type string `json:"type"`
	Name string `json:"name,omitempty"` // of the header
}

type rateShown struct {
	Requests    int    `json:"requests,omitempty"`
	Per         string `json:"per,omitempty"`
	Burst       int    `json:"burst,omitempty"`
	Concurrency int    `json:"concurrency,omitempty"`
}

func showDestination(d lane.Destination) destinationAnswer {
	c := d.Config
	out := destinationAnswer{
		Destination: d.Name, BaseURL: c.BaseURL, Connection: c.Connection, Budget: c.SharedBudget(), OnFailure: c.OnFailure,
		Retry: retryBody{c.Retry.Backoff.Base.String(), c.Retry.Backoff.Cap.String(), c.Retry.MaxAttempts, c.Retry.MaxAge.String()},
		Breaker: breakerBody{
			c.Breaker.Ratio, c.Breaker.Requests, c.Breaker.Window.String(), c.Breaker.Pause.String(), c.Breaker.MaxPause.String(),
		},
		IdempotencyHeader: c.IdempotencyHeader, Timeout: c.Timeout.String(), ReadPaths: c.ReadPaths,
		Generation: d.Generation, Created: d.Created, Updated: d.Updated, Queue: d.Queue,
	}
	if c.IdempotencyHeader == "" {
		out.IdempotencyHeader = noHeader
	}
	if c.Auth != "" {
		out.Auth = &authShown{c.Auth, c.AuthHeader}
	}
	if c.Rate != (pace.Limit{}) || c.Concurrency > 0 {
		out.Rate = &rateShown{Requests: c.Rate.Requests, Burst: c.Rate.Burst, Concurrency: c.Concurrency}
		if c.Rate.Per > 0 {
			out.Rate.Per = c.Rate.Per.String()
		}
	}
	if out.Queue.Budgets == nil {
		out.Queue.Budgets = []ratelimit.Budget{}
	}
	return out
}

func answerDestination(d lane.Destination, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, showDestination(d)}, nil
}
