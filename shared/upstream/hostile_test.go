//go:build !js

package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

// during runs once, while a request of a method is on its way.
func (d *mutable) during(method string, f func()) {
	d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
		if m, _ := jsontext.FindString(q.Body, "method"); m == method && f != nil {
			once := f
			f = nil
			once()
		}
		return d.fetch(ctx, q)
	}
}

// TestPutDuringLook: what a look finds counts for what was looked at alone: not
// for the same server by another account, however soon after.
func TestPutDuringLook(t *testing.T) {
	for why, s := range map[string]Settings{
		"another account": {Connection: "other"},
		"another trust":   {Trust: TrustApproval},
		"the same":        {},
	} {
		d := newMutable(t)
		d.put(Settings{})
		d.token = "token"
		d.tools = []*mcp.Tool{look("look", evil)}
		d.during("tools/list", func() {
			d.tools = nil
			d.put(s) // in the same millisecond
			d.tools = []*mcp.Tool{look("look", evil)}
		})
		d.Refresh(t.Context(), "desk")
		assert.Empty(t, d.served(), why)
		assert.Empty(t, d.drift(), why)
	}
}

// TestOrphans: what an older build's look left of an upstream that is gone is
// gone with the migration.
func TestOrphans(t *testing.T) {
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	require.NoError(t, sqlstore.MigratePart(db, "upstream", schema[:3]))
	_, err = db.Exec(`INSERT INTO upstream_items (upstream, kind, name, pinned, now, fault) VALUES ('desk','tool','look','{"name":"look"}','{"name":"look"}','')`)
	require.NoError(t, err)
	d := openMutable(t, db, look("look", evil))
	assert.Empty(t, d.served())
	d.put(Settings{Trust: TrustApproval})
	assert.Equal(t, [][3]string{{"look", "added", "block"}}, d.drift())
}

// TestMovedIsLookedAt: an upstream that was put again is looked at before its
// tools are called, however fresh the last look was.
func TestMovedIsLookedAt(t *testing.T) {
	d := newMutable(t, look("look", good))
	d.put(Settings{Recheck: time.Hour})
	d.tools = []*mcp.Tool{look("look", evil)}
	said := ""
	d.during("tools/list", func() { said = d.call("desk__look") })
	d.put(Settings{URL: "https://other.example.com/mcp", Recheck: time.Hour})
	assert.Equal(t, "tool_changed", said)
	assert.Zero(t, d.calls)
}

// TestChangedBeforeTheCall: a server that says while it is connected that its
// tools are others is looked at before one is called.
func TestChangedBeforeTheCall(t *testing.T) {
	d := newMutable(t, look("look", good))
	d.put(Settings{Recheck: time.Hour})
	d.tools = []*mcp.Tool{look("look", evil)}
	lists := d.lists
	d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
		a, err := d.fetch(ctx, q)
		if m, _ := jsontext.FindString(q.Body, "method"); m == "server/discover" {
			a.Body = []byte("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\ndata: " + string(bytes.TrimSpace(a.Body)) + "\n\n")
			a.Header = http.Header{"Content-Type": {"text/event-stream"}}
		}
		return a, err
	}
	assert.Equal(t, "tool_changed", d.call("desk__look"))
	assert.Zero(t, d.calls)
	assert.Equal(t, lists+1, d.lists)
	d.tools, lists = []*mcp.Tool{look("look", good)}, d.lists
	assert.Equal(t, "done", d.call("desk__look"))
	assert.Equal(t, lists+1, d.lists, "once, not again after the call")
}

// TestOneDriftIsToldOnce: calls that overlap see one drift each, and it is told
// once.
func TestOneDriftIsToldOnce(t *testing.T) {
	d := newMutable(t, look("look", good))
	d.put(Settings{})
	d.tools = []*mcp.Tool{look("look", evil)}
	depth := 0
	d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
		if m, _ := jsontext.FindString(q.Body, "method"); m == "tools/list" && depth < 3 {
			depth++
			d.now = d.now.Add(time.Millisecond)
			assert.Equal(t, "tool_changed", d.call("desk__look"))
		}
		return d.fetch(ctx, q)
	}
	assert.Equal(t, "tool_changed", d.call("desk__look"))
	require.Equal(t, 3, depth)
	require.NoError(t, d.Alarm())
	assert.Len(t, d.notices, 1)
	assert.Equal(t, 1, d.drifted)

	d.away = true // a look that fails meanwhile does not make it another
	d.look()
	d.away = false
	d.look()
	d.put(Settings{}) // nor that the same is put again
	require.NoError(t, d.Alarm())
	assert.Len(t, d.notices, 1)
}

