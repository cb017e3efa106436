package poll

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/crawl"
)

const (
	// runLease is how long a run is believed in that has not come back: the
	// request that made it may have been cancelled. A run that is slower is
	// overtaken, and then stores nothing.
	runLease = 5 * time.Minute
	// runTime is how long a run goes on to the next page, and itemTime how long
	// to the next item of a page, which may have to be asked for: with the
	// longest request both end within the lease, and within the 15 minutes that
	// the platform gives.
	runTime  = 45 * time.Second
	itemTime = 90 * time.Second
	// maxRequests bounds the requests of one run; a crawl that needs more goes
	// on in the next, at once.
	maxRequests = 40
	// MaxPage bounds one answer, in bytes: an isolate has 128 MB, and the page
	// stands in memory twice.
	MaxPage = 4 << 20
	// early is how much before its time a run may be: the clock ticks once a
	// minute. What the provider asked for is never undercut.
	early = 30 * time.Second
	// pausedEvery is how often a paused poll asks whether it may go on. That
	// costs a question to the vault and no request.
	pausedEvery = 5 * time.Minute
	// tight is how long a lazy poll stays at its floor after a miss.
	tight = time.Hour
	// unmovedRuns is after how many runs that found something the cursor must
	// have moved.
	unmovedRuns = 3
	// stuckFailures is after how many failures in a row a crawl is begun anew at
	// the cursor.
	stuckFailures = 5
	// intervals without success make a stall.
	stallIntervals = 3
	// restartSlack is how much further back a crawl begins whose cursor has
	// expired: by what the provider's clock and ours may differ, and by what its
	// lists may lag. What comes twice is known.
	restartSlack = 5 * time.Minute
)

// Why says what started a run.
type Why uint8

// Reasons for a run, to be combined.
const (
	Due     Why = 0
	Touched Why = 1 << iota // a webhook of the source arrived
	Asked                   // an operator wants it
	byAlarm                 // the clock is silent
)

// Ran is what became of a run.
type Ran struct {
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason,omitempty"`
	Found   int       `json:"found"`
	Missed  int       `json:"missed,omitempty"`
	More    bool      `json:"more,omitempty"` // there is more: call again
	Next    time.Time `json:"next_at,omitzero"`
}

// Outcomes of a run.
const (
	RanOK        = "ok"
	RanEarly     = "early"     // not yet due
	RanBusy      = "busy"      // another run is under way
	RanGone      = "gone"      // the poll is deleted
	RanFailed    = "failed"    // see Reason
	RanThrottled = "throttled" // the provider or the budget asked for a pause
	RanPaused    = "paused"    // the connection needs a person
)

// job is one run.
type job struct {
	*Poll
	row   *row
	why   Why
	start time.Time
	in    crawl.Input
	known *known

	requests, free, found, missed, arrived, poisoned, redelivered int
	newest                                                        time.Time
	used                                                          float64
	reset, minInterval                                            time.Duration
	more, held, restarted                                         bool
	cursor                                                        string // before the run
}

// Run polls, if it is time to. Its error is the database's; what else failed
// is in Ran.
func (p *Poll) Run(ctx context.Context, why Why) (Ran, error) {
	j, ran, err := p.begin(why)
	if err == nil && ran.Outcome == RanGone {
		// The schedule has it still: an Add that came after the Remove. What
		// fails now is tried when it is asked for again.
		_ = p.relist(ctx)
	}
	if j == nil || err != nil {
		return ran, err
	}
	defer p.leave()
	failure := j.crawl(ctx)
	ran, err = j.finish(failure)
	if errors.Is(err, errOvertaken) {
		// The alarm is the other's, and perhaps set to this run's needs by now:
		// it looks, and sets itself anew.
		return Ran{Outcome: RanBusy, Next: p.now().Add(MinEvery)}, p.cfg.SetAlarm(p.now().Add(listRetry))
	}
	if err != nil {
		return ran, err
	}
	p.flush()
	j.log(ran)
	if why&Asked != 0 { // the clock does not know when the next one is
		return ran, p.after(p.relist(ctx))
	}
	return ran, p.after(nil)
}

