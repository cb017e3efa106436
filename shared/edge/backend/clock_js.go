//go:build hookweirtest

package backend

import (
	"net/http"
	"strconv"
	"syscall/js"
	"time"
)

// Now is the clock of the test build: real time, moved by what a request to
// Clocked has said. The offset is the isolate's, so that it outlives an
// instance.
func Now() time.Time {
	now := time.Now()
	if v := js.Global().Get("globalThis").Get("hookweirClock"); v.Type() == js.TypeNumber {
		now = now.Add(time.Duration(v.Float()) * time.Millisecond)
	}
	return now
}

// Clocked moves the clock by the milliseconds in the header X-Hookweir-Clock.
// Alarms are the platform's, and go by real time. It is compiled into the test
// build only.
func Clocked(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ms, err := strconv.ParseFloat(r.Header.Get("X-Hookweir-Clock"), 64); err == nil {
			js.Global().Get("globalThis").Set("hookweirClock", ms)
		}
		h.ServeHTTP(w, r)
	})
}
