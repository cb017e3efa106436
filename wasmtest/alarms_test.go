package wasmtest_test

import (
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestAlarmsAreNotGivenUp: the platform tries an alarm that fails six times
// more and then never. What is left to it (G3: events that are due again) then
// waits a minute at a time, and is not forgotten.
func TestAlarmsAreNotGivenUp(t *testing.T) {
	edge := wasmtest.New(t, wasmtest.Config{Workers: []wasmtest.Worker{{
		Name: "alarms", Module: guest("alarms"), Glue: wasmtest.Backend,
		Objects: map[string]wasmtest.Class{"OBJECT": {Name: "Object"}},
	}}})
	require.Equal(t, "200 0", text(edge.Fetch(get("set"))))
	edge.Advance(time.Hour)
	require.Equal(t, "200 10", text(edge.Fetch(get(""))), "nine times it failed")
	edge.Advance(time.Hour)
	require.Equal(t, "200 10", text(edge.Fetch(get(""))), "it is over")
}
