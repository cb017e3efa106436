//lint:file-ignore SA1019 The suite tests what is deprecated, too.

package conformance

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// rounds are the tools that answer input_required (SEP-2322).
func rounds() []tool {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key)
	sealed := &sealer{key}
	return []tool{
		{name: "test_input_required_result_elicitation", do: func(_ context.Context, r *call) (*result, error) {
			if name, ok := said(r, "user_name", "name"); ok {
				return say(text("Hello, %s!", name)), nil
			}
			return ask(mcp.InputRequestMap{"user_name": form("What is your name?", "name")}, ""), nil
		}},
		{name: "test_input_required_result_sampling", do: func(_ context.Context, r *call) (*result, error) {
			if answer := sampled(r, "capital_question"); answer != "" {
				return say(text("%s", answer)), nil
			}
			return ask(mcp.InputRequestMap{"capital_question": question("What is the capital of France?")}, ""), nil
		}},
		{name: "test_input_required_result_list_roots", do: func(_ context.Context, r *call) (*result, error) {
			if roots, ok := r.Params.InputResponses["client_roots"].(*mcp.ListRootsResult); ok {
				list, err := json.Marshal(roots.Roots)
				return say(text("roots: %s", list)), err
			}
			return ask(mcp.InputRequestMap{"client_roots": &mcp.ListRootsParams{}}, ""), nil
		}},
		{name: "test_input_required_result_request_state", do: sealed.confirm},
		{name: "test_input_required_result_tampered_state", do: sealed.confirm},
		{name: "test_input_required_result_multiple_inputs", do: func(_ context.Context, r *call) (*result, error) {
			name, named := said(r, "user_name", "name")
			greeting := sampled(r, "greeting")
			roots, rooted := r.Params.InputResponses["client_roots"].(*mcp.ListRootsResult)
			if named && greeting != "" && rooted {
				return say(text("%s, %s: %d roots", greeting, name, len(roots.Roots))), nil
			}
			return ask(mcp.InputRequestMap{
				"user_name": form("What is your name?", "name"), "greeting": question("Say a greeting"), "client_roots": &mcp.ListRootsParams{},
			}, sealed.seal("multiple")), nil
		}},
		{name: "test_input_required_result_multi_round", do: sealed.multiRound},
		{name: "test_input_required_result_capabilities", do: capable},
	}
}

func ask(requests mcp.InputRequestMap, state string) *result {
	return &result{InputRequests: requests, RequestState: state}
}

func form(message, field string) *mcp.ElicitParams {
	return &mcp.ElicitParams{Message: message, RequestedSchema: map[string]any{
		"type": "object", "properties": map[string]any{field: map[string]any{"type": "string"}}, "required": []string{field},
	}}
}

func question(prompt string) *mcp.CreateMessageParams {
	return &mcp.CreateMessageParams{MaxTokens: 50, Messages: []*mcp.SamplingMessage{{Role: "user", Content: text("%s", prompt)}}}
}

// said is a field of an accepted form.
func said(r *call, key, field string) (string, bool) {
	answer, ok := r.Params.InputResponses[key].(*mcp.ElicitResult)
	if !ok || answer.Action != "accept" {
		return "", false
	}
	value, ok := answer.Content[field].(string)
	return value, ok
}

func sampled(r *call, key string) string {
	switch answer := r.Params.InputResponses[key].(type) {
	case *mcp.CreateMessageResult:
		if t, ok := answer.Content.(*mcp.TextContent); ok {
			return t.Text
		}
	case *mcp.CreateMessageWithToolsResult:
		for _, c := range answer.Content {
			if t, ok := c.(*mcp.TextContent); ok {
				return t.Text
			}
		}
	}
	return ""
}

// sealer keeps request states whole.
type sealer struct{ key []byte }

func (s *sealer) seal(state string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(state))
	return state + "." + hex.EncodeToString(mac.Sum(nil))
}

func (s *sealer) open(sealed string) (string, error) {
	i := strings.LastIndexByte(sealed, '.')
	if i < 0 || !hmac.Equal([]byte(s.seal(sealed[:i])), []byte(sealed)) {
		return "", &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "requestState is not this server's"}
	}
	return sealed[:i], nil
}

func (s *sealer) confirm(_ context.Context, r *call) (*result, error) {
	if r.Params.RequestState == "" {
		return ask(mcp.InputRequestMap{"confirm": &mcp.ElicitParams{Message: "Please confirm", RequestedSchema: map[string]any{
			"type": "object", "properties": map[string]any{"ok": map[string]any{"type": "boolean"}}, "required": []string{"ok"},
		}}}, s.seal("confirm")), nil
	}
	if _, err := s.open(r.Params.RequestState); err != nil {
		return nil, err
	}
	return say(text("state-ok")), nil
}

func (s *sealer) multiRound(_ context.Context, r *call) (*result, error) {
	state := ""
	if r.Params.RequestState != "" {
		var err error
		if state, err = s.open(r.Params.RequestState); err != nil {
			return nil, err
		}
	}
	switch state {
	case "":
		return ask(mcp.InputRequestMap{"step1": form("Step 1: your name?", "name")}, s.seal("one")), nil
	case "one":
		return ask(mcp.InputRequestMap{"step2": form("Step 2: your favourite colour?", "color")}, s.seal("two")), nil
	}
	return say(text("done")), nil
}

// capable asks only for what the client says it can do.
func capable(_ context.Context, r *call) (*result, error) {
	requests := mcp.InputRequestMap{}
	if c := r.ClientCapabilities(); c != nil {
		if c.Elicitation != nil {
			requests["user_name"] = form("What is your name?", "name")
		}
		if c.Sampling != nil {
			requests["greeting"] = question("Say a greeting")
		}
		if c.RootsV2 != nil {
			requests["client_roots"] = &mcp.ListRootsParams{}
		}
	}
	if len(requests) == 0 || len(r.Params.InputResponses) > 0 {
		return say(text("done")), nil
	}
	return ask(requests, ""), nil
}
