package jsobj

// Stream is a ReadableStream of bytes. Its chunks come from a guest's source
// object, from a writer at its other end, or from the host.
//
//	source.pull ─▶ Enqueue ─▶ chunks ─▶ a waiting read, or the queue
//	                Close, Fail ─▶ done, or the error
type Stream struct {
	Base
	realm   *Realm
	owner   Context // whose I/O it is; nil when the guest made it
	chunks  []Value
	waiting []func(chunk Value, done bool, failure Value)
	source  *Record         // the guest's source object; nil for the host's
	pull    func() *Promise // asks for more; nil when chunks come unasked
	cancel  func(reason Value) *Promise
	ahead   int // chunks to pull before anybody reads
	started bool
	pulling bool
	again   bool
	closed  bool
	failed  bool
	failure Value
	locked  bool
	used    bool
}

// highWater is how many chunks of a guest's source are pulled before anybody
// reads (the default of the streams standard); of the host's, none.
const highWater = 1

// NewStream is a stream the host fills: pull is called when a chunk is wanted
// and may answer later, by Enqueue, Close or Fail; nil when chunks come
// unasked. cancel, which may be nil, is told when the reader gives up.
func (r *Realm) NewStream(owner Context, pull, cancel func()) *Stream {
	s := &Stream{Base: Instance(r.classes.stream), realm: r, owner: owner, started: true}
	if pull != nil {
		s.pull = func() *Promise { pull(); return nil }
	}
	s.cancel = func(Value) *Promise {
		if cancel != nil {
			cancel()
		}
		return r.Resolved(Undefined{})
	}
	return s
}

// StreamOf is a stream that holds b and then ends.
func (r *Realm) StreamOf(b []byte) *Stream {
	s := r.NewStream(nil, nil, nil)
	if len(b) > 0 {
		s.Enqueue(r.NewBytes(b))
	}
	s.Close()
	return s
}

// Get reads a member.
func (s *Stream) Get(r *Realm, name string) (Value, error) { return s.getOf(r, s, name) }

// Set writes a member.
func (s *Stream) Set(r *Realm, name string, v Value) error { return s.setOf(r, s, name, v) }

// Used reports whether anything was read from the stream.
func (s *Stream) Used() bool { return s.used }

// Enqueue adds a chunk.
func (s *Stream) Enqueue(chunk Value) {
	if s.closed || s.failed {
		return
	}
	if len(s.waiting) > 0 {
		read := s.waiting[0]
		s.waiting = s.waiting[1:]
		read(chunk, false, nil)
	} else {
		s.chunks = append(s.chunks, chunk)
	}
	s.demand()
}

// Close ends the stream after what is queued.
func (s *Stream) Close() {
	s.closed = true
	s.retire()
	waiting := s.waiting
	s.waiting = nil
	for _, read := range waiting {
		read(Undefined{}, true, nil)
	}
}

// Fail ends the stream with an error at once.
func (s *Stream) Fail(failure Value) {
	if s.failed || s.closed && len(s.chunks) == 0 {
		return
	}
	s.failed, s.failure, s.chunks = true, failure, nil
	s.retire()
	waiting := s.waiting
	s.waiting = nil
	for _, read := range waiting {
		read(nil, false, failure)
	}
}

// Abort is Fail by whoever reads: the source has nothing more to do.
func (s *Stream) Abort(failure Value) {
	if s.cancel != nil && !s.failed && !s.closed {
		s.cancel(failure)
	}
	s.Fail(failure)
}

// retire notes that the source's callbacks are of no more use.
func (s *Stream) retire() {
	if s.source == nil {
		return
	}
	for _, name := range s.source.Names() {
		if f, ok := s.source.Own(name).(*Function); ok && f.Fate == Unused {
			f.Fate = Source
		}
	}
}

// Next reads one chunk: fn gets it, or done, or the failure.
func (s *Stream) Next(fn func(chunk Value, done bool, failure Value)) {
	s.used = true
	switch {
	case len(s.chunks) > 0:
		chunk := s.chunks[0]
		s.chunks = s.chunks[1:]
		fn(chunk, false, nil)
		s.demand()
	case s.failed:
		fn(nil, false, s.failure)
	case s.closed:
		fn(Undefined{}, true, nil)
	default:
		s.waiting = append(s.waiting, fn)
		s.demand()
	}
}

