package ingest

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What an isolate keeps of a source is the source: not the head of the request
// that brought it, which a stranger makes as long as the bridge takes.
func TestASourceKeepsNoRequest(t *testing.T) {
	const sources, head = 64, 1 << 20
	p := newPlatform(t)
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for i := range sources {
		p.configure("tenant"+strconv.Itoa(i), "github", "github", secret)
	}
	before := live()
	for i := range sources {
		r := push("d1", "{}")
		r.Header.(header)["x-hub-signature-256"] = []string{"sha256=00"}
		r.URL = strings.Clone("https://hooks.example.com/webhooks/tenant" + strconv.Itoa(i) + "/github?" + strings.Repeat("x", head))
		require.Equal(t, 401, p.serve(r).Status)
	}
	require.Len(t, p.gate.sources.entries, sources)
	assert.Less(t, live()-before, uint64(sources*head/8), "bytes")
	runtime.KeepAlive(p)
}
