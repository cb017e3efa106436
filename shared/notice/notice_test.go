package notice_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/notice"
	"github.com/hookweir/hookweir/shared/queue"
)

func TestNew(t *testing.T) {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.FixedZone("", 3600))
	e, err := notice.New("acme", "hookweir.write.dead", "write.dead/w1", at, map[string]string{"write": "w1"})
	require.NoError(t, err)
	assert.Equal(t, "acme/hookweir/write.dead/w1", e.Key())

	// It survives the queue as what it is.
	m, err := event.Decode(event.Encode(e))
	require.NoError(t, err)
	assert.Equal(t, e, m.Event)
	assert.Equal(t, "hookweir.write.dead", m.Event.Type)
	assert.Equal(t, event.OriginSystem, m.Event.Origin)
	assert.JSONEq(t, `{"write":"w1"}`, string(m.Event.Body))
}

func TestNewRefuses(t *testing.T) {
	for _, id := range []string{"", strings.Repeat("x", event.MaxIDBytes+1)} {
		_, err := notice.New("acme", "hookweir.test", id, time.Now(), struct{}{})
		assert.ErrorIs(t, err, notice.ErrID)
	}
	for _, data := range []any{nil, "text", []string{"list"}} {
		_, err := notice.New("acme", "hookweir.test", "x", time.Now(), data)
		assert.ErrorIs(t, err, notice.ErrData)
	}
	_, err := notice.New("acme", "hookweir.test", "x", time.Now(), make(chan int))
	assert.Error(t, err)
}

// TestNewFitsAMessage: whatever the data, the queue and the Ledger take it.
func TestNewFitsAMessage(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, tt := range map[string]struct {
		data any
		want string
	}{
		"short": {map[string]any{"a": 1}, `{"a":1}`},
		"one long member": {
			map[string]any{"upstream": "desk", "items": []string{long(60_000), long(60_000)}},
			`{"upstream":"desk","left_out":["items"]}`,
		},
		"two": {
			map[string]any{"a": long(200_000), "b": long(150_000), "c": true},
			`{"c":true,"left_out":["a","b"]}`,
		},
		"only as many as it takes": {
			map[string]any{"a": long(90_000), "b": long(50_000)},
			`{"b":"` + long(50_000) + `","left_out":["a"]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := notice.New(strings.Repeat("t", 63), "hookweir.test", strings.Repeat("i", event.MaxIDBytes), time.Now(), tt.data)
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, string(e.Body))
			assert.Equal(t, int64(len(e.Body)), e.Size)
			assert.LessOrEqual(t, len(e.Body), event.InlineLimit)
			assert.Less(t, len(event.Encode(e)), queue.MaxMessageBytes)
		})
	}
}
