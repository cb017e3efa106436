package tools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// rights says which tool's right a resource or prompt needs: what it shows is
// what that tool shows.
var (
	resourceRights = []struct{ prefix, tool string }{
		{uriEvents, "search_events"},
		{uriDeadEvents, "list_dead_events"},
		{uriDeadWrites, "list_dead_writes"},
		{uriDrift, "upstream_drift"},
		{uriKnowledge, "query_knowledge"},
	}
	promptRights = map[string]string{
		"triage_dead_letters": "list_dead_events", "review_scopes": "scope_report", "explain_drift": "upstream_drift",
	}
)

// toolOf names the tool whose right a request needs; "" for one that needs
// none.
func toolOf(method, name string) string {
	switch method {
	case "tools/call":
		return name
	case "resources/read", "resources/subscribe":
		for _, r := range resourceRights {
			if name == r.prefix || strings.HasPrefix(name, r.prefix+"/") {
				return r.tool
			}
		}
		return "" // there is no such resource
	case "prompts/get":
		return promptRights[name]
	}
	return ""
}

// Needs says what a message needs, for whoever answers HTTP: the tool, "" for
// none, and its scope.
func Needs(method, name string) (tool, scope string, operator bool) {
	if tool = toolOf(method, name); tool == "" {
		return "", "", false
	}
	scope, operator = Right(tool)
	return tool, scope, operator
}

// originKey is where a context keeps access.Caller.Origin.
type originKey struct{}

// Guard is the middleware that decides whether a caller may, and leaves out
// of lists what it may not. It goes by what the protocol library read.
func (s *Set) Guard(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, r mcp.Request) (mcp.Result, error) {
		for _, tool := range toolsOf(method, r) {
			if !s.may(r, tool) {
				s.cfg.Log("tools.refused", "tenant", s.cfg.Tenant, "method", method)
				return nil, errForbidden
			}
		}
		if c := s.cfg.Caller(r); c != nil {
			ctx = context.WithValue(ctx, originKey{}, c.Origin)
		}
		call, ok := r.(*mcp.CallToolRequest)
		if ok && find(call.Params.Name) == nil {
			return s.callUpstream(ctx, call)
		}
		result, err := next(ctx, method, r)
		if ok {
			s.called(call, result, err)
		}
		if err != nil {
			return result, err
		}
		switch res := result.(type) {
		case *mcp.ListToolsResult:
			return s.visibleTools(ctx, r, res)
		case *mcp.ListPromptsResult:
			res.Prompts = slices.DeleteFunc(res.Prompts, func(p *mcp.Prompt) bool { return !s.visible(r, promptRights[p.Name]) })
		case *mcp.ListResourcesResult:
			res.Resources = slices.DeleteFunc(res.Resources, func(x *mcp.Resource) bool { return !s.visible(r, toolOf("resources/read", x.URI)) })
		}
		return result, nil
	}
}

// toolsOf are the tools whose right a request needs.
func toolsOf(method string, r mcp.Request) []string {
	var names []string
	switch p := r.GetParams().(type) {
	case *mcp.CallToolParamsRaw:
		names = []string{p.Name}
	case *mcp.ReadResourceParams:
		names = []string{p.URI}
	case *mcp.SubscribeParams:
		names = []string{p.URI}
	case *mcp.GetPromptParams:
		names = []string{p.Name}
	case *mcp.SubscriptionsListenParams:
		if p.Notifications != nil {
			method, names = "resources/subscribe", p.Notifications.ResourceSubscriptions
		}
	}
	var tools []string
	for _, n := range names {
		if tool := toolOf(method, n); tool != "" {
			tools = append(tools, tool)
		}
	}
	return tools
}

func (s *Set) may(r mcp.Request, tool string) bool {
	scope, operator := Right(tool)
	ok, _ := s.cfg.Caller(r).May(tool, scope, operator)
	return ok
}

// visible is may, but what a token could reach with one more scope is shown.
func (s *Set) visible(r mcp.Request, tool string) bool {
	scope, operator := Right(tool)
	ok, scopeMissing := s.cfg.Caller(r).May(tool, scope, operator)
	return ok || scopeMissing
}

// visibleTools leaves out what the caller may not use, and adds the tools of
// upstreams behind the last of our own.
func (s *Set) visibleTools(ctx context.Context, r mcp.Request, res *mcp.ListToolsResult) (mcp.Result, error) {
	if res.NextCursor == "" && s.cfg.Upstreams != nil {
		more, err := s.cfg.Upstreams.Tools(ctx)
		if err != nil {
			return nil, err
		}
		res.Tools = append(res.Tools, more...)
	}
	res.Tools = slices.DeleteFunc(res.Tools, func(t *mcp.Tool) bool { return !s.visible(r, t.Name) })
	return res, nil
}

// called notes who called a tool that exists, and how it ended; not with what.
func (s *Set) called(r *mcp.CallToolRequest, result mcp.Result, err error) {
	outcome := "done"
	res, ok := result.(*mcp.CallToolResult)
	switch {
	case err != nil:
		outcome = "error"
	case ok && res.IsError:
		outcome = "failed"
	}
	s.cfg.Log("tools.called", "tenant", s.cfg.Tenant, "tool", r.Params.Name, "caller", s.cfg.Caller(r).ID, "outcome", outcome)
}

func (s *Set) callUpstream(ctx context.Context, r *mcp.CallToolRequest) (mcp.Result, error) {
	if s.cfg.Upstreams == nil {
		return nil, errForbidden
	}
	result, known, err := s.cfg.Upstreams.Call(ctx, r.Params.Name, r.Params.Arguments)
	switch {
	case err != nil:
		result = unavailable()
	case !known:
		return nil, errForbidden
	}
	s.called(r, result, nil)
	return complete(r, result)
}

// complete says in the protocol of 2026 that a result is one. The library says
// so only of what its own handlers give, and has no other way to set it.
func complete(r *mcp.CallToolRequest, result *mcp.CallToolResult) (mcp.Result, error) {
	if r.ProtocolVersion() < "2026-07-28" {
		return result, nil
	}
	body, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	var out mcp.CallToolResult
	err = json.Unmarshal(append([]byte(`{"resultType":"complete",`), body[1:]...), &out)
	return &out, err
}
