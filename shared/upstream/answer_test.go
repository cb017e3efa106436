//go:build !js

package upstream

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/jsontext"
)

// notAnswers are what a server may send in place of the answer to a request.
var notAnswers = map[string]string{
	"another's":       `{"jsonrpc":"2.0","id":99,"result":{}}`,
	"its id as text":  `{"jsonrpc":"2.0","id":"1","result":{}}`,
	"without an id":   `{"jsonrpc":"2.0","id":null,"result":{}}`,
	"a notification":  `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}`,
	"a ping":          `{"jsonrpc":"2.0","id":1,"method":"ping"}`,
	"an empty object": `{}`,
	"a batch":         `[{"jsonrpc":"2.0","id":1,"result":{}}]`,
	"nothing":         ``,
	"no JSON":         `<html>`,
	"nobody's error":  `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}`,
}

// TestNoAnswer: a quick and whole 200 that does not answer the request is a
// failure at once, at the first exchange and in a call: the library would wait
// for the answer without end.
func TestNoAnswer(t *testing.T) {
	for _, kind := range []string{"application/json", "text/event-stream"} {
		for why, body := range notAnswers {
			for status, old := range map[int]bool{http.StatusOK: false, http.StatusAccepted: true} {
				instead := func(context.Context, fetch.Request) (fetch.Response, error) {
					b := body
					if kind == "text/event-stream" {
						b = "data: " + body + "\n\n"
					}
					return fetch.Response{Status: status, Header: http.Header{"Content-Type": {kind}}, Body: []byte(b)}, nil
				}
				d := newMutable(t, look("look", good))
				d.cfg.Fetch = instead
				d.put(Settings{})
				up, err := d.Get("desk")
				require.NoError(t, err)
				assert.Equal(t, []any{StateFailing, errMalformed.Error()}, []any{up.State, up.Reason}, "%s %s", kind, why)

				d.cfg.Fetch = d.fetch
				if old {
					d.cfg.Fetch = d.oldFetch
				}
				d.put(Settings{})
				d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
					if method, _ := jsontext.FindString(q.Body, "method"); method == "tools/call" {
						return instead(ctx, q)
					}
					if old {
						return d.oldFetch(ctx, q)
					}
					return d.fetch(ctx, q)
				}
				assert.Equal(t, "bad_gateway", d.call("desk__look"), "%s %s", kind, why)
			}
		}
	}
}

// oldFetch is fetch for a server that does not know the protocol of 2026.
func (d *mutable) oldFetch(ctx context.Context, q fetch.Request) (fetch.Response, error) {
	if bytes.Contains(q.Body, []byte("2026-07-28")) {
		return fetch.Response{Status: http.StatusBadRequest, Header: http.Header{}}, nil
	}
	return d.fetch(ctx, q)
}

// TestHostileQuestions: what a server asks in the middle of a call may be
// anything; the call ends with its answer.
func TestHostileQuestions(t *testing.T) {
	for _, question := range []string{
		`{"method":"elicitation/create","id":5}`,
		`{"method":"elicitation/create","id":5,"params":null}`,
		`{"method":"elicitation/create","id":5,"params":[]}`,
		`{"method":"elicitation/create","id":5,"params":{}}`,
		`{"method":"elicitation/create","id":5,"params":{"message":"x","requestedSchema":null}}`,
		`{"method":"elicitation/create","id":5,"params":{"message":"x","requestedSchema":[]}}`,
		`{"method":"elicitation/create","id":5,"params":{"message":"x","requestedSchema":{"type":"object","properties":null}}}`,
		`{"method":"elicitation/create","id":5,"params":{"message":"x","requestedSchema":{"type":"object","properties":{"a":null}}}}`,
		`{"method":"elicitation/create","id":5,"params":{"message":"x","requestedSchema":{"type":"object","properties":{"a":{"type":"string","$ref":"#/properties/a","default":"x"}}}}}`,
		`{"method":"elicitation/create","id":5,"params":{"message":"x","requestedSchema":{"type":"object","properties":{"a":{"type":"string","$Ref":"#/properties/a","default":"x"}}}}}`,
		`{"method":"elicitation/create","id":5,"params":{"mode":7}}`,
		`{"method":"elicitation/create","id":null,"params":{}}`,
		`{"method":"sampling/createMessage","id":5}`,
		`{"method":"sampling/createMessage","id":5,"params":{"messages":[null]}}`,
		`{"method":"roots/list","id":5}`,
		`{"method":"ping","id":5,"params":null}`,
		`{"method":"notifications/message"}`,
		`{"method":"notifications/message","params":null}`,
		`{"method":"notifications/progress","params":{"progressToken":null}}`,
		`{"method":"notifications/progress"}`,
		`{"method":"notifications/cancelled"}`,
		`{"method":"notifications/cancelled","params":{"requestId":{}}}`,
		`{"method":"notifications/tools/list_changed"}`,
		`{"method":"notifications/resources/updated"}`,
		`{"method":"notifications/elicitation/complete"}`,
		`{"method":"","id":5}`,
		`{"id":5}`,
		`null`,
	} {
		question = strings.Replace(question, "{", `{"jsonrpc":"2.0",`, 1)
		d := newMutable(t, look("look", good))
		d.cfg.Fetch = d.oldFetch
		d.put(Settings{})
		d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
			a, err := d.oldFetch(ctx, q)
			if method, _ := jsontext.FindString(q.Body, "method"); method == "tools/call" {
				a.Body = []byte("data: " + question + "\n\ndata: " + string(bytes.TrimSpace(a.Body)) + "\n\n")
				a.Header = http.Header{"Content-Type": {"text/event-stream"}}
			}
			return a, err
		}
		_, known, err := d.Call(t.Context(), "desk__look", nil, Turn{Ask: func(context.Context, *mcp.ElicitParams) (*mcp.ElicitResult, error) { return nil, nil }})
		require.NoError(t, err, question)
		require.True(t, known, question)
		assert.Equal(t, 1, d.calls, question)
		d.cfg.Fetch = d.oldFetch
		assert.Equal(t, "done", d.call("desk__look"), question)
	}
}

// TestErrorsAnswer: an error is an answer, and another status is one by itself.
func TestErrorsAnswer(t *testing.T) {
	for why, c := range map[string]struct {
		status int
		body   string
	}{
		"an error":               {http.StatusOK, `{"jsonrpc":"2.0","id":%,"error":{"code":-32603,"message":"x"}}`},
		"a status with nobody's": {http.StatusBadRequest, notAnswers["nobody's error"]},
		"a status":               {http.StatusInternalServerError, ``},
	} {
		d := newMutable(t, look("look", good))
		d.put(Settings{})
		d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
			if method, _ := jsontext.FindString(q.Body, "method"); method != "tools/call" {
				return d.fetch(ctx, q)
			}
			id, _ := jsontext.Find(q.Body, "id")
			return fetch.Response{Status: c.status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(strings.Replace(c.body, "%", string(id), 1))}, nil
		}
		assert.Equal(t, "bad_gateway", d.call("desk__look"), why)
	}
}
