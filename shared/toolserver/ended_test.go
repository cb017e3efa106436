//go:build !js

package toolserver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hang is when a test takes what does not come for what never will.
const hang = 2 * time.Minute

func (w *world) sessions() (n int) {
	for range w.handler.(*Server).mcp.Sessions() {
		n++
	}
	return n
}

// TestEndedSessionsLeaveMemory: what is not kept any more is not in memory
// either, however many clients never say that they are done.
func TestEndedSessionsLeaveMemory(t *testing.T) {
	w := newWorld(t)
	var first string
	for i := range MaxSessions + 50 {
		w.now = w.now.Add(time.Second)
		status, id, text := w.send(t, "POST", "ada", "", initialize)
		require.Equal(t, 200, status, text)
		if i == 0 {
			first = id
		}
	}
	status, _, _ := w.send(t, "POST", "ada", first, callWho)
	assert.Equal(t, http.StatusNotFound, status)
	assert.Eventually(t, func() bool { return w.sessions() == MaxSessions }, hang, time.Millisecond)
	w.now = w.now.Add(sessionAge + time.Minute)
	status, _, text := w.send(t, "POST", "ada", "", initialize)
	require.Equal(t, 200, status, text)
	assert.Eventually(t, func() bool { return w.sessions() == 1 }, hang, time.Millisecond, "the others were unused for too long")
}

// TestUsedSessionsStay: clients that come again and again and never say that
// they are done do not end the session of one that is at work.
func TestUsedSessionsStay(t *testing.T) {
	w := newWorld(t)
	_, id, _ := w.send(t, "POST", "grace", "", initialize)
	for range MaxSessions + 50 {
		w.now = w.now.Add(10 * time.Second)
		status, _, text := w.send(t, "POST", "grace", id, callWho)
		require.Equal(t, 200, status, text)
		status, _, _ = w.send(t, "POST", "ada", "", initialize)
		require.Equal(t, 200, status)
	}
}

// asks is a tool that asks the client's person.
func asks(over chan<- error) func(*Config) {
	return func(c *Config) {
		c.Register = func(m *mcp.Server) {
			m.AddTool(&mcp.Tool{Name: "who", InputSchema: json.RawMessage(`{"type":"object"}`)},
				func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
					_, err := r.Session.Elicit(ctx, &mcp.ElicitParams{Message: "Go on?", RequestedSchema: json.RawMessage(`{"type":"object","properties":{}}`)})
					over <- err
					return nil, err
				})
		}
	}
}

const asking = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"clientInfo":{"name":"t","version":"1"}}}`

// TestEndedSessionsEndTheirCalls: a client that leaves while its person is
// asked ends what waits for the answer, and is told that the session is over.
func TestEndedSessionsEndTheirCalls(t *testing.T) {
	for why, end := range map[string]func(t *testing.T, w *world, id string){
		"by DELETE": func(t *testing.T, w *world, id string) {
			a := w.open(t, http.MethodDelete, id, "") // it would hang
			assert.Equal(t, 204, a.StatusCode)
		},
		"by others": func(t *testing.T, w *world, _ string) {
			for range MaxSessions {
				w.now = w.now.Add(time.Minute)
				w.send(t, "POST", "eve", "", initialize)
			}
		},
	} {
		t.Run(why, func(t *testing.T) {
			w := newWorld(t)
			over := make(chan error, 1)
			w.config = asks(over)
			w.handler = w.make()
			_, id, _ := w.send(t, "POST", "ada", "", asking)
			w.send(t, "POST", "ada", id, initialized)
			lines := bufio.NewScanner(w.open(t, http.MethodPost, id, callWho).Body)
			for lines.Scan() && !strings.Contains(lines.Text(), "elicitation/create") {
			}
			require.NoError(t, lines.Err())
			end(t, w, id)
			select {
			case err := <-over:
				assert.Error(t, err)
			case <-time.After(hang):
				t.Fatal("the call goes on")
			}
			for lines.Scan() {
			}
			assert.NoError(t, lines.Err(), "its answer has an end")
			status, _, _ := w.send(t, "POST", "ada", id, callWho)
			assert.Equal(t, 404, status)
		})
	}
}

// open sends a message of ada's and gives the answer as it comes. What hangs
// is broken off, which the test then hears of.
func (w *world) open(t *testing.T, method, session, body string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, w.URL, strings.NewReader(body))
	require.NoError(t, err)
	r.Header = http.Header{
		"Authorization": {"Bearer ada"}, sessionHeader: {session}, versionHeader: {"2025-11-25"},
		"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
	}
	a, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Body.Close() })
	return a
}

// undeletable keeps sessions whatever is said.
type undeletable struct{ Sessions }

func (undeletable) Delete(string) error { return errors.New("disk I/O error") }

// TestUnendedSessions: that a session is over is not said before it is.
func TestUnendedSessions(t *testing.T) {
	w := newWorld(t)
	w.config = func(c *Config) { c.Sessions = undeletable{c.Sessions} }
	w.handler = w.make()
	_, id, _ := w.send(t, "POST", "ada", "", initialize)
	status, _, text := w.send(t, "DELETE", "ada", id, "")
	assert.Equal(t, 503, status, text)
	status, _, text = w.send(t, "POST", "ada", id, callWho)
	assert.Equal(t, 200, status, text)
}

// TestRestoredOnce: requests that find the memory lost at the same time open
// their session again once. Of two of one id, a stream would hang on the one
// and what is told go to the other.
func TestRestoredOnce(t *testing.T) {
	w := newWorld(t)
	_, id, _ := w.send(t, "POST", "ada", "", initialize)
	w.handler = w.make()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			status, _, text := w.send(t, "POST", "ada", id, strings.Replace(callWho, `"id":2`, fmt.Sprintf(`"id":%d`, i+2), 1))
			assert.Equal(t, 200, status, text)
		})
	}
	all.Wait()
	assert.Equal(t, 1, w.sessions())
}
