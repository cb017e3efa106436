//go:build !js

package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
)

// TestBackAfterAnAcceptedRemoval: a call of a tool that is gone, and whose
// removal was accepted, asks whether it is back before it says that there is
// none: its pin is still there, and what is approved can be called.
func TestBackAfterAnAcceptedRemoval(t *testing.T) {
	const recheck = 10 * time.Minute
	for why, c := range map[string]struct {
		recheck, after time.Duration
		now            []*mcp.Tool
		away           bool
		call           string
		looked         bool
		drift          [][3]string
	}{
		"as it was":                    {0, 0, []*mcp.Tool{look("look", good)}, false, "done", true, nil},
		"with other words":             {0, 0, []*mcp.Tool{look("look", evil)}, false, "tool_changed", true, [][3]string{{"look", "description", "block"}}},
		"under another name":           {0, 0, []*mcp.Tool{look("peek", good)}, false, "unknown", true, [][3]string{{"peek", "renamed", "block"}}},
		"not at all":                   {0, 0, nil, false, "unknown", true, nil},
		"nobody can say":               {0, 0, nil, true, "unknown", false, nil},
		"and the last look is good":    {recheck, recheck - 1, []*mcp.Tool{look("look", good)}, false, "unknown", false, nil},
		"and the last look is too old": {recheck, recheck, []*mcp.Tool{look("look", good)}, false, "done", true, nil},
	} {
		t.Run(why, func(t *testing.T) {
			d := newMutable(t, look("look", good))
			d.put(Settings{Recheck: c.recheck})
			d.tools = nil
			d.look()
			d.approve()
			lists := d.lists

			d.now, d.tools, d.away = d.now.Add(c.after), c.now, c.away
			assert.Equal(t, c.call, d.call("desk__look"))
			assert.Equal(t, c.looked, d.lists > lists)
			assert.Equal(t, c.drift, d.drift())
			up, err := d.Get("desk")
			require.NoError(t, err)
			assert.Equal(t, c.away, up.State == StateFailing)
		})
	}
}

// TestBackNotOnlyTools: so it is of resources, templates and prompts.
func TestBackNotOnlyTools(t *testing.T) {
	d := newMutable(t)
	offers := func(s *mcp.Server) {
		read := func(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, Text: "read"}}}, nil
		}
		s.AddResource(&mcp.Resource{Name: "note", URI: "note://7"}, read)
		s.AddResourceTemplate(&mcp.ResourceTemplate{Name: "lines", URITemplate: "lines://{id}"}, read)
		s.AddPrompt(&mcp.Prompt{Name: "brief"}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{}, nil
		})
	}
	uses := map[string]func() error{
		"resource": func() error { _, err := d.Read(t.Context(), uriOf("desk", "note://7")); return err },
		"template": func() error { _, err := d.Read(t.Context(), uriOf("desk", "lines://8")); return err },
		"prompt":   func() error { _, err := d.Prompt(t.Context(), "desk__brief", nil); return err },
	}
	d.also = offers
	d.put(Settings{})
	for why, use := range uses {
		require.NoError(t, use(), why)
		d.also = nil
		d.look()
		d.approve()
		require.ErrorIs(t, use(), ErrNotFound, why)
		d.also = offers
		require.NoError(t, use(), why)
	}
}

// TestPutDuringACall: a call that is on its way to where the upstream was is
// not made after a PUT, though the look before it is still good.
func TestPutDuringACall(t *testing.T) {
	const recheck = 10 * time.Minute
	for why, meanwhile := range map[string]func(d *mutable){
		"moved":   func(d *mutable) { d.put(Settings{Recheck: recheck, URL: "https://other.example.com/mcp"}) },
		"deleted": func(d *mutable) { require.NoError(d.t, d.Delete(d.t.Context(), "desk")) },
	} {
		d := newMutable(t, look("look", good))
		d.put(Settings{Recheck: recheck})
		require.Equal(t, "done", d.call("desk__look"), why)
		d.meanwhile = func() { d.now = d.now.Add(time.Second); meanwhile(d) }
		assert.Equal(t, "unavailable", d.call("desk__look"), why)
		assert.Equal(t, 1, d.calls, why)
	}
}

