package tools

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/upstream"
)

// upstreamMark is in the name of each tool and prompt of an upstream, and in
// none of ours.
const upstreamMark = "__"

// uriTemplateUpstream is what the protocol library knows of upstreams'
// resources: where their URIs begin. Clients see the upstreams' own templates
// in its place.
const uriTemplateUpstream = upstream.URIPrefix + "{upstream}/{+uri}"

// resourcesOf is the name that stands for an upstream's resources among the
// tools a key is restricted to. No tool can have it.
func resourcesOf(uri string) string {
	name, _, _ := upstream.SplitURI(uri)
	return name + upstreamMark + "resources/*"
}

// callUpstream calls a tool of an upstream, or goes on with a call that had a
// question. Nil: there is none of that name. A result that asks is for a turn
// with rounds alone; its state is sealed. The error is the protocol's, for a
// state that is not of this call.
func (s *Set) callUpstream(ctx context.Context, c *access.Caller, p *mcp.CallToolParamsRaw, turn upstream.Turn) (*mcp.CallToolResult, error) {
	if s.cfg.Upstreams == nil {
		return nil, nil
	}
	var aad seal.AAD
	if turn.Rounds || p.RequestState != "" {
		var err error
		if aad, err = s.stateAAD(c, p.Name, p.Arguments); err != nil {
			return nil, err
		}
	}
	if p.RequestState != "" {
		state, err := s.openState(p.RequestState, aad)
		if err != nil {
			return nil, err
		}
		turn.State, turn.Answers = state, p.InputResponses
	}
	turn.Keep = c.Keep
	result, known, err := s.cfg.Upstreams.Call(ctx, p.Name, p.Arguments, turn)
	switch {
	case err != nil:
		result = unavailable()
	case !known:
		return nil, nil
	}
	if result.InputRequests != nil {
		if result.RequestState, err = s.sealState(aad, result.RequestState); err != nil {
			result = failure(problem.CodeNotReady, "a key ring is missing, see /healthz")
		}
	}
	s.called(c, p.Name, result, nil)
	return result, nil
}

// turnOf is the caller's part in a call of an upstream: in the older protocols
// its client is asked while it waits, in that of 2026 by the result.
func turnOf(r *mcp.CallToolRequest) upstream.Turn {
	switch {
	case !canAsk(r.ClientCapabilities()):
		return upstream.Turn{}
	case modern(r):
		return upstream.Turn{Rounds: true}
	}
	return upstream.Turn{Ask: r.Session.Elicit}
}

func (s *Set) registerUpstreams(server *mcp.Server) {
	server.AddResourceTemplate(&mcp.ResourceTemplate{Name: "upstream", URITemplate: uriTemplateUpstream},
		func(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			result, err := s.cfg.Upstreams.Read(ctx, r.Params.URI)
			return result, refused(err)
		})
}

// promptUpstream gets a prompt of an upstream.
func (s *Set) promptUpstream(ctx context.Context, r *mcp.GetPromptRequest) (mcp.Result, error) {
	result, err := s.cfg.Upstreams.Prompt(ctx, r.Params.Name, r.Params.Arguments)
	if err != nil {
		return nil, refused(err)
	}
	if !modern(r) {
		return result, nil
	}
	return complete(result, &mcp.GetPromptResult{})
}

// ofUpstream says whether a completion is an upstream's to give, and the name
// of the right to ask for it.
func ofUpstream(ref *mcp.CompleteReference) (right string, ok bool) {
	switch {
	case ref == nil:
		return "", false
	case strings.HasPrefix(ref.URI, upstream.URIPrefix):
		return resourcesOf(ref.URI), true
	}
	return ref.Name, strings.Contains(ref.Name, upstreamMark)
}

// refused is the protocol's error for what an upstream does not give.
func refused(err error) error {
	var r *upstream.Refusal
	switch {
	case err == nil:
		return nil
	case errors.Is(err, upstream.ErrNotFound):
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "not found"}
	case errors.As(err, &r):
		return &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: r.Error(), Data: mustJSON(map[string]string{"code": r.Code, "detail": r.Detail})}
	}
	return &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: problem.CodeUnavailable}
}

func modern(r interface{ ProtocolVersion() string }) bool { return r.ProtocolVersion() >= "2026-07-28" }

// complete says in the protocol of 2026 that a result is one, or that it asks.
// The library says so only of what its own handlers give, and has no other way
// to set it.
func complete[R mcp.Result](result, into R) (mcp.Result, error) {
	body, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	begin := completed
	if call, ok := any(result).(*mcp.CallToolResult); ok && call.InputRequests != nil {
		begin = inputRequired
	}
	return into, json.Unmarshal(append([]byte(begin), body[1:]...), into)
}