// TestUnreadable: answers that the protocol library cannot take, each in place
// of a good one, at the first look and in calls. None ends more than itself.
func TestUnreadable(t *testing.T) {
	for _, c := range []struct{ method, was, is, call string }{
		{"tools/call", `"resultType":"complete"`, `"resultType":"input_required","inputRequests":{"a":null}`, "bad_gateway"},
		{"tools/call", `"resultType":"complete"`, `"resultType":7`, "bad_gateway"},
		{"tools/call", `"content":[{"type":"text"`, `"content":[{"type":7`, "bad_gateway"},
		{"tools/call", `"content":[`, `"content":[null,`, "bad_gateway"},
		{"tools/call", `"result":{`, `"result":null,"y":{`, "bad_gateway"},
		{"tools/call", `"result":{`, `"result":[],"y":{`, "bad_gateway"},
		{"tools/list", `"tools":[`, `"tools":[null,`, "done"},
		{"tools/list", `"inputSchema":{`, `"inputSchema":{"properties":[null],`, "tool_changed"},
		{"tools/list", `"result":{`, `"result":"x","y":{`, "unavailable"},
		{"server/discover", `"capabilities":{`, `"capabilities":null,"y":{`, "unavailable"},
		{"server/discover", `"result":{`, `"result":null,"y":{`, "done"},
	} {
		d := newMutable(t, look("look", good))
		d.put(Settings{})
		changed := 0
		d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
			a, err := d.fetch(ctx, q)
			if m, _ := jsontext.FindString(q.Body, "method"); m == c.method {
				changed += bytes.Count(a.Body, []byte(c.was))
				a.Body = bytes.Replace(a.Body, []byte(c.was), []byte(c.is), 1)
			}
			return a, err
		}
		assert.Equal(t, c.call, d.call("desk__look"), c.is)
		assert.Positive(t, changed, c.is)
		if d.cfg.Fetch = d.fetch; c.method == "tools/call" {
			assert.Equal(t, 1, d.calls, c.is)
		}
		assert.Equal(t, "done", d.call("desk__look"), "%s: and the next call is another", c.is)
	}
}

// TestEmptyResult: a client is given a list, if the upstream has none.
func TestEmptyResult(t *testing.T) {
	b, err := json.Marshal(bound(&mcp.CallToolResult{}))
	require.NoError(t, err)
	assert.JSONEq(t, `{"content":[]}`, string(b))
}

// TestMuch: what an upstream says is bounded in total, and so is what is kept.
func TestMuch(t *testing.T) {
	large := func(n, from int) (out []*mcp.Tool) {
		for i := range n {
			out = append(out, look(fmt.Sprintf("t%d", from+i), fmt.Sprint(from+i)+strings.Repeat("x", 15<<10)))
		}
		return out
	}
	fails := func(d *mutable, why error) {
		t.Helper()
		up, err := d.Get("desk")
		require.NoError(t, err)
		assert.Equal(t, []any{StateFailing, why.Error()}, []any{up.State, up.Reason})
	}
	d := newMutable(t, large(200, 0)...) // 3 MiB
	page := 0
	d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) { // in pages of 50
		tools := d.tools
		if m, _ := jsontext.FindString(q.Body, "method"); m == "tools/list" {
			page++
			d.tools = tools[50*(page-1) : 50*page]
		}
		q.Body = bytes.Replace(q.Body, []byte(`"cursor":"more"`), []byte(`"x":"more"`), 1)
		a, err := d.fetch(ctx, q)
		d.tools = tools
		a.Body = bytes.Replace(a.Body, []byte(`"tools":[`), []byte(`"nextCursor":"more","tools":[`), 1)
		return a, err
	}
	d.put(Settings{})
	fails(d, errTooMuch)
	assert.Equal(t, 3, page, "and no more of it was fetched")

	// One that comes with other tools each time, all of which are allowed.
	d = newMutable(t)
	d.put(Settings{Policy: Policy{Added: Allow}})
	looks := 0
	for ; looks < 10; looks++ {
		d.tools = large(60, 1000*looks)
		d.look()
		if up, err := d.Get("desk"); err != nil || up.State != StateReady {
			break
		}
	}
	assert.Equal(t, 5, looks)
	fails(d, errStored)
	assert.Len(t, d.served(), 60, "the last that was seen")
}

