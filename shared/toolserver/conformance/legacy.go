//lint:file-ignore SA1019 The suite tests what is deprecated, too.

package conformance

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// legacy are the tools that ask the client in the middle of a call.
func legacy() []tool {
	return []tool{
		{name: "test_sampling", schema: `{"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]}`, do: sample},
		{name: "test_elicitation", schema: `{"type":"object","properties":{"message":{"type":"string"}},"required":["message"]}`, do: func(ctx context.Context, r *call) (*result, error) {
			return elicit(ctx, r, argument(r, "message"), `{"type":"object","properties":{"username":{"type":"string","description":"User's response"},"email":{"type":"string","description":"User's email address"}},"required":["username","email"]}`)
		}},
		{name: "test_elicitation_sep1034_defaults", do: func(ctx context.Context, r *call) (*result, error) {
			return elicit(ctx, r, "Please review", defaults)
		}},
		{name: "test_elicitation_sep1330_enums", do: func(ctx context.Context, r *call) (*result, error) {
			return elicit(ctx, r, "Please choose", enums)
		}},
	}
}

const defaults = `{"type":"object","properties":{
"name":{"type":"string","default":"John Doe"},"age":{"type":"integer","default":30},"score":{"type":"number","default":95.5},
"status":{"type":"string","enum":["active","inactive","pending"],"default":"active"},"verified":{"type":"boolean","default":true}}}`

const enums = `{"type":"object","properties":{
"untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
"titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},{"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},
"legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},
"untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2","option3"]}},
"titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First Choice"},{"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}}}`

func argument(r *call, name string) string {
	var args map[string]any
	_ = json.Unmarshal(r.Params.Arguments, &args)
	return fmt.Sprint(args[name])
}

func sample(ctx context.Context, r *call) (*result, error) {
	answer, err := r.Session.CreateMessage(ctx, &mcp.CreateMessageParams{
		MaxTokens: 100, Messages: []*mcp.SamplingMessage{{Role: "user", Content: text("%s", argument(r, "prompt"))}},
	})
	if err != nil {
		return nil, err
	}
	said, _ := answer.Content.(*mcp.TextContent)
	if said == nil {
		said = text("")
	}
	return say(text("LLM response: %s", said.Text)), nil
}

func elicit(ctx context.Context, r *call, message, schema string) (*result, error) {
	var requested map[string]any
	if err := json.Unmarshal([]byte(schema), &requested); err != nil {
		return nil, err
	}
	answer, err := r.Session.Elicit(ctx, &mcp.ElicitParams{Message: message, RequestedSchema: requested})
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(answer.Content)
	if err != nil {
		return nil, err
	}
	return say(text("User response: action=%s, content=%s", answer.Action, content)), nil
}
