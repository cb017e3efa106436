package tools

import (
	"encoding/json"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/problem"
)

const confirmKey = "confirm"

// confirm asks a person before a tool acts. Nil, nil: the person agreed.
//
// In the protocol of 2026 the tool answers input_required and is called again
// with the answer, and the sealed state of state.go; in the older ones the
// library asks the client in between.
func (s *Set) confirm(t *Tool, r *mcp.CallToolRequest, args map[string]any) (*mcp.CallToolResult, error) {
	aad, err := s.stateAAD(s.cfg.Caller(r), t.Name, r.Params.Arguments)
	if err != nil {
		return nil, err
	}
	if r.Params.RequestState == "" {
		if !canAsk(r.ClientCapabilities()) {
			return failure(problem.CodeConflict, "a person must confirm this, and this client cannot ask one (elicitation): use the API instead"), nil
		}
		state, err := s.sealState(aad, "")
		if err != nil {
			return failure(problem.CodeNotReady, "a key ring is missing, see /healthz"), nil
		}
		return &mcp.CallToolResult{RequestState: state, InputRequests: mcp.InputRequestMap{confirmKey: &mcp.ElicitParams{
			Message:         question(t, args),
			RequestedSchema: json.RawMessage(`{"type":"object","properties":{"confirm":{"type":"boolean","title":"Yes, do it"}},"required":["confirm"]}`),
		}}}, nil
	}
	if _, err := s.openState(r.Params.RequestState, aad); err != nil {
		return nil, err
	}
	answer, _ := r.Params.InputResponses[confirmKey].(*mcp.ElicitResult)
	if answer == nil || answer.Action != "accept" || answer.Content["confirm"] != true {
		return failure(problem.CodeConflict, "the person did not confirm; nothing was changed"), nil
	}
	return nil, nil
}

// question is what a person is asked: with what the agent is about to do it to.
func question(t *Tool, args map[string]any) string {
	text := t.Confirm
	for name, value := range args {
		if word, ok := value.(string); ok {
			text = strings.ReplaceAll(text, "{"+name+"}", word)
		}
	}
	for _, u := range t.Unsaid {
		text = strings.ReplaceAll(text, "{"+u[0]+"}", u[1])
	}
	return text
}

// canAsk says whether a client answers forms. One that names neither form nor
// page answers forms (MCP 2025-11-25, elicitation capabilities).
func canAsk(c *mcp.ClientCapabilities) bool {
	return c != nil && c.Elicitation != nil && (c.Elicitation.Form != nil || c.Elicitation.URL == nil)
}
