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

// callUpstream calls a tool of an upstream. Nil: there is none of that name.
func (s *Set) callUpstream(ctx context.Context, c *access.Caller, name string, arguments json.RawMessage) *mcp.CallToolResult {
	if s.cfg.Upstreams == nil {
		return nil
	}
	result, known, err := s.cfg.Upstreams.Call(ctx, name, arguments)
	switch {
	case err != nil:
		result = unavailable()
	case !known:
		return nil
	}
	s.called(c, name, result, nil)
	return result
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

// complete says in the protocol of 2026 that a result is one. The library says
// so only of what its own handlers give, and has no other way to set it.
func complete[R mcp.Result](result, into R) (mcp.Result, error) {
	body, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	return into, json.Unmarshal(append([]byte(completed), body[1:]...), into)
}
