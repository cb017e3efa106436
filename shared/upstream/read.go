package upstream

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/yosida95/uritemplate/v3"
)

// maxURI bounds a URI that is held against templates, in bytes.
const maxURI = 4 << 10

// SplitURI takes a URI of here apart.
func SplitURI(full string) (upstream, uri string, ok bool) {
	rest, ok := strings.CutPrefix(full, URIPrefix)
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}

// Read reads a resource by its URI here: one that is approved, or of a
// template that is. Errors: ErrNotFound, *Refusal, or the database's.
func (u *Upstreams) Read(ctx context.Context, full string) (*mcp.ReadResourceResult, error) {
	n, uri, ok := SplitURI(full)
	if !ok || len(uri) > maxURI {
		return nil, ErrNotFound
	}
	up, i, err := u.pinned(ctx, n, kindResource, uri)
	if err == nil && i == nil {
		i, err = u.template(ctx, n, uri)
	}
	switch {
	case err != nil:
		return nil, err
	case i == nil:
		return nil, ErrNotFound
	}
	var result *mcp.ReadResourceResult
	err = u.visit(ctx, up, i, 0, nil, func(s *mcp.ClientSession, _ []byte) (err error) {
		result, err = s.ReadResource(ctx, &mcp.ReadResourceParams{URI: uri})
		return err
	})
	if err != nil {
		return nil, err
	}
	if result.NeedsInput() {
		return nil, errAsks
	}
	for _, c := range result.Contents {
		if c != nil {
			c.URI = uriOf(n, c.URI)
		}
	}
	out := &mcp.ReadResourceResult{Contents: result.Contents}
	return out, small(out)
}

// template finds an approved template that a URI is of; nil for none.
func (u *Upstreams) template(ctx context.Context, n, uri string) (*item, error) {
	items, err := u.items(n)
	if err != nil {
		return nil, err
	}
	gone := ""
	for _, i := range items {
		if i.kind != kindTemplate || i.pinned == nil {
			continue
		}
		t, err := uritemplate.New(i.name)
		switch {
		case err != nil || !t.Regexp().MatchString(uri):
		case i.gone:
			gone = i.name
		default:
			return &i, nil
		}
	}
	if gone == "" {
		return nil, nil
	}
	_, i, err := u.pinned(ctx, n, kindTemplate, gone)
	return i, err
}

// Prompt gets a prompt by its name here. Errors as of Read.
func (u *Upstreams) Prompt(ctx context.Context, full string, arguments map[string]string) (*mcp.GetPromptResult, error) {
	n, name, _ := strings.Cut(full, separator)
	up, i, err := u.pinned(ctx, n, kindPrompt, name)
	switch {
	case err != nil:
		return nil, err
	case i == nil:
		return nil, ErrNotFound
	}
	var result *mcp.GetPromptResult
	err = u.visit(ctx, up, i, 0, nil, func(s *mcp.ClientSession, _ []byte) (err error) {
		result, err = s.GetPrompt(ctx, &mcp.GetPromptParams{Name: name, Arguments: arguments})
		return err
	})
	if err != nil {
		return nil, err
	}
	if result.NeedsInput() {
		return nil, errAsks
	}
	out := &mcp.GetPromptResult{Description: result.Description, Messages: result.Messages}
	return out, small(out)
}

// Complete asks an upstream for values of an argument of its prompt or
// template, by their names here. Errors as of Read.
func (u *Upstreams) Complete(ctx context.Context, p *mcp.CompleteParams) (*mcp.CompleteResult, error) {
	ref := *p.Ref
	n, kind, name := "", kindPrompt, ""
	if upstream, uri, ok := SplitURI(ref.URI); ok {
		n, kind, name, ref.URI = upstream, kindTemplate, uri, uri
	} else {
		n, name, _ = strings.Cut(ref.Name, separator)
		ref.Name = name
	}
	up, i, err := u.pinned(ctx, n, kind, name)
	switch {
	case err != nil:
		return nil, err
	case i == nil:
		return nil, ErrNotFound
	}
	var result *mcp.CompleteResult
	err = u.visit(ctx, up, i, 0, nil, func(s *mcp.ClientSession, _ []byte) (err error) {
		result, err = s.Complete(ctx, &mcp.CompleteParams{Ref: &ref, Argument: p.Argument, Context: p.Context})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &mcp.CompleteResult{Completion: result.Completion}
	return out, small(out)
}

var errAsks = &Refusal{"bad_gateway", "the upstream asks a person before it gives this, which is passed on for tools only"}

// small refuses what is larger than a tool's result may be.
func small(result any) error {
	b, err := json.Marshal(result)
	switch {
	case err != nil:
		return &Refusal{"bad_gateway", "the answer cannot be read"}
	case len(b) > maxResult:
		return &Refusal{"body_too_large", "the upstream's answer is over 256 KiB"}
	}
	return nil
}
