package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/pace"
)

// TestCost counts what the platform bills for a delivered write; docs/writes.md
// has the table. Index entries come on top of the rows.
func TestCost(t *testing.T) {
	for _, c := range []struct {
		name string
		keys int
		most float64 // Lane calls and alarms per write
	}{{"unordered", 0, 0.1}, {"ordered", 20, 0.05}} {
		in(t, func(t *testing.T, w *world) {
			w.put(func(d *destination.Config) { d.Rate = pace.Limit{Requests: 100, Per: time.Second, Burst: 20} })
			const n = 1000
			list := make([]lane.Write, n)
			for i := range list {
				list[i] = write(fmt.Sprint(i))
				if c.keys > 0 {
					list[i].PartitionKey = fmt.Sprint(i % c.keys)
				}
			}
			w.mu.Lock()
			w.count = struct{ invokes, alarms, setAlarms, messages, writes int }{}
			w.mu.Unlock()
			w.accept(list...)
			time.Sleep(time.Minute)
			w.mu.Lock()
			got := w.count
			w.mu.Unlock()
			assert.Len(t, w.server.requests(), n)
			t.Logf("%s, per write: %.3f Lane calls, %.3f alarms, %.3f queue messages, %.2f rows written, %.3f alarms set", c.name,
				float64(got.invokes)/n, float64(got.alarms)/n, float64(got.messages)/n, float64(got.writes)/n, float64(got.setAlarms)/n)
			assert.LessOrEqual(t, float64(got.invokes+got.alarms)/n, c.most)
		})
	}
}
