package jsobj

// Record is a plain object: what `{}` makes.
type Record struct{ Base }

// Get reads a property; lack is undefined.
func (o *Record) Get(r *Realm, name string) (Value, error) { return o.getOf(r, o, name) }

// Set writes a property.
func (o *Record) Set(_ *Realm, name string, v Value) error {
	o.own.Set(name, v)
	return nil
}

// Own reads a property of the record itself; undefined when it has none.
func (o *Record) Own(name string) Value {
	if v, ok := o.own.Get(name); ok {
		return v
	}
	return Undefined{}
}

// With writes a property and returns the record, to build one in an expression.
func (o *Record) With(name string, v Value) *Record {
	o.own.Set(name, v)
	return o
}

// Names are the property names in insertion order.
func (o *Record) Names() []string { return o.own.Names() }

// Delete removes a property.
func (o *Record) Delete(name string) { o.own.Delete(name) }

// NewRecord is `{}`.
func (r *Realm) NewRecord() *Record { return &Record{Instance(r.classes.object)} }

func (r *Realm) objectClass() *Class {
	return &Class{
		Name:   "Object",
		Open:   true,
		New:    func(c *Call) (Value, error) { return c.Realm.NewRecord(), nil },
		AsFunc: func(c *Call) (Value, error) { return c.Realm.NewRecord(), nil },
		Methods: map[string]Func{
			"hasOwnProperty": func(c *Call) (Value, error) {
				name, err := c.Text(0)
				if err != nil {
					return nil, err
				}
				if o, ok := c.This.(*Record); ok {
					_, has := o.own.Get(name)
					return has, nil
				}
				return nil, &Missing{"Object.hasOwnProperty of " + Describe(c.This)}
			},
			"toString": func(c *Call) (Value, error) { return "[object Object]", nil },
		},
		Statics: map[string]Value{
			"keys":        Func(objectList(func(r *Realm, name string, v Value) Value { return name })),
			"values":      Func(objectList(func(r *Realm, name string, v Value) Value { return v })),
			"entries":     Func(objectList(func(r *Realm, name string, v Value) Value { return r.NewArray(name, v) })),
			"fromEntries": Func(objectFromEntries),
			"assign":      Func(objectAssign),
		},
	}
}

func objectList(item func(*Realm, string, Value) Value) Func {
	return func(c *Call) (Value, error) {
		var list []Value
		switch o := c.Arg(0).(type) {
		case *Record:
			for _, name := range o.Names() {
				list = append(list, item(c.Realm, name, o.Own(name)))
			}
		case *Array:
			for i, v := range o.items {
				list = append(list, item(c.Realm, FormatNumber(float64(i)), v))
			}
		default:
			return nil, &Missing{"Object.keys, values or entries of " + Describe(o)}
		}
		return c.Realm.NewArray(list...), nil
	}
}

func objectFromEntries(c *Call) (Value, error) {
	entries, err := c.Realm.Iterate(c.Arg(0))
	if err != nil {
		return nil, err
	}
	o := c.Realm.NewRecord()
	for _, e := range entries {
		pair, ok := e.(Indexed)
		if !ok {
			return nil, c.Realm.TypeError("Iterator value is not an entry object")
		}
		name, err := c.Realm.ToString(pair.Index(0))
		if err != nil {
			return nil, err
		}
		o.own.Set(name, pair.Index(1))
	}
	return o, nil
}

func objectAssign(c *Call) (Value, error) {
	into, ok := c.Arg(0).(Object)
	if !ok {
		return nil, c.Realm.TypeError("Cannot convert undefined or null to object")
	}
	for _, from := range c.Args[1:] {
		o, ok := from.(*Record)
		if !ok {
			continue
		}
		for _, name := range o.Names() {
			if err := into.Set(c.Realm, name, o.Own(name)); err != nil {
				return nil, err
			}
		}
	}
	return into, nil
}
