package access

import (
	"slices"
	"time"

	"github.com/hookweir/hookweir/shared/problem"
)

// Caller is who sends a request to the agent's endpoint.
type Caller struct {
	// ID names the key, the operator or the subject of a token: what a session
	// belongs to and what a limit counts.
	ID string
	// Operator may do what no tenant may.
	Operator bool
	// Tools are the tools a key is restricted to; nil is all of them.
	Tools []string
	// Scopes are those of an access token. They count only where Scoped.
	Scopes []string
	Scoped bool
	// Rate is how many tool calls a minute it may make; 0 is the default.
	Rate int
	// Until is when the access token ends; zero for a caller without one.
	Until time.Time
	// Origin is where this request reached Hookweir: scheme and host.
	Origin string
	// Keep has what this request has begun go on after its answer, until
	// release is called; end is called when it has to stop before that. Nil:
	// nothing can.
	Keep func(end func()) (release func())
}

// May reports whether the caller may use a tool that needs a scope, and if
// not, whether a token with more scopes could.
func (c *Caller) May(tool, scope string, operator bool) (ok, scopeMissing bool) {
	switch {
	case c == nil, operator && !c.Operator, c.Tools != nil && !slices.Contains(c.Tools, tool):
		return false, false
	case c.Scoped && !slices.Contains(c.Scopes, scope):
		return false, true
	}
	return true, false
}

// Refusal is an answer to who may not.
type Refusal struct{ problem.Problem }
