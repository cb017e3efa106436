package service

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/upstream"
)

// served is what upstreams offer at the endpoint; it is a tools.Upstreams. A
// tenant that does not exist has none.
type served struct{ *Tenant }

// ask asks the tenant's upstreams.
func ask[Out any](t *Tenant, f func(*upstream.Upstreams) (Out, error)) (out Out, err error) {
	ups, err := t.upstreams()
	if errors.Is(err, tenant.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	return f(ups)
}

func (s served) Tools(context.Context) ([]*mcp.Tool, error) {
	return ask(s.Tenant, (*upstream.Upstreams).Tools)
}

func (s served) Resources(context.Context) ([]*mcp.Resource, error) {
	return ask(s.Tenant, (*upstream.Upstreams).Resources)
}

func (s served) Templates(context.Context) ([]*mcp.ResourceTemplate, error) {
	return ask(s.Tenant, (*upstream.Upstreams).Templates)
}

func (s served) Prompts(context.Context) ([]*mcp.Prompt, error) {
	return ask(s.Tenant, (*upstream.Upstreams).Prompts)
}

func (s served) Version(context.Context) (int64, error) {
	return ask(s.Tenant, (*upstream.Upstreams).Version)
}

func (s served) Call(ctx context.Context, name string, arguments json.RawMessage, turn upstream.Turn) (result *mcp.CallToolResult, known bool, err error) {
	result, err = ask(s.Tenant, func(u *upstream.Upstreams) (out *mcp.CallToolResult, err error) {
		out, known, err = u.Call(ctx, name, arguments, turn)
		return out, err
	})
	return result, known, err
}

// The rest is asked by callers that the endpoint let in, so the tenant exists.

func (s served) Read(ctx context.Context, uri string) (*mcp.ReadResourceResult, error) {
	return ask(s.Tenant, func(u *upstream.Upstreams) (*mcp.ReadResourceResult, error) { return u.Read(ctx, uri) })
}

func (s served) Prompt(ctx context.Context, name string, arguments map[string]string) (*mcp.GetPromptResult, error) {
	return ask(s.Tenant, func(u *upstream.Upstreams) (*mcp.GetPromptResult, error) { return u.Prompt(ctx, name, arguments) })
}

func (s served) Complete(ctx context.Context, p *mcp.CompleteParams) (*mcp.CompleteResult, error) {
	return ask(s.Tenant, func(u *upstream.Upstreams) (*mcp.CompleteResult, error) { return u.Complete(ctx, p) })
}
