package gojs

import (
	"math"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// The type flags in the high word of a reference.
const (
	nanHead      = 0x7FF80000
	flagObject   = 1
	flagString   = 2
	flagFunction = 4
)

// forever is the reference count of the predefined values.
const forever = math.MaxInt64 / 2

// refs is the table of the JavaScript values that Go holds.
type refs struct {
	values []jsobj.Value
	counts []int64
	ids    map[jsobj.Value]uint32
	pool   []uint32
}

// newRefs is the table as Go.run makes it: predefined values in the order that
// syscall/js knows.
func newRefs(global, goObject jsobj.Object) *refs {
	t := &refs{
		values: []jsobj.Value{math.NaN(), 0.0, nil, true, false, global, goObject},
		ids: map[jsobj.Value]uint32{
			0.0: 1, nil: 2, true: 3, false: 4, global: 5, goObject: 6,
		},
	}
	t.counts = make([]int64, len(t.values))
	for i := range t.counts {
		t.counts[i] = forever
	}
	return t
}

// load is the value of a reference.
func (t *refs) load(ref uint64) jsobj.Value {
	f := math.Float64frombits(ref)
	if f == 0 {
		return jsobj.Undefined{}
	}
	if !math.IsNaN(f) {
		return f
	}
	if id := uint32(ref); int(id) < len(t.values) {
		return t.values[id]
	}
	return jsobj.Undefined{}
}

// store is the reference of a value; it counts one more use of it.
func (t *refs) store(v jsobj.Value) uint64 {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return nanHead << 32
		}
		if v != 0 {
			return math.Float64bits(v)
		}
	case jsobj.Undefined:
		return 0
	}
	id, ok := t.ids[v]
	if !ok {
		if n := len(t.pool); n > 0 {
			id, t.pool = t.pool[n-1], t.pool[:n-1]
			t.values[id], t.counts[id] = v, 0
		} else {
			id = uint32(len(t.values))
			t.values, t.counts = append(t.values, v), append(t.counts, 0)
		}
		t.ids[v] = id
	}
	t.counts[id]++
	flag := uint64(0)
	switch v.(type) {
	case string:
		flag = flagString
	case jsobj.Callable:
		flag = flagFunction
	case jsobj.Object:
		flag = flagObject
	}
	return (nanHead|flag)<<32 | uint64(id)
}

// release takes one use of a value back.
func (t *refs) release(id uint32) {
	if int(id) >= len(t.counts) {
		return
	}
	t.counts[id]--
	if t.counts[id] == 0 {
		delete(t.ids, t.values[id])
		t.values[id] = nil
		t.pool = append(t.pool, id)
	}
}

// held is how many values Go holds, beside the predefined ones.
func (t *refs) held() int { return len(t.ids) - 6 }
