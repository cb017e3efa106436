package ingress

import (
	"runtime"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// logPanic says what panicked without the values of a request: a runtime
// error or one of our own constant strings, nothing made from input.
func logPanic(v any) {
	text := "panic"
	switch v := v.(type) {
	case runtime.Error:
		text = v.Error()
	case string:
		text = v
	}
	line := append([]byte(nil), `{"level":"error","event":"edge.panic","panic":`...)
	Log(append(jsontext.AppendString(line, text), '}'))
}
