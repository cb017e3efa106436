package jsobj

// Error is an Error, or one of its kinds.
type Error struct {
	Base
	Kind    string // "Error", "TypeError", or a DOMException's name
	Message string
	Cause   Value
}

// NewError is an error of the given kind: "Error", "TypeError", "RangeError",
// or the name of a DOMException ("AbortError", "TimeoutError").
func (r *Realm) NewError(kind, message string) *Error {
	k := r.classes.err
	switch kind {
	case "Error":
	case "TypeError":
		k = r.classes.typeError
	case "RangeError":
		k = r.classes.rangeError
	default:
		k = r.classes.domException
	}
	return &Error{Base: Instance(k), Kind: kind, Message: message, Cause: Undefined{}}
}

// TypeError is a TypeError to throw.
func (r *Realm) TypeError(message string) error {
	return &Throw{r.NewError("TypeError", message)}
}

// Fail is an Error to throw.
func (r *Realm) Fail(message string) error {
	return &Throw{r.NewError("Error", message)}
}

// Text is what toString gives.
func (e *Error) Text() string {
	if e.Message == "" {
		return e.Kind
	}
	return e.Kind + ": " + e.Message
}

// Get reads a member.
func (e *Error) Get(r *Realm, name string) (Value, error) { return e.getOf(r, e, name) }

// Set writes a property.
func (e *Error) Set(_ *Realm, name string, v Value) error {
	switch name {
	case "message":
		e.Message = Describe(v)
	case "name":
		e.Kind = Describe(v)
	default:
		e.own.Set(name, v)
	}
	return nil
}

func (r *Realm) errorClass(kind string, super *Class) *Class {
	create := func(c *Call) (Value, error) {
		message := ""
		if _, none := c.Arg(0).(Undefined); !none {
			var err error
			if message, err = c.Text(0); err != nil {
				return nil, err
			}
		}
		k := kind
		if kind == "DOMException" {
			k = "Error"
			if name, ok := c.Arg(1).(string); ok {
				k = name
			}
		}
		e := c.Realm.NewError(k, message)
		if options, ok := c.Arg(1).(*Record); ok {
			e.Cause = options.Own("cause")
		}
		return e, nil
	}
	k := &Class{Name: kind, Super: super, New: create, AsFunc: create}
	if super == nil {
		k.Open = true // errors carry what platform code adds: code, retryable, overloaded …
		k.Getters = map[string]Func{
			"message": Getter(func(e *Error) Value { return e.Message }),
			"name":    Getter(func(e *Error) Value { return e.Kind }),
			"cause":   Getter(func(e *Error) Value { return e.Cause }),
			"stack":   Getter(func(e *Error) Value { return e.Text() + "\n    at wasmtest" }),
		}
		k.Methods = map[string]Func{
			"toString": Method(func(e *Error, _ *Call) (Value, error) { return e.Text(), nil }),
		}
	}
	return k
}
