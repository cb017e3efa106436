//go:build js && wasm

// Missing uses a member that no Worker has.
package main

import "syscall/js"

func main() { js.Global().Get("Headers").New().Call("toSorted") }
