package deliver_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/deliver"
	"github.com/hookweir/hookweir/shared/event"
)

func TestArrivedHearsOfWebhooksOnly(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	heard := map[string][]string{}
	cfg := w.config()
	cfg.Arrived = func(_ context.Context, tenant string, sources []string) {
		mu.Lock()
		defer mu.Unlock()
		heard[tenant] = append(heard[tenant], sources...)
	}
	d, err := deliver.New(cfg)
	require.NoError(t, err)
	w.d = d
	polled, other := newEvent("3"), newEvent("4")
	polled.Source, polled.Origin = "list", event.OriginPoll
	other.Source = "st"
	w.handle(message("m1", newEvent("1")), message("m2", newEvent("2")), message("m3", polled), message("m4", other))
	slices.Sort(heard["acme"])
	require.Equal(t, map[string][]string{"acme": {"gh", "st"}}, heard, "each source once; what a poll found wakes no poll")
}
