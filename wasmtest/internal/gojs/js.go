package gojs

import (
	"errors"
	"math"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

var (
	errOutOfBounds   = errors.New("address outside the memory")
	errTimerNotTaken = errors.New("the guest did not take its timer (maxResumes)")
)

// must ends the instance with err: the places that call it have no JavaScript
// exception handler around them, so an exception there is a trap as well.
func (in *Instance) must(err error) {
	if err != nil {
		panic(in.fatal(err))
	}
}

// func finalizeRef(v ref)
func finalizeRef(in *Instance, sp uint32) { in.refs.release(in.u32(sp + 8)) }

// func stringVal(value string) ref
func stringVal(in *Instance, sp uint32) { in.put(sp+24, in.text(sp+8)) }

// func valueGet(v ref, p string) ref
func valueGet(in *Instance, sp uint32) {
	before := in.calls
	v, err := in.get(in.value(sp+8), in.text(sp+16))
	in.must(err)
	in.put(in.spSince(before, sp)+32, v)
}

func (in *Instance) get(v jsobj.Value, name string) (jsobj.Value, error) {
	o, ok := v.(jsobj.Object)
	if !ok {
		return nil, in.Realm.TypeError("Reflect.get called on non-object: " + jsobj.Describe(v) + "." + name)
	}
	return o.Get(in.Realm, name)
}

// func valueSet(v ref, p string, x ref)
func valueSet(in *Instance, sp uint32) {
	name := in.text(sp + 16)
	o, ok := in.value(sp + 8).(jsobj.Object)
	if !ok {
		in.must(in.Realm.TypeError("Reflect.set called on non-object: ." + name))
	}
	in.must(o.Set(in.Realm, name, in.value(sp+32)))
}

// func valueDelete(v ref, p string)
func valueDelete(in *Instance, sp uint32) {
	name := in.text(sp + 16)
	switch o := in.value(sp + 8).(type) {
	case *jsobj.Record:
		o.Delete(name)
	default:
		in.must(&jsobj.Missing{Name: "delete " + jsobj.Describe(o) + "." + name})
	}
}

// func valueIndex(v ref, i int) ref
func valueIndex(in *Instance, sp uint32) {
	o, ok := in.value(sp + 8).(jsobj.Indexed)
	if !ok {
		in.must(&jsobj.Missing{Name: "index of " + jsobj.Describe(in.value(sp+8))})
	}
	in.put(sp+24, o.Index(int(in.u64(sp+16))))
}

// valueSetIndex(v ref, i int, x ref)
func valueSetIndex(in *Instance, sp uint32) {
	o, ok := in.value(sp + 8).(jsobj.Indexed)
	if !ok {
		in.must(&jsobj.Missing{Name: "index of " + jsobj.Describe(in.value(sp+8))})
	}
	o.SetIndex(int(in.u64(sp+16)), in.value(sp+24))
}

// func valueCall(v ref, m string, args []ref) (ref, bool)
func valueCall(in *Instance, sp uint32) {
	before := in.calls
	this, name, args := in.value(sp+8), in.text(sp+16), in.list(sp+32)
	member, err := in.get(this, name)
	if err == nil {
		if fn, ok := member.(jsobj.Callable); ok {
			member, err = fn.Call(in.Realm, this, args)
		} else {
			err = in.Realm.TypeError(jsobj.Describe(this) + "." + name + " is not a function")
		}
	}
	in.answer(before, sp, 56, member, err)
}

// func valueInvoke(v ref, args []ref) (ref, bool)
func valueInvoke(in *Instance, sp uint32) {
	before := in.calls
	fn, ok := in.value(sp + 8).(jsobj.Callable)
	if !ok {
		in.answer(before, sp, 40, nil, in.Realm.TypeError(jsobj.Describe(in.value(sp+8))+" is not a function"))
		return
	}
	v, err := fn.Call(in.Realm, jsobj.Undefined{}, in.list(sp+16))
	in.answer(before, sp, 40, v, err)
}

// func valueNew(v ref, args []ref) (ref, bool)
func valueNew(in *Instance, sp uint32) {
	before := in.calls
	class, ok := in.value(sp + 8).(*jsobj.Class)
	if !ok {
		in.answer(before, sp, 40, nil, in.Realm.TypeError(jsobj.Describe(in.value(sp+8))+" is not a constructor"))
		return
	}
	v, err := class.Construct(in.Realm, in.list(sp+16))
	in.answer(before, sp, 40, v, err)
}

// answer stores a result, or an exception, and which of the two it is, at the
// stack pointer as it is after the call.
func (in *Instance) answer(before uint64, sp, offset uint32, v jsobj.Value, err error) {
	ok := uint8(1)
	if err != nil {
		var thrown *jsobj.Throw
		if !errors.As(err, &thrown) {
			panic(in.fatal(err))
		}
		v, ok = thrown.Value, 0
	}
	if err := in.Realm.Fatal(); err != nil {
		panic(in.fatal(err))
	}
	sp = in.spSince(before, sp)
	in.put(sp+offset, v)
	in.putU8(sp+offset+8, ok)
}

// func valueLength(v ref) int
func valueLength(in *Instance, sp uint32) {
	v := in.value(sp + 8)
	n := math.NaN()
	switch v := v.(type) {
	case jsobj.Indexed:
		n = float64(v.Len())
	case jsobj.Object:
		length, err := v.Get(in.Realm, "length")
		in.must(err)
		n = jsobj.ToNumber(length)
	}
	if math.IsNaN(n) {
		in.must(&jsobj.Missing{Name: "length of " + jsobj.Describe(v)})
	}
	in.putU64(sp+16, uint64(int64(n)))
}

// valuePrepareString(v ref) (ref, int)
func valuePrepareString(in *Instance, sp uint32) {
	s, err := in.Realm.ToString(in.value(sp + 8))
	in.must(err)
	in.put(sp+16, in.Realm.NewBytes([]byte(s)))
	in.putU64(sp+24, uint64(len(s)))
}

// valueLoadString(v ref, b []byte)
func valueLoadString(in *Instance, sp uint32) {
	if b, ok := in.value(sp + 8).(*jsobj.Uint8Array); ok {
		copy(in.slice(sp+16), b.Bytes())
	}
}

// func valueInstanceOf(v ref, t ref) bool
func valueInstanceOf(in *Instance, sp uint32) {
	is := uint8(0)
	class, ok := in.value(sp + 16).(*jsobj.Class)
	if !ok {
		in.must(in.Realm.TypeError("Right-hand side of 'instanceof' is not callable"))
	}
	if o, ok := in.value(sp + 8).(jsobj.Object); ok && (o.Class().Is(class) || class.Name == "Object") {
		is = 1
	}
	in.putU8(sp+24, is)
}

// func copyBytesToGo(dst []byte, src ref) (int, bool)
func copyBytesToGo(in *Instance, sp uint32) {
	src, ok := in.value(sp + 32).(*jsobj.Uint8Array)
	if !ok {
		in.putU8(sp+48, 0)
		return
	}
	in.putU64(sp+40, uint64(copy(in.slice(sp+8), src.Bytes())))
	in.putU8(sp+48, 1)
}

// func copyBytesToJS(dst ref, src []byte) (int, bool)
func copyBytesToJS(in *Instance, sp uint32) {
	dst, ok := in.value(sp + 8).(*jsobj.Uint8Array)
	if !ok {
		in.putU8(sp+48, 0)
		return
	}
	in.putU64(sp+40, uint64(copy(dst.Bytes(), in.slice(sp+16))))
	in.putU8(sp+48, 1)
}
