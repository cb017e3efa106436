//go:build !js

package upstream

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
)

// TestHeldPanics: a call that may wait runs in a goroutine of its own, where
// nobody but us catches what panics: it is that call's failure, and no end of
// the module.
func TestHeldPanics(t *testing.T) {
	d, _ := oldDesk(t, 0, &mcp.ElicitParams{Message: "Where?"})
	d.start(t)
	s := d.settings(d.real.URL)
	s.Connection, s.Recheck = "desk", time.Hour
	d.cfg.Token = func(context.Context, string, string) (string, error) { return "x", nil }
	up, err := d.Put(t.Context(), "desk", s)
	require.NoError(t, err)
	require.Equal(t, StateReady, up.State, up.Reason)
	d.cfg.Token = func(context.Context, string, string) (string, error) { panic(errors.New("s3cr3t")) }
	k := &keeping{}
	_, _, err = d.Call(t.Context(), "desk__book", []byte(`{"day":"friday"}`), Turn{Rounds: true, Keep: k.keep})
	assert.Error(t, err, "nobody knows whether it acted")
	assert.NotContains(t, err.Error(), "s3cr3t")
	assert.Empty(t, d.holding.calls)
	assert.Equal(t, k.kept, k.letGo)
}

// TestDribble: an answer that comes a byte at a time is read
// once, and not again with each byte.
func TestDribble(t *testing.T) {
	const length = 8 << 10
	body := append(append([]byte("data: "), bytes.Repeat([]byte("x"), length)...), "\n\ndata: {\"id\":7,\"result\":{}}\r\n\r\n"...)
	at := 0
	tr := &transport{timeout: 10 * time.Second, now: time.Now, stream: func(context.Context, fetch.Request) (fetch.Stream, error) {
		return fetch.Stream{
			Status: 200, Header: http.Header{"Content-Type": {sse}}, Extend: func(time.Duration) {}, Close: func() {},
			Next: func() ([]byte, error) {
				if at++; at > len(body) {
					return nil, errors.New("it was read on")
				}
				return body[at-1 : at], nil
			},
		}, nil
	}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://up.example.com/mcp", nil)
	require.NoError(t, err)
	a, err := tr.follow(r, fetch.Request{Method: "POST", Body: []byte(`{"jsonrpc":"2.0","id":7,"method":"tools/call"}`)})
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := make([]byte, 0, len(body))
	for buf := make([]byte, 16); ; {
		n, err := a.Body.Read(buf)
		if got = append(got, buf[:n]...); err != nil {
			break
		}
	}
	runtime.ReadMemStats(&after)
	assert.Equal(t, string(body), string(got))
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64*length), "bytes")
}
