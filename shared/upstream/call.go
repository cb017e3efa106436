package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

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
	up, i, err := u.pinned(ctx, n, kindTool, tool)
	if err != nil || i == nil {
		return nil, false, err
	}
	if _, fault := fitting(i.pinned, arguments); fault != "" {
		return refusal("invalid_request", fault), true, nil
	}
	l, answers, refused := resumed(up, i, turn)
	if refused != nil {
		u.drop(l.Held)
		return refusal(refused.Code, refused.Detail), true, nil
	}
	call := func(ctx context.Context, turn Turn, over func()) (result *mcp.CallToolResult, err error) {
		err = u.visit(ctx, up, i, l.Round, u.midway(ctx, n, tool, turn), func(s *mcp.ClientSession, pinned []byte) (err error) {
			// The look may have moved the pin, and so may an approval while it was
			// under way.
			send, fault := fitting(pinned, arguments)
			if fault != "" {
				return &Refusal{"invalid_request", fault}
			}
			result, err = s.CallTool(ctx, &mcp.CallToolParams{
				Name: tool, Arguments: orObject(send), InputResponses: answers, RequestState: l.State,
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
		if up, i, err = u.pinned(ctx, n, kindTool, tool); err != nil {
			return nil, true, err
		}
		if i == nil || pinOf(up, i) != l.Pin {
			return refusal(errReplaced.Code, errReplaced.Detail), true, nil
		}
	}
}

// pinned finds an upstream and what is approved of an item; nil for neither.
// One whose removal was accepted is asked for first, if the last look is too
// old: it may be back, and its pin was kept.
func (u *Upstreams) pinned(ctx context.Context, n, kind, item string) (Upstream, *item, error) {
	up, err := u.load(n)
	if errors.Is(err, ErrNotFound) {
		return up, nil, nil
	}
	if err != nil {
		return up, nil, err
	}
	i, err := u.item(n, kind, item)
	if err == nil && i != nil && i.gone && u.stale(up) {
		if up, err = u.glance(ctx, n); err != nil {
			u.failedCall(ctx, up, err)
			return up, nil, nil // nobody can say; what was accepted is that it is gone
		}
		i, err = u.item(n, kind, item)
	}
	if err != nil || i == nil || i.pinned == nil || i.gone {
		return up, nil, err
	}
	return up, i, nil
}

// visit runs f in a session in which the item's pin has been held against what
// the server says now; f gets that pin, which may be another than it was.
// round is that of the call, and ask hears questions in the middle of it: see
// transport. Errors: *Refusal, or the database's.
func (u *Upstreams) visit(ctx context.Context, up Upstream, i *item, round int, ask asker, f func(s *mcp.ClientSession, pinned []byte) error) error {
	session, t, err := u.dial(ctx, up, ask)
	if err != nil {
		u.failedCall(ctx, up, err)
		return &Refusal{"unavailable", "the upstream " + up.Name + ": " + err.Error()}
	}
	defer u.end(ctx, up, session, t)
	if t.changed || u.stale(up) || headed(up, i) {
		kinds := []string{i.kind}
		if t.changed || up.Recheck > 0 { // other kinds will go by this look as well
			kinds = everything
		}
		if err := u.look(ctx, up, session, t, kinds); err != nil {
			u.failedCall(ctx, up, err)
			return &Refusal{"unavailable", "the upstream " + up.Name + " could not be checked: " + err.Error()}
		}
	}
	pinned, refused := u.approved(up, i.kind, i.name)
	if refused != nil {
		return refused
	}
	t.round = round
	failure := t.safely(func() error { return f(session, pinned) })
	if t.changed { // it said so while it answered
		if err := u.look(ctx, up, session, t, everything); err != nil {
			u.failedCall(ctx, up, err) // a call of an upstream that fails looks first
		}
	}
	if t.refused != nil { // whatever it answered without
		return t.refused
	}
	if errors.As(failure, &refused) {
		return refused
	}
	if failure != nil {
		return &Refusal{"bad_gateway", "the upstream " + up.Name + " did not answer the call properly; nobody knows whether it acted"}
	}
	return nil
}

// headed reports a tool with parameters that a server of 2026 wants as headers
// as well (`x-mcp-header`): the protocol library knows of them by a list that
// came in the same session, and by nothing else.
func headed(up Upstream, i *item) bool {
	const mark = `"x-mcp-header"`
	return i.kind == kindTool && up.Protocol > legacy && (bytes.Contains(i.pinned, []byte(mark)) || bytes.Contains(i.now, []byte(mark)))
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

// approved gives the pin of an item that may be used, as the server says it is
// now; or why it may not. What was put or deleted meanwhile is not used in a
// session from before.
func (u *Upstreams) approved(up Upstream, kind, name string) (pinned []byte, refused *Refusal) {
	up, err := u.still(up)
	if errors.Is(err, errMoved) {
		return nil, &Refusal{"unavailable", "the upstream " + up.Name + ": " + err.Error()}
	}
	if err != nil {
		return nil, &Refusal{"unavailable", ""}
	}
	i, err := u.item(up.Name, kind, name)
	switch {
	case err != nil:
		return nil, &Refusal{"unavailable", ""}
	case i == nil || i.pinned == nil:
		return nil, &Refusal{"not_found", "this " + kind + " is not approved"}
	}
	c, code := i.class(), "item_"
	if kind == kindTool {
		code = "tool_"
	}
	if i.now == nil {
		return nil, &Refusal{code + "removed", "the upstream no longer has this " + kind}
	}
	if up.Policy.action(c) == Block && planted.Bug != "nopin" {
		u.cfg.Log("upstream.blocked", "tenant", u.cfg.Tenant, "upstream", up.Name, "class", string(c))
		return nil, &Refusal{code + "changed", "the upstream has changed this " + kind + " (" + string(c) + ") since it was approved; it is blocked until the operator approves the change. See upstream_drift."}
	}
	return i.pinned, nil
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
