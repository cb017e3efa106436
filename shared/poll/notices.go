package poll

import (
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/notice"
	"github.com/hookweir/hookweir/shared/planted"
)

// What a poll tells the agent by itself.
const (
	NoticeMissed     = "hookweir.webhook.missed" // a webhook did not arrive, and the poll has found its event
	NoticeStalled    = "hookweir.poll.stalled"   // no success for three intervals, or the cursor stands still
	NoticeRecovered  = "hookweir.poll.recovered" // a stalled poll runs again
	NoticePaused     = "hookweir.poll.paused"    // its connection needs a person
	NoticeResumed    = "hookweir.poll.resumed"   // it has been authorized anew
	NoticeGap        = "hookweir.poll.gap"       // the provider has forgotten what lay between two times
	NoticeCronSilent = "hookweir.cron.stalled"   // the clock does not tick; alarms poll in its place
)

// maxSamples bounds the event keys that a notice names.
const maxSamples = 5

// noticeData is the JSON of a notice.
type noticeData struct {
	Poll        string    `json:"poll"`
	Source      string    `json:"source,omitempty"`
	Destination string    `json:"destination,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Count       int       `json:"count,omitempty"`
	Total       int64     `json:"total,omitempty"`
	Arrived     int64     `json:"arrived,omitempty"`
	Since       time.Time `json:"since,omitzero"`
	Until       time.Time `json:"until,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	Keys        []string  `json:"keys,omitempty"`
}

// tell puts a notice into the outbox, in the transaction of what happened.
// The number makes it one of its own, and one only: it is stored with it.
func (p *Poll) tell(r *row, kind string, now time.Time, data noticeData) error {
	if planted.Bug == "mute" && kind == NoticeStalled {
		return nil
	}
	r.health.Notices++
	id := kind + "/" + p.name + "/" + strconv.FormatInt(r.generation, 10) + "." + strconv.FormatInt(r.health.Notices, 10)
	data.Poll, data.Source, data.Destination = p.name, r.definition.Source, r.definition.Destination
	return p.raise(kind, id, now, data)
}

// cronHour is how often a silent clock is told of: all polls of a tenant use
// the same id within it.
const cronHour = time.Hour

func (p *Poll) tellCron(now time.Time, data noticeData) error {
	return p.raise(NoticeCronSilent, "cron.stalled/"+now.Truncate(cronHour).Format("2006-01-02T15"), now, data)
}

func (p *Poll) raise(kind, id string, now time.Time, data noticeData) error {
	e, err := notice.New(p.tenant, kind, id, now, data)
	if err != nil {
		return err
	}
	return p.box.Add(event.Encode(e))
}
