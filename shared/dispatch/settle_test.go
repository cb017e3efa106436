package dispatch_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/queue"
)

// TestALaneThatIsAwayForSeconds: an object that is being replaced answers again
// after a moment. A write whose answer it did not hear of until then would be
// one of which nobody knows whether it arrived: parked, for a person to decide.
func TestALaneThatIsAwayForSeconds(t *testing.T) {
	w := newWorld(t)
	f := w.sends([]time.Duration{0}, time.Second)
	f.settle = slices.Repeat([]error{errors.New("reset")}, 5)
	before := w.now
	assert.Equal(t, []queue.Verdict{{Ack: true}}, w.d.Handle(context.Background(), []queue.Message{message("a", 1)}))
	assert.Len(t, f.settled, 1)
	assert.Greater(t, w.now.Sub(before), 5*time.Second)
	assert.Less(t, w.now.Sub(before), 10*time.Second)

	// One that has gone for good is not waited for.
	w = newWorld(t)
	f = w.sends([]time.Duration{0}, time.Second)
	f.settle = slices.Repeat([]error{outbound.ErrNotFound}, 5)
	before = w.now
	w.d.Handle(context.Background(), []queue.Message{message("a", 1)})
	assert.Len(t, f.settle, 4)
	assert.Less(t, w.now.Sub(before), time.Second)
}
