package tools

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/upstream"
)

const (
	// MaxResult bounds a tool's result, in bytes: what an agent's model can
	// make use of, many times over.
	MaxResult = 256 << 10
	// pageStep is how many items one step of a long operation takes: a second
	// or so, after which it says how far it is, and whether it is to go on is
	// looked at.
	pageStep = 100
	// maxPages bounds the steps of one call: ten are what the API does in a few
	// seconds.
	maxPages = 10
)

// Request is an operation of the API, below its tenant.
type Request struct {
	// Origin is where the caller reached Hookweir, such as
	// https://hooks.example.com: links are made of it.
	Origin string
	Method string
	Path   string // escaped, such as /events/acme%2Fgithub%2F1
	Query  url.Values
	Body   []byte // JSON; nil for none
}

// Response is its answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// API is the operations of one tenant, for a caller that may use them.
type API interface {
	Do(ctx context.Context, r Request) (Response, error)
}

// Config is what the tools need.
type Config struct {
	Tenant string
	API    API
	// Caller says who sent a request; nil may do nothing.
	Caller func(mcp.Request) *access.Caller
	// States seals what a tool must hear again. Nil: no tool that asks works.
	States *seal.Ring
	Now    func() time.Time
	// Upstreams are the tools of other servers. Nil: there are none.
	Upstreams Upstreams
	// Knowledge is the company's database. Nil: there is none.
	Knowledge Knowledge
	// Log takes one line for each call of a tool and each refusal.
	Log func(event string, kv ...string)
}

// Upstreams are the tools, resources and prompts of upstream servers, under
// their names here. The lists are of what is served, as it was approved.
type Upstreams interface {
	Tools(ctx context.Context) ([]*mcp.Tool, error)
	Resources(ctx context.Context) ([]*mcp.Resource, error)
	Templates(ctx context.Context) ([]*mcp.ResourceTemplate, error)
	Prompts(ctx context.Context) ([]*mcp.Prompt, error)
	// Read, Prompt and Complete fail with upstream.ErrNotFound, with an
	// *upstream.Refusal, whose words may be told, or because nobody can say.
	Read(ctx context.Context, uri string) (*mcp.ReadResourceResult, error)
	Prompt(ctx context.Context, name string, arguments map[string]string) (*mcp.GetPromptResult, error)
	Complete(ctx context.Context, p *mcp.CompleteParams) (*mcp.CompleteResult, error)
	// Version is another whenever Tools lists something else.
	Version(ctx context.Context) (int64, error)
	// Call calls one. known is false when there is none of that name. An error
	// means that nobody can say; what the tool or the gate refuses is a result
	// with IsError. One with InputRequests asks the caller's person, if its turn
	// has rounds; its RequestState is not sealed.
	Call(ctx context.Context, name string, arguments json.RawMessage, turn upstream.Turn) (result *mcp.CallToolResult, known bool, err error)
}

// Set is the tools of one tenant.
type Set struct {
	cfg Config
	// schemas of inputs, made ready when first asked for.
	mu      sync.Mutex
	schemas map[string]*jsonschema.Resolved
}

// New makes the set.
func New(cfg Config) (*Set, error) {
	if cfg.Tenant == "" || cfg.API == nil || cfg.Caller == nil || cfg.Now == nil || cfg.Log == nil {
		return nil, errors.New("tools: incomplete configuration")
	}
	return &Set{cfg: cfg, schemas: map[string]*jsonschema.Resolved{}}, nil
}

// find looks a tool of our own up.
func find(name string) *Tool {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	if name == queryKnowledge.Name {
		return &queryKnowledge
	}
	return nil
}

// Scopes lists every scope there is, in the order of the table.
func Scopes() []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range append(scopesOf(table[:]), ScopeKnowledge, ScopeUpstream) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func scopesOf(rows []Tool) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Scope)
	}
	return out
}

// Right is what using a name needs: the tool it stands for, its scope, and
// whether only the operator may. A name that is no tool of ours is a tool of
// an upstream.
func Right(name string) (scope string, operator bool) {
	if t := find(name); t != nil {
		return t.Scope, t.Operator
	}
	return ScopeUpstream, false
}

// Register adds everything to a server.
func (s *Set) Register(server *mcp.Server) {
	for i := range table {
		s.add(server, &table[i])
	}
	if s.cfg.Knowledge != nil {
		s.add(server, &queryKnowledge)
	}
	s.registerResources(server)
	s.registerPrompts(server)
}

func (s *Set) add(server *mcp.Server, t *Tool) {
	yes, no := true, false
	world := &no
	if t.OpenWorld {
		world = &yes
	}
	destructive := &no
	if t.Destructive {
		destructive = &yes
	}
	server.AddTool(&mcp.Tool{
		Name: t.Name, Title: t.Title, Description: t.Description,
		InputSchema: json.RawMessage(t.Input), OutputSchema: json.RawMessage(t.Output),
		Annotations: &mcp.ToolAnnotations{
			Title: t.Title, ReadOnlyHint: t.ReadOnly, IdempotentHint: t.Idempotent || t.ReadOnly,
			DestructiveHint: destructive, OpenWorldHint: world,
		},
	}, func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return s.call(ctx, t, r)
	})
}
