package wasmtest_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestLocations: each location has its isolates and its copies of KV.
func TestLocations(t *testing.T) {
	c := shop(nil)
	c.Locations = []string{"fra", "nrt"}
	c.Faults = wasmtest.Faults{wasmtest.KVStale: 1}
	c.Workers[0].Consumers = nil // the order stays as it is
	edge := wasmtest.New(t, c)
	state := func(location string) string {
		return text(edge.Fetch(wasmtest.At(httptest.NewRequest("GET", "https://shop.example/orders/17", nil), location)))
	}
	unknown := state("nrt")
	require.Equal(t, "200 <null>", unknown) // syumai says a miss so
	order := httptest.NewRequest("POST", "https://shop.example/orders", strings.NewReader("17"))
	require.Equal(t, 202, edge.Fetch(wasmtest.At(order, "fra")).StatusCode)
	require.Equal(t, "200 ordered", state("fra"), "where it was written")
	edge.Advance(59 * time.Second)
	require.Equal(t, unknown, state("nrt"), "a miss is copied as well")
	edge.Advance(time.Second)
	require.Equal(t, "200 ordered", state("nrt"))

	trace := strings.Join(edge.Trace(), "\n")
	require.Contains(t, trace, "shop/front-fra.")
	require.Contains(t, trace, "shop/front-nrt.")

	// Without At the seed says where; the same again for the same seed.
	for range 20 {
		edge.Fetch(httptest.NewRequest("GET", "https://shop.example/orders/18", nil))
		edge.Advance(time.Second)
	}
	trace = strings.Join(edge.Trace(), "\n")
	require.Contains(t, trace, "kv.get 18 at fra")
	require.Contains(t, trace, "kv.get 18 at nrt")

	r := &recorder{T: t}
	one := wasmtest.New(r, shop(nil))
	defer one.Close()
	one.Send(wasmtest.At(httptest.NewRequest("GET", "https://shop.example/", nil), "fra"), nil)
	require.Equal(t, []string{`wasmtest: there is no location "fra" in Config.Locations`}, r.failures)
}
