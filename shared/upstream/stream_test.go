//go:build !js

package upstream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
)

// pieces is a stream that gives what is given, and then ends or fails.
type pieces struct {
	status   int // 0: 200
	given    []string
	err      error
	extended []time.Duration
	closed   int
}

func (p *pieces) stream(status int, kind string) fetch.Stream {
	return fetch.Stream{
		Status: status, Header: http.Header{"Content-Type": {kind}},
		Next: func() ([]byte, error) {
			if len(p.given) == 0 {
				return nil, p.err
			}
			piece := p.given[0]
			p.given = p.given[1:]
			return []byte(piece), nil
		},
		Extend: func(d time.Duration) { p.extended = append(p.extended, d) },
		Close:  func() { p.closed++ },
	}
}

const sse = "text/event-stream"

func TestFlow(t *testing.T) {
	const response = "data: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n\n"
	gone := errors.New("gone")
	for why, c := range map[string]struct {
		streams []*pieces
		kind    string
		want    string // what was read
		err     error
		asked   []string // Last-Event-IDs
	}{
		"answered, and not read on":   {streams: []*pieces{{given: []string{response, "data: later\n\n"}}}, want: response},
		"in pieces":                   {streams: []*pieces{{given: []string{response[:9], response[9:20], response[20:]}, err: gone}}, want: response},
		"CRLF, cut in between":        {streams: []*pieces{{given: []string{"data: {\"id\":7,\"result\":{}}\r\n\r", "\n"}, err: gone}}, want: "data: {\"id\":7,\"result\":{}}\r\n\r\n"},
		"JSON":                        {streams: []*pieces{{given: []string{`{"id":7,`, `"result":{}}`}}}, kind: "application/json", want: `{"id":7,"result":{}}`},
		"JSON that is no answer":      {streams: []*pieces{{given: []string{"{}"}}}, kind: "application/json", want: "{}", err: errMalformed},
		"JSON of another status":      {streams: []*pieces{{given: []string{"{}"}, status: 400}}, kind: "application/json", want: "{}"},
		"closed, and taken up":        {streams: []*pieces{{given: []string{"id: a\nretry: 5\ndata: \n\ndata: cut"}}, {given: []string{response}}}, want: "id: a\nretry: 5\ndata: \n\ndata: cut\n\n" + response, asked: []string{"a"}},
		"closed without an id":        {streams: []*pieces{{given: []string{"data: x\n\n"}}}, want: "data: x\n\n", err: errMalformed},
		"a pause beyond the deadline": {streams: []*pieces{{given: []string{"id: a\nretry: 11000\ndata: \n\n"}}}, want: "id: a\nretry: 11000\ndata: \n\n", err: errMalformed},
		"it fails":                    {streams: []*pieces{{err: gone}}, err: errNoAnswer},
		"the deadline":                {streams: []*pieces{{err: fetch.ErrTimeout}}, err: errTimeout},
		"without end":                 {streams: []*pieces{{given: []string{strings.Repeat("x", maxAnswer), "x"}}}, want: strings.Repeat("x", maxAnswer), err: errTooLarge},
		"another's answer is not it":  {streams: []*pieces{{given: []string{"data: {\"id\":8,\"result\":{}}\n\n", response}}}, want: "data: {\"id\":8,\"result\":{}}\n\n" + response},
		"closed and taken up in vain": {streams: []*pieces{{given: []string{"id: a\ndata: \n\n"}}, {err: gone}}, want: "id: a\ndata: \n\n\n\n", err: errNoAnswer, asked: []string{"a"}},
	} {
		now := time.Unix(0, 0)
		var asked []string
		kind := c.kind
		if kind == "" {
			kind = sse
		}
		next := 0
		tr := &transport{
			timeout: 10 * time.Second, now: func() time.Time { return now }, captured: map[string][]json.RawMessage{},
			sleep: func(_ context.Context, d time.Duration) { now = now.Add(d) },
			stream: func(_ context.Context, q fetch.Request) (fetch.Stream, error) {
				for _, h := range q.Header {
					if h[0] == "last-event-id" {
						asked = append(asked, h[1])
					}
				}
				next++
				s := c.streams[next-1]
				return s.stream(cmp.Or(s.status, 200), kind), nil
			},
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://up.example.com/mcp", nil)
		a, err := tr.follow(r, fetch.Request{Method: "POST", URL: "https://up.example.com/mcp", Body: []byte(`{"jsonrpc":"2.0","id":7,"method":"tools/call"}`)})
		require.NoError(t, err, why)
		body, err := io.ReadAll(a.Body)
		require.ErrorIs(t, err, c.err, why)
		assert.Equal(t, c.want, string(body), why)
		assert.Equal(t, c.asked, asked, why)
		require.NoError(t, a.Body.Close())
		for _, s := range c.streams {
			assert.Positive(t, s.closed, "%s: every stream is closed", why)
		}
	}
}

// Of the stream that a server opens for itself nothing is ever an error of the
// session's: it falls silent.
func TestFlowAside(t *testing.T) {
	for why, c := range map[string]struct {
		status int
		kind   string
		err    error
		want   int
	}{
		"it has none":       {405, "application/json", nil, 405},
		"another page":      {200, "text/html", nil, 405},
		"it does not begin": {0, "", fetch.ErrTimeout, 405},
		"it ends":           {200, sse, nil, 200},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		p := &pieces{given: []string{": hello\n\n"}}
		tr := &transport{timeout: 10 * time.Second, now: time.Now, captured: map[string][]json.RawMessage{}, stream: func(_ context.Context, q fetch.Request) (fetch.Stream, error) {
			assert.Equal(t, listenWithin, q.Deadline, why)
			return p.stream(c.status, c.kind), c.err
		}}
		a, err := tr.follow(httptest.NewRequestWithContext(ctx, http.MethodGet, "https://up.example.com/mcp", nil), fetch.Request{Method: "GET"})
		require.NoError(t, err, why)
		assert.Equal(t, c.want, a.StatusCode, why)
		if c.want != 200 {
			cancel()
			continue
		}
		buf := make([]byte, 100)
		n, err := a.Body.Read(buf)
		require.NoError(t, err)
		assert.Equal(t, ": hello\n\n", string(buf[:n]))
		done := make(chan error)
		go func() { _, err := a.Body.Read(buf); done <- err }()
		select {
		case err := <-done:
			t.Fatal("it is not silent: ", err)
		default:
		}
		cancel()
		assert.ErrorIs(t, <-done, context.Canceled)
		assert.Equal(t, []time.Duration{longestCall}, p.extended)
	}
}

// oldDesk is a desk of the protocol of 2025, with sessions; it asks in the
// middle of a call, so many times.
func oldDesk(t *testing.T, times int, ask *mcp.ElicitParams) (*booking, *[]*mcp.ElicitResult) {
	var heard []*mcp.ElicitResult
	server := mcp.NewServer(&mcp.Implementation{Name: "desk", Version: "1"}, nil)
	server.AddTool(&mcp.Tool{Name: "book", Description: "Books a desk.", InputSchema: map[string]any{"type": "object"}},
		func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			answer := &mcp.ElicitResult{}
			for range times {
				var err error
				if answer, err = r.Session.Elicit(ctx, ask); err != nil {
					return nil, err
				}
				heard = append(heard, answer)
			}
			return text("booked, " + answer.Action), nil
		})
	d := &booking{}
	h := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, nil)
	real := httptest.NewServer(h)
	t.Cleanup(real.Close)
	d.real = real
	return d, &heard
}

