package notice_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/notice"
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
		_, err := notice.New("acme", "hookweir.test", id, time.Now(), nil)
		assert.ErrorIs(t, err, notice.ErrID)
	}
	_, err := notice.New("acme", "hookweir.test", "x", time.Now(), make(chan int))
	assert.Error(t, err)
}
