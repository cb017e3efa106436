package jsobj

// Promise is a JavaScript promise.
type Promise struct {
	Base
	realm     *Realm
	settled   bool
	rejected  bool
	locked    bool // resolved, perhaps to another promise; later calls are ignored
	handled   bool
	value     Value
	reactions []reaction
}

type reaction struct {
	context Context
	run     func(value Value, rejected bool)
}

// NewPromise is a pending promise.
func (r *Realm) NewPromise() *Promise {
	return &Promise{Base: Instance(r.classes.promise), realm: r}
}

// Resolved is a promise that is fulfilled with v, or follows v if that is a
// promise.
func (r *Realm) Resolved(v Value) *Promise {
	if p, ok := v.(*Promise); ok {
		return p
	}
	p := r.NewPromise()
	p.Resolve(v)
	return p
}

// Rejected is a promise rejected with v.
func (r *Realm) Rejected(v Value) *Promise {
	p := r.NewPromise()
	p.Reject(v)
	return p
}

// Get reads a member.
func (p *Promise) Get(r *Realm, name string) (Value, error) { return p.getOf(r, p, name) }

// Set writes a member.
func (p *Promise) Set(r *Realm, name string, v Value) error { return p.setOf(r, p, name, v) }

// Resolve fulfils the promise, or makes it follow v if that is a promise.
func (p *Promise) Resolve(v Value) {
	if p.locked {
		return
	}
	p.locked = true
	if other, ok := v.(*Promise); ok {
		if other == p {
			p.settle(p.realm.NewError("TypeError", "Chaining cycle detected for promise"), true)
			return
		}
		// The standard asks the other promise in a job of its own
		// (NewPromiseResolveThenableJob, ECMAScript 27.2.2.2).
		p.realm.Microtask(func() { other.Then(p.settle) })
		return
	}
	p.settle(v, false)
}

// Reject rejects the promise.
func (p *Promise) Reject(v Value) {
	if !p.locked {
		p.locked = true
		p.settle(v, true)
	}
}

// Settle resolves the promise, or rejects it if err is a *Throw; any other
// error ends the run.
func (p *Promise) Settle(v Value, err error) {
	if err == nil {
		p.Resolve(v)
		return
	}
	p.Reject(p.realm.Caught(err))
}

// Done reports whether the promise is settled, how, and with what.
func (p *Promise) Done() (v Value, rejected, settled bool) {
	return p.value, p.rejected, p.settled
}

func (p *Promise) settle(v Value, rejected bool) {
	p.settled, p.rejected, p.value = true, rejected, v
	if rejected && !p.handled {
		p.realm.unhandled = append(p.realm.unhandled, p)
	}
	for _, re := range p.reactions {
		p.realm.react(re, v, rejected)
	}
	p.reactions = nil
}

// Then runs fn as a microtask of the current context when the promise is
// settled.
func (p *Promise) Then(fn func(value Value, rejected bool)) {
	p.handled = true
	re := reaction{context: p.realm.host.Current(), run: fn}
	if p.settled {
		p.realm.react(re, p.value, p.rejected)
		return
	}
	p.reactions = append(p.reactions, re)
}

// then is Promise.prototype.then for guest callbacks.
func (p *Promise) then(onFulfilled, onRejected Value) *Promise {
	next := p.realm.NewPromise()
	p.Then(func(v Value, rejected bool) {
		handler, other := onFulfilled, onRejected
		if rejected {
			handler, other = onRejected, onFulfilled
		}
		skip(other)
		fn, ok := handler.(Callable)
		switch {
		case ok:
			next.Settle(fn.Call(p.realm, Undefined{}, []Value{v}))
		case rejected:
			next.Reject(v)
		default:
			next.Resolve(v)
		}
	})
	return next
}

func (r *Realm) promiseClass() *Class {
	return &Class{
		Name: "Promise",
		New: func(c *Call) (Value, error) {
			executor, ok := c.Arg(0).(Callable)
			if !ok {
				return nil, c.Realm.TypeError("Promise resolver is not a function")
			}
			p := c.Realm.NewPromise()
			resolve := NewFunction("resolve", func(c *Call) (Value, error) { p.Resolve(c.Arg(0)); return Undefined{}, nil })
			reject := NewFunction("reject", func(c *Call) (Value, error) { p.Reject(c.Arg(0)); return Undefined{}, nil })
			if _, err := executor.Call(c.Realm, Undefined{}, []Value{resolve, reject}); err != nil {
				thrown, ok := err.(*Throw)
				if !ok {
					return nil, err
				}
				p.Reject(thrown.Value)
			}
			return p, nil
		},
		Methods: map[string]Func{
			"then":  Method(func(p *Promise, c *Call) (Value, error) { return p.then(c.Arg(0), c.Arg(1)), nil }),
			"catch": Method(func(p *Promise, c *Call) (Value, error) { return p.then(Undefined{}, c.Arg(0)), nil }),
			"finally": Method(func(p *Promise, c *Call) (Value, error) {
				fn := c.Arg(0)
				next := c.Realm.NewPromise()
				p.Then(func(v Value, rejected bool) {
					if fn, ok := fn.(Callable); ok {
						if _, err := fn.Call(c.Realm, Undefined{}, nil); err != nil {
							next.Settle(nil, err)
							return
						}
					}
					if rejected {
						next.Reject(v)
					} else {
						next.Resolve(v)
					}
				})
				return next, nil
			}),
		},
		Statics: map[string]Value{
			"resolve": Func(func(c *Call) (Value, error) { return c.Realm.Resolved(c.Arg(0)), nil }),
			"reject":  Func(func(c *Call) (Value, error) { return c.Realm.Rejected(c.Arg(0)), nil }),
			"all":     Func(promiseAll),
			"race":    Func(promiseRace),
		},
	}
}

func promiseAll(c *Call) (Value, error) {
	items, err := c.Realm.Iterate(c.Arg(0))
	if err != nil {
		return nil, err
	}
	all, values, left := c.Realm.NewPromise(), make([]Value, len(items)), len(items)
	if left == 0 {
		all.Resolve(c.Realm.NewArray())
	}
	for i, item := range items {
		c.Realm.Resolved(item).Then(func(v Value, rejected bool) {
			if rejected {
				all.Reject(v)
				return
			}
			values[i] = v
			if left--; left == 0 {
				all.Resolve(c.Realm.NewArray(values...))
			}
		})
	}
	return all, nil
}

func promiseRace(c *Call) (Value, error) {
	items, err := c.Realm.Iterate(c.Arg(0))
	if err != nil {
		return nil, err
	}
	race := c.Realm.NewPromise()
	for _, item := range items {
		c.Realm.Resolved(item).Then(func(v Value, rejected bool) {
			if rejected {
				race.Reject(v)
			} else {
				race.Resolve(v)
			}
		})
	}
	return race, nil
}
