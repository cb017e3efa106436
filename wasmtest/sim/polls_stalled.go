package sim

import (
	"encoding/json"
	"net/http"
	"time"
)

const (
	// outage is for how long an API is away in the calm: longer than three
	// intervals of a poll that was just run by hand, which has its shortest.
	outage = 30 * time.Minute
	// stallIntervals is in how many intervals a poll that gets nowhere has to
	// have told the agent (DESIGN, G9).
	stallIntervals = 3
	// stallJitter is by how much an interval may be drawn longer than it says,
	// and stallSlack for the ways: an alarm, a run, a queue.
	stallJitter = 0.1
	stallSlack  = 5 * time.Minute
)

// look is what can be seen of a poll at an instant.
type look struct {
	tenant, poll string
	at           time.Time
	read         time.Time     // when the far side last gave its list
	interval     time.Duration // by the product's word
	status       int           // of the answer that says so
}

// rest has the APIs of some tenants fail, while nothing else does. Each poll is
// run by hand before: a run by hand that failed would have shortened its
// interval after the success from which it counts.
func (p *polls) rest() {
	for _, t := range sorted(p.list) {
		p.draw("polls of "+t, -3)
		if p.rand.IntN(2) == 0 {
			continue
		}
		begun := p.edge.Now()
		p.down[t] = begun
		for try := 0; p.read[t].Before(begun) && try < tries; try++ { // a pause that was asked for is kept
			p.must("POST", t+"/polls/"+p.list[t]+"/run", "")
			p.edge.Advance(30 * time.Second)
		}
		p.down[t], p.how[t] = p.edge.Now().Add(outage), []int{200, 429, 500, 503}[p.rand.IntN(4)]
		p.edge.After(outage-time.Minute, func() { p.look(t) })
	}
}

// look notes what can be seen of a tenant's poll.
func (p *polls) look(t string) {
	l := look{tenant: t, poll: p.list[t], at: p.edge.Now(), read: p.read[t]}
	p.edge.Send(api("GET", t+"/polls/"+l.poll, ""), func(res *http.Response) {
		var status struct {
			Interval string `json:"interval"`
		}
		l.status = res.StatusCode
		_ = json.NewDecoder(res.Body).Decode(&status)
		l.interval, _ = time.ParseDuration(status.Interval)
		p.looks = append(p.looks, l)
	})
}

// checkStalled is G9's second half: a poll whose list was not given for three
// intervals has told the agent that it is stalled, by then, and nothing else
// since.
func checkStalled(looks []look, posts []*Post, add adder) {
	for _, l := range looks {
		key := l.tenant + "/" + l.poll
		if l.status != http.StatusOK || l.interval <= 0 {
			add("G9", key, "at %s the API says nothing of the poll: %d", l.at.Format(time.DateTime), l.status)
			continue
		}
		within := time.Duration((stallIntervals+stallIntervals*stallJitter)*float64(l.interval)) + stallSlack
		if by := l.read.Add(within); l.at.After(by) && !saidStalled(l, by, posts) {
			add("G9", key, "read at %s, every %v, and not since, and at %s the agent was not told", l.read.Format(time.DateTime), l.interval, l.at.Format(time.DateTime))
		}
	}
}

// saidStalled reports whether the last that the agent took of the poll's being
// stalled or not, of what was said up to an instant, is that it is.
func saidStalled(l look, by time.Time, posts []*Post) bool {
	last, stalled := time.Time{}, false
	for _, p := range posts {
		var about struct{ Poll string }
		is := p.Type == "hookweir.poll.stalled"
		if p.Tenant != l.tenant || !ok2xx(p) || p.Time.After(by) || p.Time.Before(last) || !is && p.Type != "hookweir.poll.recovered" ||
			json.Unmarshal([]byte(p.Body), &about) != nil || about.Poll != l.poll {
			continue
		}
		last, stalled = p.Time, is
	}
	return stalled
}