// begin takes the right to run, and reads what there is to know.
func (p *Poll) begin(why Why) (*job, Ran, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	r, err := p.load()
	if errors.Is(err, ErrNotFound) {
		return nil, Ran{Outcome: RanGone}, nil
	}
	if err != nil {
		return nil, Ran{}, err
	}
	if now.Before(p.running) {
		return nil, Ran{Outcome: RanBusy, Next: now.Add(MinEvery)}, nil
	}
	h := &r.health
	if now.Before(h.NotBefore) {
		return nil, Ran{Outcome: RanEarly, Reason: h.Reason, Next: later(h.NotBefore, h.NextAt)}, nil
	}
	if why == Due && now.Before(h.NextAt.Add(-early)) {
		return nil, Ran{Outcome: RanEarly, Next: h.NextAt}, nil
	}
	p.running = now.Add(runLease)
	j := &job{Poll: p, row: r, why: why, start: now, cursor: r.state.Cursor}
	j.in = crawl.Input{
		Params: r.definition.Params, Now: now, Known: j.isKnown,
		All: r.definition.Start != StartNow,
	}
	if r.definition.backs(r.recipe) {
		j.in.Hold = time.Duration(r.definition.Grace)
	}
	return j, Ran{}, nil
}

func (p *Poll) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stop is why a run could not go on.
type stop struct {
	reason    string
	throttled bool // and not a failure
	reauth    bool
	wait      time.Duration
}

func (s *stop) Error() string { return "poll: " + s.reason }

// crawl reads pages until the list is read, or the run has done enough. Its
// error is a *stop, errOvertaken or the database's.
func (j *job) crawl(ctx context.Context) error {
	for {
		if j.row.health.Draining {
			if err := j.drain(); err != nil {
				return err
			}
		}
		done, err := j.page(ctx)
		if err != nil {
			if err = j.mend(err); err != nil {
				return err
			}
			done = false
		}
		if done {
			return nil
		}
		if j.requests >= maxRequests || j.now().Sub(j.start) >= runTime {
			j.more = true
			return nil
		}
	}
}

// page asks for one page and takes what it has.
func (j *job) page(ctx context.Context) (done bool, err error) {
	recipe := j.row.recipe
	j.in.Now = j.now()
	if j.row.state.Crawl.Pages == 0 {
		j.row.health.CrawlAt = j.in.Now
	}
	call, err := recipe.Request(j.row.state, j.in)
	if err != nil {
		return false, &stop{reason: ReasonRecipe}
	}
	res, err := j.ask(ctx, call)
	if err != nil {
		return false, err
	}
	j.in.Base = res.Base
	page, err := recipe.Read(j.row.state, j.in, crawl.Answer{Status: res.Status, Header: res.Header, Body: res.Body, TooLarge: res.TooLarge})
	if err != nil {
		return false, err
	}
	j.minInterval = max(j.minInterval, page.MinInterval)
	if page.Newest.After(j.in.Now) { // one from the future is seen now
		page.Newest = j.in.Now
	}
	if page.Newest.After(j.newest) {
		j.newest = page.Newest
	}
	j.held = j.held || page.Held > 0
	if page.Unchanged && recipe.Free {
		j.free++
	}
	if recipe.Rule == crawl.RuleWindow && page.State.Crawl.Count > maxKnown {
		return false, &stop{reason: ReasonWindow}
	}
	if page.Done {
		before := j.row.health.WholeAt
		j.row.health.WholeAt = j.row.health.CrawlAt // stored with the page's state
		defer func() {
			if !done {
				j.row.health.WholeAt = before
			}
		}()
	}
	whole, err := j.take(ctx, page)
	return whole && page.Done, err
}

