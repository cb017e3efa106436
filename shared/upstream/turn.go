package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// maxQuestions bounds what is asked at once, and maxRounds how often one
	// call may ask: more than that no person answers.
	maxQuestions = 8
	maxRounds    = 10
	// maxAsked bounds all forms of one round together, and maxState the
	// upstream's own state, in bytes: both come back with the client's next
	// message, sealed (four bytes for three), and with its arguments and
	// answers they fit the 256 KiB that a message may have.
	maxAsked = 32 << 10
	maxState = 32 << 10
	// maxQuestionKey bounds the upstream's name for a question, in bytes.
	maxQuestionKey = 128
)

// Turn is the caller's part in a call: how its person can be asked what the
// upstream wants to know, and what came back. The zero Turn is a caller that
// nobody can be asked through.
type Turn struct {
	// Ask puts a question to the caller's client and waits (protocols up to
	// 2025-11-25). Any error is no answer.
	Ask func(context.Context, *mcp.ElicitParams) (*mcp.ElicitResult, error)
	// Rounds: the client takes questions as a result, and calls again with the
	// answers and the state (MCP 2026-07-28, multi round-trip requests).
	Rounds bool
	// Keep has what the caller's request has begun go on after its answer. Nil:
	// nothing can; then a client with Rounds is not asked in the middle of a call.
	Keep Keep
	// State is what the result before had as its RequestState, and Answers what
	// the client answered. It must come from nobody but this package: whoever
	// hands it out seals it, for the same tenant, caller, tool and arguments.
	State   string
	Answers mcp.InputResponseMap
}

// Keep has a request go on after its answer, until release is called. end is
// called when it has to stop before that.
type Keep = func(end func()) (release func())

// leg is what is kept of a call between two rounds.
type leg struct {
	// Pin is what was approved, and where it was asked: another server, or
	// another definition, does not get the answers.
	Pin   string                     `json:"pin"`
	Round int                        `json:"round"`
	State string                     `json:"state,omitempty"` // the upstream's own
	Held  string                     `json:"held,omitempty"`  // the call that waits, see held.go
	Forms map[string]json.RawMessage `json:"forms"`           // what was asked, by its key
}

func pinOf(up Upstream, i *item) string {
	return fingerprint(append([]byte(up.URL+"\n"), i.pinned...))
}

// resumed reads the leg before; the first leg when there was none.
func resumed(up Upstream, i *item, turn Turn) (l leg, answers mcp.InputResponseMap, refused *Refusal) {
	l.Pin = pinOf(up, i)
	if turn.State == "" {
		return l, nil, nil
	}
	before := leg{}
	if json.Unmarshal([]byte(turn.State), &before) != nil {
		return l, nil, &Refusal{"invalid_request", "the request state cannot be read"}
	}
	if before.Pin != l.Pin {
		return before, nil, errReplaced
	}
	return before, before.answers(turn.Answers), nil
}

// answers holds what the client answered against what it was asked. A
// question without an answer is cancelled, an answer without a question
// dropped.
func (l leg) answers(given mcp.InputResponseMap) mcp.InputResponseMap {
	out := mcp.InputResponseMap{}
	for key, schema := range l.Forms {
		r, _ := given[key].(*mcp.ElicitResult)
		out[key] = answerOf(schema, r)
	}
	return out
}

var errReplaced = &Refusal{"tool_changed", "the upstream or its tool was replaced while a person was asked; the answer went nowhere. Call again."}

var errNobody = &Refusal{"conflict", "the upstream asks a person, and this client cannot ask one (elicitation)"}

// ask goes on from a result that asks: it gives the leg to come and what to
// ask, by its keys.
func (l leg) ask(up, tool string, r *mcp.CallToolResult) (next leg, asked map[string]form, refused *Refusal) {
	next = leg{Pin: l.Pin, Round: l.Round + 1, State: r.RequestState, Forms: map[string]json.RawMessage{}}
	switch {
	case next.Round > maxRounds:
		return next, nil, &Refusal{"bad_gateway", "the upstream has asked ten times in one call; nobody knows whether it acted"}
	case len(r.InputRequests) == 0:
		return next, nil, &Refusal{"unavailable", "the upstream is busy and asks to be called again later"}
	case len(r.InputRequests) > maxQuestions || len(r.RequestState) > maxState:
		return next, nil, questionRefused("it asks too much at once, or its state is over 32 KiB")
	}
	asked = map[string]form{}
	size := 0
	for _, key := range slices.Sorted(maps.Keys(r.InputRequests)) {
		p, ok := r.InputRequests[key].(*mcp.ElicitParams)
		if !ok {
			return next, nil, questionRefused("it asks for a model's answer or for files (sampling, roots), which are not passed on")
		}
		if len(key) > maxQuestionKey || hidden(key) {
			return next, nil, questionRefused("its name is too long or has characters that cannot be seen")
		}
		f, fault := formOf(up, tool, p)
		if fault != "" {
			return next, nil, questionRefused(fault)
		}
		if size += len(f.schema) + len(f.asked.Message); size > maxAsked {
			return next, nil, questionRefused("its forms are over 32 KiB together")
		}
		asked[key], next.Forms[key] = f, f.schema
	}
	return next, asked, nil
}

var errMidway = &Refusal{"conflict", "the upstream speaks an older protocol and asks a person in the middle of a call, where a client of 2026-07-28 cannot be asked"}

// asked notes that a question of an upstream goes to a person; not which.
func (u *Upstreams) asked(n string) {
	u.cfg.Log("upstream.asked", "tenant", u.cfg.Tenant, "upstream", n)
}

// midway asks what an upstream of the older protocols wants to know in the
// middle of a call. Nil: nobody can be asked.
func (u *Upstreams) midway(ctx context.Context, up, tool string, turn Turn) asker {
	if turn.Ask == nil && !turn.Rounds {
		return nil
	}
	var asked atomic.Int32
	return func(p *mcp.ElicitParams) (*mcp.ElicitResult, *Refusal) {
		if asked.Add(1) > maxRounds {
			return nil, questionRefused("it asks more than ten times in one call")
		}
		f, fault := formOf(up, tool, p)
		switch {
		case fault != "":
			return nil, questionRefused(fault)
		case turn.Ask == nil:
			return nil, errMidway
		}
		u.asked(up)
		r, err := turn.Ask(ctx, f.asked)
		if refused := (*Refusal)(nil); errors.As(err, &refused) {
			return nil, refused
		}
		if err != nil {
			r = nil
		}
		return answerOf(f.schema, r), nil
	}
}

func questionRefused(why string) *Refusal {
	return &Refusal{"question_refused", "the upstream asks a person something that is put to nobody: " + why + ". It got no answer."}
}

// result is the leg as a client of 2026 takes it, its state not sealed yet.
func (l leg) result(asked map[string]form) (*mcp.CallToolResult, error) {
	state, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	out := &mcp.CallToolResult{RequestState: string(state), InputRequests: mcp.InputRequestMap{}}
	for key, f := range asked {
		out.InputRequests[key] = f.asked
	}
	return out, nil
}

// askAll puts questions to a client that waits, one after the other: a person
// reads one at a time.
func (t Turn) askAll(ctx context.Context, asked map[string]form) mcp.InputResponseMap {
	given := mcp.InputResponseMap{}
	for _, key := range slices.Sorted(maps.Keys(asked)) {
		if r, err := t.Ask(ctx, asked[key].asked); err == nil && r != nil {
			given[key] = r
		}
	}
	return given
}
