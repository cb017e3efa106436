//go:build js && wasm

// Badimport imports what nobody implements.
package main

//go:wasmimport warp drive
func drive()

func main() { drive() }
