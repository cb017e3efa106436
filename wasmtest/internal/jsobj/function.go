package jsobj

// Function is a JavaScript function written in Go, or a guest's callback.
type Function struct {
	Name string
	Fate Fate
	body Func
	own  Props
}

// Fate is what became of a callback.
type Fate int

// Fates.
const (
	Unused  Fate = iota // nobody called it
	Called              // called at least once
	Skipped             // the promise it waited for went the other way
	Source              // it belongs to a stream that has ended
	Cleared             // its timer was taken back; whether it got Release no host can see
)

// NewFunction is a function with the given name and body.
func NewFunction(name string, body Func) *Function { return &Function{Name: name, body: body} }

// Class is a class by name only: a function's members are here, see Get.
func (f *Function) Class() *Class { return &Class{Name: "Function"} }

// Call calls the function.
func (f *Function) Call(r *Realm, this Value, args []Value) (Value, error) {
	f.Fate = Called
	return f.body(&Call{r, this, args})
}

// skip marks a callback that will never be called because the other one was.
func skip(v Value) {
	if f, ok := v.(*Function); ok && f.Fate == Unused {
		f.Fate = Skipped
	}
}

// Set writes a property.
func (f *Function) Set(_ *Realm, name string, v Value) error {
	f.own.Set(name, v)
	return nil
}

// Get reads a member.
func (f *Function) Get(_ *Realm, name string) (Value, error) {
	if v, ok := f.own.Get(name); ok {
		return v, nil
	}
	switch name {
	case "name":
		return f.Name, nil
	case "bind":
		return NewFunction("Function.bind", f.bind), nil
	case "call":
		return NewFunction("Function.call", f.call), nil
	case "apply":
		return NewFunction("Function.apply", f.apply), nil
	case "then", "cause":
		return Undefined{}, nil
	}
	return nil, &Missing{"Function." + name + " (of " + f.Name + ")"}
}

func (f *Function) bind(c *Call) (Value, error) {
	this, bound := c.Arg(0), append([]Value(nil), c.Args[min(1, len(c.Args)):]...)
	return NewFunction(f.Name, func(c *Call) (Value, error) {
		return f.Call(c.Realm, this, append(append([]Value(nil), bound...), c.Args...))
	}), nil
}

func (f *Function) call(c *Call) (Value, error) {
	return f.Call(c.Realm, c.Arg(0), c.Args[min(1, len(c.Args)):])
}

func (f *Function) apply(c *Call) (Value, error) {
	var args []Value
	if list := c.Arg(1); !IsNullish(list) {
		var err error
		if args, err = c.Realm.Iterate(list); err != nil {
			return nil, err
		}
	}
	return f.Call(c.Realm, c.Arg(0), args)
}