// TestResultsAreNoDefinitions: a call's result is not held for a list.
func TestResultsAreNoDefinitions(t *testing.T) {
	tr := &transport{captured: map[string][]json.RawMessage{}}
	require.NoError(t, tr.captureMessage([]byte(`{"result":{"tools":[{"name":"x"}]}}`)))
	assert.Empty(t, tr.captured)
	tr.until = time.Unix(1, 0)
	require.NoError(t, tr.captureMessage([]byte(`{"result":{"tools":[{"name":"x"}]}}`)))
	assert.Len(t, tr.captured[kindTool], 1)
	full := `{"result":{"tools":[{"name":"x"}` + strings.Repeat(`,{}`, maxItems-2) + `]}}`
	require.NoError(t, tr.captureMessage([]byte(full)), "500 of a kind")
	require.ErrorIs(t, tr.captureMessage([]byte(`{"result":{"tools":[{"name":"x"}]}}`)), errTooMuch)
}

// TestSlow: a server that gives page after page, each just in time, does not
// take longer than a look may; one that takes a whole alarm away keeps none of
// the others from its turn at the next.
func TestSlow(t *testing.T) {
	d := newMutable(t, look("look", good))
	var deadlines []time.Duration
	pages := 0
	d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
		q.Body = bytes.Replace(q.Body, []byte(`"cursor":"more"`), []byte(`"x":"more"`), 1)
		a, err := d.fetch(ctx, q)
		if m, _ := jsontext.FindString(q.Body, "method"); m == "tools/list" {
			deadlines = append(deadlines, q.Deadline)
			d.now = d.now.Add(9 * time.Second)
			pages++
			a.Body = bytes.Replace(a.Body, []byte(`"name":"look"`), fmt.Appendf(nil, `"name":"look%d"`, pages), 1)
			a.Body = bytes.Replace(a.Body, []byte(`"tools":[`), []byte(`"nextCursor":"more","tools":[`), 1)
		}
		return a, err
	}
	d.put(Settings{})
	up, err := d.Get("desk")
	require.NoError(t, err)
	assert.Equal(t, []any{StateFailing, errSlow.Error()}, []any{up.State, up.Reason})
	assert.Equal(t, 7, pages)
	assert.Equal(t, []time.Duration{DefaultTimeout, 6 * time.Second}, []time.Duration{deadlines[0], deadlines[6]})

	// The object goes away in the middle of the alarm's first look.
	d = newMutable(t, look("look", good))
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, n := range names {
		_, err := d.Put(t.Context(), n, Settings{URL: "https://" + n + ".example.com/mcp", Trust: TrustFirstUse, Timeout: DefaultTimeout})
		require.NoError(t, err)
	}
	asked := map[string]bool{}
	gone := errors.New("the object is gone")
	alarm := func() {
		d.now = d.now.Add(checkEvery)
		defer func() { require.Equal(t, gone, recover()) }()
		_ = d.Alarm()
	}
	d.cfg.Token = func(context.Context, string, string) (string, error) { panic(gone) }
	for _, n := range names {
		_, err := d.cfg.DB.Exec(`UPDATE upstreams SET settings = json_set(settings, '$.connection', 'x') WHERE name = ?`, n)
		require.NoError(t, err)
	}
	d.cfg.Token = func(_ context.Context, upstream, _ string) (string, error) { asked[upstream] = true; panic(gone) }
	for range names {
		alarm()
		d.now = d.now.Add(-checkEvery + time.Millisecond)
	}
	assert.Len(t, asked, len(names))
}
