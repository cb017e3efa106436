package upstream

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/target"
)

const (
	// maxAnswer bounds one answer of an upstream, in bytes: a page of
	// definitions, or a tool's result.
	maxAnswer = 1 << 20
	// maxPages bounds the pages of one list.
	maxPages = 50
	// maxSeen bounds the definitions of one look, in bytes: twice what a server
	// of a thousand tools has. maxStored bounds what is kept of one upstream:
	// what is approved, what is there, and what is gone.
	maxSeen   = 2 << 20
	maxStored = 3 * maxSeen
	// maxLook is how long one look may take, all of its pages.
	maxLook = 60 * time.Second
	// goodbye is how long ending a session may take.
	goodbye = 3 * time.Second
	// legacy is the newest protocol with a handshake.
	legacy = "2025-11-25"
)

var (
	errTarget    = errors.New("the URL is not an allowed target")
	errTooLarge  = errors.New("an answer was over 1 MiB")
	errPages     = errors.New("a list has more than 50 pages")
	errTooMuch   = errors.New("it offers more than 500 items of a kind, or definitions of over 2 MiB")
	errStored    = errors.New("with what is approved and what is gone, its definitions are over 6 MiB; delete it and put it again")
	errSlow      = errors.New("a look took more than 60 seconds")
	errTimeout   = errors.New("no answer within the timeout")
	errNoAnswer  = errors.New("no answer")
	errToken     = errors.New("its connection has no token: see get_connection, and authorize_link where it says needs_reauth")
	errMalformed = errors.New("an answer could not be read")
)

