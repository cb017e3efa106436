//go:build js && wasm

// Panics panics.
package main

func main() { panic("the guest's own words") }
