package toolserver

import (
	"context"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// listener is what a stream of subscriptions/listen asked for.
type listener struct {
	id    any // of the request, as the client wrote it
	wants mcp.NotificationSubscriptions
}

const methodListen = "subscriptions/listen"

// subscribe refuses what nobody can be told about.
func (s *Server) subscribe(_ context.Context, r *mcp.SubscribeRequest) error {
	if s.cfg.Subscribe != nil && !s.cfg.Subscribe(r.Params.URI) {
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "this resource does not change, or does not exist"}
	}
	return nil
}

// Watched reports whether anybody has subscribed to anything.
func (s *Server) Watched() bool {
	for range s.mcp.Sessions() {
		return true
	}
	return false
}

// Updated tells whoever subscribed to the resource that it has changed.
func (s *Server) Updated(ctx context.Context, uri string) error {
	return s.mcp.ResourceUpdated(ctx, &mcp.ResourceUpdatedNotificationParams{URI: uri})
}

// ToolsChanged tells whoever asked for it that the list of tools has changed.
func (s *Server) ToolsChanged(ctx context.Context) { s.changed(ctx, toolsChanged) }

// PromptsChanged does so for prompts.
func (s *Server) PromptsChanged(ctx context.Context) { s.changed(ctx, promptsChanged) }

// ResourcesChanged does so for resources and their templates.
func (s *Server) ResourcesChanged(ctx context.Context) { s.changed(ctx, resourcesChanged) }

// kind is a list that changes.
type kind struct {
	method string
	wanted func(mcp.NotificationSubscriptions) bool
	// request makes the notification for a session; id is nil for the older
	// protocols, whose clients are told unasked.
	request func(s *mcp.ServerSession, id any) mcp.Request
}

var (
	toolsChanged = kind{
		"notifications/tools/list_changed",
		func(w mcp.NotificationSubscriptions) bool { return w.ToolsListChanged },
		func(s *mcp.ServerSession, id any) mcp.Request {
			return &mcp.ServerRequest[*mcp.ToolListChangedParams]{Session: s, Params: &mcp.ToolListChangedParams{Meta: subscription(id)}}
		},
	}
	resourcesChanged = kind{
		"notifications/resources/list_changed",
		func(w mcp.NotificationSubscriptions) bool { return w.ResourcesListChanged },
		func(s *mcp.ServerSession, id any) mcp.Request {
			return &mcp.ServerRequest[*mcp.ResourceListChangedParams]{Session: s, Params: &mcp.ResourceListChangedParams{Meta: subscription(id)}}
		},
	}
	promptsChanged = kind{
		"notifications/prompts/list_changed",
		func(w mcp.NotificationSubscriptions) bool { return w.PromptsListChanged },
		func(s *mcp.ServerSession, id any) mcp.Request {
			return &mcp.ServerRequest[*mcp.PromptListChangedParams]{Session: s, Params: &mcp.PromptListChangedParams{Meta: subscription(id)}}
		},
	}
)

func subscription(id any) mcp.Meta {
	if id == nil {
		return nil
	}
	return mcp.Meta{mcp.MetaKeySubscriptionID: id}
}

type changeKey struct{}

type change struct {
	kind
	id any
}

// changed sends a change of a list. The library itself would send it only
// from a Go timer, which this platform does not have (DESIGN §3 rule 1); so a
// notification goes its public way under another name, and sending, below,
// gives it the right one.
func (s *Server) changed(ctx context.Context, k kind) {
	for session := range s.mcp.Sessions() {
		s.mu.Lock()
		l, listening := s.listeners[session]
		s.mu.Unlock()
		params := session.InitializeParams()
		legacy := params != nil && params.ProtocolVersion < modern
		if !legacy && (!listening || !k.wanted(l.wants)) {
			continue
		}
		c := change{kind: k}
		if !legacy {
			c.id = l.id
		}
		// A reader that is gone is told nothing; its stream ends by itself.
		_ = session.NotifyProgress(context.WithValue(context.WithoutCancel(ctx), changeKey{}, c), &mcp.ProgressNotificationParams{})
	}
}

// sending notes what each listener was granted, and renames what changed sends.
func (s *Server) sending(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, r mcp.Request) (mcp.Result, error) {
		session, _ := r.GetSession().(*mcp.ServerSession)
		if c, ok := ctx.Value(changeKey{}).(change); ok {
			return next(ctx, c.method, c.request(session, c.id))
		}
		if ack, ok := r.GetParams().(*mcp.SubscriptionsAcknowledgedParams); ok && session != nil {
			s.mu.Lock()
			s.listeners[session] = listener{id: ack.Meta[mcp.MetaKeySubscriptionID], wants: ack.Notifications}
			s.mu.Unlock()
		}
		return next(ctx, method, r)
	}
}

// receiving forgets a listener when its stream ends, and ends a call with its
// session.
func (s *Server) receiving(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, r mcp.Request) (mcp.Result, error) {
		session, ok := r.GetSession().(*mcp.ServerSession)
		if !ok {
			return next(ctx, method, r)
		}
		if method == methodListen {
			defer func() {
				s.mu.Lock()
				delete(s.listeners, session)
				s.mu.Unlock()
			}()
		}
		ctx, done := s.within(ctx, session.ID())
		defer done()
		return next(ctx, method, r)
	}
}
