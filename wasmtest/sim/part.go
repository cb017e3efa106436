package sim

import (
	"fmt"
	"net/http"
)

// part is one part of the product in the simulation. It keeps its own model
// of what happened and shares with the others only what simulation has: the
// edge, the operator's API, the agents with their events. Everything but the
// name may be nil.
type part struct {
	name string
	// steps is how many things it has happen within span.
	steps int
	// ticks says that a tick of the cron has something to do for the part. In a
	// run in which it has for none, the clock does not tick: ten thousand calls
	// that find nothing would be a fifth of it.
	ticks bool
	// servers are the outside servers that it brings, by host name.
	servers map[string]http.Handler
	// setUp configures a tenant, before the first step.
	setUp func(tenant string)
	// step does one thing to a tenant and says what it was. Whatever it draws
	// comes from simulation.rand.
	step func(tenant string) string
	// rest comes when the faults are over and before the days of calm: it ends
	// what would go on through them.
	rest func()
	// settle comes after the calm: it asks what became of all that was
	// promised, and does again what the product allows to be done again. It
	// reports whether something is to come of that; then it is called once
	// more, later.
	settle func() bool
	// check holds the part's guarantees against its model.
	check func(add adder)
	// figures are what a report counts.
	figures func() []Figure
}

// parts are what a run is composed of, in this order. Each has its own file
// (NAME.go), its own steps from its own random numbers, and its own planted
// bugs (planted_NAME_test.go): a part more shifts nothing in the others.
func parts() []func(*simulation) part {
	return []func(*simulation) part{newAgents, newWebhooks, newPolls, newWrites, newConnections, newMCP, newPlatform}
}

// Standard are the parts of the standard workload: what comes in, and what the
// agents get. All parts together are everything.
func Standard() []string { return []string{"webhooks", "agents", "platform"} }

// Figure is a number of things that happened.
type Figure struct {
	Name string
	N    int
}

// Violation is a guarantee that did not hold.
type Violation struct {
	Guarantee string
	Key       string
	What      string
}

func (v Violation) String() string { return fmt.Sprintf("%s %s: %s", v.Guarantee, v.Key, v.What) }

// adder takes a violation.
type adder func(guarantee, key, format string, args ...any)

// violations are what a check adds.
func violations(check func(add adder)) []Violation {
	var out []Violation
	check(func(guarantee, key, format string, args ...any) {
		out = append(out, Violation{guarantee, key, fmt.Sprintf(format, args...)})
	})
	return out
}

func tenant(i int) string { return fmt.Sprintf("tenant-%d", i) }

// newPlatform is a part without guarantees: deployments and quiet hours, in
// which a Worker's isolates are replaced.
func newPlatform(s *simulation) part {
	return part{name: "platform", steps: 2, step: func(string) string {
		name := []string{"hookweir", "hookweir", "hookweir-consumers"}[s.rand.IntN(3)]
		s.edge.Worker(name).Recycle()
		return "recycle " + name
	}}
}
