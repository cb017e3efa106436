package sim

import (
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// Events is the model of what reaches the agents, whatever part it comes from.
type Events struct {
	Known   map[string]*Event // by key
	Posts   []*Post
	Replays []Replay
	Faults  []wasmtest.Happened
	Final   map[string]Final // of promised events that no agent accepted
}

// Event is an event that a part has a source for.
type Event struct {
	Tenant string
	// Bodies are what the agent may get as its data, one of them; none means
	// that the part cannot know. Two sources of one event may word it
	// differently.
	Bodies []string
	// Forged is how somebody tried to have it believed; empty for a genuine
	// one. A forged event must not come at all.
	Forged string
	// Promised is set once the product has answered for it: then it must come,
	// or be dead and replayable.
	Promised bool
}

// Post is one call of an agent.
type Post struct {
	At     time.Time
	Tenant string // whose agent, by the URL
	Key    string // webhook-id
	Type   string // the event's, as its time and data are
	Time   time.Time
	Body   string
	Signed bool // as it must be, by our own reading of the standard
	Status int  // what the agent answered
	Took   time.Duration
}

// Replay is an operator's replay of one event.
type Replay struct {
	At, Answered time.Time
	Key          string
	Status       int // what the API answered
}

// Final is what the API says of an event at the end.
type Final struct {
	Status int // of the answer
	State  string
}

func newEvents() *Events { return &Events{Known: map[string]*Event{}, Final: map[string]Final{}} }

// Genuine notes that a source has an event, with this body; "" for one that
// cannot be known.
func (e *Events) Genuine(tenant, key, body string) {
	ev := e.event(tenant, key)
	if body != "" {
		ev.Bodies = append(ev.Bodies, body)
	}
}

// Forged notes that somebody tried to have an event believed.
func (e *Events) Forged(tenant, key, how string) { e.event(tenant, key).Forged = how }

// Promise notes that the product has answered for an event.
func (e *Events) Promise(tenant, key string) { e.event(tenant, key).Promised = true }

func (e *Events) event(tenant, key string) *Event {
	if e.Known[key] == nil {
		e.Known[key] = &Event{Tenant: tenant}
	}
	return e.Known[key]
}

// Promised are the keys that the product has answered for, in order.
func (e *Events) Promised() []string {
	var keys []string
	for _, k := range sorted(e.Known) {
		if e.Known[k].Promised {
			keys = append(keys, k)
		}
	}
	return keys
}

// Accepted reports whether an agent has taken an event.
func (e *Events) Accepted(key string) bool {
	for _, p := range e.Posts {
		if p.Key == key && ok2xx(p) {
			return true
		}
	}
	return false
}
