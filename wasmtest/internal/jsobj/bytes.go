package jsobj

import "strconv"

// MaxBufferBytes bounds one buffer: an isolate has 128 MB for everything.
const MaxBufferBytes = 128 << 20

// ArrayBuffer is a run of bytes.
type ArrayBuffer struct {
	Base
	data []byte
}

// NewArrayBuffer is a buffer over b, which it keeps.
func (r *Realm) NewArrayBuffer(b []byte) *ArrayBuffer {
	return &ArrayBuffer{Instance(r.classes.arrayBuffer), b}
}

// Get reads a member.
func (a *ArrayBuffer) Get(r *Realm, name string) (Value, error) { return a.getOf(r, a, name) }

// Set writes a member.
func (a *ArrayBuffer) Set(r *Realm, name string, v Value) error { return a.setOf(r, a, name, v) }

func (r *Realm) arrayBufferClass() *Class {
	return &Class{
		Name: "ArrayBuffer",
		New: func(c *Call) (Value, error) {
			n, err := bufferSize(c)
			if err != nil {
				return nil, err
			}
			return c.Realm.NewArrayBuffer(make([]byte, n)), nil
		},
		Getters: map[string]Func{
			"byteLength": Getter(func(a *ArrayBuffer) Value { return float64(len(a.data)) }),
		},
	}
}

func bufferSize(c *Call) (int, error) {
	n := ToNumber(c.Arg(0))
	if !(n >= 0 && n <= MaxBufferBytes) {
		return 0, &Throw{c.Realm.NewError("RangeError", "Array buffer allocation failed")}
	}
	return int(n), nil
}

// Uint8Array is a view of a buffer.
type Uint8Array struct {
	Base
	buffer *ArrayBuffer
	from   int
	n      int
}

// NewBytes is a Uint8Array over b, which it keeps.
func (r *Realm) NewBytes(b []byte) *Uint8Array {
	return &Uint8Array{Instance(r.classes.uint8Array), r.NewArrayBuffer(b), 0, len(b)}
}

// Bytes are the bytes it shows; a change to them is a change to the array.
func (a *Uint8Array) Bytes() []byte { return a.buffer.data[a.from : a.from+a.n : a.from+a.n] }

// Get reads a member.
func (a *Uint8Array) Get(r *Realm, name string) (Value, error) { return a.getOf(r, a, name) }

// Set writes a member.
func (a *Uint8Array) Set(r *Realm, name string, v Value) error { return a.setOf(r, a, name, v) }

// Len is the number of bytes.
func (a *Uint8Array) Len() int { return a.n }

// Index reads a byte; undefined outside the array.
func (a *Uint8Array) Index(i int) Value {
	if i < 0 || i >= a.n {
		return Undefined{}
	}
	return float64(a.Bytes()[i])
}

// SetIndex writes a byte; outside the array it does nothing.
func (a *Uint8Array) SetIndex(i int, v Value) {
	if i >= 0 && i < a.n {
		a.Bytes()[i] = byte(int64(ToNumber(v)))
	}
}

func (r *Realm) uint8ArrayClass(name string) *Class {
	k := &Class{Name: name}
	k.New = func(c *Call) (Value, error) {
		switch v := c.Arg(0).(type) {
		case *ArrayBuffer:
			from, n := 0, len(v.data)
			if f, ok := c.Arg(1).(float64); ok {
				from = int(f)
				n -= from
			}
			if f, ok := c.Arg(2).(float64); ok {
				n = int(f)
			}
			if from < 0 || n < 0 || from+n > len(v.data) {
				return nil, &Throw{c.Realm.NewError("RangeError", "Invalid typed array length: "+strconv.Itoa(n))}
			}
			return &Uint8Array{Instance(k), v, from, n}, nil
		case Indexed:
			b := make([]byte, v.Len())
			for i := range b {
				b[i] = byte(int64(ToNumber(v.Index(i))))
			}
			return &Uint8Array{Instance(k), c.Realm.NewArrayBuffer(b), 0, len(b)}, nil
		}
		n, err := bufferSize(c)
		if err != nil {
			return nil, err
		}
		return &Uint8Array{Instance(k), c.Realm.NewArrayBuffer(make([]byte, n)), 0, n}, nil
	}
	k.Getters = map[string]Func{
		"length":     Getter(func(a *Uint8Array) Value { return float64(a.n) }),
		"byteLength": Getter(func(a *Uint8Array) Value { return float64(a.n) }),
		"byteOffset": Getter(func(a *Uint8Array) Value { return float64(a.from) }),
		"buffer":     Getter(func(a *Uint8Array) Value { return a.buffer }),
	}
	part := func(a *Uint8Array, c *Call) (from, to int) {
		at := func(i, def int) int {
			f, ok := c.Arg(i).(float64)
			if !ok {
				return def
			}
			n := int(f)
			if n < 0 {
				n += a.n
			}
			return min(max(n, 0), a.n)
		}
		from = at(0, 0)
		return from, max(at(1, a.n), from)
	}
	k.Methods = map[string]Func{
		"subarray": Method(func(a *Uint8Array, c *Call) (Value, error) {
			from, to := part(a, c)
			return &Uint8Array{Instance(k), a.buffer, a.from + from, to - from}, nil
		}),
		"slice": Method(func(a *Uint8Array, c *Call) (Value, error) {
			from, to := part(a, c)
			b := append([]byte(nil), a.Bytes()[from:to]...)
			return &Uint8Array{Instance(k), c.Realm.NewArrayBuffer(b), 0, len(b)}, nil
		}),
		"set": Method(func(a *Uint8Array, c *Call) (Value, error) {
			src, ok := c.Arg(0).(*Uint8Array)
			if !ok {
				return nil, &Missing{"Uint8Array.set of " + Describe(c.Arg(0))}
			}
			at := int(max(ToNumber(c.Arg(1)), 0))
			if at+src.n > a.n {
				return nil, &Throw{c.Realm.NewError("RangeError", "offset is out of bounds")}
			}
			copy(a.Bytes()[at:], src.Bytes())
			return Undefined{}, nil
		}),
	}
	return k
}

// BytesOf are the bytes of a string, ArrayBuffer or Uint8Array; ok is false
// for anything else.
func BytesOf(v Value) (b []byte, ok bool) {
	switch v := v.(type) {
	case string:
		return []byte(v), true
	case *ArrayBuffer:
		return v.data, true
	case *Uint8Array:
		return v.Bytes(), true
	}
	return nil, false
}
