//go:build js && wasm

// Greedy wants more memory than an isolate has.
package main

var keep [][]byte

func main() {
	for range 40 {
		keep = append(keep, make([]byte, 8<<20))
	}
}
