//go:build hookweirtest

package backend

import (
	"os"
	"runtime/debug"
	"syscall/js"
)

// maxCrashes is how many events of an isolate a test's fault ends; then the
// product shall recover.
const maxCrashes = 2

// Crash ends the module by a fault that a test asked for: "panic", "exit" or
// "trap"; the first maxCrashes times that an isolate comes here, or, over zero,
// every so many times. It is compiled into the test build only.
func Crash(fault string, every int) {
	isolate := js.Global().Get("globalThis")
	n := 1 // of this call; the isolate outlives its instances
	if v := isolate.Get("hookweirCrashes"); v.Type() == js.TypeNumber {
		n = v.Int() + 1
	}
	if fault == "" || every == 0 && n > maxCrashes {
		return
	}
	isolate.Set("hookweirCrashes", n)
	if every > 0 && n%every > 0 {
		return
	}
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

// overflow exhausts the stack: a fatal error, not a panic, so nothing in Go
// can catch it.
func overflow(n int) int {
	var pad [1 << 10]byte
	pad[n%len(pad)] = byte(n)
	return overflow(n+1) + int(pad[0])
}