// transport sends what the protocol library asks for by the platform's fetch:
// one whole answer, a deadline, no redirect; a stream that is closed early is
// taken up again. It notes the raw definitions that
// go by: what is pinned is what came over the wire, not what a library kept.
type transport struct {
	fetch    fetch.Func
	stream   fetch.StreamFunc
	policy   target.Policy
	now      func() time.Time
	sleep    func(ctx context.Context, d time.Duration)
	token    string // of the upstream's own connection; "" for none
	timeout  time.Duration
	session  string         // to be ended
	call     *fetch.Request // of a tool, a prompt or a resource, as it was sent
	until    time.Time      // the end of the look that is under way; zero for none
	captured map[string][]json.RawMessage
	seen     int   // bytes of captured
	changed  bool  // the server said that a list of its has changed
	round    int   // of a call that had questions: its ids are others
	failure  error // the first, in words that may be told
	broken   bool  // the library had a panic

	// ask puts a question in the middle of a call to a person. Nil: nobody is
	// there. A refusal says why nobody was asked.
	ask     asker
	mu      sync.Mutex
	flow    *flow    // the call's answer, while it comes
	open    int      // questions that somebody thinks about
	refused *Refusal // the last question that nobody was asked
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete {
		// The library waits for the end of a session by a Go timer. It is told
		// that it ended, and end does it.
		return answer(r, http.StatusNoContent, http.Header{}, nil), nil
	}
	if err := target.Check(r.URL.String(), t.policy); err != nil {
		return nil, t.fail(errTarget)
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	id, fresh := []byte(nil), []byte(nil)
	if t.round > 0 {
		body, id, fresh = renumbered(body, t.round)
	}
	q := fetch.Request{Method: r.Method, URL: r.URL.String(), Body: body, Deadline: t.timeout, MaxBody: maxAnswer, Abort: true}
	for name, values := range r.Header {
		for _, v := range values {
			if name == "Mcp-Name" {
				v = headerName(v)
			}
			q.Header = append(q.Header, [2]string{strings.ToLower(name), v})
		}
	}
	if t.token != "" {
		q.Header = append(q.Header, [2]string{"authorization", "Bearer " + t.token})
	}
	method, _ := jsontext.FindString(body, "method")
	call := slices.Contains(calls, method)
	if call {
		t.call = &q
	}
	if comes(r, call) {
		return t.follow(r, q)
	}
	if !t.until.IsZero() {
		left := t.until.Sub(t.now())
		if left <= 0 {
			return nil, t.fail(errSlow)
		}
		q.Deadline = min(q.Deadline, left)
	}
	a, err := t.fetch(r.Context(), q)
	if err == nil && !a.TooLarge {
		a, err = t.whole(r.Context(), q, a)
	}
	switch {
	case err != nil:
		return nil, t.fail(failureOf(err))
	case a.TooLarge:
		return nil, t.fail(errTooLarge)
	case !answered(body, a):
		return nil, t.fail(errMalformed)
	}
	t.opened(a.Header)
	if err := t.capture(a); err != nil {
		return nil, t.fail(err)
	}
	if fresh != nil {
		a.Body = bytes.ReplaceAll(a.Body, fresh, id)
	}
	return answer(r, a.Status, a.Header, a.Body), nil
}

// headerName is a name as it stands in a header: encoded where it could not, or
// would be taken for one that is (MCP 2026-07-28, value encoding). The library
// encodes parameters so, and no names.
func headerName(name string) string {
	const begin, end = "=?base64?", "?="
	held := !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
	if held && name == strings.TrimSpace(name) && !(strings.HasPrefix(name, begin) && strings.HasSuffix(name, end)) {
		return name
	}
	return begin + base64.StdEncoding.EncodeToString([]byte(name)) + end
}

// renumbered gives a request another id in each round of a call: in each the
// library begins anew to count, and the request that brings answers must not
// have the id of the one that had the questions (MCP 2026-07-28, multi
// round-trip requests). The new id is a string, which is text in an answer
// that nothing else in it can be mistaken for.
func renumbered(body []byte, round int) (out, id, fresh []byte) {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil || m["id"] == nil || m["method"] == nil {
		return body, nil, nil
	}
	id = m["id"]
	fresh, _ = json.Marshal("round-" + strconv.Itoa(round) + "-" + string(id))
	m["id"] = fresh
	out, err := json.Marshal(m)
	if err != nil {
		return body, nil, nil
	}
	return out, id, fresh
}

// opened notes the session that an answer opens.
func (t *transport) opened(h http.Header) {
	if id := h.Get("Mcp-Session-Id"); id != "" {
		t.session = id
	}
}

func (t *transport) fail(err error) error {
	if t.failure == nil {
		t.failure = err
	}
	return err
}

func answer(r *http.Request, status int, h http.Header, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// lists are the members of a result that hold definitions.
var lists = map[string]string{
	"tools": kindTool, "resources": kindResource, "resourceTemplates": kindTemplate, "prompts": kindPrompt,
}

// capture notes the definitions in an answer: JSON, or events of a stream.
// Errors: errTooMuch.
func (t *transport) capture(a fetch.Response) error {
	if !isStream(a.Header) {
		return t.captureMessage(a.Body)
	}
	for _, e := range events(a.Body) {
		if err := t.captureMessage(e.data); err != nil {
			return err
		}
	}
	return nil
}

func (t *transport) captureMessage(message []byte) error {
	var m struct {
		Method string
		Result map[string]json.RawMessage
	}
	if json.Unmarshal(message, &m) != nil {
		return nil // the library will say so
	}
	t.changed = t.changed || strings.HasSuffix(m.Method, "/list_changed")
	if t.until.IsZero() {
		return nil // a call's result
	}
	for member, kind := range lists {
		var list []json.RawMessage
		if raw, ok := m.Result[member]; ok && json.Unmarshal(raw, &list) == nil {
			t.captured[kind] = append(t.captured[kind], list...)
			t.seen += len(raw)
		}
		if t.seen > maxSeen || len(t.captured[kind]) > maxItems {
			return errTooMuch
		}
	}
	return nil
}

// asker puts a question in the middle of a call to a person; see transport.
type asker = func(*mcp.ElicitParams) (*mcp.ElicitResult, *Refusal)

// dial opens a session with an upstream. ask, if there is one, hears what it
// asks in the middle of a call.
func (u *Upstreams) dial(ctx context.Context, up Upstream, ask asker) (*mcp.ClientSession, *transport, error) {
	t := &transport{fetch: u.cfg.Fetch, stream: u.cfg.Stream, ask: ask, now: u.cfg.Now, sleep: u.cfg.Sleep, policy: u.cfg.Policy, timeout: up.Timeout, captured: map[string][]json.RawMessage{}}
	if up.Connection != "" {
		token, err := u.cfg.Token(ctx, up.Name, up.Connection)
		if err != nil || token == "" {
			return nil, nil, errToken // never without it
		}
		t.token = token
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "hookweir", Version: "1"}, &mcp.ClientOptions{
		// An upstream may ask a person, by a form, and nothing else: no roots,
		// no sampling, no page to be opened. It is told so in every session,
		// whoever calls: which tools a server has may depend on it, and a list
		// that is another for another caller would be drift.
		Capabilities: &mcp.ClientCapabilities{Elicitation: &mcp.ElicitationCapabilities{Form: &mcp.FormElicitationCapabilities{}}},
		ElicitationHandler: func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return t.asked(r.Params), nil
		},
		MultiRoundTrip: &mcp.MultiRoundTripOptions{Disabled: true},
	})
	client.AddReceivingMiddleware(guarded)
	client.AddSendingMiddleware(unkept)
	options := &mcp.ClientSessionOptions{}
	if up.Protocol != "" && up.Protocol <= legacy {
		options.ProtocolVersion = legacy // it is known not to know the newer one
	}
	var session *mcp.ClientSession
	err := t.safely(func() (err error) {
		session, err = client.Connect(ctx, &mcp.StreamableClientTransport{
			// A server may ask aside of the call, by a stream of its own: that is
			// opened where somebody is there to be asked.
			Endpoint: up.URL, MaxRetries: -1, DisableStandaloneSSE: ask == nil,
			HTTPClient: &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		}, options)
		return err
	})
	if err != nil {
		return nil, nil, t.reason(err)
	}
	return session, t, nil
}

