package event

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/wire"
)

func sample() *Event {
	return &Event{
		Tenant: "acme", Source: "github", ID: "72d3162e", Provider: "github", Type: "com.github.push",
		Time: time.UnixMilli(1_700_000_000_123).UTC(), Accepted: time.UnixMilli(1_700_000_000_456).UTC(),
		Origin: OriginWebhook, Authenticated: ProofSignature, ContentType: "application/json",
		Retention: 72 * time.Hour, Body: []byte(`{"a":1}`), Size: 7,
	}
}

func TestRoundTrip(t *testing.T) {
	inline, claimed := sample(), sample()
	claimed.Body, claimed.Claim, claimed.Size = nil, "evt/acme/github/x", 200_000
	for name, e := range map[string]*Event{"inline": inline, "claimed": claimed} {
		t.Run(name, func(t *testing.T) {
			m, err := Decode(Encode(e))
			require.NoError(t, err)
			assert.Equal(t, &Message{Event: e, Tenant: "acme", Key: "acme/github/72d3162e"}, m)
		})
	}
	m, err := Decode(EncodeReference("acme", "acme/github/1/2"))
	require.NoError(t, err)
	assert.Equal(t, &Message{Tenant: "acme", Key: "acme/github/1/2"}, m)
}

// A message with the largest inline body and the longest attributes the edge
// lets through fits a queue message of 128,000 bytes.
func TestInlineLimitFitsAMessage(t *testing.T) {
	e := sample()
	e.Tenant, e.Source = strings.Repeat("t", 63), strings.Repeat("s", 63)
	e.ID, e.ContentType, e.Type = strings.Repeat("i", MaxIDBytes), strings.Repeat("c", 255), strings.Repeat("y", 1024)
	e.Body = make([]byte, InlineLimit)
	assert.Less(t, len(Encode(e)), 128_000-100)
	assert.LessOrEqual(t, len("evt:"+e.Key()), 512, "the key fits KV")
}

func TestDecodeRefuses(t *testing.T) {
	whole := Encode(sample())
	for name, tc := range map[string]struct {
		msg  []byte
		want error
	}{
		"empty":          {nil, wire.ErrTruncated},
		"another format": {[]byte{9, 1, 2}, ErrFormat},
		"cut":            {whole[:len(whole)-1], wire.ErrTruncated},
		"trailing":       {append(append([]byte(nil), whole...), 0), wire.ErrTrailing},
		"reference cut":  {[]byte{formatReference, 4, 0, 0, 0, 'a'}, wire.ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(tc.msg)
			assert.Equal(t, tc.want, err)
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(sample()))
	f.Add(EncodeReference("acme", "acme/github/1"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		m, err := Decode(msg)
		if err != nil || m.Event == nil || m.Event.Claim != "" {
			return
		}
		again, err := Decode(Encode(m.Event))
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}
