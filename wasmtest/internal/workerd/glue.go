package workerd

import (
	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// noEvents is embedded by a glue that lacks some kinds of event.
type noEvents struct{}

// Queue implements Glue.
func (noEvents) Queue(c *Context, _ jsobj.Value) (*jsobj.Promise, error) {
	return nil, c.iso.realm.TypeError("Handler does not export a queue() function.")
}

// Scheduled implements Glue.
func (noEvents) Scheduled(c *Context, _ jsobj.Value) (*jsobj.Promise, error) {
	return nil, c.iso.realm.TypeError("Handler does not export a scheduled() function.")
}

// Object implements Glue.
func (noEvents) Object(*Actor) (ObjectGlue, error) { return nil, errNoObjects }

// Imports are the import modules that the glues offer, beside gojs.
func Imports() []gojs.Import {
	ready := gojs.Import{Module: "workers", Name: "ready", Call: func(in *gojs.Instance, _ []uint64) {
		in.Owner.(interface{ ready() }).ready()
	}}
	return append(EdgeImports(), ready)
}
