//go:build js && wasm

// Leaky does, at each path, what an event must not leave behind.
package main

import (
	"fmt"
	"net/http"
	"syscall/js"
	"time"

	"github.com/syumai/workers"
)

func main() {
	http.HandleFunc("/callback", func(w http.ResponseWriter, _ *http.Request) {
		js.FuncOf(func(js.Value, []js.Value) any { return nil })
	})
	http.HandleFunc("/kv", func(w http.ResponseWriter, _ *http.Request) {
		js.Global().Get("context").Get("env").Get("KV").Call("put", "k", "v")
	})
	http.HandleFunc("/clean", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "clean") })
	http.HandleFunc("/sleep", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Second)
		fmt.Fprint(w, "slept")
	})
	http.HandleFunc("/endless", func(http.ResponseWriter, *http.Request) {
		for n := uint64(1); n != 0; n += 2 {
		}
	})
	http.HandleFunc("/missing", func(http.ResponseWriter, *http.Request) { js.Global().Get("crypto").Get("subtle") })
	http.HandleFunc("/unknown", func(http.ResponseWriter, *http.Request) { js.Global().Call("fetch", "https://nobody.example/") })
	http.HandleFunc("/nethttp", func(w http.ResponseWriter, _ *http.Request) {
		_, err := http.Get("https://nobody.example/")
		fmt.Fprint(w, err)
	})
	workers.Serve(nil)
}
