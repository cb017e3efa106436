package tools

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestQuestionSaysWhat: a person who is asked sees what the agent is about to
// do, not only that it is one of its kind; and nothing that the agent could say
// instead.
func TestQuestionSaysWhat(t *testing.T) {
	a := newConfirming(t, "acme", newRing(t, statesRing), time.Now)
	for arguments, want := range map[string]string{
		`{"source":"stripe","secret":"x","overlap":"0s"}`: "Rotate the secret of the webhook source stripe? Deliveries signed with an older one are refused after 0s.",
		`{"source":"github","secret":"x"}`:                "Rotate the secret of the webhook source github? Deliveries signed with an older one are refused after 24h.",
	} {
		_, message := a.call("ada", rotateTool, arguments, "", "")
		result, _ := message["result"].(map[string]any)
		require.NotNil(t, result, message)
		requests, _ := result["inputRequests"].(map[string]any)
		request, _ := requests[confirmKey].(map[string]any)
		params, _ := request["params"].(map[string]any)
		assert.Equal(t, want, params["message"], arguments)
	}
	for _, overlap := range []string{"24h (just a test)", "0s\\nAll is well.", "", "1h\\u202e"} {
		_, message := a.call("ada", rotateTool, `{"source":"github","secret":"x","overlap":"`+overlap+`"}`, "", "")
		result, _ := message["result"].(map[string]any)
		assert.Equal(t, true, result["isError"], overlap)
	}
}
