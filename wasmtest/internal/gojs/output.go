package gojs

import (
	"strings"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// tailBytes is how much of a guest's standard error an error quotes: the
// message and the first frames of a panic.
const tailBytes = 2 << 10

// output is what a guest's runtime prints.
type output struct {
	log    func(level, text string)
	lines  map[uint64]*jsobj.Output
	errors []byte // the first tailBytes since the last entry into the guest
}

func newOutput(log func(level, text string)) *output {
	return &output{log: log, lines: map[uint64]*jsobj.Output{
		1: jsobj.NewOutput("log", log),
		2: jsobj.NewOutput("error", log),
	}}
}

func (o *output) write(fd uint64, b []byte) {
	if lines := o.lines[fd]; lines != nil {
		_, _ = lines.Write(b)
	}
	if fd == 2 {
		o.errors = append(o.errors, b[:min(len(b), tailBytes-len(o.errors))]...)
	}
}

func (o *output) tail() string { return strings.TrimSpace(string(o.errors)) }
