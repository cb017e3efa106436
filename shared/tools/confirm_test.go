package tools

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
	"github.com/hookweir/hookweir/shared/toolserver"
)

// confirming is an endpoint whose tools ask a person. Whoever holds the bearer
// token `x` is the caller `key:x`.
type confirming struct {
	http.Handler
	api *api
}

func newConfirming(t testing.TB, tenant string, states *seal.Ring, now func() time.Time) confirming {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, toolserver.Migrate(db))
	a := &api{answers: []Response{{Status: 200, Body: []byte(`{"generation":2}`)}}}
	s, err := New(Config{Tenant: tenant, API: a, Caller: toolserver.CallerOf, States: states, Now: now, Log: func(string, ...string) {}})
	require.NoError(t, err)
	server, err := toolserver.New(toolserver.Config{
		Name: "x", Version: "1", Now: now, Register: s.Register, Middleware: []mcp.Middleware{s.Guard},
		Direct: &toolserver.Direct{Call: s.Call, Lists: s.Lists},
		Authenticate: func(r *http.Request) (*access.Caller, *access.Refusal) {
			return &access.Caller{ID: "key:" + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), Operator: true}, nil
		},
		Origin: func(*http.Request) bool { return true }, Sessions: toolserver.SQLSessions{DB: db, Now: now},
	})
	require.NoError(t, err)
	return confirming{server, a}
}

func newRing(t testing.TB, text string) *seal.Ring {
	t.Helper()
	ring, err := seal.Parse(text, aesgcm.Suite{})
	require.NoError(t, err)
	return ring
}

const (
	statesRing = "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	otherRing  = "k1:MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" // the same id, another key
)

// call is a call of a tool by a client that can ask a person.
func (a confirming) call(caller, tool, arguments, state, answer string) (status int, message map[string]any) {
	more := ""
	if state != "" {
		b, _ := json.Marshal(state)
		more += `"requestState":` + string(b) + `,`
	}
	if answer != "" {
		more += `"inputResponses":{"confirm":` + answer + `},`
	}
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + `,` + more +
		strings.Replace(metaOfClient, `clientCapabilities":{}`, `clientCapabilities":{"elicitation":{"form":{}}}`, 1) + `}}`
	status, _, message = send(a, caller, body)
	return status, message
}

// ask has a tool ask, and gives the state.
func (a confirming) ask(t testing.TB, caller, tool, arguments string) string {
	t.Helper()
	status, message := a.call(caller, tool, arguments, "", "")
	require.Equal(t, 200, status, message)
	result := message["result"].(map[string]any)
	require.Equal(t, "input_required", result["resultType"], message)
	require.Contains(t, result["inputRequests"], confirmKey)
	require.Empty(t, a.api.asked, "nothing is done before the answer")
	return result["requestState"].(string)
}

const (
	rotateTool = "rotate_source_secret"
	rotation   = `{"source":"github","secret":"a secret of the tests","overlap":"24h"}`
	agreed     = `{"action":"accept","content":{"confirm":true}}`
)

// TestStateIsOfOneCall: the state that a person's answer comes with opens for
// the same tenant, caller, tool and arguments, within ten minutes, and for
// nothing else.
func TestStateIsOfOneCall(t *testing.T) {
	start := time.Unix(1_790_000_000, 0)
	now := start
	clock := func() time.Time { return now }
	acme, other := newConfirming(t, "acme", newRing(t, statesRing), clock), newConfirming(t, "other", newRing(t, statesRing), clock)
	rekeyed := newConfirming(t, "acme", newRing(t, otherRing), clock)
	state := acme.ask(t, "ada", rotateTool, rotation)

	for why, c := range map[string]struct {
		at        confirming
		caller    string
		arguments string
		state     string
		after     time.Duration
		words     string
	}{
		"another secret":            {acme, "ada", strings.Replace(rotation, "tests", "thief", 1), state, 0, "not of this call"},
		"another source":            {acme, "ada", strings.Replace(rotation, "github", "stripe", 1), state, 0, "not of this call"},
		"one argument fewer":        {acme, "ada", strings.Replace(rotation, `,"overlap":"24h"`, "", 1), state, 0, "not of this call"},
		"another caller":            {acme, "eve", rotation, state, 0, "not of this call"},
		"another tenant":            {other, "ada", rotation, state, 0, "not of this call"},
		"another key of the ring":   {rekeyed, "ada", rotation, state, 0, "not of this call"},
		"a second too late":         {acme, "ada", rotation, state, askWithin + time.Second, "expired"},
		"a letter changed":          {acme, "ada", rotation, flip(state), 0, "not of this call"},
		"its end cut":               {acme, "ada", rotation, state[:len(state)-1], 0, "not of this call"},
		"something behind it":       {acme, "ada", rotation, state + "A", 0, "not of this call"},
		"no state of ours":          {acme, "ada", rotation, "hw1.k1.0.AAAA", 0, "not of this call"},
		"another generation's name": {acme, "ada", rotation, strings.Replace(state, ".0.", ".1.", 1), 0, "not of this call"},
	} {
		now = start.Add(c.after)
		status, message := c.at.call(c.caller, rotateTool, c.arguments, c.state, agreed)
		require.Equal(t, 400, status, "%s: %v", why, message)
		failure, _ := message["error"].(map[string]any)
		assert.EqualValues(t, -32602, failure["code"], why)
		assert.Contains(t, failure["message"], c.words, why)
		assert.Empty(t, c.at.api.asked, why)
	}

	// What was refused did not use it up; the order of arguments is nothing.
	now = start.Add(askWithin)
	status, message := acme.call("ada", rotateTool, `{"overlap":"24h","secret":"a secret of the tests","source":"github"}`, state, agreed)
	require.Equal(t, 200, status, message)
	require.Len(t, acme.api.asked, 1)
	require.Equal(t, "POST /sources/github/rotate", acme.api.asked[0].Method+" "+acme.api.asked[0].Path)
}

