package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/lane"
)

// TestDrainStaysWithinSubrequests: an event of an object may make 10,000
// subrequests, so a drain that meets a quick server ends before, and the alarm
// begins the next one.
func TestDrainStaysWithinSubrequests(t *testing.T) {
	const most, keys, n = 2_000 + 5, 50, 2_100 // the last pick brings up to six
	in(t, func(t *testing.T, w *world) {
		w.put(nil)
		byAlarm := map[int]int{}
		w.server.answer = func(request) (int, [][2]string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			byAlarm[w.count.alarms]++
			return 200, nil
		}
		for i := 0; i < n; {
			var list []lane.Write
			for range keys {
				list = append(list, keyed(fmt.Sprint(i%keys), fmt.Sprint(i)))
				i++
			}
			w.accept(list...)
		}
		w.empty(time.Hour)
		require.Len(t, w.server.requests(), n)
		for alarm, requests := range byAlarm {
			require.LessOrEqual(t, requests, most, "alarm %d", alarm)
		}
	})
}
