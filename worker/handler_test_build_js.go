//go:build hookweirtest

package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/ingest"
)

// handler lets a test ask for a crash by the header x-hookweir-fault, say what
// time it is by x-hookweir-now, in Unix seconds, and ask by x-hookweir-memory
// how many bytes of linear memory the module has taken. It is compiled into the
// test build only.
func handler(h ingest.Handler) ingest.Handler { return faulty{h} }

// said is the time of the request served last. Requests that overlap share
// it, so a test that sets the time sends one after the other.
var said time.Time

func now() time.Time {
	if said.IsZero() {
		return time.Now()
	}
	return said
}

type faulty struct{ ingest.Handler }

func (f faulty) Serve(ctx context.Context, r *ingest.Request) *ingest.Response {
	said = time.Time{}
	for _, v := range r.Header.Values("x-hookweir-now") {
		if seconds, err := strconv.ParseInt(v, 10, 64); err == nil {
			said = time.Unix(seconds, 0)
		}
	}
	if r.Header.Values("x-hookweir-memory") != nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return &ingest.Response{Status: 200, Body: strconv.AppendUint(nil, m.Sys, 10)}
	}
	for _, fault := range r.Header.Values("x-hookweir-fault") {
		switch fault {
		case "panic":
			panic("a test asked for it")
		case "exit":
			os.Exit(3)
		case "trap":
			debug.SetMaxStack(1 << 20)
			overflow(1)
		}
	}
	return f.Handler.Serve(ctx, r)
}

// overflow ends the module by exhausting its stack: a fatal error, not a
// panic, so nothing in Go can catch it.
func overflow(n int) int {
	var pad [1 << 10]byte
	pad[n%len(pad)] = byte(n)
	return overflow(n+1) + int(pad[0])
}