// TestPinMovesDuringACall: arguments are held against the definition that is
// approved when the call is made, not the one from before its look.
func TestPinMovesDuringACall(t *testing.T) {
	asking := look("look", good)
	asking.InputSchema = json.RawMessage(`{"type":"object","properties":{"token":{"type":"string"}},"required":["token"]}`)

	d := newMutable(t, look("look", good))
	d.put(Settings{Policy: Policy{Breaking: Allow}})
	d.tools = []*mcp.Tool{asking}
	assert.Equal(t, "invalid_request", d.call("desk__look"), "by policy")
	assert.Zero(t, d.calls)

	d = newMutable(t, look("look", good))
	d.put(Settings{})
	d.tools = []*mcp.Tool{asking}
	d.look()
	d.meanwhile = d.approve
	assert.Equal(t, "invalid_request", d.call("desk__look"), "by approval")
	assert.Zero(t, d.calls)

	// Where they fit, the call is made under the new definition.
	d = newMutable(t, look("look", good))
	d.put(Settings{})
	d.tools = []*mcp.Tool{look("look", evil)}
	d.look()
	d.meanwhile = d.approve
	assert.Equal(t, "done", d.call("desk__look"))
}

// TestLooksOverlap: of two looks at once nobody can say which list is the
// older. One that saw something else than what was stored meanwhile is made
// again, so that an old face of a server does not take a newer one's place.
func TestLooksOverlap(t *testing.T) {
	const recheck = 10 * time.Minute
	// listed runs when a list of tools has left the server, before it is here.
	listed := func(d *mutable, f func()) {
		ask := d.cfg.Fetch
		d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
			a, err := ask(ctx, q)
			if bytes.Contains(q.Body, []byte(`"tools/list"`)) {
				f()
			}
			return a, err
		}
	}
	once := func(f func()) func() {
		done := false
		return func() {
			if !done {
				done = true
				f()
			}
		}
	}

	d := newMutable(t, look("look", good))
	d.put(Settings{Recheck: recheck})
	listed(d, once(func() {
		d.tools = []*mcp.Tool{look("look", evil)}
		d.look()
	}))
	d.look()
	assert.Equal(t, [][3]string{{"look", "description", "block"}}, d.drift())
	assert.Equal(t, "tool_changed", d.call("desk__look"))
	require.NoError(t, d.Alarm())
	assert.Len(t, d.notices, 1)

	// An approval of what the other look saw is not undone either.
	d = newMutable(t, look("look", good))
	d.put(Settings{Recheck: recheck})
	listed(d, once(func() {
		d.tools = nil
		d.look()
		d.approve()
	}))
	d.look()
	assert.Empty(t, d.drift())
	assert.Empty(t, d.served())

	// One that agrees is not made again.
	d = newMutable(t, look("look", good))
	d.put(Settings{Recheck: recheck})
	lists := d.lists
	listed(d, once(d.look))
	d.look()
	assert.Equal(t, lists+2, d.lists)

	// A server that never says the same twice cannot be checked.
	d = newMutable(t, look("look", good))
	d.put(Settings{})
	within := false
	listed(d, func() {
		if within {
			return
		}
		within = true
		defer func() { within = false }()
		words := d.tools[0].Description
		d.now, d.tools = d.now.Add(time.Second), []*mcp.Tool{look("look", words+" More.")}
		d.Refresh(t.Context(), "desk")
	})
	assert.Equal(t, "unavailable", d.call("desk__look"))
	assert.Zero(t, d.calls)
	up, err := d.Get("desk")
	require.NoError(t, err)
	assert.Equal(t, errOverlap.Error(), up.Reason)
}

// TestApprovalIsOfAServer: what was read of one server is not approved for
// another that has taken its place meanwhile, though it says the same.
func TestApprovalIsOfAServer(t *testing.T) {
	d := newMutable(t, look("look", good))
	d.put(Settings{Trust: TrustApproval})
	read, err := d.Drift("desk")
	require.NoError(t, err)
	d.put(Settings{Trust: TrustApproval, URL: "https://other.example.com/mcp"})
	_, err = d.Approve(t.Context(), "desk", read.Report, nil)
	require.ErrorIs(t, err, ErrReport)
	assert.Empty(t, d.served())

	d.put(Settings{Trust: TrustApproval, Recheck: time.Minute}) // where it was, and looked at otherwise
	_, err = d.Approve(t.Context(), "desk", read.Report, nil)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"desk__look": good}, d.served())
}
