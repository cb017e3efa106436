package wasmtest_test

import (
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestObjectLeaks: what a Durable Object's events leave behind is told by name
// too, once nothing is in flight.
func TestObjectLeaks(t *testing.T) {
	for path, want := range map[string]string{
		"callback":  `transactions left 1 × "callback" behind after its Object one event`,
		"goroutine": `transactions left 1 × "goroutine" behind after its Object one event`,
		"":          "",
	} {
		r := &recorder{T: t}
		edge := wasmtest.New(r, wasmtest.Config{Workers: []wasmtest.Worker{{
			Name: "transactions", Module: guest("transactions"), Glue: wasmtest.Backend,
			Objects: map[string]wasmtest.Class{"OBJECT": {Name: "Object"}},
		}}})
		require.Equal(t, 200, edge.Fetch(get(path)).StatusCode)
		edge.Advance(time.Minute)
		edge.Close()
		if want == "" {
			require.Empty(t, r.failures)
			continue
		}
		require.Len(t, r.failures, 1, path)
		require.Contains(t, r.failures[0], want)
	}
}
