package workerd

import (
	"errors"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// Confirmation of a write takes this long: storage is replicated first.
const confirmLo, confirmHi = 1 * time.Millisecond, 12 * time.Millisecond

// Actor is a Durable Object in memory.
type Actor struct {
	Object  *Object
	iso     *Isolate
	context *Context
	glue    ObjectGlue
	state   jsobj.Value

	inflight   int      // events whose result is not out yet
	section    int      // the first operation started while the gate was shut
	gate       int      // reasons for the input gate to be shut
	held       []func() // what waits at the input gate
	waiting    []func() // what waits at the output gate
	confirming bool
	crashes    map[int]func(error)
	serial     int
	dead       bool
}

func newActor(o *Object) *Actor {
	iso := o.worker.objectIsolate(o.Class, o.Name)
	a := &Actor{Object: o, iso: iso, crashes: map[int]func(error){}}
	a.context = newContext(iso, o.Class+" "+o.Name)
	a.context.actor = a
	a.state = iso.objectState(a)
	iso.actors = append(iso.actors, a)
	iso.world.Tracef("%s in memory: %s %s", iso.name, o.Class, o.Name)
	iso.turn(a.context, "construct", func() {
		glue, err := iso.glue.Object(a)
		if err != nil {
			iso.realm.Caught(err)
			return
		}
		a.glue = glue
	})
	return a
}

// State is the object's DurableObjectState.
func (a *Actor) State() jsobj.Value { return a.state }

// Context is the object's context.
func (a *Actor) Context() *Context { return a.context }

// Isolate is where the object is.
func (a *Actor) Isolate() *Isolate { return a.iso }

// enter delivers something when the input gate is open.
func (a *Actor) enter(fn func()) {
	if a.gate > 0 || len(a.held) > 0 {
		a.held = append(a.held, fn)
		return
	}
	if a.glue == nil && !a.dead { // construction failed with its isolate
		a.crash()
	}
	fn()
}

// shut closes the input gate until open is called.
func (a *Actor) shut() (open func()) {
	if a.gate == 0 {
		a.section = a.context.serial + 1
	}
	a.gate++
	once := false
	return func() {
		if once {
			return
		}
		once = true
		a.gate--
		a.iso.world.Loop.After(0, "input gate", a.release)
	}
}

// inSection reports whether an operation was started by what shut the gate:
// its answer passes, or blockConcurrencyWhile could await nothing.
func (a *Actor) inSection(op int) bool { return a.gate > 0 && op >= a.section }

// release lets one in; each further one in a turn of its own.
func (a *Actor) release() {
	if a.gate > 0 || len(a.held) == 0 || a.dead {
		return
	}
	fn := a.held[0]
	a.held = a.held[1:]
	fn()
	if len(a.held) > 0 {
		a.iso.world.Loop.After(0, "input gate", a.release)
	}
}

// turnEnded closes the turn's unit of writes and has it confirmed.
func (a *Actor) turnEnded() {
	if a.dead || !a.Object.Storage.EndTurn() || a.confirming {
		return
	}
	a.confirming = true
	w := a.iso.world
	w.Loop.After(w.Latency.Between(confirmLo, confirmHi), "confirm", a.confirm)
}

func (a *Actor) confirm() {
	if a.dead {
		return
	}
	if killed := a.iso.hostCall("storage confirm"); killed != nil {
		return
	}
	a.confirming = false
	if err := a.Object.Storage.Confirm(); err != nil {
		a.iso.world.Fail(err)
		return
	}
	a.Object.arm()
	waiting := a.waiting
	a.waiting = nil
	for _, fn := range waiting {
		fn()
	}
}

// confirmed runs fn once everything written so far is durable: the output
// gate. It never runs if the object loses what it wrote.
func (a *Actor) confirmed(fn func()) {
	if a.dead {
		return
	}
	if a.Object.Storage.Unconfirmed() == 0 {
		fn()
		return
	}
	a.waiting = append(a.waiting, fn)
}

// onCrash has fn told if the actor ends before forget is called.
func (a *Actor) onCrash(fn func(error)) (forget func()) {
	if a.dead {
		fn(gojs.ErrKilled)
		return func() {}
	}
	a.serial++
	id := a.serial
	a.crashes[id] = fn
	return func() { delete(a.crashes, id) }
}

// crash ends the actor with its isolate. Of what is not confirmed a prefix of
// turns survives, which one the seed says.
func (a *Actor) crash() {
	storage := a.Object.Storage
	keep := 0
	if n := storage.Unconfirmed(); n > 0 {
		keep = a.iso.world.Latency.IntN(n + 1)
	}
	a.end(keep, gojs.ErrKilled)
}

// evict takes an idle actor out of memory; what it wrote is kept.
func (a *Actor) evict() {
	a.iso.world.Tracef("%s evicted: %s", a.iso.name, a.context.Name)
	a.end(a.Object.Storage.Unconfirmed(), ErrEvicted)
}

func (a *Actor) end(keep int, err error) {
	if a.dead {
		return
	}
	a.dead = true
	o := a.Object
	if o.actor == a {
		o.actor = nil
	}
	a.iso.actors = slices.DeleteFunc(a.iso.actors, func(b *Actor) bool { return a == b })
	if failed := o.Storage.Crash(keep); failed != nil {
		a.iso.world.Fail(failed)
	}
	a.context.abort(err)
	for _, id := range sortedInts(a.crashes) {
		a.crashes[id](err)
	}
	clear(a.crashes)
	held := a.held
	a.held, a.waiting = nil, nil
	for _, fn := range held { // they find a new actor, or learn that this one is dead
		a.iso.world.Loop.After(0, "input gate", fn)
	}
	o.arm()
}

// blockConcurrency is blockConcurrencyWhile: nothing else is delivered while
// the callback's promise is pending; its failure resets the object.
func (a *Actor) blockConcurrency(c *jsobj.Call) (jsobj.Value, error) {
	fn, ok := c.Arg(0).(jsobj.Callable)
	if !ok {
		return nil, c.Realm.TypeError("blockConcurrencyWhile: not a function")
	}
	open := a.shut()
	v, err := fn.Call(c.Realm, jsobj.Undefined{}, nil)
	p := c.Realm.NewPromise()
	p.Settle(v, err)
	limit := a.iso.world.Loop.After(blockLimit, "blockConcurrencyWhile limit", a.crash)
	p.Then(func(_ jsobj.Value, rejected bool) {
		a.iso.world.Loop.Cancel(limit)
		open()
		if rejected {
			a.iso.world.Loop.After(0, "blockConcurrencyWhile failed", a.crash)
		}
	})
	return p, nil
}

// blockLimit is how long blockConcurrencyWhile may take before the object is
// reset (measured: research/platform-queue-polling.md, DO).
const blockLimit = 30 * time.Second

var errNoObjects = errors.New("this glue has no Durable Objects")