func TestAskedMidway(t *testing.T) {
	form := &mcp.ElicitParams{Message: "Where?", RequestedSchema: fields(`"seat":{"type":"string","default":"aisle"}`)}
	yes := func(context.Context, *mcp.ElicitParams) (*mcp.ElicitResult, error) {
		return &mcp.ElicitResult{Action: "accept"}, nil
	}
	for why, c := range map[string]struct {
		ask   *mcp.ElicitParams
		turn  Turn
		heard *mcp.ElicitResult
		code  string // "" for a result
	}{
		"yes":           {form, Turn{Ask: yes}, &mcp.ElicitResult{Action: "accept", Content: map[string]any{"seat": "aisle"}}, ""},
		"it cannot say": {form, Turn{Ask: func(context.Context, *mcp.ElicitParams) (*mcp.ElicitResult, error) { return nil, errors.New("gone") }}, &mcp.ElicitResult{Action: "cancel"}, ""},
		"nobody":        {form, Turn{}, &mcp.ElicitResult{Action: "cancel"}, "conflict"},
		"hidden words":  {&mcp.ElicitParams{Message: "\u202e?"}, Turn{Ask: yes}, &mcp.ElicitResult{Action: "cancel"}, "question_refused"},
		"a large form":  {&mcp.ElicitParams{Message: "?", RequestedSchema: fields(`"a":{"type":"string","title":"` + strings.Repeat("x", maxForm) + `"}`)}, Turn{Ask: yes}, &mcp.ElicitResult{Action: "cancel"}, "question_refused"},
	} {
		d, heard := oldDesk(t, 1, c.ask)
		d.start(t)
		result := d.call(t, c.turn)
		require.Len(t, *heard, 1, why)
		assert.Equal(t, c.heard, (*heard)[0], why)
		if c.code == "" {
			assert.False(t, result.IsError, why)
			continue
		}
		assert.Equal(t, c.code, code(t, result), why)
		assert.Equal(t, "booked, cancel", result.Content[1].(*mcp.TextContent).Text, "%s: and what it did", why)
	}
}

