//go:build js && wasm

// Shared is the least a module needs under the private Worker's glue, where
// one instance serves many events: what an event leaves behind stays.
package main

import (
	"runtime"
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"github.com/syumai/workers"
)

// maxEvents is after how many events the glue shall take a new instance.
const maxEvents = 2

var served int

func main() {
	context := js.Global().Get("context")
	retire, binding := context.Get("retire"), context.Get("binding")
	binding.Set("bodyLimit", 1<<10)
	binding.Set("maxEvents", maxEvents)
	binding.Set("maxMemory", 100<<20)
	binding.Set("goroutines", js.FuncOf(func(js.Value, []js.Value) any { return runtime.NumGoroutine() }))
	binding.Set("handleFetch", js.FuncOf(func(_ js.Value, args []js.Value) any {
		served++
		n, settle, url := served, args[0], args[2].String()
		go func() {
			_, path, _ := strings.Cut(strings.TrimPrefix(url, "https://"), "/")
			switch path {
			case "timer":
				time.AfterFunc(time.Hour, func() {})
			case "goroutine":
				go func() { <-make(chan int) }()
			case "callback":
				js.FuncOf(func(js.Value, []js.Value) any { return nil })
			case "retire-late":
				time.Sleep(10 * time.Second)
				retire.Invoke()
			}
			answer := js.Global().Get("Object").New()
			answer.Set("status", 200)
			answer.Set("headers", js.Global().Get("Array").New())
			body := js.Global().Get("Uint8Array").New(len(strconv.Itoa(n)))
			js.CopyBytesToJS(body, []byte(strconv.Itoa(n)))
			answer.Set("body", body)
			settle.Invoke(true, answer)
		}()
		return nil
	}))
	workers.Ready()
	select {}
}
