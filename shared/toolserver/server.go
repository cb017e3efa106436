package toolserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/problem"
)

const (
	// MaxBody bounds a request's body, in bytes: a write of 100 KB as the
	// argument of a tool, escaped twice, and nothing else is near.
	MaxBody = 256 << 10
	// maxBatch bounds the messages of a batch, which only the protocols up to
	// 2025-03-26 have.
	maxBatch = 16
	// pageSize is how many tools, resources or prompts one page of a list has.
	pageSize = 200
	// listTTL is how long a client may keep a list, in milliseconds: it hears
	// of a change by notification, if it listens.
	listTTL = 60_000
	// modern is the first protocol without sessions.
	modern = "2026-07-28"
)

// Config is what an endpoint needs.
type Config struct {
	Name, Version, Instructions string
	// Register adds the tools, resources and prompts, once, before the first
	// request is served.
	Register func(*mcp.Server)
	// Complete answers completion/complete. Nil: there is no completion.
	Complete func(context.Context, *mcp.CompleteRequest) (*mcp.CompleteResult, error)
	// Middleware sees each request after the caller is known, outermost first.
	Middleware []mcp.Middleware
	// Direct answers calls of tools past the library. Nil: nothing does.
	Direct *Direct
	// Authenticate says who asks. A refusal is answered as it is.
	Authenticate func(*http.Request) (*access.Caller, *access.Refusal)
	// Still says whether a caller that was let in would be let in now: streams
	// of notifications end when not. Nil: they would.
	Still func(*access.Caller) bool
	// Permit says whether the caller may send this message. It decides what
	// HTTP answers; what is done is decided by Middleware, which sees what the
	// protocol library read. Nil: every message.
	Permit func(r *http.Request, c *access.Caller, method, name string) *access.Refusal
	// Origin says whether a browser's page may call, by the Origin header.
	Origin func(r *http.Request) bool
	// Subscribe says whether a resource can be subscribed to. Nil: every one.
	Subscribe func(uri string) bool
	// Sessions keeps the sessions of the older protocols over restarts.
	Sessions Sessions
	Now      func() time.Time
	// Rand makes session ids; nil means crypto/rand.
	Rand io.Reader
	// TooLarge is what reading a body over the platform's own limit returns.
	TooLarge error
}

// Server is one tenant's endpoint.
type Server struct {
	cfg       Config
	mcp       *mcp.Server
	stateless http.Handler
	stateful  http.Handler

	restoring sync.Mutex    // nothing is waited for under it but memory
	opening   sync.Mutex    // held until the id of the session being made is taken
	nextID    func() string // gives it

	mu        sync.Mutex
	live      map[string]*life // sessions in memory
	listeners map[*mcp.ServerSession]listener
	lasts     map[*listening]bool // streams of notifications
	known     known
	signed    []byte // how a result begins
}

// New makes an endpoint.
func New(cfg Config) (*Server, error) {
	if cfg.Register == nil || cfg.Authenticate == nil || cfg.Origin == nil || cfg.Sessions == nil || cfg.Now == nil {
		return nil, errors.New("toolserver: incomplete configuration")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	s := &Server{cfg: cfg, live: map[string]*life{}, listeners: map[*mcp.ServerSession]listener{}, lasts: map[*listening]bool{}, known: known{shapes: map[string]bool{}, lists: map[string][]byte{}}, signed: signature(cfg.Name, cfg.Version)}
	s.mcp = mcp.NewServer(&mcp.Implementation{Name: cfg.Name, Version: cfg.Version}, &mcp.ServerOptions{
		Instructions:       cfg.Instructions,
		PageSize:           pageSize,
		CompletionHandler:  cfg.Complete,
		SubscribeHandler:   s.subscribe,
		UnsubscribeHandler: func(context.Context, *mcp.UnsubscribeRequest) error { return nil },
		GetSessionID:       func() string { return s.nextID() },
		// What one caller may see is not for another: no shared cache keeps it
		// (the library's own default is public).
		SetCacheable: func(_ context.Context, r mcp.Request, c *mcp.Cacheable) {
			c.CacheScope = "private"
			if _, resource := r.(*mcp.ReadResourceRequest); !resource { // those change with every event
				c.TTLMs = listTTL
			}
		},
	})
	s.mcp.AddSendingMiddleware(s.sending)
	s.mcp.AddReceivingMiddleware(append([]mcp.Middleware{s.receiving}, cfg.Middleware...)...)
	cfg.Register(s.mcp)
	get := func(*http.Request) *mcp.Server { return s.mcp }
	identify := auth.RequireBearerToken(tokenInfo, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})
	s.stateless = worded(identify(mcp.NewStreamableHTTPHandler(get, &mcp.StreamableHTTPOptions{
		Stateless: true, MaxRequestBodyBytes: MaxBody, PropagateRequestCancellation: true,
	})))
	s.stateful = worded(identify(mcp.NewStreamableHTTPHandler(get, &mcp.StreamableHTTPOptions{MaxRequestBodyBytes: MaxBody})))
	return s, nil
}

type callerKey struct{}

