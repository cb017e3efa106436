//go:build js && wasm

// Async uses goroutines, timers, callbacks and promises, and writes what
// happened to the global "result".
package main

import (
	"fmt"
	"strings"
	"syscall/js"
	"time"
)

var out []string

func say(format string, args ...any) {
	out = append(out, fmt.Sprintf(format, args...))
	js.Global().Set("result", strings.Join(out, "\n"))
}

func main() {
	start := time.Now()
	values()
	exceptions()

	ch := make(chan int)
	for i := range 4 {
		go func() { ch <- i * i }()
	}
	sum := 0
	for range 4 {
		sum += <-ch
	}
	say("goroutines %d", sum)

	time.Sleep(90 * time.Second)
	say("slept %v", time.Since(start).Round(time.Second))

	select {
	case <-time.After(time.Minute):
		say("one minute")
	case <-time.After(2 * time.Minute):
		say("two minutes")
	}

	promises()

	seen := map[string]bool{}
	for _, k := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		seen[k] = true
	}
	order := ""
	for k := range seen {
		order += k
	}
	say("map order %s", order)

	js.Global().Set("callMe", js.FuncOf(func(this js.Value, args []js.Value) any {
		return "called with " + args[0].String()
	}))
	select {}
}

func values() {
	o := js.ValueOf(map[string]any{"n": 1.5, "s": "text", "list": []any{1, "two", nil, true}})
	say("object %v %s %d %s", o.Get("n"), o.Get("s"), o.Get("list").Length(), o.Get("list").Index(1))
	say("types %s %s %s %s", o.Get("none").Type(), o.Get("list").Index(2).Type(), o.Type(), js.Global().Get("Promise").Type())
	say("zero %v nan %v", js.ValueOf(0).Int(), js.ValueOf(0).IsNaN())
	a := js.Global().Get("Uint8Array").New(5)
	n := js.CopyBytesToJS(a, []byte("hello"))
	b := make([]byte, 5)
	js.CopyBytesToGo(b, a.Call("subarray", 1, 3))
	say("bytes %d %q", n, b)
	say("instance %v %v", a.InstanceOf(js.Global().Get("Uint8Array")), o.InstanceOf(js.Global().Get("Uint8Array")))
	say("same %v", js.Global().Get("Object").Equal(js.Global().Get("Object")))
	h := js.Global().Get("Headers").New()
	h.Call("append", "X-A", "1,2")
	h.Call("append", "x-a", "3")
	say("headers %s", h.Call("get", "X-a"))
}

func exceptions() {
	defer func() { say("recovered %v", recover()) }()
	js.Global().Get("Headers").New().Call("append", "bad name", "x")
}

func promises() {
	done := make(chan string)
	var then, catch js.Func
	then = js.FuncOf(func(_ js.Value, args []js.Value) any { done <- "then " + args[0].String(); return nil })
	catch = js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- "catch " + args[0].Get("message").String()
		return nil
	})
	defer then.Release()
	defer catch.Release()
	promise := js.Global().Get("Promise")
	promise.Call("resolve", "yes").Call("then", then).Call("catch", catch)
	say("%s", <-done)
	promise.Call("reject", js.Global().Get("Error").New("no")).Call("then", then).Call("catch", catch)
	say("%s", <-done)
	all := promise.Call("all", []any{promise.Call("resolve", 1), 2})
	join := js.FuncOf(func(_ js.Value, args []js.Value) any { return args[0].Length() })
	defer join.Release()
	count := js.FuncOf(func(_ js.Value, args []js.Value) any { done <- fmt.Sprint("all ", args[0].Int()); return nil })
	defer count.Release()
	all.Call("then", join).Call("then", count)
	say("%s", <-done)
	nested := js.FuncOf(func(_ js.Value, args []js.Value) any { args[0].Invoke("nested"); return nil })
	defer nested.Release()
	promise.New(nested).Call("then", then)
	say("%s", <-done)
}
