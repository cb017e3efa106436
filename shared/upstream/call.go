package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/planted"
)

const (
	// maxResult bounds what an upstream's tool may answer, in bytes.
	maxResult = 256 << 10
)

// Refusal says why something of an upstream is not given. Its text may be
// told.
type Refusal struct{ Code, Detail string }

func (r *Refusal) Error() string { return r.Code + ": " + r.Detail }

// Call calls a tool by its name here, or goes on with a call that had a
// question. A result that NeedsInput is for a Turn with Rounds alone; its
// RequestState is to be sealed. See tools.Upstreams.
func (u *Upstreams) Call(ctx context.Context, full string, arguments json.RawMessage, turn Turn) (*mcp.CallToolResult, bool, error) {
	n, tool, ok := strings.Cut(full, separator)
	if !ok {
		return nil, false, nil
	}
	up, i, err := u.pinned(n, kindTool, tool)
	if err != nil || i == nil {
		return nil, false, err
	}
	arguments, fault := fitting(i.pinned, arguments)
	if fault != "" {
		return refusal("invalid_request", fault), true, nil
	}
	l, answers, refused := resumed(up, i, turn)
	if refused != nil {
		u.drop(l.Held)
		return refusal(refused.Code, refused.Detail), true, nil
	}
	call := func(ctx context.Context, turn Turn, over func()) (result *mcp.CallToolResult, err error) {
		err = u.visit(ctx, up, kindTool, tool, l.Round, u.midway(ctx, n, tool, turn), func(s *mcp.ClientSession) (err error) {
			result, err = s.CallTool(ctx, &mcp.CallToolParams{
				Name: tool, Arguments: orObject(arguments), InputResponses: answers, RequestState: l.State,
			})
			over()
			return err
		})
		over()
		return result, err
	}
	for {
		var result *mcp.CallToolResult
		switch {
		case l.Held != "":
			result, err = u.goOn(ctx, l, answers, turn.Keep)
		case turn.Rounds && turn.Keep != nil && up.Protocol != "" && up.Protocol <= legacy:
			result, err = u.hold(ctx, l, turn.Keep, call)
		default:
			result, err = call(ctx, turn, func() {})
		}
		if errors.As(err, &refused) {
			out := refusal(refused.Code, refused.Detail)
			if result != nil { // what it said when nobody answered
				out.Content = append(out.Content, bound(result).Content...)
			}
			return out, true, nil
		}
		if err != nil {
			return nil, true, err
		}
		if !result.NeedsInput() {
			if result.InputRequests != nil { // a held call's
				return result, true, nil
			}
			return bound(result), true, nil
		}
		next, asked, refused := l.ask(n, tool, result)
		if refused == nil && !turn.Rounds && turn.Ask == nil {
			refused = errNobody
		}
		if refused != nil {
			return refusal(refused.Code, refused.Detail), true, nil
		}
		u.asked(n)
		if turn.Rounds {
			result, err = next.result(asked)
			return result, true, err
		}
		l, answers = next, next.answers(turn.askAll(ctx, asked))
		if err := ctx.Err(); err != nil {
			return nil, true, err
		}
		// A person takes minutes: what was approved may be another by now.
		if up, i, err = u.pinned(n, kindTool, tool); err != nil {
			return nil, true, err
		}
		if i == nil || pinOf(up, i) != l.Pin {
			return refusal(errReplaced.Code, errReplaced.Detail), true, nil
		}
	}
}

// pinned finds an upstream and what is approved of an item; nil for neither.
func (u *Upstreams) pinned(n, kind, item string) (Upstream, *item, error) {
	up, err := u.load(n)
	if errors.Is(err, ErrNotFound) {
		return up, nil, nil
	}
	if err != nil {
		return up, nil, err
	}
	i, err := u.item(n, kind, item)
	if err != nil || i == nil || i.pinned == nil || i.gone {
		return up, nil, err
	}
	return up, i, nil
}