// tokenInfo hands the caller on to the protocol library. Whoever comes here
// has been authenticated; the token itself goes no further.
func tokenInfo(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
	c, ok := ctx.Value(callerKey{}).(*access.Caller)
	if !ok {
		return nil, auth.ErrInvalidToken
	}
	return &auth.TokenInfo{UserID: c.ID, Scopes: c.Scopes, Extra: map[string]any{"caller": c}}, nil
}

// CallerOf is who sent a request. Nil: nobody known, who may do nothing.
func CallerOf(r mcp.Request) *access.Caller {
	if e := r.GetExtra(); e != nil && e.TokenInfo != nil {
		c, _ := e.TokenInfo.Extra["caller"].(*access.Caller)
		return c
	}
	return nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case r.Method == http.MethodPost, r.Method == http.MethodGet, r.Method == http.MethodDelete, asksFirst(r):
	default:
		refuse(w, problem.New(problem.CodeMethodNotAllowed, "").With("Allow", "POST, GET, DELETE"))
		return
	}
	if !s.cfg.Origin(r) {
		refuse(w, problem.New(problem.CodeForbiddenOrigin, ""))
		return
	}
	if toPage(w, r); r.Method == http.MethodOptions {
		return
	}
	caller, refusal := s.cfg.Authenticate(r)
	if refusal != nil {
		refuse(w, refusal.Problem)
		return
	}
	if k, ok := w.(keeper); ok {
		caller.Keep = k.Keep
	}
	// The token's way ends here: nothing behind this line can pass it on.
	r.Header.Set("Authorization", "Bearer -")
	r = r.WithContext(context.WithValue(r.Context(), callerKey{}, caller))
	if r.Method != http.MethodPost {
		s.serveSession(w, r, caller, false)
		return
	}
	s.post(w, r, caller)
}

func (s *Server) post(w http.ResponseWriter, r *http.Request, caller *access.Caller) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if len(body) > MaxBody || s.cfg.TooLarge != nil && errors.Is(err, s.cfg.TooLarge) {
		refuse(w, problem.New(problem.CodeBodyTooLarge, "a message has at most 256 KiB"))
		return
	}
	if err != nil {
		refuse(w, problem.New(problem.CodeBadRequest, "the body could not be read"))
		return
	}
	frames, fault := readFrames(body)
	if fault != nil {
		fault.write(w)
		return
	}
	for _, f := range frames {
		if s.cfg.Permit == nil || f.method == "" {
			continue
		}
		if refusal := s.cfg.Permit(r, caller, f.method, f.name); refusal != nil {
			refuse(w, refusal.Problem)
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if frames[0].batch && r.Header.Get(versionHeader) >= modern {
		errRequest.write(w)
		return
	}
	if frames[0].modern || r.Header.Get(versionHeader) >= modern {
		s.serveStateless(w, r, caller, frames[0], body)
		return
	}
	if len(frames) == 1 && frames[0].method == "initialize" {
		s.initialize(w, r, caller, body)
		return
	}
	s.serveSession(w, r, caller, frames[0].batch)
}

func (s *Server) serveStateless(w http.ResponseWriter, r *http.Request, caller *access.Caller, f frame, body []byte) {
	if f.method == methodListen {
		if s.crowded(w, caller) {
			return
		}
		var done func()
		w, r, done = s.lasting(w, r, caller)
		defer done()
	} else {
		w = newPulsing(w)
	}
	var m again
	if s.cfg.Direct != nil {
		m = shapeOf(r, f, body)
	}
	decodeName(r.Header)
	switch {
	case m.shape == "":
		s.stateless.ServeHTTP(w, r)
	case !s.direct(w, r, caller, f, m):
		s.learn(w, r, caller, f, m)
	}
}

// decodeName puts the name that a client has encoded, since no header can hold
// it, in its place (MCP 2026-07-28, value encoding): the library compares it as
// it comes. What cannot be read stays, and is no name.
func decodeName(h http.Header) {
	const name = "Mcp-Name"
	given, ok := strings.CutPrefix(h.Get(name), "=?base64?")
	if given, ok2 := strings.CutSuffix(given, "?="); ok && ok2 && len(h[name]) == 1 {
		if text, err := base64.StdEncoding.DecodeString(given); err == nil {
			h[name] = []string{string(text)}
		}
	}
}

func refuse(w http.ResponseWriter, p problem.Problem) {
	for _, h := range p.Headers {
		w.Header().Set(h.Name, h.Value)
	}
	w.Header().Set("Content-Type", problem.ContentType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.Append(nil))
}

// Metadata is the protected resource metadata of an endpoint (RFC 9728 §2).
// Without an issuer it names no authorization server: then only tenant keys
// open the endpoint.
func Metadata(resource, name, issuer string, scopes []string) *oauthex.ProtectedResourceMetadata {
	m := &oauthex.ProtectedResourceMetadata{
		Resource: resource, ResourceName: name, ScopesSupported: scopes, BearerMethodsSupported: []string{"header"},
	}
	if issuer != "" {
		m.AuthorizationServers = []string{issuer}
	}
	return m
}

const (
	versionHeader = "Mcp-Protocol-Version"
	sessionHeader = "Mcp-Session-Id"
)

// accepts reports a session id of the form this package makes.
func wellFormed(id string) bool {
	return len(id) == sessionIDLen && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '2' || r > '7')
	})
}
