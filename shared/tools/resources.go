package tools

import (
	"context"
	"net/url"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// URIs of resources.
const (
	uriEvents     = "hookweir://events"
	uriDeadEvents = "hookweir://dead-letters/events"
	uriDeadWrites = "hookweir://dead-letters/writes"
	uriDrift      = "hookweir://drift"
	uriKnowledge  = "hookweir://knowledge/schema"
)

// URIEvents is the resource that changes with every event.
const URIEvents = uriEvents

// URIOfEvent is the resource of one event.
func URIOfEvent(id string) string { return uriEvents + "/" + id }

// URIOfDrift is the resource of an upstream's report.
func URIOfDrift(upstream string) string { return uriDrift + "/" + upstream }

// CanSubscribe says which resources change while somebody listens.
func CanSubscribe(uri string) bool {
	return uri == uriEvents || strings.HasPrefix(uri, uriEvents+"/") || strings.HasPrefix(uri, uriDrift+"/")
}

func (s *Set) registerResources(server *mcp.Server) {
	list := func(name, uri, description, tool string) {
		server.AddResource(&mcp.Resource{Name: name, URI: uri, Description: description, MIMEType: "application/json"},
			s.resource(func(string) (string, map[string]any) { return tool, map[string]any{} }))
	}
	list("events", uriEvents, "The newest events. Subscribe to hear of each new one.", "search_events")
	list("dead-events", uriDeadEvents, "Events that could not be delivered.", "list_dead_events")
	list("dead-writes", uriDeadWrites, "Writes that failed for good.", "list_dead_writes")
	template := func(name, uri, description, tool, argument string) {
		server.AddResourceTemplate(&mcp.ResourceTemplate{Name: name, URITemplate: uri, Description: description, MIMEType: "application/json"},
			s.resource(func(value string) (string, map[string]any) { return tool, map[string]any{argument: value} }))
	}
	template("event", uriEvents+"/{+id}", "One event with its payload and every attempt to deliver it.", "get_event", "id")
	template("drift", uriDrift+"/{upstream}", "What an upstream MCP server changed.", "upstream_drift", "upstream")
	if s.cfg.Upstreams != nil {
		s.registerUpstreams(server)
	}
	if s.cfg.Knowledge != nil {
		server.AddResource(&mcp.Resource{
			Name: "knowledge-schema", URI: uriKnowledge, MIMEType: "application/json",
			Description: "The tables and columns that query_knowledge may read.",
		}, s.knowledgeSchema)
	}
}

// resource shows what a tool answers.
func (s *Set) resource(of func(value string) (tool string, args map[string]any)) mcp.ResourceHandler {
	return func(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		tool, args := of(valueOf(r.Params.URI))
		t := find(tool)
		if _, fault := s.arguments(t, mustJSON(args)); fault != nil {
			return nil, problemOf(Response{Status: 404}, nil)
		}
		answer, err := s.do(ctx, t, args)
		if err != nil || answer.Status >= 400 {
			return nil, problemOf(answer, err)
		}
		body := answer.Body
		if len(body) > MaxResult {
			return nil, problemOf(Response{Status: 413}, nil)
		}
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, MIMEType: "application/json", Text: string(body)}}}, nil
	}
}

// valueOf is what a template's variable stands for.
func valueOf(uri string) string {
	for _, prefix := range []string{uriEvents + "/", uriDrift + "/"} {
		if rest, ok := strings.CutPrefix(uri, prefix); ok {
			if text, err := url.PathUnescape(rest); err == nil {
				return text
			}
			return rest
		}
	}
	return ""
}
