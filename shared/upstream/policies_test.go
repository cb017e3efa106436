//go:build !js

package upstream

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDriftIsTold: who watches a report hears of every change of it, the agent of
// every drift that is not undone.
func TestDriftIsTold(t *testing.T) {
	d := newMutable(t, look("look", good))
	d.put(Settings{})
	for i, tt := range []struct {
		words         string
		told, drifted int
	}{
		{good, 0, 0}, {evil, 1, 1}, {evil, 1, 1}, {good, 1, 2}, {evil, 2, 3},
	} {
		d.tools = []*mcp.Tool{look("look", tt.words)}
		d.look()
		require.NoError(t, d.Alarm())
		require.Len(t, d.notices, tt.told, "%d", i)
		require.Equal(t, tt.drifted, d.drifted, "%d: who watches the report", i)
	}
	assert.Equal(t, noticeDrift, d.notices[0].Type)
	assert.NotEqual(t, d.notices[0].ID, d.notices[1].ID, "the Ledger would take it for the first one")
	d.approve()
	assert.Equal(t, 4, d.drifted)
	require.NoError(t, d.Delete(t.Context(), "desk"))
	assert.Equal(t, 5, d.drifted)
}

// TestPolicies: what an upstream's own policy says of a class, in place of the
// default.
func TestPolicies(t *testing.T) {
	destructive := func(yes bool) *mcp.Tool {
		tool := look("look", good)
		tool.Annotations = &mcp.ToolAnnotations{DestructiveHint: &yes}
		return tool
	}
	asking := func(schema string) *mcp.Tool {
		tool := look("look", good)
		tool.InputSchema = json.RawMessage(schema)
		return tool
	}
	for why, c := range map[string]struct {
		policy Policy
		was    *mcp.Tool
		now    []*mcp.Tool
		served map[string]string
		drift  [][3]string
		call   string // of desk__look
		told   int
	}{
		"another description is taken": {
			Policy{Description: Allow},
			look("look", good),
			[]*mcp.Tool{look("look", evil)},
			map[string]string{"desk__look": evil},
			nil, "done", 0,
		},
		"another description, and the old one is served on": {
			Policy{Description: Warn},
			look("look", good),
			[]*mcp.Tool{look("look", evil)},
			map[string]string{"desk__look": good},
			[][3]string{{"look", "description", "warn"}},
			"done", 1,
		},
		"another schema is taken, and arguments are held against it": {
			Policy{Breaking: Allow},
			look("look", good),
			[]*mcp.Tool{asking(`{"type":"object","properties":{"token":{"type":"string"}},"required":["token"]}`)},
			map[string]string{"desk__look": good},
			nil, "invalid_request", 0,
		},
		"another schema, and arguments are held against the old one": {
			Policy{Breaking: Warn},
			look("look", good),
			[]*mcp.Tool{asking(`{"type":"object","properties":{"token":{"type":"string"}},"required":["token"]}`)},
			map[string]string{"desk__look": good},
			[][3]string{{"look", "breaking", "warn"}},
			"done", 1,
		},
		"it destroys now": {
			Policy{Destructive: Warn},
			destructive(false),
			[]*mcp.Tool{destructive(true)},
			map[string]string{"desk__look": good},
			[][3]string{{"look", "destructive", "warn"}},
			"done", 1,
		},
		"a wider schema blocks": {
			Policy{Widened: Block},
			asking(`{"type":"object","additionalProperties":false}`),
			[]*mcp.Tool{asking(`{"type":"object"}`)},
			map[string]string{"desk__look": good},
			[][3]string{{"look", "widened", "block"}},
			"tool_changed", 1,
		},
		"a new one is taken": {
			Policy{Added: Allow},
			look("look", good),
			[]*mcp.Tool{look("look", good), look("pay", evil)},
			map[string]string{"desk__look": good, "desk__pay": evil},
			nil, "done", 0,
		},
		"a new one that is none is not": {
			Policy{Added: Allow},
			look("look", good),
			[]*mcp.Tool{look("pay", good)},
			map[string]string{},
			[][3]string{{"look", "removed", "warn"}, {"pay", "renamed", "block"}},
			"tool_removed", 1,
		},
		"another name is taken": {
			Policy{Renamed: Allow, Removed: Allow},
			look("look", good),
			[]*mcp.Tool{look("pay", good)},
			map[string]string{"desk__pay": good},
			nil, "unknown", 0,
		},
		"hidden characters, whatever the policy": {
			Policy{Added: Allow, Description: Allow},
			look("look", good),
			[]*mcp.Tool{look("look", good+"\u200b")},
			map[string]string{"desk__look": good},
			[][3]string{{"look", "refused", "block"}},
			"tool_changed", 1,
		},
	} {
		t.Run(why, func(t *testing.T) {
			d := newMutable(t, c.was)
			d.put(Settings{Policy: c.policy})
			d.tools = c.now
			d.look()
			assert.Equal(t, c.served, d.served())
			assert.Equal(t, c.drift, d.drift())
			assert.Equal(t, c.call, d.call("desk__look"))
			require.NoError(t, d.Alarm())
			assert.Len(t, d.notices, c.told)
		})
	}
}

