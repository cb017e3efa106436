package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestSigned is the model of rotated agent secrets: who signs when.
func TestSigned(t *testing.T) {
	sign := func(secret string) string {
		key, err := base64.StdEncoding.DecodeString(secret[len("whsec_"):])
		require.NoError(t, err)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("id.1.{}"))
		return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	old, fresh, guess := "whsec_b2xkLXNlY3JldA==", "whsec_bmV3LXNlY3JldA==", "whsec_Z3Vlc3M="
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }
	// Rotated at minute 1, known to all at 3; the old one is good until 5 and
	// gone at 8.
	keys := []agentKey{{old, at(0), at(5), at(8)}, {secret: fresh, must: at(3)}}
	tests := []struct {
		minute int
		by     []string
		want   bool
	}{
		{2, []string{old}, true},
		{2, []string{old, fresh}, true},
		{2, []string{fresh}, false}, // the old one is left out in its overlap
		{4, []string{old}, false},   // the new one is not used
		{4, []string{old, fresh}, true},
		{4, []string{fresh}, false},
		{6, []string{fresh}, true},
		{6, []string{old, fresh}, true},
		{9, []string{fresh}, true},
		{9, []string{old, fresh}, false}, // the old one never ends
		{6, []string{guess}, false},
		{6, nil, false},
	}
	for _, tt := range tests {
		edge, err := wasmtest.Open(wasmtest.Config{Start: at(tt.minute), Workers: []wasmtest.Worker{{Name: "none", Module: root + "/build/worker.wasm"}}})
		require.NoError(t, err)
		a := &agents{simulation: &simulation{edge: edge}, keys: map[string][]agentKey{"a": keys}}
		h := http.Header{"Webhook-Id": {"id"}, "Webhook-Timestamp": {"1"}}
		for _, secret := range tt.by {
			h.Set("Webhook-Signature", h.Get("Webhook-Signature")+" "+sign(secret))
		}
		require.Equal(t, tt.want, a.signed("a", h, []byte("{}")), "%+v", tt)
		edge.Close()
	}
}