// visit runs f in a session in which the item's pin has been held against what
// the server says now. round is that of the call, and ask hears questions in
// the middle of it: see transport. Errors: *Refusal, or the database's.
func (u *Upstreams) visit(ctx context.Context, up Upstream, kind, item string, round int, ask asker, f func(*mcp.ClientSession) error) error {
	session, t, err := u.dial(ctx, up, ask)
	if err != nil {
		u.failedCall(ctx, up, err)
		return &Refusal{"unavailable", "the upstream " + up.Name + ": " + err.Error()}
	}
	defer u.end(ctx, up, session, t)
	if t.changed || up.State != StateReady || u.now().Sub(up.Checked) >= up.Recheck {
		kinds := []string{kind}
		if t.changed || up.Recheck > 0 { // other kinds will go by this look as well
			kinds = everything
		}
		if err := u.look(ctx, up, session, t, kinds); err != nil {
			u.failedCall(ctx, up, err)
			return &Refusal{"unavailable", "the upstream " + up.Name + " could not be checked: " + err.Error()}
		}
	}
	if refused := u.blocked(up.Name, kind, item); refused != nil {
		return refused
	}
	t.round = round
	failure := t.safely(func() error { return f(session) })
	if t.changed { // it said so while it answered
		if err := u.look(ctx, up, session, t, everything); err != nil {
			u.failedCall(ctx, up, err) // a call of an upstream that fails looks first
		}
	}
	if t.refused != nil { // whatever it answered without
		return t.refused
	}
	if failure != nil {
		return &Refusal{"bad_gateway", "the upstream " + up.Name + " did not answer the call properly; nobody knows whether it acted"}
	}
	return nil
}

// look lists items in a session and holds them against the pins. A server may
// say that a list has changed while it is looked at: then it is looked at again
// after the call.
func (u *Upstreams) look(ctx context.Context, up Upstream, s *mcp.ClientSession, t *transport, kinds []string) error {
	t.until, t.changed = u.now().Add(maxLook), false
	seen, err := discover(ctx, s, t, kinds)
	t.until = time.Time{}
	if err != nil {
		return err
	}
	return u.observe(ctx, up, s.InitializeResult().ProtocolVersion, kinds, seen)
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

func (u *Upstreams) item(n, kind, name string) (*item, error) {
	rows, err := u.cfg.DB.Exec(`SELECT `+itemColumns+` FROM upstream_items WHERE upstream = ? AND kind = ? AND name = ?`, n, kind, name)
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

// blocked says why an item may not be used; nil when it may.
func (u *Upstreams) blocked(n, kind, name string) *Refusal {
	up, err := u.load(n)
	if err != nil {
		return &Refusal{"unavailable", ""}
	}
	i, err := u.item(n, kind, name)
	switch {
	case err != nil:
		return &Refusal{"unavailable", ""}
	case i == nil || i.pinned == nil:
		return &Refusal{"not_found", "this " + kind + " is not approved"}
	}
	c, code := i.class(), "item_"
	if kind == kindTool {
		code = "tool_"
	}
	if i.now == nil {
		return &Refusal{code + "removed", "the upstream no longer has this " + kind}
	}
	if up.Policy.action(c) == Block && planted.Bug != "nopin" {
		u.cfg.Log("upstream.blocked", "tenant", u.cfg.Tenant, "upstream", n, "class", string(c))
		return &Refusal{code + "changed", "the upstream has changed this " + kind + " (" + string(c) + ") since it was approved; it is blocked until the operator approves the change. See upstream_drift."}
	}
	return nil
}

// bound lets a result of bearable size through, without what is for clients
// of that server alone.
func bound(r *mcp.CallToolResult) *mcp.CallToolResult {
	out := &mcp.CallToolResult{Content: r.Content, StructuredContent: r.StructuredContent, IsError: r.IsError}
	if out.Content == nil {
		out.Content = []mcp.Content{} // a result without it is none
	}
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
