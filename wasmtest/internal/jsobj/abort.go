package jsobj

import "time"

// AbortSignal is the web's AbortSignal.
type AbortSignal struct {
	Base
	realm     *Realm
	aborted   bool
	reason    Value
	listeners []func()
}

// NewAbortSignal is a signal that has not fired.
func (r *Realm) NewAbortSignal() *AbortSignal {
	return &AbortSignal{Base: Instance(r.classes.abortSignal), realm: r, reason: Undefined{}}
}

// Aborted reports whether the signal fired, and why.
func (s *AbortSignal) Aborted() (reason Value, aborted bool) { return s.reason, s.aborted }

// OnAbort runs fn when the signal fires, at once if it has.
func (s *AbortSignal) OnAbort(fn func()) {
	if s.aborted {
		fn()
		return
	}
	s.listeners = append(s.listeners, fn)
}

// Abort fires the signal.
func (s *AbortSignal) Abort(reason Value) {
	if s.aborted {
		return
	}
	s.aborted, s.reason = true, reason
	listeners := s.listeners
	s.listeners = nil
	for _, fn := range listeners {
		fn()
	}
}

// Get reads a member.
func (s *AbortSignal) Get(r *Realm, name string) (Value, error) { return s.getOf(r, s, name) }

// Set writes a member.
func (s *AbortSignal) Set(r *Realm, name string, v Value) error { return s.setOf(r, s, name, v) }

func (r *Realm) abortSignalClass() *Class {
	return &Class{
		Name: "AbortSignal",
		Getters: map[string]Func{
			"aborted": Getter(func(s *AbortSignal) Value { return s.aborted }),
			"reason":  Getter(func(s *AbortSignal) Value { return s.reason }),
		},
		Methods: map[string]Func{
			"addEventListener": Method(func(s *AbortSignal, c *Call) (Value, error) {
				fn, ok := c.Arg(1).(Callable)
				if !ok || c.Arg(0) != "abort" {
					return nil, &Missing{"AbortSignal.addEventListener of " + Describe(c.Arg(0))}
				}
				s.OnAbort(func() {
					if _, err := fn.Call(s.realm, s, []Value{s.realm.NewRecord().With("type", "abort")}); err != nil {
						s.realm.Caught(err)
					}
				})
				return Undefined{}, nil
			}),
			"throwIfAborted": Method(func(s *AbortSignal, c *Call) (Value, error) {
				if s.aborted {
					return nil, &Throw{s.reason}
				}
				return Undefined{}, nil
			}),
		},
		Statics: map[string]Value{
			"timeout": Func(func(c *Call) (Value, error) {
				s := c.Realm.NewAbortSignal()
				c.Realm.host.After(time.Duration(ToNumber(c.Arg(0)))*time.Millisecond, "AbortSignal.timeout", func() {
					s.Abort(c.Realm.NewError("TimeoutError", "The operation was aborted due to timeout"))
				})
				return s, nil
			}),
			"abort": Func(func(c *Call) (Value, error) {
				s := c.Realm.NewAbortSignal()
				s.Abort(c.Realm.NewError("AbortError", "The operation was aborted"))
				return s, nil
			}),
		},
	}
}

// AbortController is the web's AbortController.
type AbortController struct {
	Base
	signal *AbortSignal
}

// Get reads a member.
func (a *AbortController) Get(r *Realm, name string) (Value, error) { return a.getOf(r, a, name) }

// Set writes a member.
func (a *AbortController) Set(r *Realm, name string, v Value) error { return a.setOf(r, a, name, v) }

func (r *Realm) abortControllerClass() *Class {
	return &Class{
		Name: "AbortController",
		New: func(c *Call) (Value, error) {
			return &AbortController{Instance(c.Realm.classes.abortController), c.Realm.NewAbortSignal()}, nil
		},
		Getters: map[string]Func{
			"signal": Getter(func(a *AbortController) Value { return a.signal }),
		},
		Methods: map[string]Func{
			"abort": Method(func(a *AbortController, c *Call) (Value, error) {
				reason := c.Arg(0)
				if _, none := reason.(Undefined); none {
					reason = c.Realm.NewError("AbortError", "The operation was aborted")
				}
				a.signal.Abort(reason)
				return Undefined{}, nil
			}),
		},
	}
}

// AbortSignalClass is globalThis.AbortSignal.
func (r *Realm) AbortSignalClass() *Class { return r.classes.abortSignal }
