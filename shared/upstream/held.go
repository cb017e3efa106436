package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/bulkhead"
)

// maxHeld bounds the calls of a tenant that wait for a person between two
// requests, each with a stream to its upstream and some 100 KB of memory.
const maxHeld = 20

// Held calls. An upstream of the older protocols asks in the middle of a call
// and waits; a client of 2026 is asked by a result, and answers by another
// request. In between the call goes on in the object's memory:
//
//	request 1 ─▶ front ◀─ question ─ call ─▶ upstream …
//	    ◀─ input_required, held: id      │ waits
//	request 2, answer ─▶ front ─▶ answer ┘ ─▶ upstream ─▶ result ─▶ front
//
// What is in memory alone can be lost, with the object or when its instance is
// replaced: then the upstream is told that the call is cancelled where that is
// still possible, and the answer finds nobody (errLost).
type holding struct {
	mu    sync.Mutex
	calls map[string]*held // those that have asked
	ids   int
}

type held struct {
	*holding
	id        string
	end       context.CancelFunc
	questions chan question
	over      chan struct{} // closed when the upstream has answered, or failed
	done      chan outcome  // one

	// Under holding.mu:
	asked    question // waits for its answer
	round    int      // of that; 0 for none
	ended    bool
	released func() // lets go of the request that asked first
}

type question struct {
	form   *mcp.ElicitParams
	answer chan *mcp.ElicitResult // takes one
}

type outcome struct {
	result *mcp.CallToolResult
	err    error
}

// heldKey is the key of a held call's question, of which there is one at a
// time.
const heldKey = "question"

var (
	errLost    = &Refusal{"conflict", "the upstream's call has ended while a person was asked; nobody knows whether it acted. Call again."}
	errCrowded = &Refusal{"unavailable", "twenty calls wait for a person's answer already; the upstream was told that nobody answers"}
	errOver    = errors.New("upstream: the call is over")
)

// once makes a call: its questions go to ask, and over is called when the
// upstream has answered, or failed.
type once = func(ctx context.Context, turn Turn, over func()) (*mcp.CallToolResult, error)

// hold begins a call that may wait for a person between two requests.
func (u *Upstreams) hold(ctx context.Context, l leg, keep Keep, call once) (*mcp.CallToolResult, error) {
	h := &held{holding: &u.holding, questions: make(chan question), over: make(chan struct{}), done: make(chan outcome, 1)}
	h.mu.Lock()
	h.ids++
	// Told apart from those of an object that was here before; nobody guesses
	// one, since it travels sealed.
	h.id = strconv.FormatInt(u.now().UnixMilli(), 36) + "-" + strconv.Itoa(h.ids)
	h.mu.Unlock()
	// It ends with its request only until it has asked.
	callCtx, end := context.WithCancel(context.WithoutCancel(ctx))
	h.end = end
	bulkhead.Go(func() {
		var o outcome
		over := sync.OnceFunc(func() { close(h.over) })
		if err := bulkhead.Run(u.cfg.Log, "upstream.call_panicked", func() { o.result, o.err = call(callCtx, Turn{Ask: h.ask}, over) }); err != nil {
			o = outcome{err: err}
			over()
		}
		h.finish()
		h.done <- o
		end()
	})
	return h.front(ctx, l, keep)
}

// goOn gives a held call its answer and waits for what it says next. Each
// question takes one answer.
func (u *Upstreams) goOn(ctx context.Context, l leg, answers mcp.InputResponseMap, keep Keep) (*mcp.CallToolResult, error) {
	u.holding.mu.Lock()
	h := u.holding.calls[l.Held]
	if h == nil || h.round != l.Round {
		u.holding.mu.Unlock()
		return nil, errLost
	}
	h.round = 0
	answer, _ := answers[heldKey].(*mcp.ElicitResult)
	h.asked.answer <- answer
	u.holding.mu.Unlock()
	return h.front(ctx, l, keep)
}

// drop ends a held call whose answer goes nowhere.
func (u *Upstreams) drop(id string) {
	u.holding.mu.Lock()
	h := u.holding.calls[id]
	u.holding.mu.Unlock()
	if h != nil {
		h.end()
	}
}

// front waits, for a request, until the call has ended or asks.
func (h *held) front(ctx context.Context, l leg, keep Keep) (*mcp.CallToolResult, error) {
	defer context.AfterFunc(ctx, h.end)()
	var q question
	select {
	case o := <-h.done:
		return o.result, o.err
	case q = <-h.questions:
	}
	schema, _ := q.form.RequestedSchema.(json.RawMessage)
	next := leg{Pin: l.Pin, Round: l.Round + 1, Held: h.id, Forms: map[string]json.RawMessage{heldKey: schema}}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked, h.round = q, next.Round
	if !h.ended && h.released == nil && keep != nil {
		h.released = keep(h.end)
	}
	return next.result(map[string]form{heldKey: {q.form, schema}})
}

// ask hands a question to the request that waits, and waits for the answer.
func (h *held) ask(_ context.Context, p *mcp.ElicitParams) (*mcp.ElicitResult, error) {
	h.mu.Lock()
	if h.calls[h.id] == nil {
		if len(h.calls) >= maxHeld {
			h.mu.Unlock()
			return nil, errCrowded
		}
		h.calls[h.id] = h
	}
	h.mu.Unlock()
	q := question{p, make(chan *mcp.ElicitResult, 1)}
	select {
	case h.questions <- q:
	case <-h.over:
		return nil, errOver
	}
	select {
	case answer := <-q.answer:
		return answer, nil
	case <-h.over:
		return nil, errOver
	}
}

// finish forgets a call that has ended, and lets go of what it kept.
func (h *held) finish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.calls, h.id)
	if h.ended = true; h.released != nil {
		h.released()
	}
}
