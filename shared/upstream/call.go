package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// maxResult bounds what an upstream's tool may answer, in bytes.
	maxResult = 256 << 10
)

// Tools lists the pinned tools of every upstream under their names here, as
// they were approved. Nothing is asked of an upstream.
func (u *Upstreams) Tools(context.Context) ([]*mcp.Tool, error) {
	rows, err := u.cfg.DB.Exec(`SELECT upstream, name, pinned FROM upstream_items WHERE kind = ? AND pinned IS NOT NULL AND now IS NOT NULL ORDER BY upstream, name`, kindTool)
	if err != nil {
		return nil, err
	}
	var out []*mcp.Tool
	for r := range rows.All() {
		upstream, n, pinned := r.Text(), r.Text(), r.Text()
		if err := r.Done(); err != nil {
			return nil, err
		}
		var t mcp.Tool
		if json.Unmarshal([]byte(pinned), &t) != nil {
			continue // what the library cannot read, a client could not either
		}
		t.Name = upstream + separator + n
		out = append(out, &t)
	}
	return out, nil
}

// Call calls a tool by its name here. See tools.Upstreams.
func (u *Upstreams) Call(ctx context.Context, full string, arguments json.RawMessage) (*mcp.CallToolResult, bool, error) {
	n, tool, ok := strings.Cut(full, separator)
	if !ok {
		return nil, false, nil
	}
	up, err := u.load(n)
	if errors.Is(err, ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	i, err := u.item(n, tool)
	if err != nil || i == nil || i.pinned == nil {
		return nil, false, err
	}
	if fault := validate(i.pinned, arguments); fault != "" {
		return refusal("invalid_request", fault), true, nil
	}
	session, t, err := u.dial(ctx, up)
	if err != nil {
		u.failedCall(ctx, up, err)
		return refusal("unavailable", "the upstream "+n+": "+err.Error()), true, nil
	}
	defer u.end(ctx, up, session, t)
	// The pin is held against what the server says now, in the session that
	// the call then uses.
	if up.State != StateReady || u.now().Sub(up.Checked) >= up.Recheck {
		seen, err := discover(ctx, session, t, onlyTools)
		if err == nil {
			err = u.observe(ctx, up, session.InitializeResult().ProtocolVersion, onlyTools, seen)
		}
		if err != nil {
			u.failedCall(ctx, up, err)
			return refusal("unavailable", "the upstream "+n+" could not be checked: "+err.Error()), true, nil
		}
	}
	if result := u.blocked(n, tool); result != nil {
		return result, true, nil
	}
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: orObject(arguments)})
	if t.changed { // the next call looks again, however short ago this was
		if _, err := u.cfg.DB.Exec(`UPDATE upstreams SET checked = NULL WHERE name = ?`, n); err != nil {
			return nil, true, err
		}
	}
	if err != nil {
		return refusal("bad_gateway", "the upstream "+n+" did not answer the call properly; nobody knows whether it acted"), true, nil
	}
	return bound(result), true, nil
}

// failedCall counts a failure, unless it is the caller who ended the call.
func (u *Upstreams) failedCall(ctx context.Context, up Upstream, err error) {
	if ctx.Err() == nil {
		u.failed(up, err)
	}
}

func orObject(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage(`{}`)
	}
	return raw
}

func (u *Upstreams) item(n, tool string) (*item, error) {
	rows, err := u.cfg.DB.Exec(`SELECT kind, name, pinned, now, fault, approved FROM upstream_items WHERE upstream = ? AND kind = ? AND name = ?`, n, kindTool, tool)
	if err != nil {
		return nil, err
	}
	r, ok := rows.First()
	if !ok {
		return nil, nil
	}
	i, err := readItem(r)
	return &i, err
}

// blocked says why a tool may not be called; nil when it may.
func (u *Upstreams) blocked(n, tool string) *mcp.CallToolResult {
	up, err := u.load(n)
	if err != nil {
		return refusal("unavailable", "")
	}
	i, err := u.item(n, tool)
	switch {
	case err != nil:
		return refusal("unavailable", "")
	case i == nil || i.pinned == nil:
		return refusal("not_found", "this tool is not approved")
	}
	c := i.class()
	if c == Removed {
		return refusal("tool_removed", "the upstream no longer has this tool")
	}
	if up.Policy.action(c) == Block {
		u.cfg.Log("upstream.blocked", "tenant", u.cfg.Tenant, "upstream", n, "class", string(c))
		return refusal("tool_changed", "the upstream has changed this tool ("+string(c)+") since it was approved; it is blocked until the operator approves the change. See upstream_drift.")
	}
	return nil
}

// validate holds arguments against the pinned schema. A `$ref` to anywhere but
// the schema itself does not resolve: nothing is ever fetched for it.
func validate(pinned []byte, arguments json.RawMessage) string {
	var definition struct {
		InputSchema *jsonschema.Schema `json:"inputSchema"`
	}
	if json.Unmarshal(pinned, &definition) != nil || definition.InputSchema == nil {
		return "the tool's input schema cannot be read"
	}
	resolved, err := definition.InputSchema.Resolve(nil)
	if err != nil {
		return "the tool's input schema cannot be resolved, or refers to the network"
	}
	args := map[string]any{}
	if len(arguments) > 0 && json.Unmarshal(arguments, &args) != nil {
		return "the arguments must be one JSON object"
	}
	if err := resolved.Validate(args); err != nil {
		text := err.Error()
		return "the arguments do not fit the tool's input schema: " + strings.ToValidUTF8(text[:min(len(text), 500)], "")
	}
	return ""
}

// bound lets a result of bearable size through, without what is for clients
// of that server alone.
func bound(r *mcp.CallToolResult) *mcp.CallToolResult {
	if r.NeedsInput() {
		return refusal("bad_gateway", "the upstream asks for input, which is not passed on")
	}
	out := &mcp.CallToolResult{Content: r.Content, StructuredContent: r.StructuredContent, IsError: r.IsError}
	b, err := json.Marshal(out)
	switch {
	case err != nil:
		return refusal("bad_gateway", "the result cannot be read")
	case len(b) > maxResult:
		return refusal("body_too_large", "the upstream's result is over 256 KiB")
	}
	return out
}

func refusal(code, detail string) *mcp.CallToolResult {
	body, _ := json.Marshal(map[string]string{"code": code, "detail": detail})
	return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: string(body)}}}
}
