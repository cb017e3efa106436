package jsobj

// Reader is a ReadableStreamDefaultReader.
type Reader struct {
	Base
	stream *Stream // nil after releaseLock
}

// Get reads a member.
func (rd *Reader) Get(r *Realm, name string) (Value, error) { return rd.getOf(r, rd, name) }

// Set writes a member.
func (rd *Reader) Set(r *Realm, name string, v Value) error { return rd.setOf(r, rd, name, v) }

func (r *Realm) readerClass() *Class {
	return &Class{
		Name: "ReadableStreamDefaultReader",
		Methods: map[string]Func{
			"read": Method(func(rd *Reader, c *Call) (Value, error) {
				r, p := c.Realm, c.Realm.NewPromise()
				if rd.stream == nil {
					return r.Rejected(r.NewError("TypeError", "This ReadableStream reader has been released.")), nil
				}
				if o := rd.stream.owner; o != nil && o != r.host.Current() {
					return nil, r.Fail(CrossRequest)
				}
				rd.stream.Next(func(chunk Value, done bool, failure Value) {
					if failure != nil {
						p.Reject(failure)
						return
					}
					p.Resolve(r.NewRecord().With("value", chunk).With("done", done))
				})
				return p, nil
			}),
			"cancel": Method(func(rd *Reader, c *Call) (Value, error) {
				if rd.stream == nil {
					return c.Realm.Resolved(Undefined{}), nil
				}
				return rd.stream.Cancel(c.Arg(0)), nil
			}),
			"releaseLock": Method(func(rd *Reader, c *Call) (Value, error) {
				if rd.stream != nil {
					rd.stream.locked = false
					rd.stream = nil
				}
				return Undefined{}, nil
			}),
		},
	}
}

// CrossRequest is what workerd says when one request touches another's I/O.
const CrossRequest = "Cannot perform I/O on behalf of a different request. I/O objects (such as streams, request/response bodies, and others) created in the context of one request handler cannot be accessed from a different request's handler."

// Controller is a ReadableStreamDefaultController.
type Controller struct {
	Base
	stream *Stream
}

// Get reads a member.
func (k *Controller) Get(r *Realm, name string) (Value, error) { return k.getOf(r, k, name) }

// Set writes a member.
func (k *Controller) Set(r *Realm, name string, v Value) error { return k.setOf(r, k, name, v) }

func (r *Realm) controllerClass() *Class {
	return &Class{
		Name: "ReadableStreamDefaultController",
		Getters: map[string]Func{
			"desiredSize": Getter(func(k *Controller) Value { return float64(highWater - len(k.stream.chunks)) }),
		},
		Methods: map[string]Func{
			"enqueue": Method(func(k *Controller, c *Call) (Value, error) {
				if k.stream.closed || k.stream.failed {
					return nil, c.Realm.TypeError("Unable to enqueue")
				}
				k.stream.Enqueue(c.Arg(0))
				return Undefined{}, nil
			}),
			"close": Method(func(k *Controller, c *Call) (Value, error) {
				if k.stream.closed {
					return nil, c.Realm.TypeError("Unable to close")
				}
				k.stream.Close()
				return Undefined{}, nil
			}),
			"error": Method(func(k *Controller, c *Call) (Value, error) {
				k.stream.Fail(c.Arg(0))
				return Undefined{}, nil
			}),
		},
	}
}