// safely calls the protocol library over what an upstream says. Of some answers
// it makes a panic (go-sdk v1.8.0: `inputRequests` with a null in it), in the
// goroutine that waits for the answer: then nobody can read what was said.
func (t *transport) safely(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			t.broken, err = true, errMalformed
		}
	}()
	return f()
}

// guarded does so for what the server asks, which the library handles in a
// goroutine of its own: there a panic ends everything (go-sdk v1.8.0: an
// elicitation without parameters).
func guarded(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, r mcp.Request) (out mcp.Result, err error) {
		defer func() {
			if recover() != nil {
				out, err = nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "it cannot be read"}
			}
		}()
		return next(ctx, method, r)
	}
}

// unkept has the library keep no list for as long as the server says that it may
// (`ttlMs`): a second look in a session would be answered from memory, and what
// does not come over the wire is not seen. What a tool looks like it remembers
// all the same.
func unkept(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, r mcp.Request) (mcp.Result, error) {
		result, err := next(ctx, method, r)
		switch list := result.(type) {
		case *mcp.ListToolsResult:
			list.TTLMs = 0
		case *mcp.ListPromptsResult:
			list.TTLMs = 0
		case *mcp.ListResourcesResult:
			list.TTLMs = 0
		case *mcp.ListResourceTemplatesResult:
			list.TTLMs = 0
		}
		return result, err
	}
}

// reason is a failure in words that may be told: an upstream's own may be
// anything.
func (t *transport) reason(err error) error {
	if t.failure != nil {
		return t.failure
	}
	if err != nil {
		return errMalformed
	}
	return nil
}

// calls are the methods whose answers are worth calling off.
var calls = []string{"tools/call", "prompts/get", "resources/read"}

