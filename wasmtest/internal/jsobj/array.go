package jsobj

// Array is a JavaScript array.
type Array struct {
	Base
	items []Value
}

// NewArray is `[items…]`.
func (r *Realm) NewArray(items ...Value) *Array {
	return &Array{Instance(r.classes.array), items}
}

// Get reads a member.
func (a *Array) Get(r *Realm, name string) (Value, error) { return a.getOf(r, a, name) }

// Set writes a member.
func (a *Array) Set(r *Realm, name string, v Value) error { return a.setOf(r, a, name, v) }

// Len is the array's length.
func (a *Array) Len() int { return len(a.items) }

// Index reads an element; undefined outside the array.
func (a *Array) Index(i int) Value {
	if i < 0 || i >= len(a.items) {
		return Undefined{}
	}
	return a.items[i]
}

// SetIndex writes an element and grows the array to it.
func (a *Array) SetIndex(i int, v Value) {
	for i >= len(a.items) {
		a.items = append(a.items, Undefined{})
	}
	a.items[i] = v
}

// Items are the elements. The caller must not change them.
func (a *Array) Items() []Value { return a.items }

func (r *Realm) arrayClass() *Class {
	create := func(c *Call) (Value, error) {
		if n, ok := c.Arg(0).(float64); ok && len(c.Args) == 1 {
			a := c.Realm.NewArray()
			for range int(n) {
				a.items = append(a.items, Undefined{})
			}
			return a, nil
		}
		return c.Realm.NewArray(append([]Value(nil), c.Args...)...), nil
	}
	return &Class{
		Name:   "Array",
		New:    create,
		AsFunc: create,
		Getters: map[string]Func{
			"length": Getter(func(a *Array) Value { return float64(len(a.items)) }),
		},
		Methods: map[string]Func{
			"push": Method(func(a *Array, c *Call) (Value, error) {
				a.items = append(a.items, c.Args...)
				return float64(len(a.items)), nil
			}),
			"shift": Method(func(a *Array, c *Call) (Value, error) {
				if len(a.items) == 0 {
					return Undefined{}, nil
				}
				v := a.items[0]
				a.items = a.items[1:]
				return v, nil
			}),
			"pop": Method(func(a *Array, c *Call) (Value, error) {
				if len(a.items) == 0 {
					return Undefined{}, nil
				}
				v := a.items[len(a.items)-1]
				a.items = a.items[:len(a.items)-1]
				return v, nil
			}),
			"values": Method(func(a *Array, c *Call) (Value, error) { return c.Realm.NewIterator(a.items), nil }),
		},
		Statics: map[string]Value{
			"from": Func(func(c *Call) (Value, error) {
				items, err := c.Realm.Iterate(c.Arg(0))
				if err != nil {
					return nil, err
				}
				return c.Realm.NewArray(append([]Value(nil), items...)...), nil
			}),
			"isArray": Func(func(c *Call) (Value, error) { _, ok := c.Arg(0).(*Array); return ok, nil }),
		},
	}
}

// Iterator walks a list that was fixed when it was made.
type Iterator struct {
	Base
	rest []Value
}

// NewIterator is an iterator over items.
func (r *Realm) NewIterator(items []Value) *Iterator {
	return &Iterator{Instance(r.classes.iterator), items}
}

// Get reads a member.
func (it *Iterator) Get(r *Realm, name string) (Value, error) { return it.getOf(r, it, name) }

// Set writes a member.
func (it *Iterator) Set(r *Realm, name string, v Value) error { return it.setOf(r, it, name, v) }

func (r *Realm) iteratorClass() *Class {
	return &Class{
		Name: "Iterator",
		Methods: map[string]Func{
			"next": Method(func(it *Iterator, c *Call) (Value, error) {
				if len(it.rest) == 0 {
					return c.Realm.NewRecord().With("value", Undefined{}).With("done", true), nil
				}
				v := it.rest[0]
				it.rest = it.rest[1:]
				return c.Realm.NewRecord().With("value", v).With("done", false), nil
			}),
			"toArray": Method(func(it *Iterator, c *Call) (Value, error) {
				items := it.rest
				it.rest = nil
				return c.Realm.NewArray(append([]Value(nil), items...)...), nil
			}),
		},
	}
}

// Iterable is an object that a for…of loop can walk.
type Iterable interface {
	Object
	Items() []Value
}

// Iterate is what a for…of loop over v would see.
func (r *Realm) Iterate(v Value) ([]Value, error) {
	switch v := v.(type) {
	case *Iterator:
		items := v.rest
		v.rest = nil
		return items, nil
	case Iterable:
		return v.Items(), nil
	case Indexed:
		items := make([]Value, v.Len())
		for i := range items {
			items[i] = v.Index(i)
		}
		return items, nil
	}
	return nil, r.TypeError(Describe(v) + " is not iterable")
}
