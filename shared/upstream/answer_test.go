//go:build !js

package upstream

import (
	"context"
	"net/http"
	"strings"
	"testing"

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
			for _, status := range []int{http.StatusOK, http.StatusAccepted} {
				instead := func(context.Context, fetch.Request) (fetch.Response, error) {
					b := body
					if kind == "text/event-stream" {
						b = "data: " + body + "\n\n"
					}
					return fetch.Response{Status: status, Header: http.Header{"Content-Type": {kind}}, Body: []byte(b)}, nil
				}
				d := newDesk(t, look("look", good))
				d.cfg.Fetch = instead
				d.put(Settings{})
				up, err := d.Get("desk")
				require.NoError(t, err)
				assert.Equal(t, []any{StateFailing, errMalformed.Error()}, []any{up.State, up.Reason}, "%s %s", kind, why)

				d.cfg.Fetch = d.fetch
				d.put(Settings{})
				d.cfg.Fetch = func(ctx context.Context, q fetch.Request) (fetch.Response, error) {
					if method, _ := jsontext.FindString(q.Body, "method"); method == "tools/call" {
						return instead(ctx, q)
					}
					return d.fetch(ctx, q)
				}
				assert.Equal(t, "bad_gateway", d.call("desk__look"), "%s %s", kind, why)
			}
		}
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
		d := newDesk(t, look("look", good))
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