// end closes a session and tells the server of the older protocols. To those
// a closed connection says nothing either: a call that was cancelled here is
// cancelled there by a notification (MCP 2025-11-25, cancellation).
func (u *Upstreams) end(ctx context.Context, up Upstream, s *mcp.ClientSession, t *transport) {
	protocol := s.InitializeResult().ProtocolVersion
	if t.broken { // it may wait for a request that nothing will answer
		bulkhead.Go(func() { _ = s.Close() })
	} else {
		_ = s.Close() // nothing is lost with it
	}
	cancelled := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	if cancelled && t.call != nil && protocol <= legacy {
		q := *t.call
		id, _ := jsontext.Find(q.Body, "id")
		q.Body = append(append([]byte(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":`), id...), "}}"...)
		q.Deadline, q.MaxBody, q.Abort = goodbye, 0, false
		_, _ = u.cfg.Fetch(ctx, q)
	}
	if t.session == "" {
		return
	}
	q := fetch.Request{Method: http.MethodDelete, URL: up.URL, Deadline: goodbye, Header: [][2]string{{"mcp-session-id", t.session}}}
	if t.token != "" {
		q.Header = append(q.Header, [2]string{"authorization", "Bearer " + t.token})
	}
	_, _ = u.cfg.Fetch(ctx, q) // it ends by itself some day
}

// everything is all kinds of items.
var everything = []string{kindTool, kindResource, kindTemplate, kindPrompt}

// discover lists items of some kinds, all pages of each.
func discover(ctx context.Context, s *mcp.ClientSession, t *transport, kinds []string) (map[string][]json.RawMessage, error) {
	caps := s.InitializeResult().Capabilities
	if caps == nil {
		return nil, errMalformed
	}
	clear(t.captured)
	t.seen = 0
	for _, kind := range kinds {
		next := lister(ctx, s, caps, kind)
		if err := t.safely(func() error { return pages(next) }); err != nil {
			return nil, pageError(t, err)
		}
	}
	return t.captured, nil
}

// lister asks for a page of a kind; nothing, where the server has none.
func lister(ctx context.Context, s *mcp.ClientSession, caps *mcp.ServerCapabilities, kind string) func(cursor string) (next string, err error) {
	switch {
	case kind == kindTool && caps.Tools != nil:
		return func(cursor string) (string, error) {
			r, err := s.ListTools(ctx, &mcp.ListToolsParams{Cursor: cursor})
			return nextOf(err, func() string { return r.NextCursor })
		}
	case kind == kindPrompt && caps.Prompts != nil:
		return func(cursor string) (string, error) {
			r, err := s.ListPrompts(ctx, &mcp.ListPromptsParams{Cursor: cursor})
			return nextOf(err, func() string { return r.NextCursor })
		}
	case kind == kindResource && caps.Resources != nil:
		return func(cursor string) (string, error) {
			r, err := s.ListResources(ctx, &mcp.ListResourcesParams{Cursor: cursor})
			return nextOf(err, func() string { return r.NextCursor })
		}
	case kind == kindTemplate && caps.Resources != nil:
		return func(cursor string) (string, error) {
			r, err := s.ListResourceTemplates(ctx, &mcp.ListResourceTemplatesParams{Cursor: cursor})
			return nextOf(err, func() string { return r.NextCursor })
		}
	}
	return func(string) (string, error) { return "", nil }
}

func nextOf(err error, next func() string) (string, error) {
	if err != nil {
		return "", err
	}
	return next(), nil
}

func pageError(t *transport, err error) error {
	if errors.Is(err, errPages) {
		return err
	}
	return t.reason(err)
}

func pages(next func(cursor string) (string, error)) error {
	cursor := ""
	for range maxPages {
		var err error
		if cursor, err = next(cursor); err != nil || cursor == "" {
			return err
		}
	}
	return errPages
}
