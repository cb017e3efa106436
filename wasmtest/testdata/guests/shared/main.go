//go:build js && wasm

// Shared is the least a module needs under the private Worker's glue, where
// one instance serves many events: what an event leaves behind stays.
package main

import (
	"encoding/binary"
	"math"
	"runtime"
	"strconv"
	"strings"
	"syscall/js"
	"time"
	"unsafe"

	"github.com/syumai/workers"
)

// maxEvents is after how many events the glue shall take a new instance.
const maxEvents = 2

var (
	served int
	fetch  func(event int)
)

//go:wasmexport enter
func enter(_, event, _, _ int32) { fetch(int(event)) }

//go:wasmexport goroutines
func goroutines() int32 { return int32(runtime.NumGoroutine()) }

func main() {
	context := js.Global().Get("context")
	retire, binding := context.Get("retire"), context.Get("binding")
	binding.Set("bodyLimit", 1<<10)
	binding.Set("maxEvents", maxEvents)
	binding.Set("maxMemory", 100<<20)
	host, inbox := context.Get("host"), make([]byte, 1<<10)
	host.Call("inbox", address(inbox), len(inbox))
	fetch = func(event int) {
		served++
		n := served
		_, message := text(inbox[1:]) // the method
		url, _ := text(message)
		inbox[0] = 0
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
				over := make(chan struct{})
				wake := js.FuncOf(func(js.Value, []js.Value) any { close(over); return nil })
				js.Global().Call("setTimeout", wake, 10_000)
				<-over
				wake.Release()
				retire.Invoke()
			}
			answer := binary.LittleEndian.AppendUint64([]byte{1}, math.Float64bits(200))
			body := strconv.Itoa(n)
			answer = append(binary.LittleEndian.AppendUint32(append(answer, 3), uint32(len(body))), body...)
			host.Call("answer", event, address(answer), len(answer))
		}()
	}
	workers.Ready()
	select {}
}

// text is the packed text that b begins with, and what follows it.
func text(b []byte) (string, []byte) {
	end := 5 + binary.LittleEndian.Uint32(b[1:])
	return string(b[5:end]), b[end:]
}

func address(b []byte) float64 { return float64(uintptr(unsafe.Pointer(&b[0]))) }
