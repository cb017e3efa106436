//go:build js && wasm

// Hello prints, and reads what it can of its world.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

func main() {
	fmt.Println("hello", runtime.GOOS, len(os.Args), time.Now().UTC().Format(time.RFC3339))
	fmt.Fprintln(os.Stderr, "and on stderr")
	println("runtime print")
}
