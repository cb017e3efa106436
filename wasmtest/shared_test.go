package wasmtest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

func shared(t wasmtest.TB) *wasmtest.Edge {
	return wasmtest.New(t, wasmtest.Config{Workers: []wasmtest.Worker{{Name: "shared", Module: guest("shared"), Glue: wasmtest.Backend}}})
}

func get(path string) *http.Request {
	return httptest.NewRequest("GET", "https://w.example/"+path, nil)
}

// TestSharedInstanceLeaks: an instance that lives on keeps what an event left.
func TestSharedInstanceLeaks(t *testing.T) {
	for path, want := range map[string]string{
		"timer": `left 1 × "Go timer" behind`, "callback": `left 1 × "callback" behind`, "goroutine": `left 1 × "goroutine" behind`,
	} {
		r := &recorder{T: t}
		edge := shared(r)
		require.Equal(t, 200, edge.Fetch(get(path)).StatusCode)
		edge.Advance(time.Minute)
		edge.Close()
		require.Len(t, r.failures, 1, path)
		require.Contains(t, r.failures[0], want)
	}
}

// TestDrainingInstanceRetiresItself: the guest retires each instance after two
// events. One that drains and asks to be retired must not take its successor
// along.
func TestDrainingInstanceRetiresItself(t *testing.T) {
	edge := shared(t)
	late := 0
	edge.Send(get("retire-late"), func(*http.Response) { late++ })
	require.Equal(t, "200 2", text(edge.Fetch(get(""))), "the first instance's last event")
	require.Equal(t, "200 1", text(edge.Fetch(get(""))), "a second instance")
	require.Zero(t, late)
	edge.Advance(time.Minute)
	require.Equal(t, 1, late)
	require.Equal(t, "200 2", text(edge.Fetch(get(""))), "still the second")
	require.Equal(t, "200 1", text(edge.Fetch(get(""))), "a third")
}

// TestTransactionsAreAlone: a goroutine that becomes able to run while a
// transaction is open has no part in it.
func TestTransactionsAreAlone(t *testing.T) {
	edge := wasmtest.New(t, wasmtest.Config{Workers: []wasmtest.Worker{{
		Name: "transactions", Module: guest("transactions"), Glue: wasmtest.Backend,
		Objects: map[string]wasmtest.Class{"OBJECT": {Name: "Object"}},
	}}})
	require.Equal(t, "200 2 single whole, <nil> <nil> true", text(edge.Fetch(get(""))))
}