// demand pulls while a chunk is wanted, one pull at a time.
func (s *Stream) demand() {
	if s.pull == nil || !s.started || s.closed || s.failed {
		return
	}
	if len(s.waiting) == 0 && len(s.chunks) >= s.ahead {
		return
	}
	if s.pulling {
		s.again = true
		return
	}
	s.pulling = true
	p := s.pull()
	if p == nil { // the host has answered by Enqueue, or will
		s.pulling = false
		if s.again {
			s.again = false
			s.demand()
		}
		return
	}
	p.Then(func(v Value, rejected bool) {
		s.pulling = false
		if rejected {
			s.Fail(v)
			return
		}
		if s.again {
			s.again = false
			s.demand()
		}
	})
}

// Cancel gives the stream up.
func (s *Stream) Cancel(reason Value) *Promise {
	s.used = true
	if s.closed && len(s.chunks) == 0 {
		return s.realm.Resolved(Undefined{})
	}
	s.chunks = nil
	s.Close()
	if s.cancel == nil {
		return s.realm.Resolved(Undefined{})
	}
	return s.cancel(reason)
}

// ReadAll reads the stream to its end: fn gets the bytes, or the failure.
func (s *Stream) ReadAll(fn func(b []byte, failure Value)) {
	s.locked = true
	var all []byte
	var step func(chunk Value, done bool, failure Value)
	step = func(chunk Value, done bool, failure Value) {
		if failure != nil {
			fn(nil, failure)
			return
		}
		if done {
			fn(all, nil)
			return
		}
		b, ok := BytesOf(chunk)
		if !ok {
			fn(nil, s.realm.NewError("TypeError", "This ReadableStream did not return bytes."))
			return
		}
		all = append(all, b...)
		s.Next(step)
	}
	s.Next(step)
}

// sourced is a stream of a guest's underlying source.
func (r *Realm) sourced(source *Record) *Stream {
	s := &Stream{Base: Instance(r.classes.stream), realm: r, source: source, ahead: highWater}
	control := &Controller{Base: Instance(r.classes.controller), stream: s}
	callback := func(name string, arg Value) func() *Promise {
		fn, ok := source.Own(name).(Callable)
		if !ok {
			return nil
		}
		return func() *Promise {
			v, err := fn.Call(r, source, []Value{arg})
			if err != nil {
				return r.Rejected(r.Caught(err))
			}
			return r.Resolved(v)
		}
	}
	s.pull = callback("pull", control)
	s.cancel = func(reason Value) *Promise {
		if cancel := callback("cancel", reason); cancel != nil {
			return cancel()
		}
		return r.Resolved(Undefined{})
	}
	begin := r.Resolved(Undefined{})
	if start := callback("start", control); start != nil {
		begin = start()
	}
	begin.Then(func(v Value, rejected bool) {
		if rejected {
			s.Fail(v)
			return
		}
		s.started = true
		s.demand()
	})
	return s
}

func (r *Realm) streamClass() *Class {
	return &Class{
		Name: "ReadableStream",
		New: func(c *Call) (Value, error) {
			source, ok := c.Arg(0).(*Record)
			if !ok {
				source = c.Realm.NewRecord()
			}
			return c.Realm.sourced(source), nil
		},
		Getters: map[string]Func{
			"locked": Getter(func(s *Stream) Value { return s.locked }),
		},
		Methods: map[string]Func{
			"getReader": Method(func(s *Stream, c *Call) (Value, error) {
				if s.locked {
					return nil, c.Realm.TypeError("This ReadableStream is currently locked to a reader.")
				}
				s.locked = true
				return &Reader{Instance(c.Realm.classes.reader), s}, nil
			}),
			"cancel": Method(func(s *Stream, c *Call) (Value, error) { return s.Cancel(c.Arg(0)), nil }),
		},
	}
}