// TestHourlyLook: an upstream that nobody calls is looked at every hour by the
// alarm, which also tells; one that does not answer after a minute, two, four,
// and so on to the hour.
func TestHourlyLook(t *testing.T) {
	d := newMutable(t, look("look", good))
	d.put(Settings{})
	began := d.now
	require.Equal(t, began.Add(time.Hour), d.alarm)
	d.tools = []*mcp.Tool{look("look", evil)}

	asked := len(d.asked)
	d.now = began.Add(59 * time.Minute)
	require.NoError(t, d.Alarm())
	assert.Len(t, d.asked, asked, "the last look is good for the hour")
	assert.Equal(t, began.Add(time.Hour), d.alarm)

	d.now = began.Add(61 * time.Minute)
	require.NoError(t, d.Alarm())
	assert.Equal(t, [][3]string{{"look", "description", "block"}}, d.drift())
	require.Equal(t, d.now.Add(time.Second), d.alarm, "there is something to tell")
	d.now = d.alarm
	require.NoError(t, d.Alarm())
	assert.Len(t, d.notices, 1)
	assert.Equal(t, began.Add(121*time.Minute), d.alarm, "an hour after the last look")

	d.away = true
	for failures, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		d.now = d.alarm
		require.NoError(t, d.Alarm())
		up, err := d.Get("desk")
		require.NoError(t, err)
		assert.Equal(t, []any{StateFailing, failures + 1}, []any{up.State, up.Failures})
		assert.Equal(t, d.now.Add(time.Duration(minutes)*time.Minute), d.alarm)
	}
	d.now, d.away = d.alarm, false
	require.NoError(t, d.Alarm())
	up, err := d.Get("desk")
	require.NoError(t, err)
	assert.Equal(t, []any{StateReady, 0}, []any{up.State, up.Failures})
	assert.Equal(t, d.now.Add(time.Hour), d.alarm)
}

// TestRecheck: a look is good for as long as the settings say, and a call after
// that looks first.
func TestRecheck(t *testing.T) {
	const recheck = 10 * time.Minute
	d := newMutable(t, look("look", good))
	d.put(Settings{Recheck: recheck})
	began := d.now
	d.tools = []*mcp.Tool{look("look", evil)}
	lists := d.lists
	for _, c := range []struct {
		after time.Duration
		call  string
		lists int
	}{
		{0, "done", 0},
		{recheck - time.Millisecond, "done", 0},
		{recheck, "tool_changed", 1},
		{recheck + time.Minute, "tool_changed", 1},
		{2 * recheck, "tool_changed", 2},
	} {
		d.now = began.Add(c.after)
		assert.Equal(t, c.call, d.call("desk__look"), c.after)
		assert.Equal(t, lists+c.lists, d.lists, c.after)
	}
	assert.Equal(t, 2, d.calls, "what is blocked does not reach it")

	d.put(Settings{}) // 0: before every call
	lists = d.lists
	d.call("desk__look")
	d.call("desk__look")
	assert.Equal(t, lists+2, d.lists)
}

// TestNeverWithoutItsToken: a connection that gives none stops the upstream
// before a request leaves (G6); one that does is on every request.
func TestNeverWithoutItsToken(t *testing.T) {
	d := newMutable(t, look("look", good))
	d.put(Settings{Connection: "account"})
	assert.Empty(t, d.asked)
	up, err := d.Get("desk")
	require.NoError(t, err)
	assert.Equal(t, []any{StateFailing, errToken.Error()}, []any{up.State, up.Reason})

	d.token = "first"
	d.look()
	require.NotEmpty(t, d.asked)
	d.token = "second"
	from := len(d.asked)
	assert.Equal(t, "done", d.call("desk__look"))
	for i, q := range d.asked {
		want := "Bearer first"
		if i >= from {
			want = "Bearer second"
		}
		var sent []string
		for _, h := range q.Header {
			if h[0] == "authorization" {
				sent = append(sent, h[1])
			}
		}
		assert.Equal(t, []string{want}, sent, "%d", i)
	}
	d.token = ""
	from = len(d.asked)
	assert.Equal(t, "unavailable", d.call("desk__look"))
	assert.Len(t, d.asked, from)
}
