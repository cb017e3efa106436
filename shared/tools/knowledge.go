package tools

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/knowledge"
	"github.com/hookweir/hookweir/shared/problem"
)

// Knowledge is the company's database, to read.
type Knowledge interface {
	// Query runs one SELECT. A knowledge.Refusal has a reason to tell.
	Query(ctx context.Context, sql string, params []any) (rows json.RawMessage, err error)
	// Schema describes the tables that may be read.
	Schema(ctx context.Context) (json.RawMessage, error)
}

// queryKnowledge is the one tool that is no route of the API.
var queryKnowledge = Tool{
	Name: "query_knowledge", Title: "Query the company's knowledge base", Scope: ScopeKnowledge,
	Description: "Run one SELECT (SQLite) on the company's database and get the rows. Only the tables that hookweir://knowledge/schema lists; at most 98 columns, 1000 rows and 200 KiB, and 16 KiB of a value; truncated says that something is left out. An integer beyond 2^53 comes as a text, and is sent as one. Put values into params, one for each ?, never into the text.",
	ReadOnly:    true,
	Input:       object(`"sql":{"type":"string","minLength":1,"maxLength":20000},"params":{"type":"array","maxItems":100,"items":{"type":["string","number","boolean","null"]}}`, `"sql"`),
	Output:      output(`"columns":{"type":"array","items":{"type":"string"}},"rows":{"type":"array","items":{"type":"array"}},"truncated":{"type":"boolean"}`),
}

func (s *Set) query(ctx context.Context, args map[string]any) (*mcp.CallToolResult, error) {
	sql, _ := args["sql"].(string)
	params, _ := args["params"].([]any)
	rows, err := s.cfg.Knowledge.Query(ctx, sql, params)
	var refusal knowledge.Refusal
	switch {
	case errors.As(err, &refusal):
		return failure(problem.CodeInvalidQuery, string(refusal)), nil
	case err != nil:
		return failure(problem.CodeUnavailable, "the database did not answer"), nil
	}
	return result(&queryKnowledge, Response{Status: 200, Body: rows}), nil
}

func (s *Set) knowledgeSchema(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	schema, err := s.cfg.Knowledge.Schema(ctx)
	if err != nil {
		return nil, errors.New("the database did not answer")
	}
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, MIMEType: "application/json", Text: string(schema)}}}, nil
}
