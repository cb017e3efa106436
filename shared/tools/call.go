package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/problem"
)

// call runs one of our own tools.
func (s *Set) call(ctx context.Context, t *Tool, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	args, fault := s.arguments(t, r.Params.Arguments)
	if fault != nil {
		return fault, nil
	}
	if t.Confirm != "" {
		if ask, err := s.confirm(t, r, args); ask != nil || err != nil {
			return ask, err
		}
	}
	if t == &queryKnowledge {
		return s.query(ctx, args)
	}
	if t.Pages {
		return s.pages(ctx, t, r, args)
	}
	answer, err := s.do(ctx, t, args)
	if err != nil {
		return unavailable(), nil
	}
	return result(t, answer), nil
}

// arguments reads and checks them. The result is a tool error: a model can
// mend its call.
func (s *Set) arguments(t *Tool, raw json.RawMessage) (map[string]any, *mcp.CallToolResult) {
	args := map[string]any{}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber() // a number goes on as it was written
		if d.Decode(&args) != nil || args == nil {
			return nil, failure(problem.CodeInvalidRequest, "the arguments must be one JSON object")
		}
	}
	resolved, err := s.schema(t)
	if err != nil {
		return nil, failure(problem.CodeInternal, "")
	}
	plain := map[string]any{}
	if len(raw) > 0 && json.Unmarshal(raw, &plain) != nil {
		return nil, failure(problem.CodeInvalidRequest, "the arguments must be one JSON object")
	}
	if err := resolved.Validate(plain); err != nil {
		return nil, failure(problem.CodeInvalidRequest, "the arguments do not fit the tool's input schema: "+bounded(err.Error(), 500))
	}
	return args, nil
}

func (s *Set) schema(t *Tool) (*jsonschema.Resolved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.schemas[t.Name]; r != nil {
		return r, nil
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal([]byte(t.Input), &schema); err != nil {
		return nil, err
	}
	r, err := schema.Resolve(nil)
	if err == nil {
		s.schemas[t.Name] = r
	}
	return r, err
}

// do calls the tool's route.
func (s *Set) do(ctx context.Context, t *Tool, args map[string]any) (Response, error) {
	r := Request{Method: t.Method, Path: path(t.Path, args), Query: url.Values{}}
	for _, f := range t.Fixed {
		r.Query.Set(f[0], f[1])
	}
	for _, name := range t.Query {
		if v, ok := args[name]; ok {
			r.Query.Set(name, fmt.Sprint(v))
		}
	}
	switch {
	case t.Whole != "":
		r.Body, _ = json.Marshal(args[t.Whole])
	case len(t.Body) > 0:
		body := map[string]any{}
		for _, name := range t.Body {
			if v, ok := args[name]; ok {
				body[name] = v
			}
		}
		if t.Pages {
			body["limit"] = pageStep
		}
		r.Body, _ = json.Marshal(body)
	}
	r.Origin, _ = ctx.Value(originKey{}).(string)
	return s.cfg.API.Do(ctx, r)
}

// path fills a template; each argument becomes one segment.
func path(template string, args map[string]any) string {
	parts := strings.Split(template, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, "{"); ok {
			text, _ := args[strings.TrimSuffix(name, "}")].(string)
			parts[i] = segment(text)
		}
	}
	return strings.Join(parts, "/")
}

// segment escapes a value so that it is one segment and stays one: `..` would
// be resolved by whoever normalises the path.
func segment(text string) string {
	if text == "." || text == ".." {
		return strings.ReplaceAll(text, ".", "%2E")
	}
	return url.PathEscape(text)
}

// pages goes on where an answer says there is more, and says how far it is.
func (s *Set) pages(ctx context.Context, t *Tool, r *mcp.CallToolRequest, args map[string]any) (*mcp.CallToolResult, error) {
	var out map[string]any
	sum := 0.0
	for page := 1; ; page++ {
		answer, err := s.do(ctx, t, args)
		if err != nil || answer.Status >= http.StatusBadRequest {
			if out != nil { // say what was done, and where to go on
				break
			}
			if err != nil {
				return unavailable(), nil
			}
			return result(t, answer), nil
		}
		var one map[string]any
		if json.Unmarshal(answer.Body, &one) != nil {
			return failure(problem.CodeInternal, ""), nil
		}
		n, _ := one[t.Sum].(float64)
		sum += n
		out = one
		out[t.Sum] = sum
		next, _ := one["next"].(string)
		if token := r.Params.GetProgressToken(); token != nil {
			// A caller that has gone is no reason to stop half way.
			_ = r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Progress: sum, Message: t.Sum})
		}
		if next == "" || page == maxPages || ctx.Err() != nil {
			break
		}
		args["cursor"] = next
	}
	body, err := json.Marshal(out)
	if err != nil {
		return failure(problem.CodeInternal, ""), nil
	}
	return result(t, Response{Status: http.StatusOK, Body: body}), nil
}

// result makes the API's answer a tool's.
func result(t *Tool, a Response) *mcp.CallToolResult {
	switch {
	case a.Status >= http.StatusBadRequest:
		var p struct{ Code, Title, Detail string }
		if json.Unmarshal(a.Body, &p) != nil || p.Code == "" {
			return failure(problem.CodeInternal, "")
		}
		return failure(p.Code, p.Detail)
	case len(a.Body) > MaxResult:
		return failure(problem.CodeBodyTooLarge, "the result is over 256 KiB: ask for less")
	}
	body := bytes.TrimSpace(a.Body)
	if len(body) == 0 {
		body = []byte(`{}`)
	}
	if body[0] != '{' { // a list: structured content is an object
		body = append(append([]byte(`{"items":`), body...), '}')
	}
	if !json.Valid(body) {
		return failure(problem.CodeInternal, "")
	}
	return &mcp.CallToolResult{
		Content: []mcp.Content{&mcp.TextContent{Text: string(body)}}, StructuredContent: json.RawMessage(body),
	}
}

// failure is a tool error, in the words of the API's problems.
func failure(code, detail string) *mcp.CallToolResult {
	p := problem.New(code, detail)
	body, _ := json.Marshal(map[string]string{"code": p.Code, "title": p.Title, "detail": p.Detail})
	return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: string(body)}}}
}

func unavailable() *mcp.CallToolResult {
	return failure(problem.CodeUnavailable, "nobody knows whether it was done; look before you try again")
}

func bounded(text string, n int) string { return strings.ToValidUTF8(text[:min(len(text), n)], "") }

var errForbidden = &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "unknown, or not for this caller"}

// problemOf is the error that a resource or a prompt gives for an answer.
func problemOf(a Response, err error) error {
	if err != nil {
		return errors.New("unavailable, try again")
	}
	var p struct{ Code, Detail string }
	_ = json.Unmarshal(a.Body, &p)
	if a.Status == http.StatusNotFound {
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "not found"}
	}
	return fmt.Errorf("%s %s", p.Code, p.Detail)
}
