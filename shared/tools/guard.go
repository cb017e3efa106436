package tools

import (
	"context"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/upstream"
)

// rights says which tool's right a resource, those below it, or a prompt needs:
// what it shows is what that tool shows.
var (
	resourceRights = []struct{ uri, tool, below string }{
		{uriEvents, "search_events", "get_event"},
		{uriDeadEvents, "list_dead_events", "list_dead_events"},
		{uriDeadWrites, "list_dead_writes", "list_dead_writes"},
		{uriDrift, "upstream_drift", "upstream_drift"},
		{uriKnowledge, "query_knowledge", "query_knowledge"},
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
			if name == r.uri {
				return r.tool
			}
			if strings.HasPrefix(name, r.uri+"/") {
				return r.below
			}
		}
		if strings.HasPrefix(name, upstream.URIPrefix) {
			return resourcesOf(name)
		}
		return "" // there is no such resource
	case "prompts/get":
		if strings.Contains(name, upstreamMark) {
			return name
		}
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

// reached notes in a context where a caller reached Hookweir.
func reached(ctx context.Context, c *access.Caller) context.Context {
	if c == nil {
		return ctx
	}
	return context.WithValue(ctx, originKey{}, c.Origin)
}

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
		ctx = reached(ctx, s.cfg.Caller(r))
		call, ok := r.(*mcp.CallToolRequest)
		if ok && find(call.Params.Name) == nil {
			result, err := s.callUpstream(ctx, s.cfg.Caller(r), call.Params, turnOf(call))
			switch {
			case err != nil:
				return nil, err
			case result == nil:
				return nil, errForbidden
			}
			if !modern(call) {
				return result, nil
			}
			return complete(result, &mcp.CallToolResult{})
		}
		if p, ok := r.(*mcp.GetPromptRequest); ok && s.cfg.Upstreams != nil && strings.Contains(p.Params.Name, upstreamMark) {
			return s.promptUpstream(ctx, p)
		}
		result, err := next(ctx, method, r)
		if ok {
			res, _ := result.(*mcp.CallToolResult)
			s.called(s.cfg.Caller(r), call.Params.Name, res, err)
		}
		if err != nil {
			return result, err
		}
		return s.visibleOf(ctx, r, result)
	}
}

// visibleOf adds what upstreams have behind the last of our own, and leaves
// out of lists what the caller may not use.
func (s *Set) visibleOf(ctx context.Context, r mcp.Request, result mcp.Result) (mcp.Result, error) {
	var err error
	switch res := result.(type) {
	case *mcp.ListToolsResult:
		res.Tools, err = withUpstreams(ctx, s, res.Tools, res.NextCursor, Upstreams.Tools)
		res.Tools = slices.DeleteFunc(res.Tools, func(t *mcp.Tool) bool { return !s.visible(r, t.Name) })
	case *mcp.ListPromptsResult:
		res.Prompts, err = withUpstreams(ctx, s, res.Prompts, res.NextCursor, Upstreams.Prompts)
		res.Prompts = slices.DeleteFunc(res.Prompts, func(p *mcp.Prompt) bool { return !s.visible(r, toolOf("prompts/get", p.Name)) })
	case *mcp.ListResourcesResult:
		res.Resources, err = withUpstreams(ctx, s, res.Resources, res.NextCursor, Upstreams.Resources)
		res.Resources = slices.DeleteFunc(res.Resources, func(x *mcp.Resource) bool { return !s.visible(r, toolOf("resources/read", x.URI)) })
	case *mcp.ListResourceTemplatesResult:
		res.ResourceTemplates, err = withUpstreams(ctx, s, res.ResourceTemplates, res.NextCursor, Upstreams.Templates)
		res.ResourceTemplates = slices.DeleteFunc(res.ResourceTemplates, func(x *mcp.ResourceTemplate) bool {
			return x.URITemplate == uriTemplateUpstream || !s.visible(r, toolOf("resources/read", x.URITemplate))
		})
	}
	if err != nil {
		return nil, err
	}
	return result, nil
}

func withUpstreams[Item any](ctx context.Context, s *Set, own []*Item, next string, list func(Upstreams, context.Context) ([]*Item, error)) ([]*Item, error) {
	if next != "" || s.cfg.Upstreams == nil {
		return own, nil
	}
	more, err := list(s.cfg.Upstreams, ctx)
	return append(own, more...), err
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

// called notes who called a tool that exists, and how it ended; not with what.
func (s *Set) called(c *access.Caller, name string, result *mcp.CallToolResult, err error) {
	outcome := "done"
	switch {
	case err != nil:
		outcome = "error"
	case result != nil && result.IsError:
		outcome = "failed"
	case result != nil && result.InputRequests != nil:
		outcome = "asked"
	}
	s.cfg.Log("tools.called", "tenant", s.cfg.Tenant, "tool", name, "caller", c.ID, "outcome", outcome)
}
