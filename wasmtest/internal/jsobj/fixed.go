package jsobj

// Pipe is a FixedLengthStream: what is written at one end is read at the
// other, and the total must be what was announced.
type Pipe struct {
	Base
	readable *Stream
	writable *Writable
}

// Get reads a member.
func (p *Pipe) Get(r *Realm, name string) (Value, error) { return p.getOf(r, p, name) }

// Set writes a member.
func (p *Pipe) Set(r *Realm, name string, v Value) error { return p.setOf(r, p, name, v) }

// Writable is the writing end of a Pipe.
type Writable struct {
	Base
	to     *Stream
	left   int // bytes still owed
	locked bool
}

// Get reads a member.
func (w *Writable) Get(r *Realm, name string) (Value, error) { return w.getOf(r, w, name) }

// Set writes a member.
func (w *Writable) Set(r *Realm, name string, v Value) error { return w.setOf(r, w, name, v) }

// Writer is a WritableStreamDefaultWriter.
type Writer struct {
	Base
	sink *Writable
}

// Get reads a member.
func (w *Writer) Get(r *Realm, name string) (Value, error) { return w.getOf(r, w, name) }

// Set writes a member.
func (w *Writer) Set(r *Realm, name string, v Value) error { return w.setOf(r, w, name, v) }

func (r *Realm) fixedLengthClass() *Class {
	return &Class{
		Name: "FixedLengthStream",
		New: func(c *Call) (Value, error) {
			n := ToNumber(c.Arg(0))
			if !(n >= 0) {
				return nil, c.Realm.TypeError("FixedLengthStream requires an integer expectedLength.")
			}
			k := &c.Realm.classes
			p := &Pipe{Base: Instance(k.fixedLength), readable: c.Realm.NewStream(nil, nil, nil)}
			p.writable = &Writable{Base: Instance(k.writable), to: p.readable, left: int(n)}
			return p, nil
		},
		Getters: map[string]Func{
			"readable": Getter(func(p *Pipe) Value { return p.readable }),
			"writable": Getter(func(p *Pipe) Value { return p.writable }),
		},
	}
}

func (r *Realm) writableClass() *Class {
	return &Class{
		Name: "WritableStream",
		Getters: map[string]Func{
			"locked": Getter(func(w *Writable) Value { return w.locked }),
		},
		Methods: map[string]Func{
			"getWriter": Method(func(w *Writable, c *Call) (Value, error) {
				if w.locked {
					return nil, c.Realm.TypeError("This WritableStream is currently locked to a writer.")
				}
				w.locked = true
				return &Writer{Instance(c.Realm.classes.writer), w}, nil
			}),
		},
	}
}

func (r *Realm) writerClass() *Class {
	return &Class{
		Name: "WritableStreamDefaultWriter",
		Getters: map[string]Func{
			"ready": Method(func(w *Writer, c *Call) (Value, error) { return c.Realm.Resolved(Undefined{}), nil }),
		},
		Methods: map[string]Func{
			"write": Method(func(w *Writer, c *Call) (Value, error) {
				b, ok := BytesOf(c.Arg(0))
				if !ok || len(b) > w.sink.left {
					e := c.Realm.NewError("TypeError", "Attempt to write too many bytes through a FixedLengthStream.")
					w.sink.to.Fail(e)
					return c.Realm.Rejected(e), nil
				}
				w.sink.left -= len(b)
				w.sink.to.Enqueue(c.Arg(0))
				return c.Realm.Resolved(Undefined{}), nil
			}),
			"close": Method(func(w *Writer, c *Call) (Value, error) {
				if w.sink.left > 0 {
					e := c.Realm.NewError("TypeError", "FixedLengthStream did not see all expected bytes before close().")
					w.sink.to.Fail(e)
					return c.Realm.Rejected(e), nil
				}
				w.sink.to.Close()
				return c.Realm.Resolved(Undefined{}), nil
			}),
			"abort": Method(func(w *Writer, c *Call) (Value, error) {
				w.sink.to.Fail(c.Arg(0))
				return c.Realm.Resolved(Undefined{}), nil
			}),
		},
	}
}
