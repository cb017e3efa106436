package workerd

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// ErrHung is what workerd says of an event that can never end.
var ErrHung = platform.Wording("The Workers runtime canceled this request because it detected that your Worker's code had hung and would never generate a response.")

// ErrGone is the end of an event whose client went away.
var ErrGone = errors.New("the client disconnected")

// Context is one event in an isolate, or the life of one Durable Object.
type Context struct {
	Name  string // "fetch", "queue", "scheduled", or the object's
	iso   *Isolate
	actor *Actor // nil for an event of the stateless part

	alive    bool
	answered bool
	waits    int // waitUntil promises that are open
	posts    int // reactions on their way from other contexts
	serial   int
	pending  map[int]string // operations and timers, by serial
	cancels  map[int]func()
	made     []*jsobj.Function
	spent    platform.Subrequests
	places   *platform.Connections // of its chain of services
	stop     func()                // takes the handler's time limit back
	failed   func(error)           // called once if the event ends before it was answered
}

func newContext(iso *Isolate, name string) *Context {
	c := &Context{Name: name, iso: iso, alive: true, pending: map[int]string{}, cancels: map[int]func(){}, places: &platform.Connections{}}
	iso.contexts = append(iso.contexts, c)
	return c
}

// Isolate is where the context is.
func (c *Context) Isolate() *Isolate { return c.iso }

// Alive is false once the event is over.
func (c *Context) Alive() bool { return c.alive }

// begin counts an operation as pending; cancel, which may be nil, takes it
// back when the context ends.
func (c *Context) begin(name string, cancel func()) int {
	c.serial++
	c.pending[c.serial] = name
	if cancel != nil {
		c.cancels[c.serial] = cancel
	}
	return c.serial
}

func (c *Context) end(op int) {
	delete(c.pending, op)
	delete(c.cancels, op)
}

// Finish ends a pending operation in a turn of the context. For an object the
// turn waits for the input gate.
func (c *Context) finish(op int, fn func()) {
	if !c.alive {
		return
	}
	name := c.pending[op]
	run := func() {
		c.end(op)
		c.iso.turn(c, name, fn)
	}
	if c.actor != nil && !c.actor.inSection(op) {
		c.actor.enter(run)
		return
	}
	run()
}

// WaitUntil keeps the event open until p is settled.
func (c *Context) WaitUntil(p *jsobj.Promise) {
	c.waits++
	p.Then(func(v jsobj.Value, rejected bool) {
		c.waits--
		if rejected {
			c.iso.Log("error", "Uncaught (in waitUntil) "+jsobj.Describe(v))
		}
	})
}

// limit aborts the event when it takes too long.
func (c *Context) limit(what string) {
	if !c.alive {
		return
	}
	task := c.iso.world.Loop.After(handlerLimit, what+" limit", func() {
		c.abort(fmt.Errorf("%s ran over %v", what, handlerLimit))
	})
	c.stop = func() { c.iso.world.Loop.Cancel(task) }
}

// check is the end of each turn: is the event over, or stuck?
func (c *Context) check() {
	if !c.alive || c.actor != nil {
		return
	}
	idle := len(c.pending) == 0 && c.posts == 0
	switch {
	case c.answered && c.waits == 0:
		c.over()
	case c.answered && idle:
		c.iso.leak(c, "waitUntil", c.waits, "a promise given to waitUntil never settles")
		c.over()
	case idle:
		c.abort(ErrHung)
	}
}

// over ends an event that was answered, and looks at what it left.
func (c *Context) over() {
	left := map[string]int{}
	for _, name := range c.pending {
		// A short timer of the program's own has a goroutine that waits for it,
		// and that is a leak.
		if name != uncancellable && name != gojs.RuntimeTimer {
			left[name]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		c.iso.leak(c, name, left[name], "still pending when the event was over; the platform cancels it")
	}
	c.leftCallbacks()
	c.close()
}

// uncancellable is the one timer nobody can take back: the web has no way to
// end an AbortSignal.timeout early.
const uncancellable = "AbortSignal.timeout"

func (c *Context) leftCallbacks() {
	if len(c.made) == 0 {
		return
	}
	names := map[jsobj.Fate]string{jsobj.Unused: "callback", jsobj.Skipped: "await callback", jsobj.Source: "stream callback"}
	left := map[jsobj.Fate]int{}
	for _, f := range c.made {
		if f.Fate != jsobj.Called && f.Fate != jsobj.Cleared {
			left[f.Fate]++
		}
	}
	c.made = nil
	for _, fate := range slices.SortedFunc(maps.Keys(left), cmp.Compare) {
		c.iso.leak(c, names[fate], left[fate], "js.Func made during the event and never called; did it get Release?")
	}
}

// abort ends the event whatever it was doing.
func (c *Context) abort(err error) {
	if !c.alive {
		return
	}
	c.iso.world.Tracef("%s abort %s: %v", c.iso.name, c.Name, err)
	c.close()
	if !c.answered && c.failed != nil {
		c.failed(err)
	}
}

func (c *Context) close() {
	c.alive = false
	if c.stop != nil {
		c.stop()
	}
	for _, op := range slices.Sorted(maps.Keys(c.cancels)) {
		c.cancels[op]()
	}
	clear(c.pending)
	clear(c.cancels)
	c.iso.contexts = slices.DeleteFunc(c.iso.contexts, func(o *Context) bool { return o == c })
}

func (c *Context) String() string {
	return fmt.Sprintf("%s %s, waiting for [%s]", c.iso.name, c.Name, strings.Join(slices.Sorted(maps.Values(c.pending)), ", "))
}
