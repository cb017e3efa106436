//go:build js && wasm

// Exits exits.
package main

import "os"

func main() { os.Exit(3) }
