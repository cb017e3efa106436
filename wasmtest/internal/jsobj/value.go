package jsobj

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Value is a JavaScript value: Undefined, nil (null), bool, float64, string or
// an Object.
type Value = any

// Undefined is JavaScript's undefined.
type Undefined struct{}

// Object is a JavaScript object. Get and Set return a *Throw for a JavaScript
// exception and a *Missing for a member that wasmtest does not have.
type Object interface {
	Class() *Class
	Get(r *Realm, name string) (Value, error)
	Set(r *Realm, name string, v Value) error
}

// Callable is an object that can be called.
type Callable interface {
	Object
	Call(r *Realm, this Value, args []Value) (Value, error)
}

// Indexed is an object with numbered elements.
type Indexed interface {
	Object
	Len() int
	Index(i int) Value
	SetIndex(i int, v Value)
}

// Throw is a JavaScript exception on its way up.
type Throw struct{ Value Value }

func (t *Throw) Error() string { return Describe(t.Value) }

// Missing is a member that wasmtest does not implement.
type Missing struct{ Name string }

func (m *Missing) Error() string { return "wasmtest: " + m.Name + " is not implemented" }

// TypeOf is JavaScript's typeof.
func TypeOf(v Value) string {
	switch v.(type) {
	case Undefined:
		return "undefined"
	case nil:
		return "object"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case Callable:
		return "function"
	}
	return "object"
}

// IsNullish is true for undefined and null.
func IsNullish(v Value) bool {
	if v == nil {
		return true
	}
	_, ok := v.(Undefined)
	return ok
}

// Truthy is JavaScript's conversion to a boolean.
func Truthy(v Value) bool {
	switch v := v.(type) {
	case Undefined, nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && !math.IsNaN(v)
	case string:
		return v != ""
	}
	return true
}

// ToNumber is JavaScript's conversion to a number, for the primitive values.
func ToNumber(v Value) float64 {
	switch v := v.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return v
	case string:
		s := strings.TrimSpace(v)
		if s == "" {
			return 0
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
	case *Date:
		return v.ms
	}
	return math.NaN()
}

// FormatNumber is JavaScript's Number.prototype.toString.
func FormatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0"
	}
	if abs := math.Abs(f); abs >= 1e21 || abs < 1e-6 {
		s := strconv.FormatFloat(f, 'e', -1, 64)
		mantissa, exp, _ := strings.Cut(s, "e")
		return mantissa + "e" + exp[:1] + strings.TrimLeft(exp[1:], "0")
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// ToString is JavaScript's String(v). An object is asked for its toString.
func (r *Realm) ToString(v Value) (string, error) {
	o, ok := v.(Object)
	if !ok {
		return Describe(v), nil
	}
	s, err := r.Invoke(o, "toString")
	if err != nil {
		return "", err
	}
	if s, ok := s.(string); ok {
		return s, nil
	}
	return "", r.TypeError("Cannot convert object to primitive value")
}

// Describe is v as text for messages; it runs no guest code.
func Describe(v Value) string {
	switch v := v.(type) {
	case Undefined:
		return "undefined"
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return FormatNumber(v)
	case string:
		return v
	case *Error:
		return v.Text()
	case Object:
		return "[object " + v.Class().Name + "]"
	}
	return fmt.Sprintf("%T", v)
}
