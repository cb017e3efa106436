package wasmtest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// retention is how long Cloudflare Queues keeps a message, unless it is set to
// more (https://developers.cloudflare.com/queues/configuration/configure-queues/,
// read 2026-11).
const retention = 4 * 24 * time.Hour

// TestBrokenConsumersLoseNothing: a deployment whose every event fails, before
// any verdict of ours, does not use up an acknowledged event's deliveries in
// an afternoon: what ends its waiting is the queues' own retention, which is
// what docs/deploying.md says (G3).
func TestBrokenConsumersLoseNothing(t *testing.T) {
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	at := slices.IndexFunc(workers, func(w wasmtest.Worker) bool { return len(w.Consumers) > 0 })
	broken := wasmtest.Worker{Name: "consumers", Module: guest("leaky"), Consumers: workers[at].Consumers} // it takes no batch
	edge := wasmtest.New(t, wasmtest.Config{Workers: []wasmtest.Worker{broken}})
	edge.Queue("events").Send([]byte("an event"))
	edge.Advance(50 * time.Minute)
	require.Equal(t, 1, edge.Queue("events").Len(), "time to roll back: from here it is delivered, and not dead")
	edge.Advance(retention - time.Hour)
	require.Equal(t, 1, edge.Queue("events").Len()+edge.Queue("events-dead").Len())
}
