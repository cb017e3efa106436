package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// definition is a tool as its server describes it, by what can change: its
// words, an optional argument, an argument that is asked for, a hint. The zero
// definition is how a tool begins.
type definition struct {
	words                        int
	more, required, destructives bool
}

// callable is the model's word on the default policy (docs/mcp.md): words and
// hints that are other than approved block, and so does a schema that refuses
// what it took; one that takes more does not.
func (pinned definition) callable(now definition) bool {
	return now.words == pinned.words && now.destructives == pinned.destructives &&
		(now.more || !pinned.more) && (pinned.required || !now.required)
}

func (d definition) json(tenant, tool string) map[string]any {
	text := map[string]string{"type": "string"}
	properties := map[string]any{"who": text, "id": text, "note": text}
	required := []string{"id", "who"}
	if d.more {
		properties["more"] = text
	}
	if d.required {
		required = append(required, "note")
	}
	return map[string]any{
		"name": tool, "description": d.describe(tenant, tool),
		"inputSchema": map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false},
		"annotations": map[string]bool{"destructiveHint": d.destructives},
	}
}

func (d definition) describe(tenant, tool string) string {
	return fmt.Sprintf("The tool %s of %s, as of change %d.", tool, tenant, d.words)
}

// desk is a tenant's upstream MCP server: what its tools are now and were, and
// the sessions in which it was asked. A definition never changes: another
// takes its place.
type desk struct {
	tools    map[string]*definition // nil for one that is gone
	was      []version              // oldest first
	sessions map[string]map[string]*definition
}

// version is how the tools were from an instant on.
type version struct {
	from  time.Time
	tools map[string]*definition
}

// serve is the servers of all tenants, /{tenant}/mcp: Streamable HTTP with
// sessions, protocol 2025-11-25.
func (m *mcp) serve(w http.ResponseWriter, r *http.Request) {
	tenant, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	body, _ := io.ReadAll(r.Body)
	var q struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Params struct {
			Name      string            `json:"name"`
			Arguments map[string]string `json:"arguments"`
		} `json:"params"`
	}
	d, session := m.desks[tenant], r.Header.Get("Mcp-Session-Id")
	if r.Method != http.MethodPost || d == nil || json.Unmarshal(body, &q) != nil {
		w.WriteHeader(http.StatusNoContent) // the end of a session
		return
	}
	var result any
	switch q.Method {
	case "initialize":
		session = fmt.Sprintf("session-%d", m.requests)
		d.sessions[session] = nil
		w.Header().Set("Mcp-Session-Id", session)
		result = map[string]any{
			"protocolVersion": "2025-11-25", "serverInfo": map[string]string{"name": "desk", "version": "1"},
			"capabilities": map[string]any{"tools": struct{}{}},
		}
	case "tools/list":
		d.sessions[session] = maps.Clone(d.tools)
		list := []any{}
		for _, name := range sorted(d.tools) {
			if def := d.tools[name]; def != nil {
				list = append(list, def.json(tenant, name))
			}
		}
		result = map[string]any{"tools": list}
	case "tools/call":
		m.pins.Called(tenant, q.Params.Name, q.Params.Arguments["who"], q.Params.Arguments["id"], d.sessions[session])
		result = map[string]any{"content": []any{map[string]string{"type": "text", "text": "done"}}}
	}
	m.requests++
	w.Header().Set("Content-Type", "application/json")
	switch {
	case q.ID == nil: // a notification
		w.WriteHeader(http.StatusAccepted)
	case result == nil:
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"method not found"}}`, q.ID)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": q.ID, "result": result})
	}
}

// at is how the tools were at a time; clear says that they did not change for
// so long before.
func (d *desk) at(t time.Time, before time.Duration) (tools map[string]*definition, clear bool) {
	for _, v := range d.was {
		if v.from.After(t) {
			break
		}
		tools, clear = v.tools, !v.from.After(t.Add(-before))
	}
	return tools, clear
}
