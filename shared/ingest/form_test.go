package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever gives a command to Slack sees what its app answers: any status but
// 200 as a failure, and a body as a message, or as a broken one. So it is 200
// and empty (docs.slack.dev, "Handling user interaction": acknowledgment
// response). Events are answered as any other.
func TestSlackCommandsAreAnsweredByNothing(t *testing.T) {
	p := newPlatform(t)
	p.configure("acme", "slack", "slack", secret)
	deliver := func(body string) *Response {
		stamp := strconv.FormatInt(start.Unix(), 10)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("v0:" + stamp + ":" + body))
		return p.serve(&Request{
			Method: "POST", URL: "https://hooks.example.com/webhooks/acme/slack",
			Header: header{"x-slack-signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))}, "x-slack-request-timestamp": {stamp}},
			Body:   func(int) ([]byte, error) { return []byte(body), nil },
		})
	}
	for i, body := range []string{
		"command=%2Fdeploy&trigger_id=1",
		"payload=%7B%22type%22%3A%22view_submission%22%2C%22trigger_id%22%3A%222%22%7D",
	} {
		for range 2 { // taken, then known
			res := deliver(body)
			assert.Equal(t, 200, res.Status, body)
			assert.Empty(t, res.Body, body)
			require.Len(t, p.queue, i+1)
		}
	}
	res := deliver(`{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}`)
	assert.Equal(t, 202, res.Status)
	assert.Contains(t, string(res.Body), "acme/slack/Ev1")
}
