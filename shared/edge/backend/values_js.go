package backend

import "syscall/js"

// What of JavaScript this package uses time and again. Each look-up makes a
// value with a finalizer.
var (
	console    = js.Global().Get("console")
	uint8Array = js.Global().Get("Uint8Array")
	buffers    = js.Global().Get("ArrayBuffer")
)

// toGo copies a Uint8Array.
func toGo(a js.Value) []byte {
	b := make([]byte, a.Get("byteLength").Int())
	js.CopyBytesToGo(b, a)
	return b
}
