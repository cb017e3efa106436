package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/crawl"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/poll"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/schedule"
	"github.com/hookweir/hookweir/shared/tenant"
)

// PollAPI is one poll; poll.Client implements it. The methods return the
// errors of package poll.
type PollAPI interface {
	Put(ctx context.Context, d poll.Definition) (poll.Status, error)
	Get(ctx context.Context) (poll.Status, error)
	Delete(ctx context.Context) (unlisted bool, err error)
	Run(ctx context.Context, why poll.Why) (poll.Ran, error)
}

// ScheduleAPI lists a tenant's polls; schedule.Client implements it.
type ScheduleAPI interface {
	List(ctx context.Context) ([]schedule.Entry, error)
}

// routePolls finds the route below /polls.
func (c *call) routePolls(s []string) (methods, error) {
	switch {
	case len(s) == 0:
		return methods{http.MethodGet: (*api).listPolls}, nil
	case len(s) == 1:
		return methods{
			http.MethodGet: (*api).getPoll, http.MethodPut: (*api).putPoll, http.MethodDelete: (*api).deletePoll,
		}, c.named(s[0])
	case len(s) == 2 && s[1] == "run":
		return methods{http.MethodPost: (*api).runPoll}, c.named(s[0])
	}
	return nil, refuse(problem.CodeNotFound, "")
}

// pollBody is a poll as a PUT gives it.
type pollBody struct {
	Preset      string            `json:"preset"`
	Recipe      json.RawMessage   `json:"recipe"`
	Params      map[string]string `json:"params"`
	Destination string            `json:"destination"`
	Source      string            `json:"source"`
	Start       string            `json:"start"`
	Every       string            `json:"every"`
	AtMost      string            `json:"at_most"`
	Grace       string            `json:"grace"`
	Lazy        bool              `json:"lazy"`
	Redeliver   bool              `json:"redeliver"`
	Limit       int               `json:"limit"`
	Retention   string            `json:"retention"`
}

// definition reads a PUT. What is left out, package poll fills in.
func (in *pollBody) definition() (poll.Definition, error) {
	d := poll.Definition{
		Preset: in.Preset, Params: in.Params, Destination: in.Destination, Source: in.Source,
		Start: in.Start, Lazy: in.Lazy, Redeliver: in.Redeliver, Limit: in.Limit,
	}
	for _, f := range [...]struct {
		name, text string
		into       *crawl.Duration
	}{{"every", in.Every, &d.Every}, {"at_most", in.AtMost, &d.AtMost}, {"grace", in.Grace, &d.Grace}, {"retention", in.Retention, &d.Retention}} {
		v, err := duration(f.name, f.text, 0)
		if err != nil {
			return d, err
		}
		*f.into = crawl.Duration(v)
	}
	if in.Recipe == nil {
		return d, nil
	}
	strict := json.NewDecoder(bytes.NewReader(in.Recipe))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&d.Recipe); err != nil || d.Recipe == nil {
		return d, refuse(problem.CodeInvalidRequest, "recipe has a member that is unknown or of another type; see docs/polling.md")
	}
	return d, nil
}

func (a *api) putPoll(c *call) (answer, error) {
	var in pollBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	d, err := in.definition()
	if err != nil {
		return answer{}, err
	}
	if err := a.checkPoll(c, d); err != nil {
		return answer{}, err
	}
	s, err := a.Poll(c.tenant, c.object).Put(c.Context(), d)
	a.logChange("admin.poll_put", c, err)
	return answerPoll(s, err)
}

// checkPoll holds a poll to the destination and the source that it names: they
// must be there, and the source be of the provider whose events the poll finds.
// A name that is mistyped would otherwise be told of by a stalled poll.
func (a *api) checkPoll(c *call, d poll.Definition) error {
	if !name.Valid(d.Destination) || d.Source != "" && !name.Valid(d.Source) {
		return nil // which the definition is refused for
	}
	switch _, err := a.Lane(c.tenant, d.Destination).Describe(c.Context()); {
	case errors.Is(err, outbound.ErrNotFound):
		return refuse(problem.CodeUnknownDestination, "PUT …/destinations/{destination} comes first")
	case err != nil:
		return err
	}
	if d.Source == "" {
		return nil
	}
	s, err := a.Tenant(c.tenant).Source(c.Context(), d.Source)
	switch {
	case errors.Is(err, tenant.ErrNotFound):
		return refuse(problem.CodeUnknownSource, "PUT …/sources/{source} comes first")
	case err != nil:
		return err
	}
	if p := d.Provider(); p != "" && p != s.Provider {
		return refuse(problem.CodeInvalidRequest, "the source is not of the provider whose events this preset finds")
	}
	return nil
}

