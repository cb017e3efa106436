// Command upstreamclient is the upstream client as a program of its own, for
// the client scenarios of the official MCP conformance suite: it connects to
// the server whose URL is its last argument, approves what it sees and makes
// the calls that the suite asks for, or one of each tool with what its schema
// asks for.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
	"github.com/hookweir/hookweir/shared/target"
	"github.com/hookweir/hookweir/shared/upstream"
)

func main() {
	if err := run(context.Background(), os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	db, err := memsql.Open()
	if err != nil {
		return err
	}
	ups, err := upstream.New(upstream.Config{
		Tenant: "suite", DB: db, Now: time.Now, Fetch: send, Stream: open, Sleep: sleep, Policy: target.Policy{AllowLoopback: true},
		Token:    func(context.Context, string, string) (string, error) { return "", nil },
		Send:     func([][]byte) error { return nil },
		SetAlarm: func(time.Time) error { return nil },
		Log:      func(event string, kv ...string) { fmt.Fprintln(os.Stderr, event, kv) },
	})
	if err != nil {
		return err
	}
	up, err := ups.Put(ctx, "suite", upstream.Settings{URL: url, Trust: upstream.TrustFirstUse, Timeout: 10 * time.Second})
	if err != nil {
		return err
	}
	if up.State != upstream.StateReady {
		return fmt.Errorf("%s: %s", up.State, up.Reason)
	}
	list, err := ups.Tools()
	if err != nil {
		return err
	}
	calls, err := asked()
	if err != nil {
		return err
	}
	if calls == nil {
		for _, t := range list {
			calls = append(calls, toolCall{t.Name, arguments(t, list)})
		}
	}
	for _, c := range calls {
		if err := call(ctx, ups, c); err != nil {
			return err
		}
	}
	return nil
}

// call calls a tool and answers what it asks: yes to every form, and nothing
// in it.
func call(ctx context.Context, ups *upstream.Upstreams, c toolCall) error {
	agree := &mcp.ElicitResult{Action: "accept"}
	turn := upstream.Turn{Rounds: true, Ask: func(context.Context, *mcp.ElicitParams) (*mcp.ElicitResult, error) { return agree, nil }}
	for {
		result, known, err := ups.Call(ctx, c.Name, c.Arguments, turn)
		if err != nil || !known {
			return fmt.Errorf("%s: known %t, %w", c.Name, known, err)
		}
		b, _ := json.Marshal(result)
		fmt.Fprintln(os.Stderr, c.Name, string(b))
		if result.InputRequests == nil {
			return nil
		}
		turn.State, turn.Answers = result.RequestState, mcp.InputResponseMap{}
		for key := range result.InputRequests {
			turn.Answers[key] = agree
		}
	}
}

type toolCall struct {
	Name      string
	Arguments json.RawMessage
}

// asked are the calls of the scenario's context, under their names here; nil
// for a scenario without.
func asked() ([]toolCall, error) {
	text := os.Getenv("MCP_CONFORMANCE_CONTEXT")
	if text == "" {
		return nil, nil
	}
	var scenario struct{ ToolCalls []toolCall }
	if err := json.Unmarshal([]byte(text), &scenario); err != nil {
		return nil, err
	}
	for i := range scenario.ToolCalls {
		scenario.ToolCalls[i].Name = "suite__" + scenario.ToolCalls[i].Name
	}
	return scenario.ToolCalls, nil
}

// arguments gives each property of a tool's schema a value of its type; one
// called schema the schema of another tool, as it is served.
func arguments(t *mcp.Tool, list []*mcp.Tool) json.RawMessage {
	args := map[string]any{}
	object, _ := t.InputSchema.(map[string]any)
	properties, _ := object["properties"].(map[string]any)
	for name, p := range properties {
		of, _ := p.(map[string]any)
		switch of["type"] {
		case "number", "integer":
			args[name] = 1
		case "boolean":
			args[name] = true
		case "string":
			args[name] = "x"
		}
		for _, other := range list {
			if name == "schema" && other != t {
				args[name] = other.InputSchema
			}
		}
	}
	b, _ := json.Marshal(args)
	return b
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
