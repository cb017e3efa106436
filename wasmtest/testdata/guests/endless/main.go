//go:build js && wasm

// Endless never comes back.
package main

func main() {
	for n := uint64(1); n != 0; n += 2 {
	}
}
