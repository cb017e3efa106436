package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/upstream"
)

// Call calls a tool for a message that the protocol library has read before in
// all but its arguments, and gives the result in the protocol of 2026. ok is
// false, and nothing has been done, for what the library has a part in: a
// question of our own to a person, or a refusal. asks: the client answers the
// forms of upstreams.
func (s *Set) Call(ctx context.Context, c *access.Caller, name string, arguments []byte, asks bool) (out []byte, ok bool) {
	defer func() {
		if recover() != nil { // it may have acted: the library must not call it again
			out, ok = encoded(unavailable()), true
			s.called(c, name, nil, errPanic)
		}
	}()
	scope, operator := Right(name)
	if may, _ := c.May(name, scope, operator); !may {
		return nil, false
	}
	ctx = reached(ctx, c)
	t := find(name)
	var result *mcp.CallToolResult
	switch {
	case t == nil:
		result, _ = s.callUpstream(ctx, c, &mcp.CallToolParamsRaw{Name: name, Arguments: arguments}, upstream.Turn{Rounds: asks})
	case t.Confirm != "", t == &queryKnowledge && s.cfg.Knowledge == nil:
	default:
		var err error
		result, err = s.call(ctx, t, &mcp.CallToolRequest{Params: &mcp.CallToolParamsRaw{Name: name, Arguments: arguments}})
		if err != nil {
			result = failure(problem.CodeInternal, "")
		}
		s.called(c, name, result, err)
	}
	if result == nil {
		return nil, false
	}
	return encoded(result), true
}

var errPanic = errors.New("tools: panic")

// How results begin in the protocol of 2026.
const (
	completed     = `{"resultType":"complete",`
	inputRequired = `{"resultType":"input_required",`
)

// encoded is a result as the library writes it.
func encoded(r *mcp.CallToolResult) []byte {
	// Nearly every result of ours is one text, and the same as data.
	var text *mcp.TextContent
	if len(r.Content) == 1 {
		text, _ = r.Content[0].(*mcp.TextContent)
	}
	data, raw := r.StructuredContent.(json.RawMessage)
	if text != nil && text.Meta == nil && text.Annotations == nil && (raw || r.StructuredContent == nil) {
		out := append(make([]byte, 0, 2*len(text.Text)+len(data)+128), completed+`"content":[{"type":"text","text":`...)
		out = append(jsontext.AppendString(out, text.Text), `}]`...)
		if data != nil {
			out = append(append(out, `,"structuredContent":`...), data...)
		}
		if r.IsError {
			out = append(out, `,"isError":true`...)
		}
		return append(out, '}')
	}
	body, err := json.Marshal(r)
	if err != nil {
		return encoded(failure(problem.CodeInternal, ""))
	}
	begin := completed
	if r.InputRequests != nil {
		begin = inputRequired
	}
	return append([]byte(begin), body[1:]...)
}

// Lists names the list of tools that a caller sees: by its rights, and by what
// the upstreams have.
func (s *Set) Lists(ctx context.Context, c *access.Caller) (version int64, of string, ok bool) {
	if s.cfg.Upstreams != nil {
		var err error
		if version, err = s.cfg.Upstreams.Version(ctx); err != nil {
			return 0, "", false
		}
	}
	// A scope that is missing hides nothing, see visible.
	allowed := slices.Clone(c.Tools)
	slices.Sort(allowed)
	return version, fmt.Sprintf("%t %t %q", c.Operator, c.Tools == nil, allowed), true
}
