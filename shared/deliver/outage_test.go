package deliver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/queue"
)

// TestANightOfOurOwn: while a part of our own fails (a key ring that is
// missing, an object that does not answer) no agent has been asked, so a night
// of it must not make every event of a tenant dead. The queue gives a message
// up after 100 retries; what it has given up is dead.
func TestANightOfOurOwn(t *testing.T) {
	for name, down := range map[string]string{"the tenant's object, or its key ring": "agent ", "the ledger": "claim"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fail = func(call string) error {
				if strings.Contains(call, down) {
					return errPlatform
				}
				return nil
			}
			var waited time.Duration
			for attempt := 1; attempt <= 100; attempt++ {
				v := w.d.Handle(context.Background(), []queue.Message{{ID: "m1", Attempts: attempt, Body: event.Encode(newEvent("1"))}})[0]
				require.False(t, v.Ack)
				require.LessOrEqual(t, v.Delay, 31*time.Minute, "it is mended, and the event still waits")
				waited += v.Delay
				if attempt == 6 {
					require.Less(t, waited, 2*time.Minute, "a hiccup costs little")
				}
			}
			require.Greater(t, waited, 18*time.Hour)
		})
	}
}
