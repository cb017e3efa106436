//lint:file-ignore SA1019 The suite tests what is deprecated, too.

package conformance

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Changer tells listeners of changes; toolserver.Server is one.
type Changer interface {
	ToolsChanged(context.Context)
	PromptsChanged(context.Context)
}

// A pixel and two samples.
const (
	png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
	wav = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQIAAACAgA=="
)

func bytesOf(text string) []byte {
	b, _ := base64.StdEncoding.DecodeString(text)
	return b
}

type (
	call   = mcp.CallToolRequest
	result = mcp.CallToolResult
)

func say(content ...mcp.Content) *result { return &result{Content: content} }

func text(format string, args ...any) *mcp.TextContent {
	return &mcp.TextContent{Text: fmt.Sprintf(format, args...)}
}

func embedded(uri, mimeType, content string) *mcp.EmbeddedResource {
	return &mcp.EmbeddedResource{Resource: &mcp.ResourceContents{URI: uri, MIMEType: mimeType, Text: content}}
}

// tool is a row: name, schema of its input ("" is an object), and what it does.
type tool struct {
	name, schema string
	do           func(ctx context.Context, r *call) (*result, error)
}

const object = `{"type":"object"}`

func fixed(content ...mcp.Content) func(context.Context, *call) (*result, error) {
	return func(context.Context, *call) (*result, error) { return say(content...), nil }
}

// Register adds everything. changed gives the server that tells of changes.
func Register(s *mcp.Server, changed func() Changer) {
	rows := append(append(plain(changed), legacy()...), rounds()...)
	for _, row := range rows {
		schema := row.schema
		if schema == "" {
			schema = object
		}
		do := row.do
		s.AddTool(&mcp.Tool{Name: row.name, Description: "Fixture of the conformance suite.", InputSchema: json.RawMessage(schema)},
			func(ctx context.Context, r *call) (*result, error) {
				out, err := do(ctx, r)
				var wire *jsonrpc.Error
				if err != nil && !errors.As(err, &wire) {
					return &result{IsError: true, Content: []mcp.Content{text("%v", err)}}, nil
				}
				return out, err
			})
	}
	registerResources(s)
	registerPrompts(s)
}

func plain(changed func() Changer) []tool {
	return []tool{
		{name: "test_simple_text", do: fixed(text("This is a simple text response for testing."))},
		{name: "test_image_content", do: fixed(&mcp.ImageContent{Data: bytesOf(png), MIMEType: "image/png"})},
		{name: "test_audio_content", do: fixed(&mcp.AudioContent{Data: bytesOf(wav), MIMEType: "audio/wav"})},
		{name: "test_embedded_resource", do: fixed(embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."))},
		{name: "test_multiple_content_types", do: fixed(
			text("Multiple content types test:"), &mcp.ImageContent{Data: bytesOf(png), MIMEType: "image/png"},
			embedded("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`),
		)},
		{name: "test_tool_with_logging", do: withLogging},
		{name: "test_logging_tool", do: withLogging},
		{name: "test_tool_with_progress", do: withProgress},
		{name: "test_error_handling", do: func(context.Context, *call) (*result, error) {
			//lint:ignore ST1005 the suite's words
			return nil, errors.New("This tool intentionally returns an error for testing")
		}},
		{name: "json_schema_2020_12_tool", schema: schema202012, do: fixed(text("ok"))},
		{name: "test_x_mcp_header", schema: `{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}`, do: fixed(text("ok"))},
		{name: "test_streaming_elicitation", do: fixed(text("ok"))},
		{name: "test_missing_capability", do: needsSampling},
		{name: "test_reconnection", do: func(_ context.Context, r *call) (*result, error) {
			if r.Extra != nil && r.Extra.CloseSSEStream != nil {
				r.Extra.CloseSSEStream(mcp.CloseSSEStreamArgs{})
			}
			return say(text("ok")), nil
		}},
		{name: "test_trigger_tool_change", do: func(ctx context.Context, _ *call) (*result, error) {
			changed().ToolsChanged(ctx)
			return say(text("changed")), nil
		}},
		{name: "test_trigger_prompt_change", do: func(ctx context.Context, _ *call) (*result, error) {
			changed().PromptsChanged(ctx)
			return say(text("changed")), nil
		}},
	}
}

const schema202012 = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
"$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
"properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},"contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":"string"},"email":{"type":"string"}},
"allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
"if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},"then":{"required":["phone"]},"else":{"required":["email"]},
"additionalProperties":false}`

func withLogging(ctx context.Context, r *call) (*result, error) {
	for _, line := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
		if err := r.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "info", Data: line}); err != nil {
			return nil, err
		}
	}
	return say(text("done")), nil
}

func withProgress(ctx context.Context, r *call) (*result, error) {
	token := r.Params.GetProgressToken()
	for _, step := range []float64{0, 50, 100} {
		if err := r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Progress: step, Total: 100}); err != nil {
			return nil, err
		}
	}
	return say(text("%v", token)), nil
}

func needsSampling(_ context.Context, r *call) (*result, error) {
	if c := r.ClientCapabilities(); c != nil && c.Sampling != nil {
		return say(text("ok")), nil
	}
	data, err := json.Marshal(mcp.MissingRequiredClientCapabilityData{RequiredCapabilities: &mcp.ClientCapabilities{Sampling: &mcp.SamplingCapabilities{}}})
	if err != nil {
		return nil, err
	}
	return nil, &jsonrpc.Error{Code: mcp.CodeMissingRequiredClientCapabilities, Message: "sampling is required", Data: data}
}