// One that asks without end is answered for it after ten times.
func TestAskedWithoutEnd(t *testing.T) {
	d, heard := oldDesk(t, maxRounds+1, &mcp.ElicitParams{Message: "Where?"})
	d.start(t)
	result := d.call(t, Turn{Ask: func(context.Context, *mcp.ElicitParams) (*mcp.ElicitResult, error) {
		return &mcp.ElicitResult{Action: "accept"}, nil
	}})
	assert.Equal(t, "question_refused", code(t, result))
	require.Len(t, *heard, maxRounds+1)
	assert.Equal(t, "accept", (*heard)[maxRounds-1].Action)
	assert.Equal(t, "cancel", (*heard)[maxRounds].Action)
}

// keeping is a request that can go on; let go counts how often it was let go.
type keeping struct {
	end   func()
	kept  int
	letGo int
}

func (k *keeping) keep(end func()) (release func()) {
	k.end = end
	k.kept++
	return func() { k.letGo++ }
}

// Between two requests of a client of 2026 a call of an older upstream waits.
func TestHeld(t *testing.T) {
	d, heard := oldDesk(t, 1, &mcp.ElicitParams{Message: "Where?", RequestedSchema: fields(`"seat":{"type":"string","default":"aisle"}`)})
	d.start(t)
	t.Cleanup(func() { // before the server's, which waits for its streams
		d.holding.mu.Lock()
		defer d.holding.mu.Unlock()
		for _, h := range d.holding.calls {
			h.end()
		}
	})
	yes := mcp.InputResponseMap{heldKey: &mcp.ElicitResult{Action: "accept"}}
	begin := func() (*keeping, string) {
		k := &keeping{}
		first := d.call(t, Turn{Rounds: true, Keep: k.keep})
		require.NotNil(t, first.InputRequests[heldKey], first.Content)
		require.Equal(t, 1, k.kept)
		require.Zero(t, k.letGo)
		return k, first.RequestState
	}
	goOn := func(state string, answers mcp.InputResponseMap) *mcp.CallToolResult {
		return d.call(t, Turn{Rounds: true, Keep: (&keeping{}).keep, State: state, Answers: answers})
	}

	k, state := begin()
	assert.Equal(t, "booked, accept", goOn(state, yes).Content[0].(*mcp.TextContent).Text)
	assert.Equal(t, map[string]any{"seat": "aisle"}, (*heard)[0].Content)
	assert.Equal(t, 1, k.letGo)
	assert.Equal(t, "conflict", code(t, goOn(state, yes)), "an answer counts once")
	assert.Len(t, *heard, 1)

	_, state = begin()
	assert.Equal(t, "booked, cancel", goOn(state, nil).Content[0].(*mcp.TextContent).Text, "no answer is none")

	k, state = begin()
	_, other := begin() // a second one at the same time
	k.end()             // the instance is to be replaced
	require.Eventually(t, func() bool { d.holding.mu.Lock(); defer d.holding.mu.Unlock(); return k.letGo == 1 }, 5*time.Second, time.Millisecond)
	assert.Equal(t, "conflict", code(t, goOn(state, yes)), "what was lost is said to be")
	assert.Equal(t, "booked, accept", goOn(other, yes).Content[0].(*mcp.TextContent).Text)

	k, state = begin()
	put(t, d, d.real.URL+"/elsewhere")
	assert.Equal(t, "tool_changed", code(t, goOn(state, yes)))
	require.Eventually(t, func() bool { d.holding.mu.Lock(); defer d.holding.mu.Unlock(); return k.letGo == 1 }, 5*time.Second, time.Millisecond)
	put(t, d, d.real.URL)

	for range maxHeld {
		begin()
	}
	full := d.call(t, Turn{Rounds: true, Keep: (&keeping{}).keep})
	assert.Equal(t, "unavailable", code(t, full))
	assert.Equal(t, "booked, cancel", full.Content[1].(*mcp.TextContent).Text)
	assert.Equal(t, "conflict", code(t, d.call(t, Turn{Rounds: true})), "a request that cannot go on")
	d.holding.mu.Lock()
	assert.Len(t, d.holding.calls, maxHeld)
	d.holding.mu.Unlock()
}

