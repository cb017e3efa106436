package jsobj

import "slices"

// Call is one call of a member.
type Call struct {
	Realm *Realm
	This  Value
	Args  []Value
}

// Arg is the i-th argument, undefined when it was not given.
func (c *Call) Arg(i int) Value {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return Undefined{}
}

// Text is the i-th argument as a string.
func (c *Call) Text(i int) (string, error) { return c.Realm.ToString(c.Arg(i)) }

// Func is the body of a member.
type Func func(c *Call) (Value, error)

// Class is a constructor and its prototype. The tables are filled once and not
// changed.
type Class struct {
	Name    string
	Super   *Class
	New     Func // nil: "Illegal constructor"
	AsFunc  Func // called without new; nil: a TypeError
	Methods map[string]Func
	Getters map[string]Func
	Setters map[string]Func
	Statics map[string]Value // functions are Func
	Absent  []string         // members that workerd lacks as well: undefined
	Open    bool             // instances take any property, and lack is undefined

	methods map[string]*Function // handed out so far, for identity
	statics map[string]*Function
	own     Props
}

// Class is the class of classes.
func (k *Class) Class() *Class { return &Class{Name: "Function"} }

// Is reports whether k is other or derives from it.
func (k *Class) Is(other *Class) bool {
	for ; k != nil; k = k.Super {
		if k == other {
			return true
		}
	}
	return false
}

// Get reads a static member.
func (k *Class) Get(r *Realm, name string) (Value, error) {
	if v, ok := k.own.Get(name); ok {
		return v, nil
	}
	if name == "name" {
		return k.Name, nil
	}
	if f, ok := k.statics[name]; ok {
		return f, nil
	}
	switch v := k.Statics[name].(type) {
	case nil:
		return nil, &Missing{k.Name + "." + name}
	case Func:
		f := NewFunction(k.Name+"."+name, v)
		if k.statics == nil {
			k.statics = map[string]*Function{}
		}
		k.statics[name] = f
		return f, nil
	default:
		return v, nil
	}
}

// Set writes a static member.
func (k *Class) Set(_ *Realm, name string, v Value) error {
	k.own.Set(name, v)
	return nil
}

// Call calls the class without new.
func (k *Class) Call(r *Realm, this Value, args []Value) (Value, error) {
	if k.AsFunc == nil {
		return nil, r.TypeError("Class constructor " + k.Name + " cannot be invoked without 'new'")
	}
	return k.AsFunc(&Call{r, this, args})
}

// Construct is new k(...args).
func (k *Class) Construct(r *Realm, args []Value) (Value, error) {
	if k.New == nil {
		return nil, r.TypeError("Illegal constructor")
	}
	return k.New(&Call{r, Undefined{}, args})
}

// find looks a table up along the chain.
func find[T any](k *Class, table func(*Class) map[string]T, name string) (*Class, T, bool) {
	for ; k != nil; k = k.Super {
		if v, ok := table(k)[name]; ok {
			return k, v, true
		}
	}
	var zero T
	return nil, zero, false
}

func methodsOf(k *Class) map[string]Func { return k.Methods }
func gettersOf(k *Class) map[string]Func { return k.Getters }
func settersOf(k *Class) map[string]Func { return k.Setters }

// member reads a member of an instance.
func (k *Class) member(r *Realm, this Object, name string) (Value, error) {
	if _, get, ok := find(k, gettersOf, name); ok {
		return get(&Call{Realm: r, This: this})
	}
	if owner, body, ok := find(k, methodsOf, name); ok {
		f, ok := owner.methods[name]
		if !ok {
			f = NewFunction(owner.Name+"."+name, body)
			if owner.methods == nil {
				owner.methods = map[string]*Function{}
			}
			owner.methods[name] = f
		}
		return f, nil
	}
	switch name {
	case "constructor":
		return k, nil
	case "toString":
		return NewFunction(k.Name+".toString", func(c *Call) (Value, error) { return Describe(c.This), nil }), nil
	case "then": // what decides whether something is a promise
		return Undefined{}, nil
	}
	for c := k; c != nil; c = c.Super {
		if c.Open || slices.Contains(c.Absent, name) {
			return Undefined{}, nil
		}
	}
	return nil, &Missing{k.Name + "." + name}
}

// Base makes a Go type an Object of a class.
type Base struct {
	class *Class
	own   Props
}

// Instance is the Base of an instance of k.
func Instance(k *Class) Base { return Base{class: k} }

// Class is the object's class.
func (b *Base) Class() *Class { return b.class }

// getOf is Get for the object self whose Base is b.
func (b *Base) getOf(r *Realm, self Object, name string) (Value, error) {
	if v, ok := b.own.Get(name); ok {
		return v, nil
	}
	return b.class.member(r, self, name)
}

// setOf is Set for the object self.
func (b *Base) setOf(r *Realm, self Object, name string, v Value) error {
	if _, set, ok := find(b.class, settersOf, name); ok {
		_, err := set(&Call{r, self, []Value{v}})
		return err
	}
	if b.class.Open {
		b.own.Set(name, v)
		return nil
	}
	return &Missing{b.class.Name + "." + name + " (assignment)"}
}

// Method adapts a function of a Go receiver to a member.
func Method[T Object](fn func(this T, c *Call) (Value, error)) Func {
	return func(c *Call) (Value, error) {
		this, ok := c.This.(T)
		if !ok {
			return nil, c.Realm.TypeError("Illegal invocation: function called with incorrect `this` reference")
		}
		return fn(this, c)
	}
}

// Getter adapts a Go accessor to a member.
func Getter[T Object](fn func(this T) Value) Func {
	return Method(func(this T, _ *Call) (Value, error) { return fn(this), nil })
}