// ask calls the destination.
func (j *job) ask(ctx context.Context, call crawl.Call) (Response, error) {
	j.requests++
	res, err := j.cfg.Call(ctx, j.tenant, Request{
		Poll: j.name, Destination: j.row.definition.Destination, Call: call, MaxBody: MaxPage, Free304: j.row.recipe.Free,
	})
	var busy *Busy
	switch {
	case err == nil:
		if res.Used > 0 {
			j.used, j.reset = res.Used, res.Reset
		}
		return res, nil
	case errors.As(err, &busy):
		return res, &stop{reason: busy.Reason, throttled: busy.Reason == ReasonBudget, wait: busy.Wait}
	case errors.Is(err, ErrReauth):
		return res, &stop{reason: ReasonReauth, reauth: true}
	case errors.Is(err, ErrCall):
		return res, &stop{reason: ReasonRecipe}
	case errors.Is(err, ErrDestination):
		return res, &stop{reason: ReasonDestination}
	case errors.Is(err, ErrUnavailable):
		return res, &stop{reason: ReasonUnavailable}
	case errors.Is(err, ErrTimeout):
		return res, &stop{reason: ReasonTimeout}
	}
	return res, &stop{reason: ReasonNetwork}
}

// mend does what a failure of the list asks for. Nil: go on.
func (j *job) mend(err error) error {
	var f *crawl.Failure
	if !errors.As(err, &f) {
		return err
	}
	state := &j.row.state
	switch f.Class {
	case crawl.Throttled:
		return &stop{reason: f.Code, throttled: true, wait: f.Wait}
	case crawl.TooLarge:
		smaller, ok := j.row.recipe.Smaller(*state)
		if !ok {
			break
		}
		*state = smaller
		j.Poll.cfg.Log("poll.smaller_pages", "tenant", j.tenant, "poll", j.name, "limit", strconv.Itoa(smaller.Limit))
		return j.restart(nil)
	case crawl.Broken:
		*state = j.row.recipe.Abandon(*state)
		if err := j.restart(nil); err != nil {
			return err
		}
	case crawl.Expired:
		if !j.restarted { // else the list is not to be had, whatever the cursor
			j.restarted = true
			return j.expired()
		}
	}
	return &stop{reason: f.Code, wait: f.Wait}
}

// expired begins anew where the last crawl began that reached its end (not where
// the last success was: a run that read a part of the list is one), and says so
// where something may be lost.
func (j *job) expired() error {
	h := &j.row.health
	since := h.WholeAt
	switch {
	case !since.IsZero():
	case j.row.state.Settled: // by a build that noted no more than this
		since = h.LastSuccess
	default:
		since = h.Created
	}
	now := j.now()
	j.row.state = j.row.recipe.Restart(j.row.state, since.Add(-restartSlack-time.Duration(j.row.recipe.Overlap)))
	return j.restart(func() error {
		if !j.row.recipe.Loses() {
			return nil
		}
		return j.tell(j.row, NoticeGap, now, noticeData{Reason: crawl.CodeExpired, Since: since, Until: now, LastSuccess: h.LastSuccess})
	})
}

// restart stores a state without a crawl. What that had staged is known by
// now, so it goes its way, if not in order.
func (j *job) restart(also func() error) error {
	return j.tx(func() error {
		if err := j.unstage(); err != nil {
			return err
		}
		if also != nil {
			if err := also(); err != nil {
				return err
			}
		}
		return j.store(j.row)
	})
}

func (j *job) log(ran Ran) {
	if ran.Outcome == RanOK && ran.Found == 0 && j.requests <= 1 {
		return // nothing happened
	}
	j.cfg.Log("poll.ran", "tenant", j.tenant, "poll", j.name, "outcome", ran.Outcome, "reason", ran.Reason,
		"found", strconv.Itoa(ran.Found), "missed", strconv.Itoa(ran.Missed), "requests", strconv.Itoa(j.requests),
		"next_s", strconv.Itoa(int(ran.Next.Sub(j.now())/time.Second)))
}
