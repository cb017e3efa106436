package poll

import (
	"time"

	"github.com/hookweir/hookweir/shared/crawl"
)

// States of a poll.
const (
	StateNew     = "new"     // has not been run
	StateOK      = "ok"      // its last run succeeded
	StateFailing = "failing" // its last run did not
	StateStalled = "stalled" // none has for three intervals, or its cursor stands still
	StatePaused  = "paused"  // its connection needs a person
)

// Reasons beside those of package crawl.
const (
	ReasonReauth      = "needs_reauth"
	ReasonTimeout     = "timeout"
	ReasonNetwork     = "network"
	ReasonBudget      = "budget_exhausted"
	ReasonBreaker     = "breaker_open"
	ReasonDestination = "no_destination"
	ReasonUnavailable = "unavailable"
	ReasonLedger      = "ledger_unavailable"
	ReasonQueue       = "queue_unavailable"
	ReasonPayloads    = "payloads_unavailable"
	ReasonRecipe      = "recipe_makes_no_request"
	ReasonUnmoved     = "cursor_unmoved"
	ReasonSilent      = "no_run"
	ReasonWindow      = "window_too_long"
)

// health is what a poll knows about itself. Times are Unix milliseconds.
type health struct {
	Created     time.Time `json:"created"`
	LastRun     time.Time `json:"last_run,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	// CrawlAt is when the crawl under way asked for its first page, and WholeAt
	// when the last one did that reached its end: all from before is found.
	CrawlAt  time.Time     `json:"crawl_at,omitzero"`
	WholeAt  time.Time     `json:"whole_at,omitzero"`
	Newest   time.Time     `json:"newest,omitzero"` // the latest item's own time
	Interval time.Duration `json:"interval"`
	NextAt   time.Time     `json:"next_at"`
	// NotBefore is when the provider, or our own budget, allows the next run.
	NotBefore time.Time `json:"not_before,omitzero"`
	StallAt   time.Time `json:"stall_at"`
	AlarmAt   time.Time `json:"alarm_at,omitzero"` // as last set
	Failures  int       `json:"failures,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Paused    bool      `json:"paused,omitempty"`
	Stalled   bool      `json:"stalled,omitempty"`
	// Unmoved counts runs in a row that found something and left the cursor
	// where it was.
	Unmoved int `json:"unmoved,omitempty"`
	// Endless says that a crawl came to no end, and none has since.
	Endless bool `json:"endless,omitempty"`
	// CronSilent says that the alarm is the clock.
	CronSilent bool `json:"cron_silent,omitempty"`
	// Draining says that what is staged is of a crawl that reached its end.
	Draining bool `json:"draining,omitempty"`
	// TightUntil is how long a lazy poll stays at its floor after a miss.
	TightUntil time.Time `json:"tight_until,omitzero"`
	Used       float64   `json:"used,omitempty"` // of the budget
	Notices    int64     `json:"notices,omitempty"`
	Totals     Totals    `json:"totals"`
}

// Totals count since the poll was made.
type Totals struct {
	Runs        int64 `json:"runs"`
	Requests    int64 `json:"requests"`
	Free        int64 `json:"free"`    // of these, answered 304 without a charge
	Found       int64 `json:"found"`   // enqueued
	Missed      int64 `json:"missed"`  // of these, not brought by the webhook in time
	Arrived     int64 `json:"arrived"` // seen in the list, and brought by the webhook
	Redelivered int64 `json:"redelivered"`
	Poisoned    int64 `json:"poisoned"`
	Changed     int64 `json:"changed"` // ids that came again with other content
	Throttled   int64 `json:"throttled"`
	Failed      int64 `json:"failed"`
}

// Status is a poll as the API shows it.
type Status struct {
	Poll       string     `json:"poll"`
	Definition Definition `json:"definition"`
	Generation int64      `json:"generation"`
	// Backs says that the events are those of the source; without it a source
	// only wakes the poll.
	Backs   bool    `json:"backs_source"`
	Promise Promise `json:"promise"`

	State       string    `json:"state"`
	Reason      string    `json:"reason,omitempty"`
	Cursor      string    `json:"cursor,omitempty"`
	Crawling    bool      `json:"crawling,omitempty"`
	Interval    string    `json:"interval"`
	NextAt      time.Time `json:"next_at"`
	LastRun     time.Time `json:"last_run,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	// LagSeconds is the age of the newest item seen.
	LagSeconds int64     `json:"lag_seconds,omitempty"`
	Failures   int       `json:"consecutive_failures"`
	BudgetUsed float64   `json:"budget_used,omitempty"`
	CronSilent bool      `json:"cron_silent,omitempty"`
	Created    time.Time `json:"created"`
	Totals     Totals    `json:"totals"`
}

// Promise says whether the poll finds everything.
type Promise struct {
	Whole   bool   `json:"whole"`
	Why     string `json:"why,omitempty"`     // not
	Assumes string `json:"assumes,omitempty"` // of the provider
}

// maxShown bounds the cursor that is shown, in bytes.
const maxShown = 200

func (r *row) status(poll string, now time.Time) Status {
	h := &r.health
	s := Status{
		Poll: poll, Definition: r.definition.shown(), Generation: r.generation, Backs: r.definition.backs(r.recipe),
		State: StateOK, Reason: h.Reason, Crawling: r.state.Crawl.Pages > 0,
		Interval: h.Interval.String(), NextAt: h.NextAt, LastRun: h.LastRun, LastSuccess: h.LastSuccess,
		Failures: h.Failures, BudgetUsed: h.Used, CronSilent: h.CronSilent, Created: h.Created, Totals: h.Totals,
	}
	s.Promise.Whole, s.Promise.Why = r.recipe.Promise()
	s.Promise.Assumes = r.recipe.Assumes()
	s.Cursor = crawl.Show(r.recipe, r.state)
	s.Cursor = s.Cursor[:min(len(s.Cursor), maxShown)]
	if !h.Newest.IsZero() {
		s.LagSeconds = int64(max(now.Sub(h.Newest), 0) / time.Second)
	}
	switch {
	case h.Paused:
		s.State = StatePaused
	case h.Stalled:
		s.State = StateStalled
	case h.Failures > 0:
		s.State = StateFailing
	case h.LastRun.IsZero():
		s.State = StateNew
	}
	return s
}
