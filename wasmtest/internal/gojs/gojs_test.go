package gojs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/guests"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
	"github.com/stretchr/testify/require"
)

// host is the simplest isolate: one context, no limits.
type host struct {
	loop  *sched.Loop
	rand  *sched.Rand
	realm *jsobj.Realm
	lines []string
}

func (h *host) Now() time.Time                  { return h.loop.Now() }
func (h *host) Random(b []byte)                 { h.rand.Fill(b) }
func (h *host) Current() jsobj.Context          { return nil }
func (h *host) Post(_ jsobj.Context, fn func()) { h.loop.After(0, "post", fn) }
func (h *host) Log(level, text string)          { h.lines = append(h.lines, level+": "+text) }
func (h *host) After(d time.Duration, name string, fn func()) func() {
	t := h.loop.After(d, name, func() { fn(); _, _ = h.realm.Drain() })
	return func() { h.loop.Cancel(t) }
}

var start = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

var engine = sync.OnceValue(func() *Engine {
	e, err := NewEngine(filepath.Join("..", "..", "..", "build", ".wazero"), nil)
	if err != nil {
		panic(err)
	}
	return e
})

func boot(t *testing.T, name string, seed uint64) (*Instance, *host, error) {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	path, err := guests.Build(root, name)
	require.NoError(t, err)
	engine := engine()
	module, err := engine.Load(path)
	if err != nil {
		return nil, nil, err
	}
	h := &host{loop: sched.New(start, sched.NewRand(seed, sched.Ties)), rand: sched.NewRand(seed, sched.Entropy)}
	h.realm = jsobj.NewRealm(h)
	in, err := module.Instantiate(Config{Name: name, Realm: h.realm, Limits: Limits{Hang: time.Second}})
	require.NoError(t, err)
	t.Cleanup(in.Close)
	if err := in.Run(); err != nil {
		return in, h, err
	}
	_, err = h.realm.Drain()
	return in, h, err
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func TestTableIsWasmExec(t *testing.T) {
	js, err := os.ReadFile(filepath.Join(goroot(t), "lib", "wasm", "wasm_exec.js"))
	require.NoError(t, err)
	_, body, ok := strings.Cut(string(js), "gojs: {")
	require.True(t, ok)
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\t{5}"([a-zA-Z/.0-9]+)": \(`).FindAllStringSubmatch(body, -1) {
		want = append(want, m[1])
	}
	var got []string
	for _, f := range table() {
		got = append(got, f.Name)
	}
	require.Equal(t, want, got)
}

func TestHello(t *testing.T) {
	in, h, err := boot(t, "hello", 1)
	var exit *ExitError
	require.ErrorAs(t, err, &exit, "main returned")
	require.Zero(t, exit.Code)
	require.Equal(t, []string{
		"log: hello js 1 2026-11-23T00:00:00Z", "error: and on stderr", "error: runtime print",
	}, h.lines)
	require.ErrorAs(t, in.Resume(), &exit)
}

func async(t *testing.T, seed uint64) string {
	in, h, err := boot(t, "async", seed)
	require.NoError(t, err)
	require.NoError(t, h.loop.Run(start.Add(time.Hour), func() bool { return false }))
	require.NoError(t, h.realm.Fatal())
	require.Zero(t, in.Timers())
	result, err := h.realm.Global.Get(h.realm, "result")
	require.NoError(t, err)
	answer, err := h.realm.Invoke(h.realm.Global, "callMe", "x")
	require.NoError(t, err)
	require.Equal(t, "called with x", answer)
	return result.(string)
}

func TestAsync(t *testing.T) {
	got := async(t, 1)
	rest, order, ok := strings.Cut(got, "\nmap order ")
	require.True(t, ok)
	require.Len(t, order, 7)
	require.Equal(t, `object <number: 1.5> text 4 two
types undefined null object function
zero 0 nan false
bytes 5 "el\x00\x00\x00"
instance true false
same true
headers 1,2, 3
recovered JavaScript error: Invalid header name.
goroutines 14
slept 1m30s
one minute
then yes
catch no
all 2
then nested`, rest)
}

func TestSeedDecidesMapOrder(t *testing.T) {
	require.Equal(t, async(t, 7), async(t, 7))
	seen := map[string]bool{}
	for seed := range uint64(6) {
		seen[async(t, seed)] = true
	}
	require.Greater(t, len(seen), 1)
}

func TestBadModules(t *testing.T) {
	tests := []struct {
		guest string
		as    any
		want  string
	}{
		{"badimport", new(*ImportError), `imports "drive" from "warp", which nobody implements`},
		{"endless", new(*HangError), "endless ran for 1s of real time without returning"},
		{"panics", new(*ExitError), "panics exited with code 2: panic: the guest's own words"},
		{"exits", new(*ExitError), "exits exited with code 3"},
		{"greedy", new(*ExitError), "greedy exited with code 2: runtime: out of memory: cannot allocate"},
		{"missing", new(*jsobj.Missing), "wasmtest: Headers.toSorted is not implemented"},
	}
	for _, tt := range tests {
		t.Run(tt.guest, func(t *testing.T) {
			in, _, err := boot(t, tt.guest, 1)
			require.ErrorAs(t, err, tt.as)
			require.ErrorContains(t, err, tt.want)
			if in != nil {
				require.Equal(t, in.Err(), in.Resume(), "nothing runs in it again")
			}
		})
	}
}

func TestMissingExport(t *testing.T) {
	engine, err := NewEngine("", nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "empty.wasm")
	require.NoError(t, os.WriteFile(path, []byte("\x00asm\x01\x00\x00\x00"), 0o600))
	_, err = engine.Load(path)
	var missing *ExportError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "run", missing.Name)

	require.NoError(t, os.WriteFile(path, []byte("no module"), 0o600))
	_, err = engine.Load(path)
	require.ErrorContains(t, err, "empty.wasm: invalid magic number")
	_, err = engine.Load("no-such-file.wasm")
	require.True(t, errors.Is(err, os.ErrNotExist))
}

// TestGuestsOfAnIsolateShareItsMemory: what one has, another cannot have.
func TestGuestsOfAnIsolateShareItsMemory(t *testing.T) {
	path, err := guests.Build(filepath.Join("..", "..", ".."), "async")
	require.NoError(t, err)
	module, err := engine().Load(path)
	require.NoError(t, err)
	h := &host{loop: sched.New(start, sched.NewRand(1, sched.Ties)), rand: sched.NewRand(1, sched.Entropy)}
	h.realm = jsobj.NewRealm(h)
	var isolate Memory
	var all []*Instance
	for {
		in, err := module.Instantiate(Config{Name: "async", Realm: h.realm, Memory: &isolate, Limits: Limits{Hang: time.Second}})
		if err == nil {
			err = in.Run()
			all = append(all, in)
		}
		if err != nil { // there was no room for it, or none for its heap
			break
		}
		require.Less(t, len(all), 100)
	}
	require.Greater(t, len(all), 4)
	require.LessOrEqual(t, isolate.used, uint64(maxMemory))
	for _, in := range all {
		in.Close()
	}
	require.Zero(t, isolate.used)
	isolate.used = maxMemory
	_, err = module.Instantiate(Config{Name: "async", Realm: h.realm, Memory: &isolate})
	require.EqualError(t, err, "wasmtest: no memory for async: the isolate's other guests use 134217728 of 134217728 bytes")
}
