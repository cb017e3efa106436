package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
)

// TestGatewaysWord: a gateway that had no answer knows as little as whoever
// timed out; a server that says itself that it failed is asked again.
func TestGatewaysWord(t *testing.T) {
	for _, c := range []struct {
		status         int
		method, header string
		want           string
	}{
		{502, "POST", "", lane.Parked},
		{504, "POST", "", lane.Parked},
		{520, "PATCH", "", lane.Parked},
		{522, "POST", "", lane.Parked},
		{524, "POST", "", lane.Parked},
		{504, "POST", "idempotency-key", lane.Delivered},
		{504, "PUT", "", lane.Delivered},
		{500, "POST", "", lane.Delivered},
		{503, "POST", "", lane.Delivered},
		{408, "POST", "", lane.Delivered},
		{521, "POST", "", lane.Delivered}, // it did not reach the server
	} {
		for _, key := range []string{"", "k"} {
			in(t, func(t *testing.T, w *world) {
				name := fmt.Sprint(c.status, c.method, c.header, key)
				w.put(func(d *destination.Config) { d.IdempotencyHeader = c.header })
				w.server.script(func(r request) (int, [][2]string) {
					if r.n == 1 {
						return c.status, nil
					}
					return 200, nil
				})
				v := write("x")
				v.Method, v.PartitionKey = c.method, key
				id := w.accept(v)[0]
				w.empty(time.Hour)
				time.Sleep(time.Minute) // the notice
				d := w.get(id)
				assert.Equal(t, c.want, d.State, name)
				assert.Equal(t, map[string]int{lane.Parked: 1}[c.want], w.told("hookweir.write.parked"), name)
				if assert.Len(t, d.Tries, 1, name) {
					assert.Equal(t, c.status, d.Tries[0].Status, name)
					assert.Equal(t, fmt.Sprintf("http_%d", c.status), d.Tries[0].Reason, name)
					assert.NotNil(t, d.Tries[0].Answer, "what the gateway said is kept: %s", name)
				}
			})
		}
	}
}