// Each question of a held call takes its own answer, once.
func TestHeldAsksAgain(t *testing.T) {
	d, heard := oldDesk(t, 2, &mcp.ElicitParams{Message: "Where?"})
	d.start(t)
	turn := func(state, action string) Turn {
		return Turn{Rounds: true, Keep: (&keeping{}).keep, State: state, Answers: mcp.InputResponseMap{heldKey: &mcp.ElicitResult{Action: action}}}
	}
	first := d.call(t, turn("", ""))
	second := d.call(t, turn(first.RequestState, "accept"))
	require.NotNil(t, second.InputRequests[heldKey])
	assert.Equal(t, "conflict", code(t, d.call(t, turn(first.RequestState, "accept"))), "the first question's is not the second's")
	last := d.call(t, turn(second.RequestState, "decline"))
	assert.Equal(t, "booked, decline", last.Content[0].(*mcp.TextContent).Text)
	assert.Len(t, *heard, 2)
}

// netSend and netOpen are the platform's fetch over net/http.
func netOpen(ctx context.Context, q fetch.Request) (fetch.Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, q.Method, q.URL, bytes.NewReader(q.Body))
	if err != nil {
		cancel()
		return fetch.Stream{}, err
	}
	for _, h := range q.Header {
		r.Header.Add(h[0], h[1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		cancel()
		return fetch.Stream{}, err
	}
	return fetch.Stream{
		Status: a.StatusCode, Header: a.Header, Extend: func(time.Duration) {},
		Next: func() ([]byte, error) {
			b := make([]byte, 4<<10)
			n, err := a.Body.Read(b)
			switch {
			case n > 0:
				return b[:n], nil
			case errors.Is(err, io.EOF):
				return nil, nil
			}
			return nil, err
		},
		Close: func() { cancel(); a.Body.Close() },
	}, nil
}

func netSend(ctx context.Context, q fetch.Request) (fetch.Response, error) {
	s, err := netOpen(ctx, q)
	if err != nil {
		return fetch.Response{}, err
	}
	defer s.Close()
	out := fetch.Response{Status: s.Status, Header: s.Header}
	for {
		piece, err := s.Next()
		if err != nil || piece == nil {
			return out, err
		}
		out.Body = append(out.Body, piece...)
	}
}
