package workerd

import (
	"errors"
	"fmt"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// Isolate is one JavaScript heap: a realm, the glue's guests, the events in
// flight and the objects that live here.
type Isolate struct {
	worker   *Worker
	world    *World
	name     string
	location string // where in the world it is
	realm    *jsobj.Realm
	glue     Glue
	env      *jsobj.Record
	contexts []*Context
	actors   []*Actor
	current  *Context
	dead     bool
	lanes    map[string]*sched.Lane
	booted   int // guests booted, for their names
	memory   gojs.Memory
}

func newIsolate(wk *Worker, place, location string) *Isolate {
	wk.world.serial++
	iso := &Isolate{
		worker: wk, world: wk.world, location: location, lanes: map[string]*sched.Lane{},
		name: fmt.Sprintf("%s/%s.%d", wk.Name, place, wk.world.serial),
	}
	iso.world.Tracef("%s new isolate", iso.name)
	iso.realm = jsobj.NewRealm(iso)
	iso.realm.Global.Define("fetch", jsobj.NewFunction("fetch", iso.fetch))
	iso.realm.Global.Define("caches", iso.cacheStorage())
	iso.env = iso.newEnv()
	iso.glue = wk.Glue(iso)
	return iso
}

// Realm is the isolate's JavaScript world.
func (iso *Isolate) Realm() *jsobj.Realm { return iso.realm }

// Env is the object of bindings.
func (iso *Isolate) Env() *jsobj.Record { return iso.env }

// Dead is true once the isolate was killed.
func (iso *Isolate) Dead() bool { return iso.dead }

// Boot puts a guest in memory; its main has not run yet. See gojs.Config for
// global and quiet; onEnd may be nil.
func (iso *Isolate) Boot(owner any, global jsobj.Object, quiet bool, onEnd func(error)) (*gojs.Instance, error) {
	iso.booted++
	name := fmt.Sprintf("%s:%d", iso.name, iso.booted)
	iso.world.Tracef("%s boot", name)
	return iso.worker.Module.Instantiate(gojs.Config{
		Name: name, Realm: iso.realm, Global: global, Owner: owner, Env: iso.worker.Env, Limits: iso.world.Limits, Quiet: quiet, Memory: &iso.memory,
		OnEnd: func(err error) {
			iso.world.Tracef("%s ended", name)
			var missing *jsobj.Missing
			if errors.As(err, &missing) {
				iso.world.Fail(fmt.Errorf("%s: %w", name, err))
			}
			if onEnd != nil && !iso.dead {
				onEnd(err)
			}
		},
	})
}

// Now implements jsobj.Host.
func (iso *Isolate) Now() time.Time { return iso.world.Now() }

// Random implements jsobj.Host.
func (iso *Isolate) Random(b []byte) { iso.world.Entropy.Fill(b) }

// Log implements jsobj.Host.
func (iso *Isolate) Log(level, text string) { iso.world.logf(iso.worker.Name, level, text) }

// Current implements jsobj.Host.
func (iso *Isolate) Current() jsobj.Context {
	if iso.current == nil {
		return nil
	}
	return iso.current
}

// Context is the context of the running turn.
func (iso *Isolate) Context() *Context { return iso.current }

// Post implements jsobj.Host.
func (iso *Isolate) Post(to jsobj.Context, fn func()) {
	c := to.(*Context)
	c.posts++
	iso.world.Loop.After(0, "post", func() {
		c.posts--
		iso.turn(c, "post", fn)
	})
}

// After implements jsobj.Host.
func (iso *Isolate) After(d time.Duration, name string, fn func()) (cancel func()) {
	c := iso.current
	if c == nil && name == gojs.RuntimeTimer { // while the host looks at the guest (count); see RuntimeTimer
		return func() {}
	}
	if c == nil { // outside an event: no timer may be started there
		iso.realm.Abort(iso.realm.Fail("Disallowed operation called within global scope."))
		return func() {}
	}
	var op int
	task := iso.world.Loop.After(d, name, func() { c.finish(op, fn) })
	take := func() { iso.world.Loop.Cancel(task) }
	op = c.begin(name, take)
	return func() { take(); c.end(op) }
}

// turn enters the isolate for a context.
func (iso *Isolate) turn(c *Context, what string, fn func()) {
	if iso.dead || !c.alive {
		return
	}
	if iso.current != nil {
		panic("workerd: a turn inside a turn: " + what)
	}
	iso.current = c
	fn()
	c.collect()
	var err error
	if !iso.dead {
		err = iso.drain()
	}
	c.collect()
	iso.current = nil
	switch {
	case iso.dead:
		return
	case errors.Is(err, gojs.ErrKilled):
		iso.kill()
		return
	case err != nil:
		iso.world.Fail(fmt.Errorf("%s: %w", iso.name, err))
		iso.kill()
		return
	}
	if c.actor != nil {
		c.actor.turnEnded()
	}
	c.check()
}

// drain runs the microtasks. A program that ends in a timer of its own, by
// main's return or a panic, is no news to the timer (wasm_exec.js); the event
// that waits for it hangs, or is over.
func (iso *Isolate) drain() error {
	for {
		unhandled, err := iso.realm.Drain()
		for _, v := range unhandled {
			iso.Log("error", "Uncaught (in promise) "+jsobj.Describe(v))
		}
		var exit *gojs.ExitError
		if !errors.As(err, &exit) {
			return err
		}
		iso.realm.Recover()
	}
}

// collect notes the callbacks that guests made in this turn.
func (c *Context) collect() {
	for _, in := range c.iso.glue.Instances() {
		c.made = append(c.made, in.Made()...)
	}
}

// hostCall is an occasion for the isolate to be killed. The error unwinds the
// guest.
func (iso *Isolate) hostCall(op string) error {
	if _, hit := iso.world.Hit(platform.Crash); hit {
		iso.world.Tracef("%s killed at %s", iso.name, op)
		iso.kill()
	}
	if iso.dead {
		return gojs.ErrKilled
	}
	return nil
}

// promise starts an operation of the current context. act runs where the
// service is; result, in the context's turn, makes what the promise gives.
func (iso *Isolate) promise(op, detail string, act func(answer func()), result func() (jsobj.Value, error)) (jsobj.Value, error) {
	if err := iso.hostCall(op); err != nil {
		return nil, err
	}
	if err := iso.spend(op); err != nil {
		return iso.refused(err)
	}
	c, p := iso.current, iso.realm.NewPromise()
	release := func() {}
	pending := c.begin(op, func() { release() })
	iso.send(c, func() {
		release = c.connect(op, detail, func() {
			iso.world.trip(op, iso.lane(op, detail), detail, act, func(err error) {
				release()
				c.finish(pending, func() {
					if killed := iso.hostCall(op + " answer"); killed != nil {
						return
					}
					if err != nil {
						p.Reject(iso.realm.NewError("Error", err.Error()))
						return
					}
					p.Settle(result())
				})
			})
		})
	})
	return p, nil
}

// spend counts an operation as a subrequest of the current context.
func (iso *Isolate) spend(op string) error { return iso.current.spend(iso.world.ops[op]) }

func (c *Context) spend(op platform.Op) error {
	wk := c.iso.worker
	if err := c.spent.Spend(wk.Limits, op.Outside); err != nil {
		wk.world.Tracef("%s %s refused: %v", c.iso.name, op.Name, err)
		return err
	}
	wk.most = platform.Subrequests{Outside: max(wk.most.Outside, c.spent.Outside), Inside: max(wk.most.Inside, c.spent.Inside)}
	return nil
}

// connect runs begin when the context has a connection for the operation, if
// that takes one. release gives the connection back, or up.
func (c *Context) connect(op, detail string, begin func()) (release func()) {
	w := c.iso.world
	if !w.ops[op].Connects {
		begin()
		return func() {}
	}
	release, now := c.places.Take(func() {
		if c.alive {
			begin()
		}
	})
	if !now {
		w.Tracef("%s %s waits for a connection: %s", c.iso.name, op, detail)
	}
	return release
}

// send lets something out of the isolate; an object's output gate holds it
// back until what the object wrote is confirmed.
func (iso *Isolate) send(c *Context, fn func()) {
	if c.actor != nil {
		c.actor.confirmed(fn)
		return
	}
	fn()
}

// lane keeps operations on one object of one binding in order where the
// platform does: calls of a Durable Object through stubs.
func (iso *Isolate) lane(op, detail string) *sched.Lane {
	key := "" // every other operation has a lane of its own
	if op == "object.call" {
		key = detail
	}
	if key == "" {
		return &sched.Lane{}
	}
	if iso.lanes[key] == nil {
		iso.lanes[key] = &sched.Lane{}
	}
	return iso.lanes[key]
}

// kill ends the isolate and everything in it.
func (iso *Isolate) kill() {
	if iso.dead {
		return
	}
	iso.dead = true
	iso.world.Tracef("%s killed", iso.name)
	for _, in := range iso.glue.Instances() {
		in.Kill(gojs.ErrKilled)
	}
	for _, a := range append([]*Actor(nil), iso.actors...) {
		a.crash()
	}
	for _, c := range append([]*Context(nil), iso.contexts...) {
		c.abort(gojs.ErrKilled)
	}
}

// retire ends an idle isolate in good order.
func (iso *Isolate) retire() {
	for _, a := range append([]*Actor(nil), iso.actors...) {
		a.evict()
	}
	iso.dead = true
	for _, in := range iso.glue.Instances() {
		in.Close()
	}
}

func (iso *Isolate) leak(c *Context, what string, count int, detail string) {
	if count <= iso.worker.Allow[what] {
		return
	}
	l := Leak{Worker: iso.worker.Name, Event: c.Name, What: what, Count: count, Detail: detail}
	iso.world.leaks = append(iso.world.leaks, l)
	iso.world.Tracef("LEAK %s", l)
}
