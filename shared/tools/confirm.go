package tools

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/seal"
)

// confirmWithin is how long a person may think.
const confirmWithin = 10 * time.Minute

const confirmKey = "confirm"

// confirm asks a person before a tool acts. Nil, nil: the person agreed.
//
// In the protocol of 2026 the tool answers input_required and is called again
// with the answer; in the older ones the library asks the client in between.
// The state that comes back is sealed: it opens only for the same tenant,
// caller, tool and arguments, and for a while (MCP 2026-07-28: request state
// MUST be integrity-protected and SHOULD be bound to principal, expiry and
// request).
func (s *Set) confirm(t *Tool, r *mcp.CallToolRequest, args map[string]any) (*mcp.CallToolResult, error) {
	aad, err := s.stateAAD(t, r, args)
	if err != nil {
		return nil, err
	}
	if r.Params.RequestState == "" {
		if !canAsk(r) {
			return failure(problem.CodeConflict, "a person must confirm this, and this client cannot ask one (elicitation): use the API instead"), nil
		}
		until := strconv.FormatInt(s.cfg.Now().Add(confirmWithin).Unix(), 10)
		state, err := s.cfg.States.Seal([]byte(until), aad)
		if err != nil {
			return failure(problem.CodeNotReady, "a key ring is missing, see /healthz"), nil
		}
		return &mcp.CallToolResult{RequestState: state, InputRequests: mcp.InputRequestMap{confirmKey: &mcp.ElicitParams{
			Message:         t.Confirm,
			RequestedSchema: json.RawMessage(`{"type":"object","properties":{"confirm":{"type":"boolean","title":"Yes, do it"}},"required":["confirm"]}`),
		}}}, nil
	}
	plain, err := s.cfg.States.Open(r.Params.RequestState, aad)
	if err != nil {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "requestState is not of this call"}
	}
	until, err := strconv.ParseInt(string(plain), 10, 64)
	if err != nil || s.cfg.Now().Unix() > until {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "requestState has expired; call again without it"}
	}
	answer, _ := r.Params.InputResponses[confirmKey].(*mcp.ElicitResult)
	if answer == nil || answer.Action != "accept" || answer.Content["confirm"] != true {
		return failure(problem.CodeConflict, "the person did not confirm; nothing was changed"), nil
	}
	return nil, nil
}

func canAsk(r *mcp.CallToolRequest) bool {
	c := r.ClientCapabilities()
	return c != nil && c.Elicitation != nil
}

func (s *Set) stateAAD(t *Tool, r *mcp.CallToolRequest, args map[string]any) (seal.AAD, error) {
	b, err := json.Marshal(args) // of a map: the keys are in order
	if err != nil {
		return seal.AAD{}, err
	}
	sum := sha256.Sum256(b)
	caller := s.cfg.Caller(r)
	if caller == nil {
		return seal.AAD{}, errForbidden
	}
	return seal.AAD{Purpose: "tool-state", Tenant: s.cfg.Tenant, Object: caller.ID, Field: t.Name + ":" + hex.EncodeToString(sum[:])}, nil
}
