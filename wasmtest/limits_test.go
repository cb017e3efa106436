package wasmtest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestSubrequests: a module that asks others too often in one event learns it
// as an error of its own, and the next event has the whole budget again.
func TestSubrequests(t *testing.T) {
	const limit = ". To configure this limit, refer to https://developers.cloudflare.com/workers/wrangler/configuration/#limits"
	edge := wasmtest.New(t, wasmtest.Config{
		Workers: []wasmtest.Worker{{
			Name: "hungry", Module: guest("hungry"), KV: map[string]string{"KV": "kv"},
			Subrequests: wasmtest.Subrequests{Outside: 50, Inside: 100},
		}},
		Servers: map[string]http.Handler{"far.example": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
	})
	for _, tt := range [][2]string{
		{"/fetch/50", "200 50"},
		{"/fetch/51", "200 50, then failed on promise: Error: Too many subrequests by single Worker invocation" + limit},
		{"/kv/100", "200 100"},
		{"/kv/101", "200 100, then failed on promise: Error: Too many API requests by single Worker invocation" + limit},
		{"/fetch/50", "200 50"},
	} {
		require.Equal(t, tt[1], text(edge.Fetch(httptest.NewRequest("GET", "https://hungry.example"+tt[0], nil))), tt[0])
	}
	require.Equal(t, wasmtest.Subrequests{Outside: 50, Inside: 100}, edge.Worker("hungry").Subrequests())
}
