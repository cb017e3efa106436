package wasmtest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

func TestStateIsInReach(t *testing.T) {
	edge := wasmtest.New(t, shop(http.NotFoundHandler()))
	require.EqualValues(t, 1, edge.Seed())

	require.NoError(t, edge.KV("orders").Put("3", "ordered"))
	require.ErrorContains(t, edge.KV("orders").Put("3", "again"), "429")
	require.Equal(t, []string{"3"}, edge.KV("orders").Keys())

	edge.Queue("payments").SendText("3")
	require.Len(t, edge.Queue("payments").Messages(), 1)
	edge.AdvanceTo(edge.Now().Add(2 * time.Second))
	require.Equal(t, 1, edge.Queue("payments").Messages()[0].Attempts)
	require.Equal(t, edge.Now().Add(29*time.Second).Truncate(time.Second), edge.Queue("payments").Messages()[0].Visible.Truncate(time.Second))
	edge.Advance(10 * time.Minute)
	require.Zero(t, edge.Queue("payments").Len())
	dead := edge.Queue("payments-dead").Messages()
	require.Len(t, dead, 1)
	require.Equal(t, "3", string(dead[0].Body))

	lines := len(edge.Log())
	edge.Cron()
	edge.Advance(time.Second)
	require.Len(t, edge.Log(), lines+1)
	require.Contains(t, edge.Log()[lines].Text, "rate asked at")

	edge.Queue("other").Send([]byte{1})
	edge.Queue("other").SendJSON("{}")
	require.Equal(t, 2, edge.Queue("other").Len())
	edge.Bucket("b").Put("k", []byte("v"))
	v, ok := edge.Bucket("b").Get("k")
	require.True(t, ok)
	require.Equal(t, "v", string(v))
	require.Equal(t, []string{"k"}, edge.Bucket("b").Keys())

	called := time.Time{}
	edge.After(time.Minute, func() { called = edge.Now() })
	before := edge.Now()
	edge.Advance(time.Hour)
	require.Equal(t, time.Minute, called.Sub(before))
	require.Empty(t, edge.Leaks())
	require.NotZero(t, edge.TraceSum())
}

func TestObjectsKeepTheirStorageWhenTheirIsolateGoes(t *testing.T) {
	edge := hookweir(t, &agent{}, wasmtest.Config{})
	configure(t, edge, "acme")
	backend := edge.Worker("hookweir-consumers")
	for _, away := range []func(){backend.Kill, backend.Recycle} {
		away()
		res := edge.Fetch(api("GET", "acme/sources/gh", ""))
		require.Equal(t, 200, res.StatusCode)
	}
	found := false
	for _, o := range backend.Objects() {
		if o.Class() == "Tenant" && strings.Contains(o.Name(), "acme") {
			found = true
			_, rows, err := o.Query("SELECT COUNT(*) FROM sqlite_master")
			require.NoError(t, err)
			require.Positive(t, rows[0][0])
			_, set := backend.Object("Tenant", o.Name()).Alarm()
			_ = set
		}
	}
	require.True(t, found)
	res := edge.Fetch(httptest.NewRequest("GET", "https://hooks.example.com/healthz", nil))
	require.Equal(t, 200, res.StatusCode, text(res))
}
