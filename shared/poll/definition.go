package poll

import (
	"errors"
	"fmt"
	"time"

	"github.com/hookweir/hookweir/shared/crawl"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/name"
)

// Bounds of a definition.
const (
	MinEvery     = time.Minute // the clock ticks once a minute
	DefaultCap   = 30 * time.Minute
	MaxCap       = 24 * time.Hour
	DefaultGrace = 45 * time.Second // a webhook takes a second or two; its first retry often half a minute
	MaxGrace     = time.Hour
	// MaxBackfill is how far back a poll may begin.
	MaxBackfill      = 30 * 24 * time.Hour
	DefaultRetention = 72 * time.Hour
	MinRetention     = 24 * time.Hour
	MaxRetention     = 30 * 24 * time.Hour
)

// StartNow begins with what happens from now on.
const StartNow = "now"

// Definition is what an operator says about a poll.
type Definition struct {
	// Preset names a row of the table of package crawl; else Recipe is given.
	Preset string            `json:"preset,omitempty"`
	Recipe *crawl.Recipe     `json:"recipe,omitempty"`
	Params map[string]string `json:"params,omitempty"`
	// Destination is whom to ask: base URL, connection and budget.
	Destination string `json:"destination"`
	// Source is the webhook source that this poll backs, or that wakes it.
	Source string `json:"source,omitempty"`
	// Start is "now" or a time of at most 30 days ago.
	Start string `json:"start,omitempty"`
	// Every is the shortest interval and AtMost the longest.
	Every  crawl.Duration `json:"every,omitempty"`
	AtMost crawl.Duration `json:"at_most,omitempty"`
	// Grace is how long a webhook may take before its event counts as missed;
	// younger items wait for the next poll.
	Grace crawl.Duration `json:"grace,omitempty"`
	// Lazy polls a source whose webhooks arrive at AtMost, until one is missed.
	Lazy bool `json:"lazy,omitempty"`
	// Redeliver asks the provider to send a missed webhook again, in place of
	// fetching it.
	Redeliver bool `json:"redeliver,omitempty"`
	// Limit is the page size, where the preset's is too large.
	Limit int `json:"limit,omitempty"`
	// Retention is how long duplicates of what is found are recognised.
	Retention crawl.Duration `json:"retention,omitempty"`
}

// ErrDefinition refuses a definition. Errors that wrap it say why.
var ErrDefinition = errors.New("poll: the definition is not acceptable")

func refuse(what string) error { return fmt.Errorf("%w: %s", ErrDefinition, what) }

// recipe finds the recipe of a definition.
func (d *Definition) recipe() (*crawl.Recipe, error) {
	switch {
	case d.Preset != "" && d.Recipe != nil:
		return nil, refuse("give preset or recipe, not both")
	case d.Recipe != nil:
		return d.Recipe, nil
	}
	r, ok := crawl.Lookup(d.Preset)
	if !ok {
		return nil, refuse("unknown preset; docs/polling.md lists them")
	}
	return r, nil
}

// shown is the definition as it may be shown.
func (d Definition) shown() Definition {
	if d.Recipe != nil {
		d.Recipe = d.Recipe.Shown()
	}
	return d
}

// Check reports whether the definition can be polled, and fills in what was
// left out. Errors wrap ErrDefinition.
func (d *Definition) Check(now time.Time) error {
	r, err := d.recipe()
	if err != nil {
		return err
	}
	for _, err := range [...]error{r.Check(), r.CheckParams(d.Params)} {
		if err != nil {
			return refuse(err.Error()) // says what, and quotes nothing
		}
	}
	switch {
	case !name.Valid(d.Destination):
		return refuse("destination must be a destination's name")
	case d.Source != "" && (!name.Valid(d.Source) || d.Source == event.SystemSource):
		return refuse("source must be a source's name")
	case d.Redeliver && (r.Redeliver == nil || d.Source == ""):
		return refuse("redeliver is for presets that can ask for it, with the source that it comes to")
	case d.Limit < 0 || d.Limit > 0 && (r.Limit == 0 || d.Limit > r.Limit):
		return refuse("limit is at most the preset's page size")
	}
	if err := d.checkTimes(now); err != nil {
		return err
	}
	if d.Lazy && !d.backs(r) {
		return refuse("lazy is for polls that back a webhook source")
	}
	return nil
}

func (d *Definition) checkTimes(now time.Time) error {
	r, _ := d.recipe()
	fill(&d.Every, MinEvery)
	fill(&d.AtMost, max(DefaultCap, time.Duration(d.Every)))
	fill(&d.Retention, DefaultRetention)
	if d.backs(r) {
		fill(&d.Grace, DefaultGrace)
	}
	if d.Start == "" {
		d.Start = StartNow
	}
	switch {
	case !between(d.Every, MinEvery, MaxCap) || !between(d.AtMost, time.Duration(d.Every), MaxCap):
		return refuse("every is at least 1m and at_most between every and 24h")
	case !between(d.Grace, 0, MaxGrace):
		return refuse("grace is at most 1h")
	case !between(d.Retention, MinRetention, MaxRetention):
		return refuse("retention is from 24h to 720h")
	}
	if d.Start == StartNow {
		return nil
	}
	t, err := time.Parse(time.RFC3339, d.Start)
	if err != nil || t.After(now) || t.Before(now.Add(-MaxBackfill-time.Hour)) {
		return refuse(`start is "now" or a time such as 2026-11-25T12:00:00Z, at most 30 days ago`)
	}
	return nil
}

func fill(d *crawl.Duration, v time.Duration) {
	if *d == 0 {
		*d = crawl.Duration(v)
	}
}

func between(d crawl.Duration, low, high time.Duration) bool {
	return time.Duration(d) >= low && time.Duration(d) <= high
}

// backs reports that what the poll finds are the very events of its source.
func (d *Definition) backs(r *crawl.Recipe) bool { return r.Backs && d.Source != "" }

// Provider is the webhook provider whose source this poll would back; empty
// for a poll that backs none: a source then only wakes it.
func (d *Definition) Provider() string {
	r, err := d.recipe()
	if err != nil || !r.Backs {
		return ""
	}
	return r.Provider
}

// begin is the state that a poll of this definition begins with.
func (d *Definition) begin(r *crawl.Recipe, now time.Time) crawl.State {
	since := now
	if d.Start != StartNow {
		since, _ = time.Parse(time.RFC3339, d.Start)
	}
	s := r.Begin(since)
	s.Limit = d.Limit
	return s
}

// eventSource is the source that events of the poll have.
func (d *Definition) eventSource(r *crawl.Recipe, poll string) string {
	if d.backs(r) {
		return d.Source
	}
	return poll
}
