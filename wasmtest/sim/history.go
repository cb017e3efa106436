package sim

import (
	"fmt"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// Delivery is one request of a provider.
type Delivery struct {
	At      time.Time
	Tenant  string
	ID      string // the provider's id of the event
	Body    string
	Forged  string // how; empty for a genuine one
	Status  int    // 0: no answer came
	Settled time.Time

	secret string // signed with, if not with the provider's current one
}

// Post is one call of an agent.
type Post struct {
	At     time.Time
	Tenant string // whose agent, by the URL
	Key    string // webhook-id
	Body   string // the event's data
	Signed bool   // with the tenant's secrets, by our own reading of the standard
	Status int    // what the agent answered
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

// History is all that the model sees.
type History struct {
	Deliveries []*Delivery
	Posts      []*Post
	Replays    []Replay
	Faults     []wasmtest.Happened
	Final      map[string]Final // of accepted events that no agent accepted
}

func key(tenant, id string) string { return tenant + "/gh/" + id }

// Violation is a guarantee that did not hold.
type Violation struct {
	Guarantee string
	Key       string
	What      string
}

func (v Violation) String() string { return fmt.Sprintf("%s %s: %s", v.Guarantee, v.Key, v.What) }
