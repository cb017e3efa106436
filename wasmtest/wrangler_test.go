package wasmtest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

const wrangler = `
name = "w"
main = "index.mjs"
compatibility_date = "2026-11-01"
[vars]
MODE = "test"
[[kv_namespaces]]
binding = "CACHE"
id = "cache-id"
[[r2_buckets]]
binding = "FILES"
bucket_name = "files"
[[d1_databases]]
binding = "KNOWLEDGE"
database_name = "knowledge"
database_id = "knowledge-id"
[[queues.producers]]
binding = "WRITES"
queue = "writes"
[[queues.producers]]
binding = "POLLS"
queue = "polls"
[[queues.consumers]]
queue = "writes"
max_batch_size = 20
max_batch_timeout = 2
max_retries = 0
retry_delay = 7
max_concurrency = 3
dead_letter_queue = "writes-dead"
[[queues.consumers]]
queue = "polls"
max_batch_timeout = 0
[[durable_objects.bindings]]
name = "LANE"
class_name = "Lane"
[[durable_objects.bindings]]
name = "VAULT"
class_name = "Vault"
script_name = "other"
[[services]]
binding = "OTHER"
service = "other"
[triggers]
crons = ["* * * * *", "0 3 * * *"]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Lane"]
[limits]
cpu_ms = 100
subrequests = 500
`

func read(t *testing.T, text string) (wasmtest.Worker, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wrangler.toml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return wasmtest.Wrangler(path)
}

// TestWrangler: every binding comes from wrangler.toml, none from code.
func TestWrangler(t *testing.T) {
	w, err := read(t, wrangler)
	require.NoError(t, err)
	require.Equal(t, wasmtest.Worker{
		Name:      "w",
		Vars:      map[string]string{"MODE": "test"},
		KV:        map[string]string{"CACHE": "cache-id"},
		Buckets:   map[string]string{"FILES": "files"},
		Databases: map[string]string{"KNOWLEDGE": "knowledge-id"},
		Producers: map[string]string{"WRITES": "writes", "POLLS": "polls"},
		Consumers: []wasmtest.Consumer{
			{Queue: "writes", BatchSize: 20, Timeout: 2 * time.Second, Retries: -1, RetryDelay: 7 * time.Second, Concurrent: 3, DeadLetter: "writes-dead"},
			{Queue: "polls", BatchSize: 10, Timeout: -1, Retries: 3},
		},
		Objects:  map[string]wasmtest.Class{"LANE": {Name: "Lane"}, "VAULT": {Name: "Vault", Script: "other"}},
		Services: map[string]string{"OTHER": "other"},
		Crons:    []string{"* * * * *", "0 3 * * *"},

		Subrequests: wasmtest.Subrequests{Outside: 500, Inside: 500},
	}, w)

	for text, want := range map[string]string{
		wrangler + "[[vectorize]]\nbinding = \"V\"\n":                              "vectorize is not implemented",
		wrangler + "[[queues.consumers]]\nqueue = \"q\"\ntype = \"http_pull\"\n":   "queues.consumers.type is not implemented",
		"name = \"w\"\n[limits]\nfriends = 1\n":                                    "limits.friends is not implemented",
		"name = \"w\"\n[[kv_namespaces]]\nbinding = \"CACHE\"\n":                   "id is missing",
		"name = \"w\"\n[[durable_objects.bindings]]\nname = \"LANE\"\nclass = 1\n": "class_name is missing",
		"name = w\n":                         "line 1",
		"name = \"w\"\n[vars]\nLIMITS = 5\n": "vars.LIMITS is not implemented: it is no string",
	} {
		_, err := read(t, text)
		require.ErrorContains(t, err, want)
	}
	_, err = wasmtest.Wrangler(filepath.Join(t.TempDir(), "none.toml"))
	require.ErrorContains(t, err, "no such file")
}

// TestTheBytesThatDeploy: what Hookweir runs here is, byte for byte, what
// wrangler would upload, and no older than what it is built from.
func TestTheBytesThatDeploy(t *testing.T) {
	const build = "run `make build`"
	workers, err := wasmtest.Hookweir("..", nil)
	require.NoError(t, err)
	var newest time.Time
	for _, folder := range []string{"worker", "consumers", "shared"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("..", folder), func(path string, d os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			info, err := d.Info()
			if err == nil && info.ModTime().After(newest) {
				newest = info.ModTime()
			}
			return err
		}))
	}
	for _, w := range workers {
		name := filepath.Base(w.Module)
		info, err := os.Stat(w.Module)
		require.NoError(t, err)
		require.False(t, info.ModTime().Before(newest), "%s is older than its sources: %s", name, build)
		uploaded, err := filepath.Glob(filepath.Join("..", "build", "deploy", strings.TrimSuffix(name, ".wasm"), "*.wasm"))
		require.NoError(t, err)
		require.Len(t, uploaded, 1, "what wrangler would upload for %s: %s", name, build)
		ours, err := os.ReadFile(w.Module)
		require.NoError(t, err)
		theirs, err := os.ReadFile(uploaded[0])
		require.NoError(t, err)
		require.True(t, bytes.Equal(ours, theirs), "%s is not what wrangler would upload: %s", name, build)
	}
}

func TestPauseCron(t *testing.T) {
	edge := wasmtest.New(t, shop(nil))
	edge.Advance(time.Hour + time.Second)
	require.Len(t, edge.Log(), 4, "every quarter of an hour")
	edge.PauseCron(true)
	edge.Advance(time.Hour)
	require.Len(t, edge.Log(), 4)
	edge.Cron()
	edge.Advance(time.Second)
	require.Len(t, edge.Log(), 5)
	edge.PauseCron(false)
	edge.Advance(time.Hour)
	require.Len(t, edge.Log(), 9)
}
