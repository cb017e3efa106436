package wasmtest_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// recorder is a TB that notes failures.
type recorder struct {
	*testing.T
	failures []string
}

type fatal struct{}

func (r *recorder) Failed() bool { return len(r.failures) > 0 }
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); panic(fatal{}) }
func (r *recorder) Cleanup(func())                    {}

// failures are those of a test that fetches a path of the leaky guest.
func failures(t *testing.T, path string) (list []string, answer string) {
	t.Helper()
	r := &recorder{T: t}
	func() {
		defer func() {
			if v := recover(); v != nil && v != (fatal{}) {
				panic(v)
			}
		}()
		edge := wasmtest.New(r, wasmtest.Config{
			Hang:    500 * time.Millisecond,
			Workers: []wasmtest.Worker{{Name: "leaky", Module: guest("leaky"), KV: map[string]string{"KV": "kv"}}},
		})
		defer edge.Close()
		answer = text(edge.Fetch(httptest.NewRequest("GET", "https://leaky.example"+path, nil)))
		for _, l := range edge.Log() {
			answer += "\n" + l.Text
		}
		edge.Advance(time.Minute)
	}()
	return r.failures, answer
}

func TestFailures(t *testing.T) {
	tests := []struct{ path, failure, answer string }{
		{"/clean", "", "200 clean"},
		{"/sleep", "", "200 slept"},
		{"/callback", `left 1 × "callback" behind after its fetch event`, "200"},
		{"/nethttp", "", "The 'credentials' field on 'RequestInitializerDict' is not implemented"},
		{"/kv", `left 1 × "kv.put" behind`, "200"},
		{"/missing", "crypto.subtle is not implemented", ""},
		{"/unknown", `no server for host "nobody.example" in Config.Servers`, ""},
		{"/endless", "", "ran for 500ms of real time without returning"},
	}
	for _, tt := range tests {
		t.Run(strings.Trim(tt.path, "/"), func(t *testing.T) {
			failures, answer := failures(t, tt.path)
			if tt.failure == "" {
				require.Empty(t, failures)
			} else {
				require.NotEmpty(t, failures)
				require.Contains(t, failures[len(failures)-1], tt.failure)
			}
			require.Contains(t, answer, tt.answer)
		})
	}
}

func TestWorkersThatFailTheirEvent(t *testing.T) {
	edge := wasmtest.New(t, shop(nil))
	res := text(edge.Fetch(httptest.NewRequest("GET", "https://shop.example/hang", nil)))
	require.Contains(t, res, "500 The Workers runtime canceled this request because it detected that your Worker's code had hung")
	res = text(edge.Fetch(httptest.NewRequest("GET", "https://shop.example/panic", nil)))
	require.Contains(t, res, "500 ")
	log := edge.Log()
	require.Contains(t, log[0].Text, "panic: no such luck")
}

func TestConfigRefuses(t *testing.T) {
	tests := []struct {
		c    wasmtest.Config
		want string
	}{
		{wasmtest.Config{}, "no Workers"},
		{wasmtest.Config{Workers: []wasmtest.Worker{{Name: "a", Module: "none.wasm"}}}, "no such file"},
		{wasmtest.Config{Workers: []wasmtest.Worker{{Name: "a", Module: guest("hello"), Services: map[string]string{"B": "b"}}}}, `service binding B: there is no Worker "b"`},
		{wasmtest.Config{Workers: []wasmtest.Worker{{Name: "a", Module: guest("hello"), Crons: []string{"often"}}}}, "want 5 fields"},
		{wasmtest.Config{Workers: []wasmtest.Worker{{Name: "a", Module: guest("badimport")}}}, `imports "drive" from "warp"`},
		{wasmtest.Config{Workers: []wasmtest.Worker{{Name: "a", Module: guest("hello"), Glue: wasmtest.Ingress}}}, `does not export "handle"`},
		{wasmtest.Config{Workers: []wasmtest.Worker{{Name: "a", Module: guest("hello")}}, Faults: wasmtest.Faults{"kv.typo": 1}}, "kv.typo"},
	}
	for _, tt := range tests {
		_, err := wasmtest.Open(tt.c)
		require.ErrorContains(t, err, tt.want)
	}
}

func TestCatalogueIsWhole(t *testing.T) {
	for _, row := range wasmtest.FaultCatalogue() {
		require.NotEmpty(t, row.Does, row.Fault)
		require.True(t, row.Doc == "observed" || strings.HasPrefix(row.Doc, "https://"), row.Fault)
	}
	require.Len(t, wasmtest.EveryFault(0.5), len(wasmtest.FaultCatalogue()))
}

func TestHookweirIsNotBuilt(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "consumers"), 0o700))
	for _, name := range []string{"wrangler.toml", "consumers/wrangler.toml"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(`name = "w"`), 0o600))
	}
	_, err := wasmtest.Hookweir(root, nil)
	require.ErrorContains(t, err, "worker.wasm is not there: run `make build` first")
}

// TestFailurePrintsSeedAndReplay: what a failed test says at its end.
func TestFailurePrintsSeedAndReplay(t *testing.T) {
	r := &printer{recorder: recorder{T: t}}
	c := shop(nil)
	c.Seed, c.Script = 17, []wasmtest.Hit{{Fault: wasmtest.KVFail, Nth: 1}}
	edge := wasmtest.New(r, c)
	edge.Fetch(httptest.NewRequest("GET", "https://shop.example/orders/1", nil))
	edge.AdvanceTo(edge.Start().Add(time.Second))
	r.cleanup()
	require.Empty(t, r.lines, "a test that passes prints nothing")

	r.Errorf("the test's own assertion")
	edge = wasmtest.New(r, c)
	edge.Fetch(httptest.NewRequest("GET", "https://shop.example/orders/1", nil))
	edge.AdvanceTo(edge.Start().Add(time.Second))
	r.cleanup()
	require.Len(t, r.lines, 2)
	require.Contains(t, r.lines[0], "FAULT kv.fail#1")
	require.Equal(t, "wasmtest: seed 17, 1 faults, clock at 2026-01-01T00:00:01Z; replay with: WASMTEST_SEED=17 go test -run '^TestFailurePrintsSeedAndReplay$'", r.lines[1])
}

// printer is a recorder that runs clean-ups and notes what is logged.
type printer struct {
	recorder
	lines   []string
	cleanup func()
}

func (p *printer) Cleanup(fn func()) { p.cleanup = fn }
func (p *printer) Logf(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}
