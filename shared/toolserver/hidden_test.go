//go:build !js

package toolserver

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/problem"
)

// TestHiddenMethods: what is said twice is said by nobody, so a call that says
// its method twice, and a result as well, must not pass for an answer: the
// protocol library would call, and nobody would have been asked whether the
// caller may, or had too much.
func TestHiddenMethods(t *testing.T) {
	for why, message := range map[string]string{
		"a method twice, and a result":     `{"jsonrpc":"2.0","id":2,"method":"x","method":"tools/call","result":{},"params":{"name":"who","arguments":{}}}`,
		"a method twice, and an error":     `{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"x"},"m\u0065thod":"x","method":"tools/call","params":{"name":"who","arguments":{}}}`,
		"a method that is no text":         `{"jsonrpc":"2.0","id":2,"method":null,"result":{}}`,
		"a method without characters":      `{"jsonrpc":"2.0","id":2,"method":"","result":{}}`,
		"a name twice":                     `{"jsonrpc":"2.0","id":2,"method":"prompts/get","params":{"name":"a","name":"b"}}`,
		"a URI twice":                      `{"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"a","uri":"b"}}`,
		"parameters twice":                 `{"jsonrpc":"2.0","id":2,"method":"prompts/get","params":{"name":"a"},"params":{"name":"b"}}`,
		"its protocol twice":               `{"jsonrpc":"2.0","id":2,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/protocolVersion":"x"}}}`,
		"an answer that brings two things": `{"jsonrpc":"2.0","id":2,"result":{},"result":{}}`,
	} {
		_, bad := readFrames([]byte(message))
		assert.Equal(t, errRequest, bad, why)
	}

	w := newWorld(t)
	permitted := 0
	w.config = func(c *Config) {
		c.Permit = func(_ *http.Request, _ *access.Caller, method, _ string) *access.Refusal {
			if method != "tools/call" {
				return nil
			}
			permitted++
			return &access.Refusal{Problem: problem.New(problem.CodeRateLimited, "")}
		}
	}
	w.handler = w.make()
	_, id, _ := w.send(t, "POST", "ada", "", initialize)
	status, _, text := w.send(t, "POST", "ada", id, callWho)
	require.Equal(t, 429, status, text)
	status, _, text = w.send(t, "POST", "ada", id, `{"jsonrpc":"2.0","id":2,"method":"x","method":"tools/call","result":{},"params":{"name":"who","arguments":{}}}`)
	assert.Equal(t, 400, status, text)
	assert.NotContains(t, text, "Bearer")
	assert.Equal(t, 1, permitted)
}