func (a *api) getPoll(c *call) (answer, error) {
	s, err := a.Poll(c.tenant, c.object).Get(c.Context())
	return answerPoll(s, err)
}

func answerPoll(s poll.Status, err error) (answer, error) {
	if err != nil {
		return answer{}, pollError(err)
	}
	return answer{http.StatusOK, s}, nil
}

// pollError has a refused definition say what is wrong.
func pollError(err error) error {
	if errors.Is(err, poll.ErrDefinition) {
		return refuse(problem.CodeInvalidRequest, strings.TrimPrefix(err.Error(), poll.ErrDefinition.Error()+": "))
	}
	return err
}

// deletePoll answers 204, and 202 while the schedule is still to be told.
func (a *api) deletePoll(c *call) (answer, error) {
	unlisted, err := a.Poll(c.tenant, c.object).Delete(c.Context())
	a.logChange("admin.poll_deleted", c, err)
	if err != nil {
		return answer{}, err
	}
	if !unlisted {
		return answer{http.StatusAccepted, map[string]bool{"unlisted": false}}, nil
	}
	return answer{status: http.StatusNoContent}, nil
}

// runPoll polls now, unless the provider or the budget asked for a pause.
func (a *api) runPoll(c *call) (answer, error) {
	ran, err := a.Poll(c.tenant, c.object).Run(c.Context(), poll.Asked)
	if err != nil {
		return answer{}, err
	}
	if ran.Outcome == poll.RanGone {
		return answer{}, poll.ErrNotFound
	}
	return answer{http.StatusOK, ran}, nil
}

// pollEntry is a poll in the list.
type pollEntry struct {
	Poll   string    `json:"poll"`
	Source string    `json:"source,omitempty"`
	NextAt time.Time `json:"next_at"`
}

func (a *api) listPolls(c *call) (answer, error) {
	list, err := a.Schedule(c.tenant).List(c.Context())
	if err != nil {
		return answer{}, err
	}
	out := make([]pollEntry, len(list))
	for i, e := range list {
		out[i] = pollEntry{e.Poll, e.Source, e.Next}
	}
	return answer{http.StatusOK, map[string]any{"polls": out}}, nil
}

// presetRow is one preset.
type presetRow struct {
	Name    string        `json:"name"`
	Title   string        `json:"title"`
	Docs    string        `json:"docs"`
	Checked string        `json:"checked"` // YYYY-MM-DD
	Notes   string        `json:"notes"`
	Params  []presetParam `json:"params"`
	Rule    crawl.Rule    `json:"rule"`
	Backs   string        `json:"backs,omitempty"` // the webhook provider
	Promise poll.Promise  `json:"promise"`
}

type presetParam struct {
	Name    string `json:"name"`
	Doc     string `json:"doc"`
	Default string `json:"default,omitempty"`
}

// listPresets is the table of presets, with what each of them can promise.
func (a *api) listPresets(*call) (answer, error) {
	var out []presetRow
	for _, r := range crawl.All() {
		p := presetRow{Name: r.Name, Title: r.Title, Docs: r.Docs, Checked: r.Checked, Notes: r.Notes, Params: []presetParam{}, Rule: r.Rule}
		for _, x := range r.Params {
			p.Params = append(p.Params, presetParam{x.Name, x.Doc, x.Default})
		}
		if r.Backs {
			p.Backs = r.Provider
		}
		p.Promise.Whole, p.Promise.Why = r.Promise()
		p.Promise.Assumes = r.Assumes()
		out = append(out, p)
	}
	return answer{http.StatusOK, map[string]any{"presets": out}}, nil
}
