//go:build hookweirtest

package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/hookweir/hookweir/shared/ingest"
)

// handler lets a test ask for a crash by the header x-hookweir-fault. It is
// compiled into the test build only.
func handler(h ingest.Handler) ingest.Handler { return faulty{h} }

type faulty struct{ ingest.Handler }

func (f faulty) Serve(ctx context.Context, r *ingest.Request) *ingest.Response {
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