// TestStateIsOfOneTool: a person who agreed to one tool has agreed to no other
// that takes the same arguments.
func TestStateIsOfOneTool(t *testing.T) {
	now := func() time.Time { return time.Unix(1_790_000_000, 0) }
	s, err := New(Config{Tenant: "acme", API: &api{}, Caller: func(mcp.Request) *access.Caller { return &access.Caller{ID: "key:ada"} }, States: newRing(t, statesRing), Now: now, Log: func(string, ...string) {}})
	require.NoError(t, err)
	const args = `{"source":"github"}`
	one, two := Tool{Name: "one", Confirm: "One?"}, Tool{Name: "two", Confirm: "Two?"}
	aad, err := s.stateAAD(&access.Caller{ID: "key:ada"}, one.Name, json.RawMessage(args))
	require.NoError(t, err)
	state, err := s.sealState(aad, "")
	require.NoError(t, err)
	answered := &mcp.CallToolRequest{Params: &mcp.CallToolParamsRaw{Arguments: json.RawMessage(args), RequestState: state, InputResponses: mcp.InputResponseMap{
		confirmKey: &mcp.ElicitResult{Action: "accept", Content: map[string]any{"confirm": true}},
	}}}
	result, err := s.confirm(&one, answered, nil)
	require.NoError(t, err)
	require.Nil(t, result, "agreed")
	_, err = s.confirm(&two, answered, nil)
	require.ErrorContains(t, err, "not of this call")
}

// TestOnlyYesIsYes: everything else than a person's clear yes changes nothing.
func TestOnlyYesIsYes(t *testing.T) {
	a := newConfirming(t, "acme", newRing(t, statesRing), func() time.Time { return time.Unix(1_790_000_000, 0) })
	state := a.ask(t, "ada", rotateTool, rotation)
	for _, answer := range []string{
		"", `{"action":"decline"}`, `{"action":"cancel"}`, `{"action":"accept"}`, `{"action":"accept","content":{}}`,
		`{"action":"accept","content":{"confirm":false}}`, `{"action":"accept","content":{"confirm":"true"}}`, `{"action":"accept","content":{"confirm":1}}`,
		`{"action":"decline","content":{"confirm":true}}`,
	} {
		status, message := a.call("ada", rotateTool, rotation, state, answer)
		require.Equal(t, 200, status, "%s: %v", answer, message)
		result := message["result"].(map[string]any)
		require.Equal(t, true, result["isError"], "%s: %v", answer, message)
		require.Empty(t, a.api.asked, answer)
	}
	mute := newConfirming(t, "acme", nil, time.Now)
	_, message := mute.call("ada", rotateTool, rotation, "", "")
	require.Contains(t, fmt.Sprint(message), "not_ready", "without a ring no tool that asks works")
	require.Empty(t, mute.api.asked)
}

// FuzzState: no text but the one that was given opens, whatever it is.
func FuzzState(f *testing.F) {
	ring := newRing(f, statesRing)
	ring.Rand = zeros{} // each of fuzzing's processes is given the same state
	a := newConfirming(f, "acme", ring, func() time.Time { return time.Unix(1_790_000_000, 0) })
	given := a.ask(f, "ada", rotateTool, rotation)
	for _, s := range []string{given, flip(given), given[:len(given)-1], given + "A", given + "=", strings.ToUpper(given), "hw1.k1.0.AAAA", "hw1..0.", "hw1.k1.-1.AAAA", " " + given, given + "\n", "\x00", "hw1.k1.00." + given[strings.LastIndex(given, ".")+1:]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, state string) {
		if state == "" || state == given {
			return
		}
		a.api.asked = nil
		_, message := a.call("ada", rotateTool, rotation, state, agreed)
		failure, _ := message["error"].(map[string]any)
		if len(a.api.asked) != 0 || failure["code"] != float64(-32602) {
			t.Fatalf("%q: %v, and %d operations", state, message, len(a.api.asked))
		}
	})
}

// flip changes one letter in the middle of the ciphertext.
func flip(s string) string {
	i := len(s) - 10
	c := byte('A')
	if s[i] == c {
		c = 'B'
	}
	return s[:i] + string(c) + s[i+1:]
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
